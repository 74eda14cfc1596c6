"""Scores of predicted classes, their confidence intervals and significance tests.

Everything here is NumPy over plain arrays of labels, and scores are fractions in
[0, 1]. The papers report the unweighted average recall (UAR), which is also called UA
or macro recall; accuracy is their WA. Every score is a function of the confusion
matrix, so the matrices of single speakers can be added up and resampled.
"""

from keras_ser.scores.counts import (
    accuracy,
    confusion,
    per_speaker_uar,
    recalls,
    uar,
)
from keras_ser.scores.intervals import (
    bootstrap_interval,
    difference_interval,
    summary,
)
from keras_ser.scores.significance import holm, sign_flip_test, smallest_p

__all__ = [
    "accuracy",
    "bootstrap_interval",
    "confusion",
    "difference_interval",
    "holm",
    "per_speaker_uar",
    "recalls",
    "sign_flip_test",
    "smallest_p",
    "summary",
    "uar",
]
