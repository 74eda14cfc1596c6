"""Intervals of scores and of their differences, by drawing speakers again."""

import numpy as np

from keras_ser.scores.counts import (
    accuracy_of,
    confusion,
    count,
    recalls_of,
    uar_of,
)
from keras_ser.scores.labels import encoded, labels_of, speakers_of


def bootstrap_interval(
    truth,
    prediction,
    speaker,
    statistic: str = "uar",
    level: float = 0.95,
    samples: int = 2000,
    seed: int = 0,
    cluster: str | None = "speaker",
) -> tuple[float, float]:
    """Percentile bootstrap interval of a score, resampling whole speakers.

    Utterances of one speaker depend on each other, so S of the S speakers are
    drawn with replacement, with all their utterances, and the score of the
    pooled draw is taken; the interval runs from the `(1 - level) / 2` to the
    `(1 + level) / 2` quantile over `samples` draws. A class that a draw lacks
    is left out of that draw's UAR.

    Args:
        truth: labels, shape `(utterances,)`.
        prediction: labels of the same shape.
        speaker: speakers of the same shape; with `cluster="utterance"` the names
            of the utterances. `None` only with `cluster=None`.
        statistic: `"uar"` or `"accuracy"`.
        level: coverage, in (0, 1).
        samples: number of draws.
        seed: seed of the draws. Rows in another order give the same interval.
        cluster: what is drawn. `"speaker"`; `"utterance"`, with all rows of one
            together, such as its repeats; or `None`, single rows. The last two are
            too narrow wherever a speaker has more than one utterance.

    Returns:
        `(low, high)`, fractions in [0, 1].

    Raises:
        ValueError: as `uar`, and if there are fewer than 2 speakers.

    Reference:
        Field and Welsh (2007), "Bootstrapping clustered data".
    """
    measure = _statistic(statistic)
    _check_interval(level, samples, cluster)
    truth, prediction, classes = encoded(truth, prediction)
    rng = np.random.default_rng(seed)
    if cluster is None:
        draws = _draw_rows(truth, prediction, len(classes), samples, rng)
    else:
        units = speakers_of(speaker, len(truth), FEWEST[cluster])
        draws = _draw_units(truth, prediction, units, len(classes), samples, rng)
    return _quantiles(measure(draws), level)


def difference_interval(
    truth,
    first,
    second,
    speaker,
    level: float = 0.95,
    samples: int = 2000,
    seed: int = 0,
    cluster: str | None = "speaker",
) -> tuple[float, float]:
    """Paired bootstrap interval of `uar(truth, first) - uar(truth, second)`.

    As `bootstrap_interval`, with the same draws for both systems, so that what
    makes a speaker easy or hard for both of them cancels: each draw gives the
    difference of the two pooled UARs.

    Args:
        truth: labels, shape `(utterances,)`.
        first: predictions of one system, of the same shape.
        second: the other's predictions of the same utterances.
        speaker: speakers of the same shape; with `cluster="utterance"` the names
            of the utterances. `None` only with `cluster=None`.
        level: coverage, in (0, 1).
        samples: number of draws.
        seed: seed of the draws. Rows in another order give the same interval.
        cluster: what is drawn. `"speaker"`; `"utterance"`, with all rows of one
            together, such as its repeats; or `None`, single rows. The last two are
            too narrow wherever a speaker has more than one utterance.

    Returns:
        `(low, high)`, in [-1, 1].

    Raises:
        ValueError: as `bootstrap_interval`.

    Reference:
        Field and Welsh (2007), "Bootstrapping clustered data"; for the paired
        draws, Koehn (2004), "Statistical significance tests for machine
        translation evaluation".
    """
    _check_interval(level, samples, cluster)
    truth, first, second, classes = _encoded_pair(truth, first, second)
    if cluster is None:
        # Utterances alike in all three are one unit, drawn as often as all of them.
        cells, size = np.unique([truth, first, second], axis=1, return_counts=True)
        (truth, first, second), unit = cells, np.arange(len(size))
    else:
        units = speakers_of(speaker, len(truth), FEWEST[cluster])
        names, unit = np.unique(units, return_inverse=True)
        size = np.ones(len(names), int)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(size.sum(), size / size.sum(), size=samples).astype(float)
    one, other = (
        uar_of(np.tensordot(drawn, _count_by(unit, truth, each, classes), axes=1))
        for each in (first, second)
    )
    return _quantiles(one - other, level)


def summary(
    truth,
    prediction,
    classes,
    speaker=None,
    level: float = 0.95,
    samples: int = 2000,
    seed: int = 0,
) -> dict:
    """All scores of one set of predictions, ready for JSON.

    Args:
        truth: labels, shape `(utterances,)`.
        prediction: labels of the same shape.
        classes: the class labels, in order.
        speaker: speakers of the same shape, or `None`.
        level: coverage of the interval.
        samples: draws of the bootstrap.
        seed: seed of the draws.

    Returns:
        A dict of `utterances`, `uar`, `accuracy`, `recalls` (class to recall,
        `None` without a true utterance), `confusion` (nested lists, rows are
        the truth), and, given speakers, `speakers` and `interval` (`[low,
        high]` of the UAR, `None` with fewer than 2 speakers).

    Raises:
        ValueError: as `confusion`.
    """
    counts = confusion(truth, prediction, classes)
    each = [
        None if np.isnan(recall) else float(recall) for recall in recalls_of(counts)
    ]
    result = {
        "utterances": int(counts.sum()),
        "uar": float(uar_of(counts)),
        "accuracy": float(accuracy_of(counts)),
        "recalls": dict(zip(map(str, classes), each, strict=True)),
        "confusion": counts.tolist(),
    }
    if speaker is None:
        return result
    total = len(np.unique(speakers_of(speaker, len(truth), fewest=1)))
    interval = None
    if total > 1:
        interval = bootstrap_interval(
            truth, prediction, speaker, level=level, samples=samples, seed=seed
        )
    return {**result, "speakers": total, "interval": interval and list(interval)}


FEWEST = {"speaker": 2, "utterance": 1}  # of what each `cluster` draws
STATISTICS = {"uar": uar_of, "accuracy": accuracy_of}


def _draw_units(truth, prediction, units, classes, samples, rng) -> np.ndarray:
    """Matrices `(samples, classes, classes)` of redrawn units, all rows of each."""
    names, owner = np.unique(units, return_inverse=True)
    own = _count_by(owner, truth, prediction, classes)
    # S draws of S units: only how often each was drawn matters.
    shares = np.full(len(names), 1 / len(names))
    times = rng.multinomial(len(names), shares, size=samples)
    return np.tensordot(times.astype(float), own, axes=1)


def _count_by(unit, truth, prediction, classes: int) -> np.ndarray:
    """Matrices `(units, classes, classes)`."""
    own = np.zeros((unit.max() + 1, classes, classes))
    np.add.at(own, (unit, truth, prediction), 1)
    return own


def _draw_rows(truth, prediction, classes, samples, rng) -> np.ndarray:
    """Matrices `(samples, classes, classes)` of redrawn rows."""
    cells = count(truth, prediction, classes).ravel() / len(truth)
    draws = rng.multinomial(len(truth), cells, size=samples)
    return draws.reshape(samples, classes, classes)


def _quantiles(values: np.ndarray, level: float) -> tuple[float, float]:
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def _encoded_pair(truth, first, second):
    """Indices of the truth and of both predictions, and how many classes there are."""
    named = {"truth": truth, "first": first, "second": second}
    known = [labels_of(values, name).tolist() for name, values in named.items()]
    classes = sorted({label for labels in known for label in labels}, key=str)
    one, other = (encoded(truth, each, classes) for each in (first, second))
    return one[0], one[1], other[1], len(classes)


def _statistic(name: str):
    if name not in STATISTICS:
        raise ValueError(
            f"`statistic` must be one of {sorted(STATISTICS)}. Received: {name!r}. "
            "Choose one of these."
        )
    return STATISTICS[name]


def _check_interval(level: float, samples: int, cluster: str | None) -> None:
    if not 0 < level < 1:
        raise ValueError(
            f"`level` must lie between 0 and 1. Received: {level}. Pass 0.95 for a "
            "95 % interval."
        )
    if samples < 1:
        raise ValueError(
            f"`samples` must be at least 1. Received: {samples}. 2000 is usual."
        )
    if cluster not in (*FEWEST, None):
        raise ValueError(
            "`cluster` must be 'speaker', 'utterance' or None. Received: "
            f"{cluster!r}. Use 'speaker' unless each speaker has one utterance."
        )
