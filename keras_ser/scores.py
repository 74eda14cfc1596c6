"""Scores of predicted classes: UAR, accuracy, confusion, and their intervals.

Everything here is numpy over plain label arrays and returns fractions in
[0, 1]. UAR ("UA", macro recall) is the figure of the papers; WA is accuracy.
Every score is a function of the confusion matrix, so that one speaker's
matrix can be added to another's and resampled.
"""

import numpy as np

MISSING = ("", "nan", "None", "<NA>", "NaT")


def confusion(truth, prediction, classes) -> np.ndarray:
    """Count how often each true class was predicted as each class.

    `counts[i, j]` is the number of utterances of class i predicted as j.

    Args:
        truth: labels, shape `(utterances,)`, strings or integers.
        prediction: labels of the same shape.
        classes: the class labels, in the order of rows and columns.

    Returns:
        Integers of shape `(classes, classes)`; rows are the truth.

    Raises:
        ValueError: if the arrays are empty, of unequal length, hold a missing
            label, or a label outside `classes`.
    """
    truth, prediction, classes = _encode(truth, prediction, classes)
    return _count(truth, prediction, len(classes))


def recalls(truth, prediction, classes) -> np.ndarray:
    """Recall of each class; NaN for a class without a true utterance.

    `recall_i = counts[i, i] / sum_j counts[i, j]`, of shape `(classes,)`.
    Arguments and errors are those of `confusion`.
    """
    return _recalls(confusion(truth, prediction, classes))


def uar(truth, prediction) -> float:
    """Unweighted average recall, in [0, 1].

    `UAR = (1 / |P|) sum_{i in P} counts[i, i] / sum_j counts[i, j]`, where P
    are the classes with at least one true utterance. This is scikit-learn's
    `balanced_accuracy_score`. Its `recall_score(average="macro")` differs: it
    counts a class that was predicted but never true as a recall of 0.

    Args:
        truth: labels, shape `(utterances,)`.
        prediction: labels of the same shape.

    Raises:
        ValueError: if the arrays are empty, of unequal length or hold a
            missing label.
    """
    truth, prediction, classes = _encode(truth, prediction)
    return float(_uar(_count(truth, prediction, len(classes))))


def accuracy(truth, prediction) -> float:
    """Fraction of utterances whose class is right (WA), in [0, 1].

    `WA = sum_i counts[i, i] / sum_ij counts[i, j]`. Arguments and errors are
    those of `uar`.
    """
    truth, prediction, _ = _encode(truth, prediction)
    return float(np.mean(truth == prediction))


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
        speaker: speakers of the same shape. `None` only with `cluster=None`.
        statistic: `"uar"` or `"accuracy"`.
        level: coverage, in (0, 1).
        samples: number of draws.
        seed: seed of the draws. Rows in another order give the same interval.
        cluster: `"speaker"`, or `None` to draw single utterances, which is too
            narrow wherever a speaker has more than one.

    Returns:
        `(low, high)`, fractions in [0, 1].

    Raises:
        ValueError: as `uar`, and if there are fewer than 2 speakers.

    Reference:
        Field and Welsh (2007), "Bootstrapping clustered data".
    """
    measure = _statistic(statistic)
    _check_interval(level, samples, cluster)
    truth, prediction, classes = _encode(truth, prediction)
    rng = np.random.default_rng(seed)
    if cluster is None:
        draws = _draw_utterances(truth, prediction, len(classes), samples, rng)
    else:
        speaker = _speakers(speaker, len(truth))
        draws = _draw_speakers(truth, prediction, speaker, len(classes), samples, rng)
    tail = (1 - level) / 2
    low, high = np.quantile(measure(draws), [tail, 1 - tail])
    return float(low), float(high)


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
    each = [None if np.isnan(recall) else float(recall) for recall in _recalls(counts)]
    result = {
        "utterances": int(counts.sum()),
        "uar": float(_uar(counts)),
        "accuracy": float(_accuracy(counts)),
        "recalls": dict(zip(map(str, classes), each, strict=True)),
        "confusion": counts.tolist(),
    }
    if speaker is None:
        return result
    total = len(np.unique(_speakers(speaker, len(truth), fewest=1)))
    interval = None
    if total > 1:
        interval = bootstrap_interval(
            truth, prediction, speaker, level=level, samples=samples, seed=seed
        )
    return {**result, "speakers": total, "interval": interval and list(interval)}


def _recalls(counts: np.ndarray) -> np.ndarray:
    true = counts.sum(axis=-1)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    return np.where(true > 0, hits / np.maximum(true, 1), np.nan)


def _uar(counts: np.ndarray) -> np.ndarray:
    """UAR of each matrix of `(…, classes, classes)`."""
    return np.nanmean(_recalls(counts), axis=-1)


def _accuracy(counts: np.ndarray) -> np.ndarray:
    hits = np.trace(counts, axis1=-2, axis2=-1)
    return hits / counts.sum(axis=(-2, -1))


STATISTICS = {"uar": _uar, "accuracy": _accuracy}


def _count(truth: np.ndarray, prediction: np.ndarray, classes: int) -> np.ndarray:
    cells = np.bincount(truth * classes + prediction, minlength=classes**2)
    return cells.reshape(classes, classes)


def _draw_speakers(truth, prediction, speaker, classes, samples, rng) -> np.ndarray:
    """Matrices `(samples, classes, classes)` of redrawn speakers."""
    names, owner = np.unique(speaker, return_inverse=True)
    own = np.zeros((len(names), classes, classes))
    np.add.at(own, (owner, truth, prediction), 1)
    # S draws of S speakers: only how often each was drawn matters.
    shares = np.full(len(names), 1 / len(names))
    times = rng.multinomial(len(names), shares, size=samples)
    return np.tensordot(times.astype(float), own, axes=1)


def _draw_utterances(truth, prediction, classes, samples, rng) -> np.ndarray:
    """Matrices `(samples, classes, classes)` of redrawn utterances."""
    cells = _count(truth, prediction, classes).ravel() / len(truth)
    draws = rng.multinomial(len(truth), cells, size=samples)
    return draws.reshape(samples, classes, classes)


def _encode(truth, prediction, classes=None):
    """Turn both label arrays into indices into the classes."""
    truth, prediction = _labels(truth, "truth"), _labels(prediction, "prediction")
    if len(truth) != len(prediction):
        raise ValueError(
            "`truth` and `prediction` must be equally long. Received: "
            f"{len(truth)} and {len(prediction)} labels. Pass one prediction for "
            "each true label."
        )
    if classes is None:
        classes = sorted({*truth.tolist(), *prediction.tolist()}, key=str)
    classes = np.asarray(classes).tolist()
    if len(set(classes)) != len(classes):
        raise ValueError(
            f"`classes` must name each class once. Received: {classes}. Remove the "
            "repeated name."
        )
    return (
        _index(truth, "truth", classes),
        _index(prediction, "prediction", classes),
        classes,
    )


def _labels(values, name: str) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(
            f"`{name}` must be a non-empty array of one label an utterance. "
            f"Received: shape {values.shape}. Pass class names or indices, not "
            "one-hot rows or probabilities."
        )
    missing = np.flatnonzero(np.isin(values.astype(str), MISSING))
    if missing.size:
        raise ValueError(
            f"`{name}` must hold no missing label. Received: {missing.size} missing, "
            f"the first at row {missing[0]}. Leave unlabelled utterances out."
        )
    return values


def _index(values: np.ndarray, name: str, classes: list) -> np.ndarray:
    position = {label: index for index, label in enumerate(classes)}
    unknown = sorted(set(values.tolist()) - set(classes), key=str)
    if unknown:
        raise ValueError(
            f"`{name}` must hold only labels of `classes`, {classes}. Received: "
            f"{unknown}. Map these labels to a class or leave their utterances out."
        )
    return np.array([position[value] for value in values.tolist()])


def _speakers(speaker, utterances: int, fewest: int = 2) -> np.ndarray:
    if speaker is None or len(speaker) != utterances:
        raise ValueError(
            f"`speaker` must name one speaker for each of the {utterances} utterances. "
            f"Received: {None if speaker is None else len(speaker)}. Pass the "
            "`speaker` column, or `cluster=None` to draw single utterances."
        )
    speaker = _labels(speaker, "speaker").astype(str)
    names = np.unique(speaker).tolist()
    if len(names) < fewest:
        raise ValueError(
            f"A bootstrap over speakers needs at least {fewest} speakers. Received: "
            f"speakers={names}. Pool more speakers, or pass `cluster=None` to draw "
            "single utterances, which says nothing about other speakers."
        )
    return speaker


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
    if cluster not in ("speaker", None):
        raise ValueError(
            f"`cluster` must be 'speaker' or None. Received: {cluster!r}. Use "
            "'speaker' unless each speaker has one utterance."
        )
