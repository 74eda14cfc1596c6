"""Scores that are functions of the confusion matrix, such as UAR.

UAR is the unweighted average recall: the mean of the recalls of all true classes.
"""

import numpy as np
from numpy.typing import ArrayLike

from keras_ser.scores.labels import as_speakers, encode


def confusion(
    truth: ArrayLike, prediction: ArrayLike, classes: ArrayLike
) -> np.ndarray:
    """Count how often each true class was predicted as each class.

        counts[i, j] = number of utterances of class i that were predicted as class j

    Args:
        truth: True labels, strings or integers, shape `(utterances,)`.
        prediction: Predicted labels of the same shape.
        classes: Class labels, in the order of the rows and columns.

    Returns:
        Integer counts of shape `(classes, classes)`. Rows are the true classes.

    Raises:
        ValueError: If the arrays are empty or differ in length, if a label is missing
            or not among `classes`, or if `classes` repeats a label.

    Example:

    >>> confusion(["a", "a", "b"], ["a", "b", "b"], classes=["a", "b"])
    array([[1, 1],
           [0, 1]])
    """
    true, predicted, names = encode(truth, prediction, classes)
    return count_pairs(true, predicted, len(names))


def recalls(truth: ArrayLike, prediction: ArrayLike, classes: ArrayLike) -> np.ndarray:
    """Recall of each class.

        recall_i = counts[i, i] / sum_j counts[i, j]

    Args:
        truth: True labels, strings or integers, shape `(utterances,)`.
        prediction: Predicted labels of the same shape.
        classes: Class labels, in the order of the result.

    Returns:
        Recalls in [0, 1] of shape `(classes,)`; NaN for a class that no utterance
        truly belongs to.

    Raises:
        ValueError: Under the same conditions as `confusion`.

    Example:

    >>> recalls(["a", "a", "b"], ["a", "b", "b"], classes=["a", "b", "c"])
    array([0.5, 1. , nan])
    """
    return recalls_from_counts(confusion(truth, prediction, classes))


def uar(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Unweighted average recall (UAR).

        UAR = (1 / |P|) sum_{i in P} counts[i, i] / sum_j counts[i, j]

    P is the set of classes with at least one true utterance. This equals
    scikit-learn's `balanced_accuracy_score`. It differs from
    `recall_score(average="macro")`, which counts a class that was predicted but is
    never true as a recall of 0.

    Args:
        truth: True labels, strings or integers, shape `(utterances,)`.
        prediction: Predicted labels of the same shape.

    Returns:
        The UAR, a fraction in [0, 1].

    Raises:
        ValueError: If the arrays are empty or differ in length, or if a label is
            missing.

    Example:

    >>> uar(["a", "a", "b"], ["a", "b", "b"])
    0.75
    """
    true, predicted, classes = encode(truth, prediction)
    return float(uar_from_counts(count_pairs(true, predicted, len(classes))))


def accuracy(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Fraction of utterances whose class was recognised; papers call it WA.

        accuracy = sum_i counts[i, i] / sum_ij counts[i, j]

    Args:
        truth: True labels, strings or integers, shape `(utterances,)`.
        prediction: Predicted labels of the same shape.

    Returns:
        The accuracy, a fraction in [0, 1].

    Raises:
        ValueError: If the arrays are empty or differ in length, or if a label is
            missing.

    Example:

    >>> accuracy(["a", "a", "b", "b"], ["a", "b", "b", "b"])
    0.75
    """
    true, predicted, _ = encode(truth, prediction)
    return float(np.mean(true == predicted))


def per_speaker_uar(
    truth: ArrayLike, prediction: ArrayLike, speaker: ArrayLike
) -> dict[str, float]:
    """UAR of each speaker's own utterances.

        UAR_s = (1 / |P_s|) sum_{i in P_s} recall_{s,i}

    P_s is the set of classes with at least one true utterance of speaker s. A class
    that a speaker never expresses does not affect that speaker's UAR.

    Args:
        truth: True labels, strings or integers, shape `(utterances,)`.
        prediction: Predicted labels of the same shape.
        speaker: Speaker names of the same shape; a single speaker is enough.

    Returns:
        A dictionary from speaker names, sorted, to UARs in [0, 1].

    Raises:
        ValueError: Under the same conditions as `uar`, or if a speaker name is
            missing.

    Example:

    >>> per_speaker_uar(["a", "b", "a"], ["a", "a", "a"], ["s1", "s1", "s2"])
    {'s1': 0.5, 's2': 1.0}
    """
    true, predicted, classes = encode(truth, prediction)
    speakers = as_speakers(speaker, len(true), min_speakers=1)
    return {
        str(name): float(
            uar_from_counts(count_pairs(true[own], predicted[own], len(classes)))
        )
        for name in np.unique(speakers)
        for own in [speakers == name]
    }


def recalls_from_counts(counts: np.ndarray) -> np.ndarray:
    """Recalls `(…, classes)` of confusion matrices `(…, classes, classes)`."""
    true = counts.sum(axis=-1)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    return np.where(true > 0, hits / np.maximum(true, 1), np.nan)


def uar_from_counts(counts: np.ndarray) -> np.ndarray:
    """UARs `(…,)` of confusion matrices `(…, classes, classes)`."""
    return np.nanmean(recalls_from_counts(counts), axis=-1)


def accuracy_from_counts(counts: np.ndarray) -> np.ndarray:
    """Accuracies `(…,)` of confusion matrices `(…, classes, classes)`."""
    hits = np.trace(counts, axis1=-2, axis2=-1)
    return hits / counts.sum(axis=(-2, -1))


def count_pairs(truth: np.ndarray, prediction: np.ndarray, classes: int) -> np.ndarray:
    """Confusion matrix `(classes, classes)` of class indices `(utterances,)`."""
    cells = np.bincount(truth * classes + prediction, minlength=classes**2)
    return cells.reshape(classes, classes)
