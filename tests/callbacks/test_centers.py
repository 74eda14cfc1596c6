"""The initial class centers."""

import keras
import numpy as np
from keras.ops import convert_to_numpy

from keras_ser import callbacks, layers, models, tasks


def test_centers_start_at_the_class_means(small_model, rng):
    model = small_model()
    features = rng.normal(size=(6, 16, 16)).astype("float32")
    truth = np.array([0, 1, 0, 1, 0, 0])
    weight = np.float32([1, 1, 1, 1, 1, 0])
    batch = (
        features,
        {"center": np.eye(2, dtype="float32")[truth]},
        {"center": weight},
    )
    start = callbacks.InitialiseCenters([batch])
    start.set_model(model)
    start.on_train_begin()
    embedding = convert_to_numpy(model.embedding_model(features))
    chosen = weight == 1
    expected = [embedding[(truth == k) & chosen].mean(axis=0) for k in range(2)]
    centers = model.get_layer("center").centers
    np.testing.assert_allclose(
        convert_to_numpy(centers), expected, rtol=1e-4, atol=1e-6
    )
    centers.assign(np.ones_like(expected))
    start.on_train_begin()  # trained centers stay
    assert (convert_to_numpy(centers) == 1).all()


def test_a_class_without_an_utterance_starts_at_the_mean_of_all(small_model, rng):
    model = small_model()
    features = rng.normal(size=(3, 16, 16)).astype("float32")
    labels = {"center": np.eye(2, dtype="float32")[[0, 0, 0]]}
    start = callbacks.InitialiseCenters(
        [(features, labels, {"center": np.ones(3, "float32")})]
    )
    start.set_model(model)
    start.on_train_begin()
    mean = convert_to_numpy(model.embedding_model(features)).mean(axis=0)
    centers = convert_to_numpy(model.get_layer("center").centers)
    np.testing.assert_allclose(centers, [mean, mean], rtol=1e-4, atol=1e-6)


def test_every_head_with_centers_is_initialised_and_no_other(rng):
    features = rng.normal(size=(4, 16, 16)).astype("float32")
    labels = {
        "one": np.eye(2, dtype="float32")[[0, 1, 0, 1]],
        "other": np.eye(3, dtype="float32")[[0, 1, 2, 2]],
    }
    batch = (features, labels, dict.fromkeys(labels, np.ones(4, "float32")))
    model = two_centers()
    start = callbacks.InitialiseCenters([batch])
    start.set_model(model)
    start.on_train_begin()
    mean = features.mean(axis=1)
    for head in labels:
        expected = labels[head].T @ mean / labels[head].sum(axis=0)[:, None]
        found = convert_to_numpy(model.get_layer(head).centers)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def two_centers():
    inputs = keras.Input((None, 16), name="features")
    mean = keras.layers.GlobalAveragePooling1D()(inputs)
    return models.SpeechModel(
        inputs=inputs,
        outputs={
            "one": layers.ClassCenters(2, name="one")(mean),
            "other": layers.ClassCenters(3, name="other")(mean),
        },
        tasks=(
            tasks.Centers("one", ("a", "b")),
            tasks.Centers("other", ("f", "g", "h"), column="gender"),
        ),
        embedding=mean,
    )


def test_a_model_without_centers_or_tasks_is_left_unchanged(rng):
    for model in (models.CNNAttention(("a", "b"), dimensions=16), keras.Sequential()):
        start = callbacks.InitialiseCenters([])
        start.set_model(model)
        before = [convert_to_numpy(each) for each in model.weights]
        start.on_train_begin()
        for weight, value in zip(model.weights, before, strict=True):
            np.testing.assert_array_equal(convert_to_numpy(weight), value)


def test_centers_of_numbers_are_those_of_one_hot_labels(small_model, rng):
    features = rng.normal(size=(2, 16, 16)).astype("float32")  # as many as classes
    found = []
    for truth in (np.array([1, 0]), np.eye(2, dtype="float32")[[1, 0]]):
        keras.utils.set_random_seed(0)
        model = small_model()
        batch = features, {"center": truth}, {"center": np.ones(2, "float32")}
        start = callbacks.InitialiseCenters([batch])
        start.set_model(model)
        start.on_train_begin()
        found.append(convert_to_numpy(model.get_layer("center").centers))
    assert (found[0][0] != found[0][1]).any()
    np.testing.assert_array_equal(*found)
