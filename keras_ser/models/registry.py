"""All models, by name."""

from keras_ser.models.attributes import AttributeCNNLSTM
from keras_ser.models.base import SpeechModel
from keras_ser.models.cnn import CNNAttention, CNNBLSTMAttention
from keras_ser.models.cnn_lstm import CNN, CNNLSTM
from keras_ser.models.densenet import DenseNet, DenseNetLSTM
from keras_ser.models.densenet_highway import DenseNetHighway
from keras_ser.models.mtl_aug import MTLAug
from keras_ser.models.ss_aae import SSAAE

MODELS: dict[str, type[SpeechModel]] = {
    "MTLAug": MTLAug,
    "CNNBLSTMAttention": CNNBLSTMAttention,
    "CNNAttention": CNNAttention,
    "DenseNetHighway": DenseNetHighway,
    "DenseNetLSTM": DenseNetLSTM,
    "DenseNet": DenseNet,
    "CNNLSTM": CNNLSTM,
    "CNN": CNN,
    "SSAAE": SSAAE,
    "AttributeCNNLSTM": AttributeCNNLSTM,
}
