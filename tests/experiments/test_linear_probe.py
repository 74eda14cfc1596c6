"""A linear probe on hand-made vectors: perfect, at chance, or with nothing to read."""

import numpy as np
import pytest

from keras_ser.experiments.linear_probe import read_labels

LABELS = np.array(["a", "b", "c"] * 20)


def vectors(labels, scale=1.0, seed=0):
    """Vectors whose first units say the label, with a little noise."""
    noise = np.random.default_rng(seed).normal(0, 0.05, (len(labels), 4))
    noise[:, :3] += labels[:, None] == np.array(["a", "b", "c"])
    return scale * noise


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_labels_that_are_in_the_vectors_are_read_at_any_scale(scale):
    found = read_labels(
        vectors(LABELS, scale), LABELS, vectors(LABELS, scale, seed=1), LABELS
    )
    assert found == (3, 0, 60, 60, 1.0, 1 / 3, "")


def test_vectors_that_say_nothing_are_at_chance():
    """The classes differ in size, which the weights of the classes make up for."""
    labels = np.array(["a"] * 900 + ["b"] * 100)
    train, test = np.random.default_rng(0).normal(size=(2, 1000, 4))
    found = read_labels(train, labels, test, labels)
    assert found.chance == 0.5
    assert abs(found.uar - 0.5) < 0.06
    constant = read_labels(np.ones((1000, 4)), labels, np.ones((1000, 4)), labels)
    assert constant.uar == 0.5


def test_classes_of_one_side_are_left_out_and_counted():
    test_labels = np.array(["a", "b", "d", ""] * 5)
    found = read_labels(vectors(LABELS), LABELS, vectors(test_labels), test_labels)
    assert found == (2, 2, 40, 10, 1.0, 0.5, "")


@pytest.mark.parametrize(
    ("train", "test", "reason"),
    [
        (LABELS, np.array(["a"] * 3), "the scored speech has fewer than two classes"),
        (LABELS, np.array([""] * 3), "fewer than two classes (0)"),
        (np.array(["a"] * 3), LABELS, "the training speech has fewer than two classes"),
        (LABELS, np.array(["x", "a", "y"]), "both sides share fewer than two classes"),
    ],
)
def test_without_two_classes_there_is_a_reason(train, test, reason):
    found = read_labels(vectors(train), train, vectors(test), test)
    assert np.isnan(found.uar) and np.isnan(found.chance)
    assert reason in found.reason


def test_no_vector_to_score_is_a_reason_too():
    empty = np.array([], str)
    found = read_labels(vectors(LABELS), LABELS, np.zeros((0, 4)), empty)
    assert found[:4] == (0, 3, 0, 0) and "scored speech" in found.reason
