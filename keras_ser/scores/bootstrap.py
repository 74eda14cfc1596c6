"""What all bootstrap intervals share: the draws, their quantiles, and the checks."""

import numpy as np

MIN_CLUSTERS = {"speaker": 2, "utterance": 1}  # units needed, by `cluster`


def draw_units(units: int, samples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each draw takes each unit, in as many draws as there are units.

    Args:
        units: The number of units, such as speakers.
        samples: The number of draws.
        rng: The source of the draws.

    Returns:
        Counts as floats, `(samples, units)`. Each row adds up to `units`.
    """
    # In S draws from S units, only the number of times each was drawn matters.
    shares = np.full(units, 1 / units)
    return rng.multinomial(units, shares, size=samples).astype(float)


def quantiles(values: np.ndarray, level: float) -> tuple[float, float]:
    """Both ends of the percentile interval of this coverage."""
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def check_interval(level: float, samples: int, cluster: str | None) -> None:
    """Rejects arguments of an interval that are out of their range.

    Args:
        level: Coverage of the interval.
        samples: Number of draws.
        cluster: What is drawn.

    Raises:
        ValueError: If one of them is out of its range.
    """
    if not 0 < level < 1:
        raise ValueError(
            f"`level` must lie between 0 and 1. Received: {level}. Pass 0.95 for a "
            "95 % interval."
        )
    if samples < 1:
        raise ValueError(
            f"`samples` must be at least 1. Received: {samples}. Pass 2000, which is "
            "the default."
        )
    if cluster not in (*MIN_CLUSTERS, None):
        raise ValueError(
            "`cluster` must be 'speaker', 'utterance' or None. Received: "
            f"{cluster!r}. Use 'speaker' unless every speaker has one utterance."
        )
