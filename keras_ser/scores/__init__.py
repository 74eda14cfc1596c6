"""Scores of predictions, their confidence intervals and significance tests.

Everything here is NumPy over plain arrays. Scores of classes are fractions in [0, 1].
The papers report the unweighted average recall (UAR), which is also called UA or macro
recall; accuracy is their WA. These scores are functions of the confusion matrix, so
the matrices of single speakers can be added up and resampled. Predicted numbers have
the concordance correlation coefficient (CCC), Pearson's r and the RMSE.
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
from keras_ser.scores.numbers import (
    ccc,
    ccc_difference_interval,
    ccc_interval,
    pearson,
    rmse,
)
from keras_ser.scores.significance import holm, sign_flip_test, smallest_p

__all__ = [
    "accuracy",
    "bootstrap_interval",
    "ccc",
    "ccc_difference_interval",
    "ccc_interval",
    "confusion",
    "difference_interval",
    "holm",
    "pearson",
    "per_speaker_uar",
    "recalls",
    "rmse",
    "sign_flip_test",
    "smallest_p",
    "summary",
    "uar",
]
