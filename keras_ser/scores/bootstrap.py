"""What all bootstrap intervals share: the draws, their quantiles, and the checks."""

import numpy as np
from numpy.typing import ArrayLike

from keras_ser.scores.clusters import check_level, index_units

MIN_CLUSTERS = {"speaker": 2, "utterance": 1}  # units needed, by `cluster`


def draw_units(
    units: int, samples: int, rng: np.random.Generator, size: np.ndarray | None = None
) -> np.ndarray:
    """How often each draw takes each unit, in as many draws as there are units.

    Args:
        units: The number of units, such as speakers.
        samples: The number of draws.
        rng: The source of the draws.
        size: How many equal units each one stands for, `(units,)`; by default 1.

    Returns:
        Counts as floats, `(samples, units)`. Each row adds up to the number of units,
        or to the sum of the sizes.
    """
    # In S draws from S units, only the number of times each was drawn matters.
    size = np.ones(units, int) if size is None else size
    return rng.multinomial(size.sum(), size / size.sum(), size=samples).astype(float)


def redraw(
    own: np.ndarray,
    samples: int,
    rng: np.random.Generator,
    size: np.ndarray | None = None,
) -> np.ndarray:
    """Sums over redrawn units and, independently, over redrawn trainings.

    A draw that took unit u `n_u` times and training t `m_t` times counts the rows that
    they share `n_u m_t` times. Draws without any row are left out; there are some only
    if few units were tested with each training.

    Args:
        own: What is added up, `(units, trainings, …)`. With a single training, only
            units are drawn.
        samples: The number of draws.
        rng: The source of the draws.
        size: How many equal units each one stands for, `(units,)`; by default 1.

    Returns:
        The sums, `(samples, …)`.

    Reference:
        Owen (2007), "The pigeonhole bootstrap", The Annals of Applied Statistics 1.
    """
    units, trainings = own.shape[:2]
    taken = draw_units(units, samples, rng, size)
    together = draw_units(trainings, samples, rng)
    sums = np.tensordot(taken, own, axes=1)  # (samples, trainings, …)
    present = own.reshape(units, trainings, -1).any(axis=-1)
    rows = np.sum(taken @ present * together, axis=1)
    return np.einsum("st,st...->s...", together, sums)[rows > 0]


def number_trainings(
    training: ArrayLike | None, rows: int, cluster: str | None
) -> np.ndarray:
    """The number of each row's training, `(rows,)`; 0 for all if there are none.

    Raises:
        ValueError: If trainings are given and single rows are drawn, if their number
            is wrong, or if there are fewer than 2.
    """
    if training is None:
        return np.zeros(rows, int)
    if cluster is None:
        raise ValueError(
            "`training` needs units that are drawn as a whole. Received: "
            "cluster=None. Pass `cluster='speaker'`, or leave out `training`."
        )
    return index_units(training, rows, "training")


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
    check_level(level)
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
