"""Scores that are a function of the confusion matrix."""

import numpy as np

from keras_ser.scores.labels import encoded, speakers_of


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
    truth, prediction, classes = encoded(truth, prediction, classes)
    return count(truth, prediction, len(classes))


def recalls(truth, prediction, classes) -> np.ndarray:
    """Recall of each class; NaN for a class without a true utterance.

    `recall_i = counts[i, i] / sum_j counts[i, j]`, of shape `(classes,)`.
    Arguments and errors are those of `confusion`.
    """
    return recalls_of(confusion(truth, prediction, classes))


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
    truth, prediction, classes = encoded(truth, prediction)
    return float(uar_of(count(truth, prediction, len(classes))))


def accuracy(truth, prediction) -> float:
    """Fraction of utterances whose class is right (WA), in [0, 1].

    `WA = sum_i counts[i, i] / sum_ij counts[i, j]`. Arguments and errors are
    those of `uar`.
    """
    truth, prediction, _ = encoded(truth, prediction)
    return float(np.mean(truth == prediction))


def per_speaker_uar(truth, prediction, speaker) -> dict[str, float]:
    """UAR of each speaker's own utterances, in [0, 1], sorted by name.

    `UAR_s = (1 / |P_s|) sum_{i in P_s} recall_{s,i}`, where P_s are the classes
    with at least one true utterance of speaker s: a class that a speaker never
    shows counts neither for nor against.

    Args:
        truth: labels, shape `(utterances,)`.
        prediction: labels of the same shape.
        speaker: speakers of the same shape; one is enough.

    Raises:
        ValueError: as `uar`, and if a speaker is missing.
    """
    truth, prediction, classes = encoded(truth, prediction)
    speaker = speakers_of(speaker, len(truth), fewest=1)
    return {
        str(name): float(uar_of(count(truth[own], prediction[own], len(classes))))
        for name in np.unique(speaker)
        for own in [speaker == name]
    }


def recalls_of(counts: np.ndarray) -> np.ndarray:
    true = counts.sum(axis=-1)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    return np.where(true > 0, hits / np.maximum(true, 1), np.nan)


def uar_of(counts: np.ndarray) -> np.ndarray:
    """UAR of each matrix of `(…, classes, classes)`."""
    return np.nanmean(recalls_of(counts), axis=-1)


def accuracy_of(counts: np.ndarray) -> np.ndarray:
    hits = np.trace(counts, axis1=-2, axis2=-1)
    return hits / counts.sum(axis=(-2, -1))


def count(truth: np.ndarray, prediction: np.ndarray, classes: int) -> np.ndarray:
    cells = np.bincount(truth * classes + prediction, minlength=classes**2)
    return cells.reshape(classes, classes)
