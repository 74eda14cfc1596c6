"""All that lies between a waveform and a model's input, saved with the model."""

import dataclasses
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser.features.front_ends import FRONT_ENDS
from keras_ser.utils import files

NORMALISATIONS = ("train", "speaker")
SMALLEST = 1e-3  # deviation
LARGEST = 1e30  # any number; float32 holds it
LONGEST = 3600.0  # seconds of a model's input


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
        """What `to_json` gave, or another hand wrote: every value is checked.

        Raises:
            ValueError: a value is absent, unknown, or not of the kind that it must be.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        _require(
            isinstance(value, dict) and set(value) == {*known, "front_end_settings"},
            "the keys of `Preprocessing.to_json`",
            sorted(value, key=str) if isinstance(value, dict) else value,
        )
        front_end = _front_end(value["front_end"], value["front_end_settings"])
        seconds, normalise = value["seconds"], value["normalise"]
        _require(
            _is_number(seconds) and front_end.hop <= seconds <= LONGEST,
            f"`seconds` of a frame to {LONGEST}",
            seconds,
        )
        _require(
            isinstance(normalise, str) and normalise in NORMALISATIONS,
            f"`normalise` among {NORMALISATIONS}",
            normalise,
        )
        return cls(
            front_end=front_end,
            classes=_class_names(value["classes"]),
            seconds=float(seconds),
            normalise=normalise,
            mean=_numbers("mean", value["mean"], front_end.bands),
            deviation=_numbers("deviation", value["deviation"], front_end.bands, 0.0),
        )

    def save(self, path) -> Path:
        return files.write_json(path, self.to_json())

    @classmethod
    def load(cls, path) -> "Preprocessing":
        return cls.from_json(files.read_object(path))


def _front_end(name, settings):
    _require(
        isinstance(name, str) and name in FRONT_ENDS,
        f"`front_end` among {sorted(FRONT_ENDS)}",
        name,
    )
    known = {field.name for field in dataclasses.fields(FRONT_ENDS[name])}
    _require(
        isinstance(settings, dict) and set(settings) <= known,
        f"`front_end_settings` among {sorted(known)}",
        settings,
    )
    return FRONT_ENDS[name](**settings)


def _class_names(value) -> tuple[str, ...]:
    texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
    right = texts and len(value) > 1 and len(set(value)) == len(value) and all(value)
    _require(right, "`classes`, two or more different names", value)
    return tuple(value)


def _numbers(name: str, value, count: int, above: float = -np.inf) -> np.ndarray:
    right = isinstance(value, list) and len(value) == count
    right = right and all(_is_number(each) and each > above for each in value)
    least = "" if above == -np.inf else f" above {above:g}"
    _require(right, f"`{name}`, {count} finite numbers{least}", value)
    return np.array(value, dtype=float)


def _is_number(value) -> bool:
    return type(value) in (int, float) and abs(value) <= LARGEST


def _require(right: bool, expected: str, received) -> None:
    if not right:
        text = repr(received)
        text = text if len(text) <= 200 else f"{text[:197]}…"
        raise ValueError(
            f"Preprocessing expects {expected}. Received: {text}. Take the file that "
            "was written beside the model."
        )


def moments(utterances: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation a band over all frames, float64 `(bands,)`.

    Raises:
        ValueError: no band changes; normalised, such features would look like padding.
    """
    count, total, squares = 0, 0.0, 0.0
    for features in utterances:
        features = features.astype(np.float64)
        count += len(features)
        total = total + features.sum(axis=0)
        squares = squares + np.square(features).sum(axis=0)
    mean = total / max(count, 1)
    variance = np.maximum(squares / max(count, 1) - np.square(mean), 0.0)
    if not (variance > SMALLEST**2).any():
        raise ValueError(
            "Expected features that change from frame to frame, to normalise them. "
            f"Received: {count} frames without a change. Leave this speech out: it is "
            "too short, or silence."
        )
    return mean, np.maximum(np.sqrt(variance), SMALLEST)  # a dead band stays finite


def warn_of_single_emotions(tables: Iterable[pd.DataFrame]) -> None:
    """Warns of speakers whose normalisation by speaker removes what they show."""
    emotions = pd.concat(list(tables)).groupby("speaker").emotion.nunique()
    single = sorted(emotions[emotions < 2].index)
    if single:
        warnings.warn(
            "normalise='speaker' removes the emotion of speakers who show one only: "
            f"{', '.join(single[:5])}. Use normalise='train'.",
            stacklevel=4,
        )
