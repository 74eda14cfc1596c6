"""All that lies between a waveform and a model's input, saved with the model."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from keras_ser import files
from keras_ser.features import FRONT_ENDS

NORMALISATIONS = ("train", "speaker")


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """All that lies between a waveform and a model's input.

    Args:
        front_end: callable dataclass of `features.FRONT_ENDS`.
        classes: the emotions, in the order of the probabilities.
        seconds: longest input; longer speech is scored by windows.
        normalise: `"train"`: with mean and deviation of the training speakers.
            `"speaker"`: with those of the utterances of the same speaker, which a
            test speaker's unlabelled utterances give too (transductive).
        mean, deviation: `(bands,)`, of the unpadded frames of the labelled,
            unaugmented training speech.
    """

    front_end: object
    classes: tuple[str, ...]
    seconds: float
    normalise: str
    mean: np.ndarray
    deviation: np.ndarray

    @property
    def window(self) -> int:
        """Frames of the longest input."""
        return self.front_end.frames(self.seconds)

    def statistics(self, utterances: list[np.ndarray]) -> tuple:
        """Mean and deviation to normalise these utterances of one speaker with."""
        if self.normalise == "train":
            return self.mean, self.deviation
        return moments(utterances)

    def normalised(self, features: np.ndarray, statistics=None) -> np.ndarray:
        mean, deviation = statistics or (self.mean, self.deviation)
        return ((features - mean) / deviation).astype(np.float32)

    def to_json(self) -> dict:
        return {
            "front_end": type(self.front_end).__name__,
            "front_end_settings": dataclasses.asdict(self.front_end),
            "classes": list(self.classes),
            "seconds": self.seconds,
            "normalise": self.normalise,
            "mean": np.asarray(self.mean, dtype=float).tolist(),
            "deviation": np.asarray(self.deviation, dtype=float).tolist(),
        }

    @classmethod
    def from_json(cls, value: dict) -> "Preprocessing":
        front_end = FRONT_ENDS[value["front_end"]](**value["front_end_settings"])
        return cls(
            front_end=front_end,
            classes=tuple(value["classes"]),
            seconds=value["seconds"],
            normalise=value["normalise"],
            mean=np.array(value["mean"]),
            deviation=np.array(value["deviation"]),
        )

    def save(self, path) -> Path:
        return files.write_json(path, self.to_json())

    @classmethod
    def load(cls, path) -> "Preprocessing":
        return cls.from_json(files.read_json(path))


def moments(utterances: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation a band over all frames, float64 `(bands,)`."""
    count, total, squares = 0, 0.0, 0.0
    for features in utterances:
        features = features.astype(np.float64)
        count += len(features)
        total = total + features.sum(axis=0)
        squares = squares + np.square(features).sum(axis=0)
    mean = total / count
    variance = np.maximum(squares / count - np.square(mean), 0.0)
    return mean, np.maximum(np.sqrt(variance), 1e-3)  # a dead band stays finite
