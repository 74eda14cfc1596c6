"""Features of utterances: front-ends, their cache, and what a model is fed."""

from keras_ser.features.front_ends import FRONT_ENDS, LogMel
from keras_ser.features.preprocessing import NORMALISATIONS, Preprocessing
from keras_ser.features.store import PLAIN, FeatureStore, extract

__all__ = [
    "FRONT_ENDS",
    "NORMALISATIONS",
    "PLAIN",
    "FeatureStore",
    "LogMel",
    "Preprocessing",
    "extract",
]
