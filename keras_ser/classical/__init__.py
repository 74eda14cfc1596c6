"""Systems without a neural network of their own: SVMs and probes.

A classical system has four methods: `front_end(default)` returns the front-end for
its vectors, or None; `vectors(table, store)` returns one vector per utterance;
`estimator()` returns an unfitted classifier of scikit-learn; and
`posteriors(fitted, vectors)` returns one row of class scores per utterance. Its
`targets` are the columns of the table that it learns, and `regressor()` serves those
that hold numbers. It knows neither jobs nor configs.
"""

from keras_ser.classical.probes import LengthProbe, MeanLogMelProbe, moments_over_time
from keras_ser.classical.registry import CLASSICAL
from keras_ser.classical.svm import FrameSVM, OpenSmileSVM, Scaling

__all__ = [
    "CLASSICAL",
    "FrameSVM",
    "LengthProbe",
    "MeanLogMelProbe",
    "OpenSmileSVM",
    "Scaling",
    "moments_over_time",
]
