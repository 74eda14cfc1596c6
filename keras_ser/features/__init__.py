"""Features of utterances: front-ends, their cache, and preprocessing for a model."""

from keras_ser.features.contract import FrontEnd, check_order
from keras_ser.features.extraction import IDENTITY, extract
from keras_ser.features.front_ends import (
    FRONT_ENDS,
    FilterBank,
    LogMel,
    Onnx,
    OpenSmileLLD,
    SpeakerEncoder,
    Spectrogram,
    Stored,
)
from keras_ser.features.preprocessing import NORMALISATIONS, Preprocessing
from keras_ser.features.store import FeatureStore
from keras_ser.features.verification import Verification

__all__ = [
    "FRONT_ENDS",
    "NORMALISATIONS",
    "IDENTITY",
    "FeatureStore",
    "FilterBank",
    "FrontEnd",
    "LogMel",
    "Onnx",
    "OpenSmileLLD",
    "Preprocessing",
    "SpeakerEncoder",
    "Spectrogram",
    "Stored",
    "Verification",
    "check_order",
    "extract",
]
