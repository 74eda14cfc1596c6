"""All models, by name."""

import keras

from keras_ser.models.cnn import CNNAttention, CNNBLSTMAttention
from keras_ser.models.mtl_aug import MTLAug

MODELS: dict[str, type[keras.Model]] = {
    "MTLAug": MTLAug,
    "CNNBLSTMAttention": CNNBLSTMAttention,
    "CNNAttention": CNNAttention,
}
