"""Significance of differences between systems: sign-flip test, Holm's adjustment."""

import numpy as np
from numpy.typing import ArrayLike

MIN_SPEAKERS = 6  # units that sign flips need: with 5, no p is below 0.0625
MIN_TRAININGS = 5  # from which a crossed design is also tested over trainings
EXACT = 12  # number of units up to which all sign patterns are enumerated
SAMPLES = 10_000


def sign_flip_test(
    differences: ArrayLike, samples: int = SAMPLES, seed: int = 0
) -> float:
    """Two-sided p value of paired differences, from a sign-flip permutation test.

    If two systems are equally good, the difference `d_u` of unit u, such as a speaker,
    could just as well have had the opposite sign. With `T(e) = |sum_u e_u d_u|` over
    sign patterns `e in {-1, 1}^k`,

        p = |{e : T(e) >= T(1)}| / 2^k                        for k <= 12 (exact)
        p = (1 + |{drawn e : T(e) >= T(1)}|) / (samples + 1)  for k > 12

    The observed pattern and its negative always count, so `p >= 2 / 2^k` in the exact
    case. Differences of zero are kept; if all are zero, p is 1. Swapping the systems
    or reordering the units does not change p.

    Pass `contributions`. They add up to the difference between the pooled unweighted
    average recalls (UARs), and p is then about this difference. The differences
    between the units' own UARs are another quantity, which weighs every unit alike
    and leaves out the classes that a unit lacks.

    Args:
        differences: One value per unit, shape `(units,)`.
        samples: Number of sign patterns to draw if there are more than 12 units.
        seed: Seed of these draws.

    Returns:
        The p value, in (0, 1].

    Raises:
        ValueError: If there are fewer than 6 units, if a value is not finite, or if
            `samples` is below 1.

    Example:

    >>> sign_flip_test([0.1, 0.2, 0.1, 0.3, 0.2, 0.1])
    0.03125

    Reference:
        Fisher (1935), "The Design of Experiments", section 21; Pitman (1937),
        "Significance tests which may be applied to samples from any populations",
        Supplement to the Journal of the Royal Statistical Society 4; Ernst (2004),
        "Permutation methods: a basis for exact inference", Statistical Science 19.
    """
    sizes = np.sort(np.abs(_as_differences(differences)))
    observed = abs(np.sum(np.asarray(differences, float)))
    check_samples(samples)
    signs = 2.0 * draw_flips(len(sizes), samples, seed) - 1
    # Sums that are equal may differ in their last bits.
    extreme = np.abs(signs @ sizes) >= observed - 1e-9 * sizes.sum()
    return share_extreme(extreme, len(sizes))


def smallest_p(units: int, samples: int = SAMPLES) -> float:
    """The smallest p value that `sign_flip_test` can return.

        p_min = 2 / 2^k                           for k <= 12 units
        p_min = max(2 / 2^k, 1 / (samples + 1))   for k > 12 units

    Args:
        units: The number of units, k, such as speakers.
        samples: Number of sign patterns drawn if there are more than 12 units.

    Returns:
        The p value, in (0, 1].

    Example:

    >>> smallest_p(10)
    0.001953125
    """
    exact = 2.0 ** (1 - units)
    return exact if units <= EXACT else max(exact, 1 / (samples + 1))


def holm(p_values: ArrayLike) -> np.ndarray:
    """Adjust p values for multiple testing with Holm's step-down method.

    With the m p values sorted, `p_(1) <= … <= p_(m)`,

        adjusted_(i) = min(1, max_{j <= i} (m - j + 1) p_(j)).

    Rejecting every hypothesis whose adjusted p value is at most α keeps the
    probability of any false rejection at or below α, whatever the dependence between
    the tests.

    Args:
        p_values: p values of shape `(tests,)`. NaN marks a comparison that was not
            tested; it does not count towards m and stays NaN.

    Returns:
        Adjusted p values of shape `(tests,)`, in the order of `p_values`.

    Raises:
        ValueError: If a value is outside [0, 1] or `p_values` is not one-dimensional.

    Example:

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])

    Reference:
        Holm (1979), "A simple sequentially rejective multiple test procedure",
        Scandinavian Journal of Statistics 6.
    """
    values = np.asarray(p_values, float)
    tested = np.flatnonzero(~np.isnan(values))
    if values.ndim != 1 or np.any((values[tested] < 0) | (values[tested] > 1)):
        raise ValueError(
            "`p_values` must be a list of numbers from 0 to 1, with NaN for untested "
            f"comparisons. Received: {values.tolist()}. Pass p values, not statistics."
        )
    order = tested[np.argsort(values[tested], kind="stable")]
    steps = values[order] * np.arange(len(order), 0, -1)
    adjusted = np.full(values.shape, np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def draw_flips(units: int, samples: int, seed: int) -> np.ndarray:
    """All patterns of flipped units, or drawn ones: 0 and 1, `(patterns, units)`."""
    if units <= EXACT:
        return np.arange(2**units)[:, np.newaxis] >> np.arange(units) & 1
    return np.random.default_rng(seed).integers(0, 2, size=(samples, units))


def share_extreme(extreme: np.ndarray, units: int) -> float:
    """p from which patterns `(patterns,)` are as extreme as the observed one."""
    if units <= EXACT:
        return float(extreme.mean())
    return float((1 + extreme.sum()) / (len(extreme) + 1))


def check_units(units: int) -> int:
    """Rejects fewer units than a p value needs, and returns their number."""
    if units < MIN_SPEAKERS:
        raise ValueError(
            f"A sign-flip test needs at least {MIN_SPEAKERS} units, such as speakers: "
            f"with 5, no p value is below 0.0625. Received: {units}. Report only the "
            "interval of the difference."
        )
    return units


def check_samples(samples: int) -> None:
    """Rejects a number of draws that is below 1."""
    if samples < 1:
        raise ValueError(
            f"`samples` must be at least 1. Received: {samples}. Pass {SAMPLES}, "
            "which is the default."
        )


def _as_differences(differences: ArrayLike) -> np.ndarray:
    """Convert differences to an array of shape `(units,)`; all must be finite."""
    values = np.asarray(differences, float)
    if values.ndim != 1:
        raise ValueError(
            "`differences` must hold one number per unit. Received: shape "
            f"{values.shape}. Average over the repeats of a unit first."
        )
    check_units(len(values))
    if not np.isfinite(values).all():
        raise ValueError(
            "`differences` must be finite, with one number per unit. Received: "
            f"{values.tolist()}. Leave out units that one system was not tested on."
        )
    return values
