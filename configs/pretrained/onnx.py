r"""Frozen frames of any network in an ONNX file: EMO-DB, four classes.

Source: the systems of Latif et al. 2022 (IEEE TAC), Table 2, on the frames of a network
    that you choose, such as wav2vec 2.0, HuBERT or WavLM. docs/pretrained.md says how
    to export it.
Expected, UAR %: depends on the network.

`frame_svm` is an SVM with an RBF kernel, C = 1, on the mean and standard deviation of
the frames. If the network gives several layers, the SVM gets them side by side, and the
networks learn a weighted sum of them.

Another corpus: name it instead of EMO-DB, --corpus ravdess=DIR, and choose its labels
by --set labels=all.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
Needs: pip install 'keras_ser[onnx]'
Command: keras-ser run configs/pretrained/onnx.py --corpus emodb=DIR \
    --set features.settings.folder=NETWORK
"""

from keras_ser import Experiment, Features
from keras_ser.experiments import frame_systems

config = Experiment(
    name="emodb_four_onnx",
    corpus="emodb",
    labels="four",
    systems=frame_systems(),
    features=Features(front_end="Onnx"),
    primary="mtl_aug",
)
