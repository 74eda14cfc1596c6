"""The classical systems, by name."""

from keras_ser.classical.probes import LengthProbe, MeanLogMelProbe
from keras_ser.classical.svm import FrameSVM, OpenSmileSVM

CLASSICAL = {
    "LengthProbe": LengthProbe,
    "MeanLogMelProbe": MeanLogMelProbe,
    "OpenSmileSVM": OpenSmileSVM,
    "FrameSVM": FrameSVM,
}
