"""The arguments of each command and their help texts: a function per command."""

from keras_ser.cli.arguments.models import embed, export, predict
from keras_ser.cli.arguments.runs import pack, report, robustness, run, tune
from keras_ser.cli.arguments.shared import parse_folders
from keras_ser.cli.arguments.speech import configs, corpus, demo, features, train

__all__ = [
    "configs",
    "corpus",
    "demo",
    "embed",
    "export",
    "features",
    "pack",
    "parse_folders",
    "predict",
    "report",
    "robustness",
    "run",
    "train",
    "tune",
]
