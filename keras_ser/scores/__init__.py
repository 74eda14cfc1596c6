"""Scores of predicted classes: UAR, accuracy, confusion, intervals, tests.

Everything here is numpy over plain label arrays and returns fractions in
[0, 1]. UAR ("UA", macro recall) is the figure of the papers; WA is accuracy.
Every score is a function of the confusion matrix, so that one speaker's
matrix can be added to another's and resampled.
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
