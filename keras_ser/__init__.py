"""keras_ser: speech emotion recognition with Keras 3.

`import keras_ser as ser` is light; what is behind a name is imported when the name
is first used.
"""

import importlib

from keras_ser._version import __version__

_MODULES = (
    "attacks",
    "audio",
    "augment",
    "backend",
    "callbacks",
    "card",
    "classical",
    "cli",
    "conditions",
    "config",
    "corpora",
    "curves",
    "data",
    "evaluation",
    "experiment",
    "features",
    "figures",
    "inference",
    "inputs",
    "job",
    "layers",
    "losses",
    "metrics",
    "models",
    "monitoring",
    "probes",
    "protocols",
    "published",
    "reports",
    "robustness",
    "scores",
    "systems",
    "training",
    "tuning",
    "utils",
    "variants",
    "waveform_attack",
)
_NAMES = {
    "Experiment": "config",
    "FeatureStore": "features",
    "LogMel": "features",
    "Pipeline": "data",
    "Preprocessing": "features",
    "Recogniser": "inference",
    "System": "config",
    "Training": "config",
}

__all__ = ["__version__", "load", *_MODULES, *_NAMES]


def load(path):
    """A `Recogniser` from a model file or a run's folder; see `Recogniser.load`."""
    from keras_ser.inference import Recogniser

    return Recogniser.load(path)


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"keras_ser.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"keras_ser.{_NAMES[name]}"), name)
    raise AttributeError(f"module `keras_ser` has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
