"""Scores of predicted numbers, such as activation, and the intervals of their CCC.

All of them use population moments: means over N, not N − 1. CCC is a function of sums
over utterances, so the sums of single speakers can be added up and resampled.
"""

import numpy as np
from numpy.typing import ArrayLike

from keras_ser.scores.bootstrap import (
    MIN_CLUSTERS,
    check_interval,
    number_trainings,
    quantiles,
    redraw,
)
from keras_ser.scores.labels import as_speakers


def ccc(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Concordance correlation coefficient (CCC).

        CCC = 2 cov(t, p) / (var(t) + var(p) + (mean(t) − mean(p))²)

    with the true numbers t and the predicted ones p. It is 1 if they are equal, and
    lower than Pearson's r if their means or their scales differ. It is 0 if all are
    the same number.

    Args:
        truth: True numbers, shape `(utterances,)`.
        prediction: Predicted numbers of the same shape.

    Returns:
        The CCC, in [−1, 1].

    Raises:
        ValueError: If the arrays are empty or differ in length, or if a number is
            missing or not finite.

    Example:

    >>> ccc([1, 2, 3], [2, 3, 4])
    0.5714285714285714

    Reference:
        Lin (1989), "A concordance correlation coefficient to evaluate
        reproducibility", Biometrics 45.
    """
    true, predicted = as_pairs(truth, prediction)
    one_unit = np.zeros(len(true), int)
    return float(ccc_from_sums(unit_sums(true, [predicted], one_unit, 1)).item())


def pearson(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Pearson's correlation coefficient.

        r = cov(t, p) / √(var(t) var(p))

    Args:
        truth: True numbers, shape `(utterances,)`.
        prediction: Predicted numbers of the same shape.

    Returns:
        The coefficient, in [−1, 1]; NaN if either side is always the same number.

    Raises:
        ValueError: Under the same conditions as `ccc`.

    Example:

    >>> pearson([1, 2, 3], [2, 4, 6])
    1.0
    """
    true, predicted = as_pairs(truth, prediction)
    if np.ptp(true) == 0 or np.ptp(predicted) == 0:
        return float("nan")
    covariance = np.mean((true - true.mean()) * (predicted - predicted.mean()))
    found = covariance / (true.std() * predicted.std())
    return float(np.clip(found, -1, 1))  # rounding may pass the ends


def rmse(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Root of the mean squared error.

        RMSE = √((1 / N) Σ_i (p_i − t_i)²)

    Args:
        truth: True numbers, shape `(utterances,)`.
        prediction: Predicted numbers of the same shape.

    Returns:
        The error, in the unit of the numbers.

    Raises:
        ValueError: Under the same conditions as `ccc`.

    Example:

    >>> rmse([1, 2, 3], [2, 3, 4])
    1.0
    """
    true, predicted = as_pairs(truth, prediction)
    return float(np.sqrt(np.mean((predicted - true) ** 2)))


def ccc_interval(
    truth: ArrayLike,
    prediction: ArrayLike,
    speaker: ArrayLike | None,
    level: float = 0.95,
    samples: int = 2000,
    seed: int = 0,
    cluster: str | None = "speaker",
    training: ArrayLike | None = None,
) -> tuple[float, float]:
    """Percentile bootstrap interval of the CCC, resampling whole speakers.

    Each draw takes speakers as `bootstrap_interval` does, and computes the CCC of the
    pooled utterances from the summed moments of the speakers that it took.

    Args:
        truth: True numbers, shape `(utterances,)`.
        prediction: Predicted numbers of the same shape.
        speaker: Speaker names of the same shape. With `cluster="utterance"`, names of
            the utterances. May be `None` only with `cluster=None`.
        level: Coverage of the interval, in (0, 1).
        samples: Number of draws.
        seed: Seed of the draws. The order of the rows does not affect the interval.
        cluster: What is drawn, as in `bootstrap_interval`.
        training: Names of the trainings, as in `bootstrap_interval`.

    Returns:
        `(low, high)`, in [−1, 1].

    Raises:
        ValueError: Under the same conditions as `ccc` and `bootstrap_interval`.
    """
    check_interval(level, samples, cluster)
    true, predicted = as_pairs(truth, prediction)
    unit = _units(speaker, len(true), cluster)
    trainings = number_trainings(training, len(true), cluster)
    drawn = _draw_ccc(true, [predicted], unit, trainings, samples, seed)
    return quantiles(drawn[:, 0], level)


def ccc_difference_interval(
    truth: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    speaker: ArrayLike | None,
    level: float = 0.95,
    samples: int = 2000,
    seed: int = 0,
    cluster: str | None = "speaker",
    training: ArrayLike | None = None,
) -> tuple[float, float]:
    """Paired bootstrap interval of the difference between two systems' CCCs.

    Each draw is used for both systems, as in `difference_interval`.

    Args:
        truth: True numbers, shape `(utterances,)`.
        first: Numbers that one system predicted, of the same shape.
        second: Numbers that the other system predicted for the same utterances.
        speaker: As for `ccc_interval`.
        level: Coverage of the interval, in (0, 1).
        samples: Number of draws.
        seed: Seed of the draws. The order of the rows does not affect the interval.
        cluster: What is drawn, as in `bootstrap_interval`.
        training: Names of the trainings, as in `bootstrap_interval`.

    Returns:
        `(low, high)`, in [−2, 2]. The first system is better if both are above 0.

    Raises:
        ValueError: Under the same conditions as `ccc_interval`.
    """
    check_interval(level, samples, cluster)
    true, one = as_pairs(truth, first)
    _, other = as_pairs(truth, second)
    unit = _units(speaker, len(true), cluster)
    trainings = number_trainings(training, len(true), cluster)
    drawn = _draw_ccc(true, [one, other], unit, trainings, samples, seed)
    return quantiles(drawn[:, 0] - drawn[:, 1], level)


def ccc_from_sums(sums: np.ndarray) -> np.ndarray:
    """CCCs `(…,)` of the sums `(…, 6)` of 1, t, p, t², p² and tp."""
    count, sum_t, sum_p, sum_tt, sum_pp, sum_tp = np.moveaxis(sums, -1, 0)
    mean_t, mean_p = sum_t / count, sum_p / count
    covariance = sum_tp / count - mean_t * mean_p
    squares = (sum_tt + sum_pp) / count
    spread = squares - 2 * mean_t * mean_p  # with the difference of the means, squared
    defined = spread > 1e-12 * squares  # below it there are only rounding errors
    return np.where(defined, 2 * covariance / np.where(defined, spread, 1), 0.0)


def as_pairs(truth: ArrayLike, prediction: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Convert true and predicted numbers to floats, `(utterances,)`; all are finite.

    Raises:
        ValueError: If the arrays are empty or differ in length, or if a number is
            missing or not finite.
    """
    true, predicted = _as_numbers(truth, "truth"), _as_numbers(prediction, "prediction")
    if len(true) != len(predicted):
        raise ValueError(
            "`truth` and `prediction` must have the same length. Received: "
            f"{len(true)} and {len(predicted)} numbers. Pass one prediction for each "
            "true number."
        )
    return true, predicted


def _as_numbers(values: ArrayLike, name: str) -> np.ndarray:
    try:
        array = np.asarray(values, float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`{name}` must contain numbers. Received: {error}. Score classes with "
            "`uar` instead."
        ) from error
    if array.ndim != 1 or array.size == 0 or not np.isfinite(array).all():
        wrong = np.flatnonzero(~np.isfinite(np.atleast_1d(array).ravel())).size
        raise ValueError(
            f"`{name}` must be a non-empty array with one finite number per utterance. "
            f"Received: shape {array.shape}, {wrong} of them not finite. Leave out "
            "utterances without a number."
        )
    return array


def _units(
    speaker: ArrayLike | None, utterances: int, cluster: str | None
) -> np.ndarray:
    """The number of the unit that each utterance is drawn with."""
    if cluster is None:
        return np.arange(utterances)
    names = as_speakers(speaker, utterances, MIN_CLUSTERS[cluster])
    return np.unique(names, return_inverse=True)[1]


def _draw_ccc(
    truth: np.ndarray,
    predictions: list[np.ndarray],
    unit: np.ndarray,
    training: np.ndarray,
    samples: int,
    seed: int,
) -> np.ndarray:
    """CCCs `(samples, predictions)` under the same draws for all predictions."""
    trainings = training.max() + 1
    cell = unit * trainings + training
    own = unit_sums(truth, predictions, cell, (unit.max() + 1) * trainings)
    own = own.reshape(-1, trainings, *own.shape[1:])
    return ccc_from_sums(redraw(own, samples, np.random.default_rng(seed)))


def unit_sums(
    truth: np.ndarray, predictions: list[np.ndarray], unit: np.ndarray, units: int
) -> np.ndarray:
    """Sums `(units, predictions, 6)` of 1, t, p, t², p² and tp, per unit.

    The mean of the truth is subtracted from both sides first. It changes no score,
    and keeps the digits of numbers that are far from zero.

    Args:
        truth: True numbers, `(rows,)`.
        predictions: Arrays of predicted numbers, each `(rows,)`.
        unit: The number of each row's unit.
        units: The number of units.
    """
    order = np.lexsort([*predictions, truth, unit])  # sums depend on it in last bits
    true = truth[order] - truth[order].mean()
    sums = np.zeros((units, len(predictions), 6))
    for number, each in enumerate(predictions):
        predicted = each[order] - truth[order].mean()
        parts = [np.ones_like(true), true, predicted]
        parts += [true**2, predicted**2, true * predicted]
        np.add.at(sums[:, number], unit[order], np.stack(parts, axis=1))
    return sums
