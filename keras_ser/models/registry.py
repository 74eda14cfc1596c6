"""All models, by name."""

from keras_ser.models.base import SpeechModel
from keras_ser.models.cnn import CNNAttention, CNNBLSTMAttention
from keras_ser.models.mtl_aug import MTLAug

MODELS: dict[str, type[SpeechModel]] = {
    "MTLAug": MTLAug,
    "CNNBLSTMAttention": CNNBLSTMAttention,
    "CNNAttention": CNNAttention,
}
