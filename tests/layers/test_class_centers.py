"""Differences to class centers, and how the centers move."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import layers, losses


def build(centers, **arguments):
    layer = layers.ClassCenters(len(centers), **arguments)
    layer.build((None, len(centers[0])))
    layer.centers.assign(np.float32(centers))
    return layer


def test_differences_to_every_center(rng):
    features = rng.normal(size=(4, 3)).astype("float32")
    centers = rng.normal(size=(2, 3)).astype("float32")
    found = build(centers)(features)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    np.testing.assert_allclose(
        convert_to_numpy(found), features[:, None] - centers, rtol=1e-6
    )


def moved(centers, features, labels, weights, rate):
    """The update of Wen et al., row by row."""
    new = centers.copy()
    for k, center in enumerate(centers):
        rows = [
            features[i]
            for i, label in enumerate(labels)
            if weights[i] > 0 and label[k] == 1
        ]
        pull = sum(center - row for row in rows)
        new[k] = center - rate * pull / (1 + len(rows))
    return new


@pytest.mark.parametrize("rate", [0.5, 1.0])
def test_a_move_is_that_of_wen(rate, rng):
    features = rng.normal(size=(7, 4)).astype("float32")
    centers = rng.normal(size=(4, 4)).astype("float32")
    labels = np.eye(4, dtype="float32")[[0, 0, 1, 1, 0, 2, 1]]
    labels[2] = [0.4, 0.6, 0, 0]  # mixup
    weights = np.float32([1, 3, 1, 0.2, 0, 0, 1])  # class 2 has weight 0 only
    layer = build(centers, rate=rate)
    layer.move_centers(layer(features), labels, weights)
    found = convert_to_numpy(layer.centers)
    expected = moved(centers, features, labels, weights, rate)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found[2:], centers[2:])  # absent classes stay
    assert (found[:2] != centers[:2]).any(axis=1).all()


def test_rows_that_do_not_count_move_nothing(rng):
    features = rng.normal(size=(3, 2)).astype("float32")
    centers = rng.normal(size=(2, 2)).astype("float32")
    layer = build(centers)
    soft, hard = np.full((3, 2), 0.5, "float32"), np.eye(2, dtype="float32")[[0, 1, 0]]
    layer.move_centers(layer(features), soft, np.ones(3, "float32"))
    layer.move_centers(layer(features), hard, np.zeros((3, 1), "float32"))
    layer.move_centers(layer(features), np.zeros((3, 2), "float32"))  # without a label
    np.testing.assert_array_equal(convert_to_numpy(layer.centers), centers)
    layer.move_centers(layer(features), hard)
    assert (convert_to_numpy(layer.centers) != centers).any()


def test_numbers_of_classes_move_centers_as_one_hot_labels(rng):
    difference = rng.normal(size=(4, 3, 2)).astype("float32")
    numbers, found = np.array([2, 0, -1, 2]), []
    for labels in (numbers, numbers[:, None], np.eye(4, 3)[[2, 0, 3, 2]]):
        layer = layers.ClassCenters(3)
        layer.build((None, 2))
        layer.move_centers(difference, labels)
        found.append(keras.ops.convert_to_numpy(layer.centers))
    assert found[0].any()
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_array_equal(found[1], found[2])


@pytest.mark.parametrize("frozen", [False, True])
def test_an_optimizer_or_nothing_moves_other_centers(frozen, rng):
    centers = rng.normal(size=(2, 2)).astype("float32")
    layer = build(centers, update="mean" if frozen else "optimizer")
    layer.trainable = not frozen
    assert len(layer.trainable_weights) == (0 if frozen else 1)
    labels = np.eye(2, dtype="float32")
    layer.move_centers(layer(np.ones((2, 2), "float32")), labels)
    np.testing.assert_array_equal(convert_to_numpy(layer.centers), centers)


def test_centers_of_the_mean_are_no_trainable_weights():
    layer = build([[0.0, 1.0], [1.0, 0.0]])
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 1


def test_training_moves_centers_to_the_class_means(rng):
    features = rng.normal(size=(40, 3)).astype("float32")
    truth = np.arange(40) % 2
    inputs = keras.Input((3,))
    layer = layers.ClassCenters(2, update="optimizer", name="center")
    model = keras.Model(inputs, layer(inputs))
    model.compile(keras.optimizers.SGD(0.5), losses.CenterLoss())
    labels = np.eye(2, dtype="float32")[truth]
    model.fit(features, labels, batch_size=40, epochs=40, verbose=0)
    means = [features[truth == k].mean(axis=0) for k in range(2)]
    np.testing.assert_allclose(
        convert_to_numpy(model.get_layer("center").centers), means, atol=1e-3
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"update": "median"}, "one of .*mean.*optimizer.*median"),
        ({"rate": 0}, "above 0 and up to 1. Received: 0"),
        ({"rate": True}, "above 0 and up to 1"),
    ],
)
def test_bad_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        layers.ClassCenters(2, **arguments)


def test_config_round_trip():
    layer = layers.ClassCenters(3, update="optimizer", rate=0.25, name="center")
    copy = layers.ClassCenters.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert (copy.update, copy.rate, copy.classes) == ("optimizer", 0.25, 3)
