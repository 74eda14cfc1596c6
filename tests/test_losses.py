"""Losses, compared with their equations in numpy."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import backend, losses


def test_center_loss_is_half_the_squared_distance_to_the_own_center(rng):
    difference = rng.normal(size=(5, 3, 4)).astype("float32")
    truth = np.array([0, 2, 1, 1, 0])
    loss = losses.CenterLoss()(np.eye(3, dtype="float32")[truth], difference)
    own = difference[np.arange(5), truth]
    assert float(loss) == pytest.approx(0.5 * np.square(own).sum(1).mean(), 1e-6)


def test_rows_without_weight_do_not_shrink_a_loss(rng):
    difference = rng.normal(size=(6, 2, 3)).astype("float32")
    labels = np.eye(2, dtype="float32")[[0, 1, 0, 1, 0, 1]]
    weights = np.float32([1, 1, 0, 0, 0, 0])
    loss = losses.CenterLoss()
    assert float(loss(labels, difference, weights)) == pytest.approx(
        float(loss(labels[:2], difference[:2])), 1e-6
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


def test_numbers_of_classes_are_labels(rng):
    numbers = np.array([0, 2, 1, -1, 2])
    vectors = np.eye(3, dtype="float32")[numbers]
    weight = np.float32([1, 0.5, 1, 1, 2])
    posterior = rng.dirichlet(np.ones(3), 5).astype("float32")
    differences = rng.normal(size=(5, 3, 4)).astype("float32")
    for loss, output in (
        (losses.CrossEntropy(), posterior),
        (losses.CenterLoss(), differences),
    ):
        known = np.float32(numbers >= 0)
        expected = (
            float(loss(vectors, output, known)),
            float(loss(vectors, output, known * weight)),
        )
        for labels in (numbers, numbers[:, None], numbers.astype("int8")):
            found = float(loss(labels, output)), float(loss(labels, output, weight))
            assert found == pytest.approx(expected, 1e-6)
        assert np.isnan(float(loss(np.array([0, 3, 1, 1, 1]), output)))


def ccc(x, y, w=None):
    """CCC by its definition, in float64."""
    x, y = np.float64(x).ravel(), np.float64(y).ravel()
    w = np.ones_like(x) if w is None else np.float64(w)
    (mean_x, mean_y) = (np.average(each, weights=w) for each in (x, y))
    covariance = np.average((x - mean_x) * (y - mean_y), weights=w)
    variances = np.average((x - mean_x) ** 2 + (y - mean_y) ** 2, weights=w)
    return 2 * covariance / (variances + (mean_x - mean_y) ** 2)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shapes", [((9,), (9,)), ((9, 1), (9,)), ((9,), (9, 1))])
def test_ccc_loss_is_one_minus_the_weighted_ccc(shapes, weighted, rng):
    truth, prediction = (rng.normal(0.5, 0.3, shape) for shape in shapes)
    weights = rng.choice([0.0, 0.5, 2.0], 9) if weighted else None
    loss = losses.CCCLoss()(truth, prediction, weights)
    assert loss.shape == ()
    assert float(loss) == pytest.approx(1 - ccc(truth, prediction, weights), abs=1e-5)


def test_ccc_loss_does_not_see_rows_of_weight_0(rng):
    truth, prediction = rng.normal(size=(2, 6)).astype("float32")
    weights = np.float32([1, 0, 1, 1, 0, 1])
    kept = weights > 0
    truth[1], truth[4] = np.nan, 1e6
    loss = losses.CCCLoss()(truth, prediction, weights)
    expected = losses.CCCLoss()(truth[kept], prediction[kept])
    assert float(loss) == pytest.approx(float(expected), abs=1e-6)


def gradient(loss, truth, prediction, weights):
    def value(tensors):
        return loss(truth, tensors[0], weights)

    found = backend.value_and_gradient(value, [np.float32(prediction)])
    return float(found[0]), convert_to_numpy(found[1][0])


@pytest.mark.parametrize(
    ("truth", "prediction", "weights", "expected"),
    [
        ([0.2, 0.8, 0.5], [0.1, 0.9, 0.5], [0, 0, 0], 0),  # no row
        ([np.nan, np.nan, np.nan], [0.1, 0.9, 0.5], [0, 0, 0], 0),
        ([0.2, 0.8, 0.5], [0.1, 0.9, 0.5], [0, 1, 0], 1),  # one row
        ([0.5, 0.5, 0.5], [0.1, 0.9, 0.5], [1, 1, 1], 1),  # constant labels
        ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5], [1, 1, 1], 1),  # all the same
    ],
)
def test_ccc_loss_is_finite_where_nothing_can_be_correlated(
    truth, prediction, weights, expected
):
    weights = np.float32(weights)
    value, slope = gradient(losses.CCCLoss(), np.float32(truth), prediction, weights)
    assert value == pytest.approx(expected, abs=1e-6)
    np.testing.assert_allclose(slope, 0, atol=1e-6)


def test_the_gradient_of_the_ccc_loss_is_its_slope(rng):
    truth, prediction = rng.normal(size=(2, 5))
    weights = np.array([1.0, 2.0, 0.0, 0.5, 1.0])
    _, slope = gradient(losses.CCCLoss(), np.float32(truth), prediction, weights)
    step = 1e-5 * np.eye(5)
    expected = [
        (ccc(truth, prediction - d, weights) - ccc(truth, prediction + d, weights))
        / 2e-5
        for d in step
    ]
    np.testing.assert_allclose(slope, expected, atol=1e-4)


def test_ccc_loss_rejects_several_values_per_row():
    with pytest.raises(ValueError, match="one value per row.*Use one head per number"):
        losses.CCCLoss()(np.zeros((4, 1)), np.zeros((4, 2)))


def test_training_with_the_ccc_loss_reaches_agreement(rng):
    keras.utils.set_random_seed(0)
    inputs = rng.normal(size=(32, 3)).astype("float32")
    truth = inputs @ np.float32([0.5, -1, 2])
    truth[::4] = np.nan
    weights = np.float32(np.isfinite(truth))
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), losses.CCCLoss())
    history = model.fit(
        inputs, truth, sample_weight=weights, batch_size=16, epochs=40, verbose=0
    )
    assert history.history["loss"][-1] < 0.05 < history.history["loss"][0]


@pytest.mark.parametrize(
    "loss",
    [
        losses.CenterLoss(),
        losses.ReconstructionLoss(mask_padding=False),
        losses.CCCLoss(name="valence_loss"),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_a_loss_can_be_serialised(loss):
    value = keras.saving.serialize_keras_object(loss)
    again = keras.saving.deserialize_keras_object(value)
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()


def test_lists_are_taken_as_tensors():
    posterior = [[0.5, 0.5], [0.1, 0.9]]
    assert float(losses.CrossEntropy()([1, -1], posterior)) == pytest.approx(np.log(2))
    difference = [[[1.0, 1.0], [0.0, 2.0]], [[3.0, 0.0], [5.0, 0.0]]]
    assert float(losses.CenterLoss()([0, -1], difference)) == pytest.approx(1.0)
