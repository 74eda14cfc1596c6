"""Systems without a network: an SVM on functionals, and probes.

A classical system has `front_end(default)`, the front-end that its vectors are made
of, or None; `vectors(table, store)`; `estimator()`, unfitted, as in scikit-learn; and
`posteriors(fitted, vectors)`. It knows no job and no config.
"""

from keras_ser.classical.probes import LengthProbe, MeanLogMelProbe, moments_over_time
from keras_ser.classical.registry import CLASSICAL
from keras_ser.classical.svm import OpenSmileSVM, Scaling

__all__ = [
    "CLASSICAL",
    "LengthProbe",
    "MeanLogMelProbe",
    "OpenSmileSVM",
    "Scaling",
    "moments_over_time",
]
