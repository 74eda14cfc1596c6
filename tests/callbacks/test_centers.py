"""The initial class centers."""

import numpy as np
from keras.ops import convert_to_numpy

from keras_ser import callbacks


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
