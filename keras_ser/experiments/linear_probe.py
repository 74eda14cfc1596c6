"""A linear classifier that reads a label from vectors which stay as they are."""

from typing import NamedTuple

import numpy as np
import threadpoolctl

from keras_ser import scores
from keras_ser.classical.probes import LogisticProbe


class Reading(NamedTuple):
    """How well a linear probe reads a label.

    Args:
        classes: The number of classes that are scored.
        left_out: The number of classes that only one of the two sides has. Their
            utterances are neither fitted nor scored.
        train_utterances: The number of utterances that the probe is fitted to.
        test_utterances: The number of utterances that it is scored on.
        uar: The unweighted average recall (UAR) over the classes, in [0, 1]; NaN if
            there are fewer than two.
        chance: The UAR of a probe that ignores the vectors, `1 / classes`; NaN if
            there are fewer than two classes. If it names class k with probability p_k,
            the recall of class k is p_k, and these sum to 1, however often each class
            occurs.
        reason: Why there is no UAR, or an empty text.
    """

    classes: int
    left_out: int
    train_utterances: int
    test_utterances: int
    uar: float
    chance: float
    reason: str


def read_labels(
    train: np.ndarray,
    train_labels: np.ndarray,
    test: np.ndarray,
    test_labels: np.ndarray,
) -> Reading:
    """Fits a multinomial logistic regression to one side and scores it on the other.

    The vectors are standardised with the mean and the standard deviation of those that
    the probe is fitted to. Each class has a weight inversely proportional to its
    frequency, the penalty is the default of scikit-learn (`C=1`), and nothing is
    random.

    Args:
        train: Vectors to fit, `(utterances, units)`.
        train_labels: Their labels as text, `(utterances,)`; empty if unknown.
        test: Vectors to score, `(utterances, units)`.
        test_labels: Their labels.

    Example:

    >>> vectors, labels = np.eye(2), np.array(["a", "b"])
    >>> read_labels(vectors, labels, vectors, labels).uar
    1.0
    """
    sides = [set(each) - {""} for each in (train_labels, test_labels)]
    classes = sorted(sides[0] & sides[1])
    fitted, scored = (np.isin(each, classes) for each in (train_labels, test_labels))
    counts = (
        len(classes),
        len(sides[0] ^ sides[1]),
        int(fitted.sum()),
        int(scored.sum()),
    )
    if len(classes) < 2:
        return Reading(*counts, np.nan, np.nan, _reason(*map(len, sides), len(classes)))
    predicted = _predict(train[fitted], train_labels[fitted], test[scored])
    uar = scores.uar(test_labels[scored], predicted)
    return Reading(*counts, float(uar), 1 / len(classes), "")


def _predict(train: np.ndarray, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticProbe().estimator())
    # The bytes of a run do not depend on how many threads share a sum.
    with threadpoolctl.threadpool_limits(1):
        return probe.fit(train, labels).predict(test)


def _reason(train: int, test: int, shared: int) -> str:
    """Why nothing can be read, from the number of classes of each side and of both."""
    if test < 2:
        return f"the scored speech has fewer than two classes ({test})"
    if train < 2:
        return f"the training speech has fewer than two classes ({train})"
    return f"both sides share fewer than two classes ({shared})"
