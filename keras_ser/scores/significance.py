"""Whether systems differ: sign flips over speakers, Holm's adjustment."""

import numpy as np

FEWEST = 6  # with 5 speakers no p is below 0.0625
EXACT = 12  # speakers up to which all sign patterns are counted
SAMPLES = 10_000


def sign_flip_test(differences, samples: int = SAMPLES, seed: int = 0) -> float:
    """Two-sided p of paired differences, by flipping their signs.

    If two systems are equally good, speaker s's difference `d_s` could as well
    have had the opposite sign. With `T(e) = |(1 / k) sum_s e_s d_s|` over sign
    patterns `e in {-1, 1}^k`,

        p = |{e : T(e) >= T(1)}| / 2^k                       k <= 12, exact
        p = (1 + |{drawn e : T(e) >= T(1)}|) / (samples + 1) above.

    The observed pattern and its negative always count, so `p >= 2 / 2^k`. A
    difference of zero is kept; where all are, p is 1. Swapping the systems or
    reordering the speakers does not change p.

    Args:
        differences: one a speaker, shape `(speakers,)`, such as the speaker's
            UAR under one system minus that under the other, the mean over
            repeats.
        samples: sign patterns drawn, above 12 speakers.
        seed: seed of these draws.

    Raises:
        ValueError: fewer than 6 speakers, a value that is not finite, or no
            samples.

    Reference:
        Fisher (1935), "The Design of Experiments", section 21; Pitman (1937),
        "Significance tests which may be applied to samples from any
        populations"; Ernst (2004), "Permutation methods: a basis for exact
        inference", Statistical Science 19.
    """
    sizes = np.sort(np.abs(_differences(differences)))
    observed = abs(np.sum(np.asarray(differences, float)))
    _check_samples(samples)
    signs = _signs(len(sizes), samples, seed)
    # Equal sums may differ in their last bits.
    extreme = np.abs(signs @ sizes) >= observed - 1e-9 * sizes.sum()
    if len(sizes) <= EXACT:
        return float(extreme.mean())
    return float((1 + extreme.sum()) / (samples + 1))


def smallest_p(speakers: int, samples: int = SAMPLES) -> float:
    """The smallest p that `sign_flip_test` can give: `2 / 2^k`.

    Above 12 speakers it is not below `1 / (samples + 1)` either.
    """
    exact = 2.0 ** (1 - speakers)
    return exact if speakers <= EXACT else max(exact, 1 / (samples + 1))


def holm(p_values) -> np.ndarray:
    """p values adjusted for their number, by Holm's step-down method.

    With the m tested values sorted, `p_(1) <= … <= p_(m)`,

        adjusted_(i) = min(1, max_{j <= i} (m - j + 1) p_(j)).

    Rejecting where the adjusted p is at most a keeps the chance of any false
    rejection at a, however the tests depend on each other.

    Args:
        p_values: shape `(tests,)`; NaN was not tested, is not counted in m and
            stays NaN.

    Returns:
        Adjusted values, in the order of `p_values`.

    Raises:
        ValueError: a value outside [0, 1].

    Reference:
        Holm (1979), "A simple sequentially rejective multiple test procedure",
        Scandinavian Journal of Statistics 6.
    """
    values = np.asarray(p_values, float)
    tested = np.flatnonzero(~np.isnan(values))
    if values.ndim != 1 or np.any((values[tested] < 0) | (values[tested] > 1)):
        raise ValueError(
            "`p_values` must be a list of numbers from 0 to 1, NaN where nothing was "
            f"tested. Received: {values.tolist()}. Pass p values, not statistics."
        )
    order = tested[np.argsort(values[tested], kind="stable")]
    steps = values[order] * np.arange(len(order), 0, -1)
    adjusted = np.full(values.shape, np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def _signs(speakers: int, samples: int, seed: int) -> np.ndarray:
    """All sign patterns, or drawn ones: `(patterns, speakers)` of -1 and 1."""
    if speakers <= EXACT:
        bits = np.arange(2**speakers)[:, np.newaxis] >> np.arange(speakers) & 1
    else:
        rng = np.random.default_rng(seed)
        bits = rng.integers(0, 2, size=(samples, speakers))
    return 2.0 * bits - 1


def _differences(values) -> np.ndarray:
    values = np.asarray(values, float)
    if values.ndim != 1 or len(values) < FEWEST:
        raise ValueError(
            f"A sign-flip test needs at least {FEWEST} speakers, one difference each: "
            f"with 5, no p is below 0.0625. Received: shape {values.shape}. Give the "
            "interval of the difference only."
        )
    if not np.isfinite(values).all():
        raise ValueError(
            "`differences` must be finite, one number a speaker. Received: "
            f"{values.tolist()}. Leave out speakers that one system was not tested on."
        )
    return values


def _check_samples(samples: int) -> None:
    if samples < 1:
        raise ValueError(
            f"`samples` must be at least 1. Received: {samples}. {SAMPLES} is usual."
        )
