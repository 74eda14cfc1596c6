"""t intervals and a t test of the UAR, over units and over trainings."""

import math
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from keras_ser.scores.clusters import Groups, as_groups, check_level
from keras_ser.scores.contributions import (
    hits,
    in_one_group,
    mean_recall,
    recall_changes,
)
from keras_ser.scores.labels import encode, encode_pair


def t_interval(
    truth: ArrayLike,
    prediction: ArrayLike,
    unit: ArrayLike,
    level: float = 0.95,
    training: ArrayLike | None = None,
) -> tuple[float, float]:
    """t interval of a pooled UAR over units, such as speakers.

        UAR ± t √V,   V = (U − 1) / U Σ_u e_u²
        e_u = (1 / K) Σ_k (c_uk − R_k n_uk) / (n_k − n_uk)

    Of the utterances of class k, unit u has `n_uk` and all U units have `n_k`. The
    system recognised `c_uk` of the unit's, and a share `R_k` of all, which is the
    recall. K is the number of classes that occur, and t is the quantile of Student's t
    distribution with U − 1 degrees of freedom. `e_u` is how much the unweighted average
    recall (UAR) falls if unit u is left out, so V is the variance by the jackknife.

    If a class occurs in a single unit only, nothing shows how much its recall varies,
    and an interval would cover too little: 71 % where one of four classes was such a
    class. There is none then. With trainings, the same holds for a class that occurs
    in a single training only.

    With trainings, the units and the trainings both vary, as in crossed designs, in
    which each training is tested on many speakers:

        V = V_unit + V_training − V_both,   at least max(V_unit, V_training)

    Each term is computed like V above: over units, over trainings, and over the pairs
    of both that occur. There are min(units, trainings) − 1 degrees of freedom.

    Of three residuals, `e_u` covers best in simulations. Its linear approximation,
    with `n_k` in place of `n_k − n_uk`, covers less if units differ in size. What a
    unit adds to the UAR, minus the mean over units, counts the size of a unit as part
    of its score, and makes intervals more than twice as wide. docs/statistics.md has
    the measured coverage. With few units, `bootstrap_interval` covers less.

    Args:
        truth: True labels, strings or integers, shape `(utterances,)`. Rows of all
            repeats are pooled.
        prediction: Predicted labels of the same shape.
        unit: Names of the units of the same shape, strings or integers.
        level: Coverage of the interval, in (0, 1).
        training: Names of the trainings of the same shape, such as a fold and a
            repeat, or `None`. With fewer than 5 of them the interval is very wide.

    Returns:
        `(low, high)`, cut off at 0 and 1. Both are NaN if a class occurs in a single
        unit or training only; `confined_classes` names it.

    Raises:
        ValueError: Under the same conditions as `uar`, if there are fewer than 2
            units or trainings, or if `level` is out of its range.

    Example:

    >>> truth = ["a", "b"] * 8
    >>> prediction = ["a", "b", "a", "a"] * 2 + ["a"] * 8
    >>> unit = np.repeat(["s1", "s2", "s3", "s4"], 4)
    >>> low, high = t_interval(truth, prediction, unit)  # the UAR is 0.625
    >>> round(low, 3), round(high, 3)
    (0.395, 0.855)

    Reference:
        Tukey (1958), "Bias and confidence in not-quite large samples", Annals of
        Mathematical Statistics 29; for few units of unequal size, MacKinnon, Nielsen
        and Webb (2023), "Fast and reliable jackknife and bootstrap methods for
        cluster-robust inference", Journal of Applied Econometrics 38; for trainings,
        Cameron, Gelbach and Miller (2011), "Robust inference with multiway
        clustering", Journal of Business & Economic Statistics 29.
    """
    check_level(level)
    true, predicted, _ = encode(truth, prediction)
    groups = as_groups(unit, training, len(true))
    return _limits(true, hits(true, predicted), groups, level, (0, 1))


def difference_t_interval(
    truth: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    unit: ArrayLike,
    level: float = 0.95,
    training: ArrayLike | None = None,
) -> tuple[float, float]:
    """t interval of the difference between two systems' pooled UARs.

        Δ ± t √V
        e_u = (1 / K) Σ_k (c¹_uk − c²_uk − Δ_k n_uk) / (n_k − n_uk)

    with the difference `Δ_k` between the recalls of class k, and otherwise as in
    `t_interval`. What makes a unit easy or hard for both systems cancels out.

    With contributions minus their mean as residuals, intervals would cover slightly
    more, but grow with the difference; see docs/statistics.md.

    Args:
        truth: True labels, strings or integers, shape `(utterances,)`. Rows of all
            repeats are pooled.
        first: Predicted labels of one system, of the same shape.
        second: Predicted labels of the other system for the same utterances.
        unit: Names of the units of the same shape, such as speakers.
        level: Coverage of the interval, in (0, 1).
        training: Names of the trainings of the same shape, or `None`.

    Returns:
        `(low, high)`, cut off at −1 and 1. The first system is better if both are
        above 0. Both are NaN under the same conditions as in `t_interval`.

    Raises:
        ValueError: Under the same conditions as `t_interval`.

    Reference:
        As for `t_interval`.
    """
    check_level(level)
    true, gain = _paired_gain(truth, first, second)
    groups = as_groups(unit, training, len(true))
    return _limits(true, gain, groups, level, (-1, 1))


def difference_t_test(
    truth: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    unit: ArrayLike,
    training: ArrayLike,
) -> float:
    """Two-sided p of a difference between two UARs in a crossed design.

        p = P(|T| ≥ |Δ| / √V)

    with the two-way variance V of `difference_t_interval` and a t variable T with
    min(units, trainings) − 1 degrees of freedom. p is below 0.05 exactly if the 95 %
    interval excludes 0. The test keeps its level with any number of trainings, but
    with fewer than 5 (`MIN_TRAININGS`) it finds large differences only.

    If no speaker is tested with more than one training, use `sign_flip_test`, which
    assumes less.

    Args:
        truth: True labels, strings or integers, shape `(utterances,)`.
        first: Predicted labels of one system, of the same shape.
        second: Predicted labels of the other system for the same utterances.
        unit: Names of the units of the same shape, such as speakers.
        training: Names of the trainings of the same shape.

    Returns:
        The p value, in [0, 1]. If neither units nor trainings vary at all, it is 1 for
        equal UARs and 0 for different ones. It is NaN under the same conditions as
        the limits of `t_interval`.

    Raises:
        ValueError: Under the same conditions as `t_interval`.

    Reference:
        Cameron, Gelbach and Miller (2011), "Robust inference with multiway
        clustering", Journal of Business & Economic Statistics 29.
    """
    true, gain = _paired_gain(truth, first, second)
    groups = as_groups(unit, training, len(true))
    if _has_confined(true, groups):
        return math.nan
    changes = partial(recall_changes, true, gain)
    return groups.p_value(mean_recall(true, gain), changes)


def _limits(
    truth: np.ndarray,
    gain: np.ndarray,
    groups: Groups,
    level: float,
    ends: tuple[float, float],
) -> tuple[float, float]:
    if _has_confined(truth, groups):
        return math.nan, math.nan
    changes = partial(recall_changes, truth, gain)
    return groups.limits(mean_recall(truth, gain), changes, level, ends)


def _has_confined(truth: np.ndarray, groups: Groups) -> bool:
    """Whether a class occurs in a single unit, or in a single training."""
    each = [groups.unit] if groups.training is None else [groups.unit, groups.training]
    return any(in_one_group(truth, group).any() for group in each)


def _paired_gain(
    truth: ArrayLike, first: ArrayLike, second: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the true classes, and hits of the first minus those of the second."""
    true, one, other, _ = encode_pair(truth, first, second)
    return true, hits(true, one) - hits(true, other)
