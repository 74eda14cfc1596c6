"""Models: functional Keras models whose outputs are named by their heads."""

import keras

from keras_ser.models.cnn import CNNAttention, CNNBLSTMAttention
from keras_ser.models.mtl_aug import BASELINE, TABLE_7, MTLAug

MODELS: dict[str, type[keras.Model]] = {
    "MTLAug": MTLAug,
    "CNNBLSTMAttention": CNNBLSTMAttention,
    "CNNAttention": CNNAttention,
}

__all__ = [
    "BASELINE",
    "MODELS",
    "TABLE_7",
    "CNNAttention",
    "CNNBLSTMAttention",
    "MTLAug",
]
