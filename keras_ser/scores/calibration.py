"""Calibration: whether a class that gets 80 % is the right one in 8 of 10 cases."""

import numbers

import numpy as np
from numpy.typing import ArrayLike

from keras_ser.utils.choices import check_positive

BINS = 15
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
SUM_TOLERANCE = 1e-3  # of probabilities that were rounded
TINY = 1e-7  # what a probability counts as, at least


def scaled(probabilities: ArrayLike, temperature: float) -> np.ndarray:
    """Probabilities at another temperature.

        q_k = p_k^(1/T) / Σ_j p_j^(1/T)

    For the probabilities of a softmax, this is the softmax of its inputs divided by T.
    A temperature above 1 makes them less certain. Their order does not change.

    Args:
        probabilities: Shape `(utterances, classes)`; each row sums to 1.
        temperature: T, above 0.

    Returns:
        float64 array of the same shape.

    Raises:
        ValueError: If the temperature is not a number above 0.

    Example:

    >>> scaled([[0.8, 0.2]], 2.0).round(3)
    array([[0.667, 0.333]])

    Reference:
        Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks",
        ICML 2017, section 4.2.
    """
    check_temperature(temperature)
    logs = np.log(np.maximum(np.asarray(probabilities, float), TINY)) / temperature
    powers = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def check_temperature(temperature) -> None:
    """Raises ValueError unless a temperature is a number above 0."""
    is_number = isinstance(temperature, numbers.Real) and temperature is not True
    if not (is_number and np.isfinite(temperature) and temperature > 0):
        raise ValueError(
            f"`temperature` must be a number above 0. Received: {temperature!r}. Give "
            "1 to leave probabilities as they are."
        )


def fit_temperature(
    truth: ArrayLike, probabilities: ArrayLike, classes: ArrayLike
) -> float:
    """The temperature that makes the true labels most likely.

        T = argmin_T −mean log q_truth(T),  T from 0.05 to 20

    In 1/T, this is a convex problem, so that there is one minimum.

    Args:
        truth: True labels, shape `(utterances,)`.
        probabilities: Shape `(utterances, classes)`.
        classes: The label of each column.

    Returns:
        T.

    Raises:
        ValueError: If the arrays are empty or do not fit together, or if a label is not
            among the classes.

    Reference: As for `scaled`.
    """
    from scipy import optimize

    index, values = _checked(truth, probabilities, classes)
    logs = np.log(np.maximum(values, TINY))
    own = logs[np.arange(len(index)), index]

    def loss(inverse: float) -> float:
        shifted = inverse * (logs - own[:, None])
        highest = shifted.max(axis=1)
        sums = np.exp(shifted - highest[:, None]).sum(axis=1)
        return float((np.log(sums) + highest).mean())

    limits = 1 / MAX_TEMPERATURE, 1 / MIN_TEMPERATURE
    options = {"xatol": 1e-6}
    found = optimize.minimize_scalar(
        loss, bounds=limits, method="bounded", options=options
    )
    return float(1 / found.x)


def calibration_error(
    truth: ArrayLike, probabilities: ArrayLike, classes: ArrayLike, bins: int = BINS
) -> float:
    """Expected calibration error (ECE) of the most probable classes.

        ECE = Σ_b n_b / n · |accuracy_b − confidence_b|

    Bin b of `bins` bins of equal width holds the utterances whose highest probability
    is in ((b − 1) / bins, b / bins]. Its confidence is the mean of these probabilities.
    With few utterances per bin, the ECE of well calibrated probabilities is above 0.

    Args:
        truth, probabilities, classes: As for `fit_temperature`.
        bins: The number of bins, 1 or more.

    Returns:
        The error in [0, 1].

    Raises:
        ValueError: As `fit_temperature`, or if `bins` is not a positive integer.

    Example:

    >>> calibration_error(["a", "b"], [[0.9, 0.1], [0.9, 0.1]], ["a", "b"])
    0.4

    Reference: Guo et al. 2017, Eq. 3.
    """
    check_positive(bins=bins)
    index, values = _checked(truth, probabilities, classes)
    right = values.argmax(axis=1) == index
    return confidence_error(right, values.max(axis=1), bins)


def confidence_error(
    right: ArrayLike, confidence: ArrayLike, bins: int = BINS
) -> float:
    """The calibration error of predictions that are right or wrong.

    It is `calibration_error` where the true class may be one that the model does not
    know, so that its prediction is wrong.

    Args:
        right: Whether each prediction is right, shape `(utterances,)`.
        confidence: Its probability, of the same shape, in [0, 1].
        bins: The number of bins.

    Returns:
        The error in [0, 1].
    """
    right, confidence = np.asarray(right, float), np.asarray(confidence, float)
    found = np.ceil(confidence * bins - 1e-9).clip(1, bins).astype(int)
    gaps = np.bincount(found, right - confidence, bins + 1)
    return float(np.abs(gaps).sum() / len(right))


def _checked(truth, probabilities, classes) -> tuple[np.ndarray, np.ndarray]:
    """The column of each true label, and the probabilities."""
    truth, names = np.asarray(truth), np.asarray(classes)
    values = np.asarray(probabilities, float)
    if not len(truth) or values.shape != (len(truth), len(names)):
        raise ValueError(
            "Expected true labels and as many rows of probabilities, one column per "
            f"class. Received: {len(truth)} labels, probabilities of shape "
            f"{values.shape} and {len(names)} classes. Give those of the same "
            "utterances."
        )
    if len(set(names.tolist())) < len(names):
        raise ValueError(f"Expected different classes. Received: {names.tolist()}.")
    wrong = ~((values >= 0) & (values <= 1 + SUM_TOLERANCE)).all(axis=1)
    wrong |= ~(np.abs(values.sum(axis=1) - 1) <= SUM_TOLERANCE)
    if wrong.any():
        raise ValueError(
            "Expected probabilities in [0, 1] that add up to 1. Received: "
            f"{values[wrong][0].tolist()}, and {wrong.sum() - 1} other rows like it."
        )
    unknown = sorted(set(truth.tolist()) - set(names.tolist()))
    if unknown:
        raise ValueError(
            f"Expected labels among {names.tolist()}. Received: {unknown[:5]}. Leave "
            "these utterances out."
        )
    columns = {name: number for number, name in enumerate(names.tolist())}
    return np.array([columns[name] for name in truth.tolist()]), values
