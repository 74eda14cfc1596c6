"""Layers of the package, each `keras.ops` only."""

from keras_ser.layers.attention_pooling import (
    AttentionWeights,
    MeanWeights,
    WeightedSum,
)
from keras_ser.layers.blstm import BLSTM
from keras_ser.layers.class_centers import ClassCenters
from keras_ser.layers.convolution import ConvBlock, OutputLengths
from keras_ser.layers.log_mel import LogMel
from keras_ser.layers.normalisation import SpeechBatchNorm
from keras_ser.layers.packing import Pack, Unpack
from keras_ser.layers.padding import CropLike, Frames, PadTime

__all__ = [
    "AttentionWeights",
    "BLSTM",
    "ClassCenters",
    "ConvBlock",
    "CropLike",
    "Frames",
    "LogMel",
    "MeanWeights",
    "OutputLengths",
    "Pack",
    "PadTime",
    "SpeechBatchNorm",
    "Unpack",
    "WeightedSum",
]
