"""Features of utterances: front-ends, their cache, and preprocessing for a model."""

from keras_ser.features.front_ends import FRONT_ENDS, LogMel
from keras_ser.features.preprocessing import NORMALISATIONS, Preprocessing
from keras_ser.features.store import IDENTITY, FeatureStore, extract

__all__ = [
    "FRONT_ENDS",
    "NORMALISATIONS",
    "IDENTITY",
    "FeatureStore",
    "LogMel",
    "Preprocessing",
    "extract",
]
