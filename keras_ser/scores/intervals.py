"""Bootstrap confidence intervals of scores and of their differences."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from keras_ser.scores.bootstrap import (
    MIN_CLUSTERS,
    check_interval,
    number_trainings,
    quantiles,
    redraw,
)
from keras_ser.scores.counts import (
    accuracy_from_counts,
    confusion,
    count_pairs,
    recalls_from_counts,
    uar_from_counts,
)
from keras_ser.scores.labels import as_speakers, encode, encode_pair


def bootstrap_interval(
    truth: ArrayLike,
    prediction: ArrayLike,
    speaker: ArrayLike | None,
    statistic: str = "uar",
    level: float = 0.95,
    samples: int = 2000,
    seed: int = 0,
    cluster: str | None = "speaker",
    training: ArrayLike | None = None,
) -> tuple[float, float]:
    """Percentile bootstrap interval of a score, resampling whole speakers.

    The utterances of one speaker depend on each other. Each draw b therefore takes S
    of the S speakers with replacement, each with all of their utterances, and
    computes the score of the pooled utterances:

        score_b = score(sum_s n_{b,s} counts_s),   sum_s n_{b,s} = S
        low, high = quantiles (1 - level) / 2 and (1 + level) / 2 of all score_b

    `n_{b,s}` is how often draw b took speaker s, and `counts_s` is that speaker's
    confusion matrix. A class that is absent from a draw is left out of that draw's
    unweighted average recall (UAR).

    Args:
        truth: True labels, strings or integers, shape `(utterances,)`.
        prediction: Predicted labels of the same shape.
        speaker: Speaker names of the same shape. With `cluster="utterance"`, names of
            the utterances. May be `None` only with `cluster=None`.
        statistic: `"uar"` or `"accuracy"`.
        level: Coverage of the interval, in (0, 1).
        samples: Number of draws.
        seed: Seed of the draws. The order of the rows does not affect the interval.
        cluster: What is drawn: `"speaker"`; `"utterance"`, which draws all rows of an
            utterance together, such as its repeats; or `None`, which draws single
            rows. The last two give too narrow an interval if any speaker has more
            than one utterance.
        training: Names of the trainings, `(utterances,)`, such as a fold and a
            repeat. If given, speakers and trainings are drawn independently, and a
            row counts as often as both were drawn. This is for crossed designs, in
            which each training is tested on many speakers.

    Returns:
        `(low, high)`, fractions in [0, 1].

    Raises:
        ValueError: Under the same conditions as `uar`, if there are fewer than 2
            speakers, or if an argument is out of its range.

    Example:

    >>> truth, prediction = ["a", "b"] * 3, ["a", "b", "a", "a", "b", "b"]
    >>> speaker = ["s1", "s1", "s2", "s2", "s3", "s3"]
    >>> bootstrap_interval(truth, prediction, speaker)
    (0.5, 1.0)

    Reference:
        Field and Welsh (2007), "Bootstrapping clustered data", Journal of the Royal
        Statistical Society B 69; for trainings, Owen (2007), "The pigeonhole
        bootstrap", The Annals of Applied Statistics 1.
    """
    measure = _statistic(statistic)
    check_interval(level, samples, cluster)
    true, predicted, classes = encode(truth, prediction)
    trainings = number_trainings(training, len(true), cluster)
    rng = np.random.default_rng(seed)
    if cluster is None:
        draws = _draw_rows(true, predicted, len(classes), samples, rng)
    else:
        names = as_speakers(speaker, len(true), MIN_CLUSTERS[cluster])
        unit = np.unique(names, return_inverse=True)[1]
        own = _count_by_unit(unit, trainings, true, predicted, len(classes))
        draws = redraw(own, samples, rng)
    return quantiles(measure(draws), level)


def difference_interval(
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
    """Paired bootstrap interval of the difference between two systems' UARs.

        difference_b = uar_b(truth, first) - uar_b(truth, second)

    This works like `bootstrap_interval`, but each draw b is used for both systems, so
    that anything that makes a speaker easy or hard for both of them cancels out. UAR
    is the unweighted average recall of the pooled draw.

    Args:
        truth: True labels, strings or integers, shape `(utterances,)`.
        first: Predicted labels of one system, of the same shape.
        second: Predicted labels of the other system for the same utterances.
        speaker: Speaker names of the same shape. With `cluster="utterance"`, names of
            the utterances. May be `None` only with `cluster=None`.
        level: Coverage of the interval, in (0, 1).
        samples: Number of draws.
        seed: Seed of the draws. The order of the rows does not affect the interval.
        cluster: What is drawn: `"speaker"`; `"utterance"`, which draws all rows of an
            utterance together, such as its repeats; or `None`, which draws single
            rows. The last two give too narrow an interval if any speaker has more
            than one utterance.
        training: As for `bootstrap_interval`.

    Returns:
        `(low, high)`, in [-1, 1]. The first system is better if both are above 0.

    Raises:
        ValueError: Under the same conditions as `bootstrap_interval`.

    Example:

    >>> truth, speaker = ["a", "b"] * 2, ["s1", "s1", "s2", "s2"]
    >>> difference_interval(truth, truth, ["a", "a", "a", "b"], speaker)
    (0.0, 0.5)

    Reference:
        Field and Welsh (2007), "Bootstrapping clustered data", Journal of the Royal
        Statistical Society B 69; for the paired draws, Koehn (2004), "Statistical
        significance tests for machine translation evaluation", EMNLP.
    """
    check_interval(level, samples, cluster)
    true, one, other, classes = encode_pair(truth, first, second)
    trainings = number_trainings(training, len(true), cluster)
    size = None
    if cluster is None:
        # Rows with equal truth and predictions form one unit, weighted by their number.
        cells, size = np.unique([true, one, other], axis=1, return_counts=True)
        (true, one, other), unit = cells, np.arange(len(size))
        trainings = np.zeros(len(size), int)
    else:
        names = as_speakers(speaker, len(true), MIN_CLUSTERS[cluster])
        unit = np.unique(names, return_inverse=True)[1]
    both = [_count_by_unit(unit, trainings, true, p, classes) for p in (one, other)]
    drawn = redraw(np.stack(both, axis=2), samples, np.random.default_rng(seed), size)
    scores = uar_from_counts(drawn)  # (samples, 2)
    return quantiles(scores[:, 0] - scores[:, 1], level)


def summary(
    truth: ArrayLike,
    prediction: ArrayLike,
    classes: ArrayLike,
    speaker: ArrayLike | None = None,
    level: float = 0.95,
    samples: int = 2000,
    seed: int = 0,
) -> dict:
    """All scores of one set of predictions, ready to be written as JSON.

    Args:
        truth: True labels, strings or integers, shape `(utterances,)`.
        prediction: Predicted labels of the same shape.
        classes: Class labels, in order.
        speaker: Speaker names of the same shape, or `None`.
        level: Coverage of the interval, in (0, 1).
        samples: Number of bootstrap draws.
        seed: Seed of the draws.

    Returns:
        A dictionary with the keys `utterances` (their number), `uar` (unweighted
        average recall), `accuracy`, `recalls` (from each class to its recall, `None`
        if the class has no true utterance) and `confusion` (nested lists, rows are
        the true classes). If speakers are given, it also has `speakers` (their
        number) and `interval` (`[low, high]` of the UAR from `bootstrap_interval`,
        `None` with fewer than 2 speakers). All scores are fractions in [0, 1].

    Raises:
        ValueError: Under the same conditions as `confusion` and `bootstrap_interval`.

    Example:

    >>> summary(["a", "a", "b"], ["a", "b", "b"], classes=["a", "b"])["recalls"]
    {'a': 0.5, 'b': 1.0}
    """
    counts = confusion(truth, prediction, classes)
    each = [
        None if np.isnan(recall) else float(recall)
        for recall in recalls_from_counts(counts)
    ]
    names, utterances = np.asarray(classes).tolist(), int(counts.sum())
    result = {
        "utterances": utterances,
        "uar": float(uar_from_counts(counts)),
        "accuracy": float(accuracy_from_counts(counts)),
        "recalls": dict(zip(map(str, names), each, strict=True)),
        "confusion": counts.tolist(),
    }
    if speaker is None:
        return result
    total = len(np.unique(as_speakers(speaker, utterances, min_speakers=1)))
    interval = None
    if total > 1:
        interval = bootstrap_interval(
            truth, prediction, speaker, level=level, samples=samples, seed=seed
        )
    return {**result, "speakers": total, "interval": interval and list(interval)}


STATISTICS = {"uar": uar_from_counts, "accuracy": accuracy_from_counts}


def _count_by_unit(
    unit: np.ndarray,
    training: np.ndarray,
    truth: np.ndarray,
    prediction: np.ndarray,
    classes: int,
) -> np.ndarray:
    """Confusion matrices `(units, trainings, classes, classes)`."""
    own = np.zeros((unit.max() + 1, training.max() + 1, classes, classes))
    np.add.at(own, (unit, training, truth, prediction), 1)
    return own


def _draw_rows(
    truth: np.ndarray,
    prediction: np.ndarray,
    classes: int,
    samples: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Confusion matrices `(samples, classes, classes)` of redrawn single rows."""
    cells = count_pairs(truth, prediction, classes).ravel() / len(truth)
    draws = rng.multinomial(len(truth), cells, size=samples)
    return draws.reshape(samples, classes, classes)


def _statistic(name: str) -> Callable[[np.ndarray], np.ndarray]:
    if name not in STATISTICS:
        raise ValueError(
            f"`statistic` must be one of {sorted(STATISTICS)}. Received: {name!r}. "
            "Choose one of these."
        )
    return STATISTICS[name]
