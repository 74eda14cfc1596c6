"""Losses, compared with their equations in numpy."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import losses


def test_center_loss_is_the_own_class_distance(rng):
    distances = rng.random((5, 3)).astype("float32")
    truth = np.array([0, 2, 1, 1, 0])
    loss = losses.CenterLoss()(np.eye(3, dtype="float32")[truth], distances)
    assert float(loss) == pytest.approx(distances[np.arange(5), truth].mean(), 1e-6)


def test_rows_without_weight_do_not_shrink_a_loss(rng):
    distances = rng.random((6, 2)).astype("float32")
    labels = np.eye(2, dtype="float32")[[0, 1, 0, 1, 0, 1]]
    weights = np.float32([1, 1, 0, 0, 0, 0])
    loss = losses.CenterLoss()
    assert float(loss(labels, distances, weights)) == pytest.approx(
        float(loss(labels[:2], distances[:2])), 1e-6
    )


def test_reconstruction_averages_over_unpadded_frames(rng):
    target = rng.normal(size=(2, 7, 4)).astype("float32")
    target[1, 3:] = 0
    output = rng.normal(size=(2, 7, 4)).astype("float32")
    expected = [
        np.square(target[0] - output[0]).mean(),
        np.square(target[1, :3] - output[1, :3]).mean(),
    ]
    loss = losses.ReconstructionLoss(reduction=None)(target, output)
    np.testing.assert_allclose(convert_to_numpy(loss), expected, rtol=1e-5)


def test_reconstruction_can_count_the_padding(rng):
    target = rng.normal(size=(2, 7, 4)).astype("float32")
    target[1, 3:] = 0
    output = rng.normal(size=(2, 7, 4)).astype("float32")
    loss = losses.ReconstructionLoss(mask_padding=False, reduction=None)
    expected = np.square(target - output).mean(axis=(1, 2))
    np.testing.assert_allclose(
        convert_to_numpy(loss(target, output)), expected, rtol=1e-5
    )


def test_cross_entropy_of_a_soft_label():
    truth = np.float32([[0.25, 0.75]])
    prediction = np.float32([[0.5, 0.5]])
    loss = losses.cross_entropy("emotion_loss")(truth, prediction)
    assert float(loss) == pytest.approx(np.log(2), 1e-5)


@pytest.mark.parametrize(
    "loss",
    [losses.CenterLoss(), losses.ReconstructionLoss(mask_padding=False)],
    ids=lambda loss: type(loss).__name__,
)
def test_a_loss_can_be_serialised(loss):
    value = keras.saving.serialize_keras_object(loss)
    again = keras.saving.deserialize_keras_object(value)
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
