"""keras_ser: speech emotion recognition with Keras 3.

`import keras_ser as ser` imports no heavy package: what is behind a name is imported
when the name is first used.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, _, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "attacks",
        "audio",
        "augment",
        "backend",
        "callbacks",
        "classical",
        "cli",
        "conditions",
        "corpora",
        "data",
        "evaluation",
        "experiments",
        "features",
        "figures",
        "inference",
        "layers",
        "losses",
        "metrics",
        "models",
        "monitoring",
        "protocols",
        "reports",
        "robustness",
        "scores",
        "tasks",
        "together",
        "tuning",
        "utils",
    ],
    submod_attrs={
        "backend": ["quiet"],
        "data": ["Pipeline"],
        "experiments": ["run", "train"],
        "experiments.config": ["Experiment", "Features", "System", "Training"],
        "features": [
            *("FeatureStore", "FilterBank", "LogMel", "Preprocessing", "Spectrogram")
        ],
        "inference": ["Recogniser", "Recognizer", "load"],
    },
)
__all__ += ["__version__"]


def __dir__():
    return sorted(__all__)
