"""Scores of predictions, their confidence intervals and significance tests.

Everything here is NumPy over plain arrays. Scores of classes are fractions in [0, 1].
The papers report the unweighted average recall (UAR), which is also called UA or macro
recall; accuracy is their WA. These scores are functions of the confusion matrix, so
the matrices of single speakers can be added up and resampled. Predicted numbers have
the concordance correlation coefficient (CCC), Pearson's r and the RMSE.
"""

from keras_ser.scores.calibration import (
    calibration_error,
    check_temperature,
    confidence_error,
    fit_temperature,
    scaled,
)
from keras_ser.scores.ccc_units import (
    ccc_difference_t_interval,
    ccc_difference_t_test,
    ccc_sign_flip_test,
    ccc_t_interval,
)
from keras_ser.scores.contributions import confined_classes, contributions
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
from keras_ser.scores.t_intervals import (
    difference_t_interval,
    difference_t_test,
    t_interval,
)

__all__ = [
    "accuracy",
    "bootstrap_interval",
    "calibration_error",
    "confidence_error",
    "check_temperature",
    "ccc",
    "ccc_difference_interval",
    "ccc_difference_t_interval",
    "ccc_difference_t_test",
    "ccc_interval",
    "ccc_sign_flip_test",
    "ccc_t_interval",
    "confined_classes",
    "confusion",
    "contributions",
    "difference_interval",
    "difference_t_interval",
    "difference_t_test",
    "fit_temperature",
    "holm",
    "pearson",
    "per_speaker_uar",
    "recalls",
    "rmse",
    "scaled",
    "sign_flip_test",
    "smallest_p",
    "summary",
    "t_interval",
    "uar",
]
