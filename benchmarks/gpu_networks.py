"""One training step of each implementation that the GPU benchmark measures.

All train MTL-AUG, or its baseline, with Adam on batches that are copied from NumPy
arrays to the device. Keras trains with `fit`. Products of float32 may be rounded to
TF32 everywhere.
"""

import dataclasses

import gpu_backend
import keras
import numpy as np

from keras_ser import models
from keras_ser.models import mtl_aug

CLASSES = ("anger", "happiness", "neutral", "sadness")
TYPES = ("none", "speed", "specaugment", "mixup")
LEARNING_RATE = 1e-4


@dataclasses.dataclass(frozen=True)
class Setting:
    """What is trained.

    Args:
        network: `small`, `paper` or `baseline`, which is the network without the
            auxiliary heads in the size of `paper`.
        precision: `float32` or `bfloat16`.
        frames: Number of frames of an utterance.
        bands: Number of bands of a frame.
    """

    network: str
    precision: str
    frames: int
    bands: int

    @property
    def preset(self) -> str:
        return "paper" if self.network == "baseline" else self.network

    @property
    def arguments(self) -> dict:
        parts = mtl_aug.BASELINE if self.network == "baseline" else {}
        return {**parts, "normalisation": "batch"}  # as in PyTorch

    def batch(self, rows: int) -> tuple[np.ndarray, dict]:
        """Features and the labels of all heads; every row has every label."""
        random = np.random.default_rng(0)
        shape = (rows, self.frames, self.bands)
        features = random.standard_normal(shape, dtype=np.float32)
        emotion = np.eye(len(CLASSES), dtype=np.float32)[np.arange(rows) % len(CLASSES)]
        kind = np.eye(len(TYPES), dtype=np.float32)[np.arange(rows) % len(TYPES)]
        return features, {
            "emotion": emotion,
            "center": emotion,
            "augmentation": kind,
            "reconstruction": features,
        }


class KerasTraining:
    """This package's model, trained with `fit` on the backend of KERAS_BACKEND."""

    def __init__(self, setting: Setting):
        gpu_backend.allow_tf32()
        if setting.precision == "bfloat16":
            keras.config.set_dtype_policy("mixed_bfloat16")
        self.setting = setting
        self.model = models.MTLAug(
            CLASSES,
            TYPES,
            dimensions=setting.bands,
            preset=setting.preset,
            **setting.arguments,
        )
        optimizer = keras.optimizers.Adam(LEARNING_RATE)
        self.model.compile(optimizer, **self.model.objective())

    def count(self) -> int:
        """The number of trained parameters."""
        variables = self.model.trainable_variables
        return sum(int(np.prod(each.shape)) for each in variables)

    def use(self, rows: int) -> None:
        """Use batches of this many rows."""
        features, labels = self.setting.batch(rows)
        labels = {head: labels[head] for head in self.model.heads}
        weights = {head: np.ones(rows, np.float32) for head in labels}
        self._batch = features, labels, weights

    def train(self, steps: int) -> None:
        """Train for some steps and wait for their end."""
        self.model.fit(self._batches(), steps_per_epoch=steps, shuffle=False, verbose=0)
        gpu_backend.synchronise()

    def _batches(self):
        while True:
            yield self._batch


class TorchTraining:
    """The same network in plain PyTorch, eager or compiled.

    Without a GPU, a network is traced but not compiled, which would take minutes.
    """

    def __init__(self, setting: Setting, is_compiled: bool):
        import torch
        from plain_torch import PlainMTLAug

        gpu_backend.allow_tf32()
        self.setting, sizes = setting, mtl_aug.PRESETS[setting.preset]
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.network = PlainMTLAug(
            len(CLASSES),
            len(TYPES),
            setting.bands,
            has_auxiliary_heads=setting.network != "baseline",
            **{name: sizes[name] for name in ("filters", "kernels")},
        ).to(self.device)
        trained = [each for each in self.network.parameters() if each.requires_grad]
        self.optimizer = torch.optim.Adam(trained, LEARNING_RATE)
        self.loss = self.network.loss
        if is_compiled:
            compiler = "inductor" if self.device == "cuda" else "eager"
            self.loss = torch.compile(self.loss, dynamic=False, backend=compiler)

    def count(self) -> int:
        return self.network.count_trained()

    def use(self, rows: int) -> None:
        self._batch = self.setting.batch(rows)

    def train(self, steps: int) -> None:
        import torch

        is_half = self.setting.precision == "bfloat16"
        for _ in range(steps):
            features, labels = self._batch
            features = torch.from_numpy(features).to(self.device)
            labels = {
                head: torch.from_numpy(array).to(self.device)
                for head, array in labels.items()
            }
            self.optimizer.zero_grad()
            with torch.autocast(self.device, torch.bfloat16, enabled=is_half):
                loss = self.loss(features, labels)
            loss.backward()
            self.optimizer.step()
        loss.item()  # Keras reads its logs at the end of an epoch
        gpu_backend.synchronise()
