"""What stacked models are trained on: noise with lengths like those of EMO-DB.

The arrays are like those of a `Pipeline`. They need neither TensorFlow nor a corpus.
"""

import dataclasses
from types import SimpleNamespace

import numpy as np

from keras_ser import augment
from keras_ser.backend import devices
from keras_ser.data.assembly import Assembler
from keras_ser.data.batches import BatchMaker
from keras_ser.data.variants import list_variants
from keras_ser.experiments import NETWORKS

CLASSES = ("anger", "happiness", "neutral", "sadness")
BANDS, UTTERANCES = 128, 270  # of a fold of EMO-DB with four classes
LENGTHS = (0.2, 1.0)  # of utterances, as shares of the frames of a batch
MOST_HIDDEN = 20  # bands or frames that SpecAugment hides
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


@dataclasses.dataclass(frozen=True)
class Setting:
    """What is trained.

    Args:
        system: The name of a system of MTL-AUG.
        precision: `float32` or `bfloat16`.
        frames: The frames of a batch.
        batch: The rows of a batch.
        bands: The values per frame.
        arguments: Other arguments of the model than those of the system.
    """

    system: str
    precision: str = "float32"
    frames: int = 752
    batch: int = 16
    bands: int = BANDS
    arguments: tuple = ()

    def __post_init__(self):
        if self.frames % 8:
            raise SystemExit(f"frames must be a multiple of 8, not {self.frames}.")

    def policy(self):
        """Context in which models have this precision."""
        return devices.precision(POLICIES[self.precision])


class Speech:
    """The arrays of one fold, the same for every model.

    Args:
        setting: What is trained.
    """

    def __init__(self, setting: Setting):
        self.setting = setting
        self.random = np.random.default_rng(0)
        self.augment = augment.instances(NETWORKS[setting.system].augment)
        self.variants = list_variants(self.augment)
        shape = len(self.variants), UTTERANCES
        low, high = (int(share * setting.frames) for share in LENGTHS)
        self.frames = self.random.integers(low, high + 1, shape, np.int32)
        self.first = (np.cumsum(self.frames) - self.frames.ravel()).astype(np.int32)
        total = (int(self.frames.sum()), setting.bands)
        self.bank = self.random.standard_normal(total, np.float32).astype(np.float16)

    def assembler(self, tasks) -> Assembler:
        """Makes the batches of a model with these tasks."""
        maker = BatchMaker(self.augment, self.variants, 2, tuple(tasks), False)
        data = SimpleNamespace(
            maker=maker,
            variant_maker=maker,
            preprocessing=SimpleNamespace(window=self.setting.frames),
            tasks=tuple(tasks),
            variants=self.variants,
        )
        return Assembler(data, self.setting.frames)

    def utterances(self) -> dict:
        """As from `assembly.utterance_arrays`."""
        shape, nowhere = self.frames.shape, np.zeros_like(self.frames)
        values = np.arange(UTTERANCES, dtype=np.int32) % len(CLASSES)
        tasks = ("emotion", "center")
        return {
            "first": self.first.reshape(shape),
            "frames": self.frames,
            "means": np.zeros((1, self.setting.bands), np.float32),
            "stds": np.ones((1, self.setting.bands), np.float32),
            "mean_of": nowhere,
            "std_of": nowhere,
            "values": {name: values for name in tasks},
        }

    def rows(self, shape: tuple) -> dict:
        """Rows of a plan, as from `Plan.arrays`, of any shape."""

        def integers(below):
            return self.random.integers(0, below, shape).astype(np.int32)

        found = {
            "utterance": integers(UTTERANCES),
            "variant": integers(len(self.variants)),
            "start": np.zeros(shape, np.int32),
            "partner": integers(UTTERANCES),
            "partner_start": np.zeros(shape, np.int32),
        }
        names = [each.name for each in self.augment]
        if "specaugment" in names:
            for part in ("band", "frame"):
                found[f"specaugment:{part}_width"] = integers(MOST_HIDDEN)
                found[f"specaugment:{part}_start"] = integers(self.setting.bands)
        if "mixup" in names:
            found["mixup:share"] = self.random.random(shape, np.float32)
        return found
