"""Temperature and calibration error against direct implementations."""

import numpy as np
import pytest
from scipy.special import softmax

from keras_ser import scores

CLASSES = ["a", "b", "c"]


@pytest.fixture
def drawn(rng):
    """Labels drawn from the softmax of some inputs, and these inputs."""
    inputs = 2 * rng.normal(size=(4000, 3))
    chance = softmax(inputs, axis=1)
    truth = [CLASSES[rng.choice(3, p=own / own.sum())] for own in chance]
    return np.array(truth), inputs


def likelihood(truth, values) -> float:
    columns = [CLASSES.index(name) for name in truth]
    return float(-np.log(values[np.arange(len(truth)), columns]).mean())


def test_scaling_is_the_softmax_of_divided_inputs(rng):
    inputs = rng.normal(size=(7, 3))
    for temperature in (0.3, 1.0, 4):
        found = scores.scaled(softmax(inputs, axis=1), temperature)
        np.testing.assert_allclose(found, softmax(inputs / temperature, axis=1))


def test_scaling_keeps_the_order(rng):
    values = rng.dirichlet(np.ones(5), size=50)
    found = scores.scaled(values, 3.0)
    assert (found.argsort(axis=1) == values.argsort(axis=1)).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_found_again(drawn, true_temperature):
    truth, inputs = drawn
    values = softmax(inputs * true_temperature, axis=1)
    found = scores.fit_temperature(truth, values, CLASSES)
    assert found == pytest.approx(true_temperature, rel=0.1)
    best = likelihood(truth, scores.scaled(values, found))
    for other in (0.9 * found, 1.1 * found):
        assert likelihood(truth, scores.scaled(values, other)) > best


def test_certain_and_right_or_wrong_ends_at_the_limits():
    certain = np.array([[1.0, 0.0, 0.0]] * 4)
    right = scores.fit_temperature(["a"] * 4, certain, CLASSES)
    wrong = scores.fit_temperature(["b"] * 4, certain, CLASSES)
    assert right < 0.2 and wrong > 15


def naive_error(truth, values, bins) -> float:
    confidence, best = values.max(axis=1), values.argmax(axis=1)
    right = np.array([CLASSES[k] for k in best]) == truth
    total = 0.0
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            gap = abs(right[inside].mean() - confidence[inside].mean())
            total += inside.mean() * gap
    return total


@pytest.mark.parametrize("bins", [1, 5, 15])
def test_the_error_is_its_equation(drawn, bins):
    truth, inputs = drawn
    values = softmax(2 * inputs, axis=1)
    found = scores.calibration_error(truth, values, CLASSES, bins)
    assert found == pytest.approx(naive_error(truth, values, bins))


def test_the_temperature_lowers_the_error(drawn):
    truth, inputs = drawn
    values = softmax(3 * inputs, axis=1)
    chosen = scores.fit_temperature(truth, values, CLASSES)
    before = scores.calibration_error(truth, values, CLASSES)
    after = scores.calibration_error(truth, scores.scaled(values, chosen), CLASSES)
    assert after < 0.04 < 0.15 < before


def test_a_certain_prediction_is_in_the_last_bin():
    values = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    assert scores.calibration_error(["a", "b"], values, CLASSES) == 0
    assert scores.calibration_error(["b", "a"], values, CLASSES) == 1


@pytest.mark.parametrize(
    ("truth", "values"),
    [
        ([], np.zeros((0, 3))),
        (["a"], [[0.5, 0.5]]),
        (["a", "b"], [[1.0, 0.0, 0.0]]),
        (["d"], [[1.0, 0.0, 0.0]]),
        (["a"], [[np.nan, 0.5, 0.5]]),
        (["a"], [[2.0, -1.0, 0.0]]),
        (["a"], [[0.5, 0.2, 0.2]]),
    ],
)
def test_what_does_not_fit_is_rejected(truth, values):
    for function in (scores.fit_temperature, scores.calibration_error):
        with pytest.raises(ValueError, match="Expected.*Received"):
            function(truth, values, CLASSES)
        with pytest.raises(ValueError, match="Expected different classes"):
            function(["a"], [[0.5, 0.5]], ["a", "a"])


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf, "1", None])
def test_no_temperature_is_rejected(value):
    with pytest.raises(ValueError, match=r"above 0.*Received"):
        scores.scaled([[0.5, 0.5]], value)


@pytest.mark.parametrize("bins", [0, -3, 2.5, True])
def test_the_number_of_bins_is_a_positive_integer(bins):
    with pytest.raises(ValueError, match="`bins` must be a positive integer"):
        scores.calibration_error(["a"], [[0.9, 0.1]], ["a", "b"], bins)
