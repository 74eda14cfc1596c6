"""t intervals and tests of the CCC, over units and over trainings."""

import numpy as np
from numpy.typing import ArrayLike

from keras_ser.scores.clusters import Changes, as_groups, check_level, index_units
from keras_ser.scores.numbers import as_pairs, ccc, ccc_from_sums, unit_sums
from keras_ser.scores.significance import (
    SAMPLES,
    check_samples,
    check_units,
    draw_flips,
    share_extreme,
)


def ccc_t_interval(
    truth: ArrayLike,
    prediction: ArrayLike,
    unit: ArrayLike,
    level: float = 0.95,
    training: ArrayLike | None = None,
) -> tuple[float, float]:
    """t interval of the concordance correlation coefficient (CCC) over units.

        CCC ± t √V,   V = (U − 1) / U Σ_u e_u²,   e_u = CCC − CCC without unit u

    with U units, and t and the two-way V of `t_interval`.

    Args:
        truth: True numbers, shape `(utterances,)`. Rows of all repeats are pooled.
        prediction: Predicted numbers of the same shape.
        unit: Names of the units of the same shape, such as speakers.
        level: Coverage of the interval, in (0, 1).
        training: Names of the trainings of the same shape, or `None`, as in
            `t_interval`.

    Returns:
        `(low, high)`, cut off at −1 and 1.

    Raises:
        ValueError: Under the same conditions as `ccc` and `t_interval`.

    Reference:
        Tukey (1958), "Bias and confidence in not-quite large samples", Annals of
        Mathematical Statistics 29.
    """
    check_level(level)
    true, predicted = as_pairs(truth, prediction)
    groups = as_groups(unit, training, len(true))

    def changes(group: np.ndarray) -> np.ndarray:
        return ccc_changes(true, [predicted], group)[:, 0]

    return groups.limits(ccc(true, predicted), changes, level, (-1, 1))


def ccc_difference_t_interval(
    truth: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    unit: ArrayLike,
    level: float = 0.95,
    training: ArrayLike | None = None,
) -> tuple[float, float]:
    """t interval of the difference between two systems' CCCs.

        Δ ± t √V,   e_u = Δ − Δ without unit u

    and otherwise as in `ccc_t_interval`.

    Args:
        truth: True numbers, shape `(utterances,)`. Rows of all repeats are pooled.
        first: Numbers that one system predicted, of the same shape.
        second: Numbers that the other system predicted for the same utterances.
        unit: Names of the units of the same shape, such as speakers.
        level: Coverage of the interval, in (0, 1).
        training: Names of the trainings of the same shape, or `None`.

    Returns:
        `(low, high)`, cut off at −2 and 2. The first system is better if both are
        above 0.

    Raises:
        ValueError: Under the same conditions as `ccc_t_interval`.
    """
    check_level(level)
    score, changes = _compare(truth, first, second)
    groups = as_groups(unit, training, len(np.asarray(truth)))
    return groups.limits(score, changes, level, (-2, 2))


def ccc_difference_t_test(
    truth: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    unit: ArrayLike,
    training: ArrayLike,
) -> float:
    """Two-sided p of a difference between two CCCs in a crossed design.

    This is the test of `difference_t_test` with the variance of
    `ccc_difference_t_interval`.

    Args:
        truth: True numbers, shape `(utterances,)`.
        first: Numbers that one system predicted, of the same shape.
        second: Numbers that the other system predicted for the same utterances.
        unit: Names of the units of the same shape, such as speakers.
        training: Names of the trainings of the same shape.

    Returns:
        The p value, in [0, 1].

    Raises:
        ValueError: Under the same conditions as `ccc_t_interval`.
    """
    score, changes = _compare(truth, first, second)
    groups = as_groups(unit, training, len(np.asarray(truth)))
    return groups.p_value(score, changes)


def ccc_sign_flip_test(
    truth: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    unit: ArrayLike,
    samples: int = SAMPLES,
    seed: int = 0,
) -> float:
    """Two-sided p of a difference between two CCCs, from swaps within whole units.

    If two systems are equally good, their predictions of a unit could just as well
    have been swapped. Each pattern e says which units are swapped:

        T(e) = |CCC(truth, first after e) − CCC(truth, second after e)|

    p is the share of the patterns whose T is at least that of no swaps. All 2^k
    patterns of k units count up to 12 units, and drawn ones beyond, exactly as in
    `sign_flip_test`. Unlike the UAR, the CCC is not a sum over units, so that both CCCs
    are computed again for each pattern, from sums over the rows of each unit.

    Args:
        truth: True numbers, shape `(utterances,)`.
        first: Numbers that one system predicted, of the same shape.
        second: Numbers that the other system predicted for the same utterances.
        unit: Names of the units of the same shape, such as speakers.
        samples: Number of patterns to draw if there are more than 12 units.
        seed: Seed of these draws.

    Returns:
        The p value, in (0, 1].

    Raises:
        ValueError: Under the same conditions as `ccc`, if there are fewer than 6
            units, or if `samples` is below 1.

    Reference:
        Pitman (1937), "Significance tests which may be applied to samples from any
        populations", Supplement to the Journal of the Royal Statistical Society 4.
    """
    check_samples(samples)
    true, one = as_pairs(truth, first)
    _, other = as_pairs(truth, second)
    index = index_units(unit, len(true), "unit", least=1)
    units = check_units(int(index.max()) + 1)
    sums = _sort_units(unit_sums(true, [one, other], index, units))
    flips = draw_flips(units, samples, seed)
    moved = flips @ (sums[:, 1] - sums[:, 0])  # (patterns, 6)
    total_one, total_other = sums.sum(axis=0)
    swapped = ccc_from_sums(total_one + moved) - ccc_from_sums(total_other - moved)
    observed = ccc_from_sums(total_one) - ccc_from_sums(total_other)
    return share_extreme(np.abs(swapped) >= abs(observed) - 1e-9, units)


def ccc_changes(
    truth: np.ndarray, predictions: list[np.ndarray], group: np.ndarray
) -> np.ndarray:
    """How much each group changes the CCCs, `(groups, predictions)`.

    Args:
        truth: True numbers, `(rows,)`.
        predictions: Arrays of predicted numbers, each `(rows,)`.
        group: The number of each row's group, from 0, `(rows,)`.
    """
    sums = unit_sums(truth, predictions, group, int(group.max()) + 1)
    total = sums.sum(axis=0)
    return ccc_from_sums(total) - ccc_from_sums(total - sums)


def _compare(
    truth: ArrayLike, first: ArrayLike, second: ArrayLike
) -> tuple[float, Changes]:
    """The difference between two CCCs, and what computes how groups change it."""
    true, one = as_pairs(truth, first)
    _, other = as_pairs(truth, second)

    def changes(group: np.ndarray) -> np.ndarray:
        found = ccc_changes(true, [one, other], group)
        return found[:, 0] - found[:, 1]

    return ccc(true, one) - ccc(true, other), changes


def _sort_units(sums: np.ndarray) -> np.ndarray:
    """Sort units by what neither their names nor a swap of the systems changes."""
    both = sums.sum(axis=1)  # (units, 6)
    return sums[np.lexsort(both.T)]
