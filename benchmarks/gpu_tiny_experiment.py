"""A tiny experiment on synthetic speech, which rehearses the GPU benchmark."""

import dataclasses

from keras_ser import Experiment, Features, Training
from keras_ser.experiments import NETWORKS

TINY = {"filters": (8, 8, 8), "kernels": (3, 3, 3)}

config = Experiment(
    name="tiny",
    corpus="synthetic",
    corpus_options={"synthetic": {"speakers": 4, "sentences": 1}},
    systems={
        name: dataclasses.replace(
            system, arguments={**system.arguments, **TINY}, use_unlabelled=False
        )
        for name, system in NETWORKS.items()
        if name != "mtl_aug_librispeech"
    },
    features=Features(seconds=0.8),
    training=Training(epochs=2, batch=8),
    primary="mtl_aug",
)
