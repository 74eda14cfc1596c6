"""The steps between a waveform and a model's input, saved with the model."""

import dataclasses
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser.features.front_ends import FRONT_ENDS
from keras_ser.utils import files

NORMALISATIONS = ("train", "speaker")
MIN_STD = 1e-3  # lower bound, for values that never change
MAX_ABSOLUTE = 1e30  # of any number in the file; fits into float32
MAX_SPEAKERS_NAMED = 5  # in a warning
MAX_SECONDS = 3600.0  # length of a model's input


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """The steps between a waveform and a model's input.

    They are the front-end, the window, and the normalisation (x − mean) / std of each
    value in a frame, where std is the standard deviation.

    Args:
        front_end: An instance of one of `features.FRONT_ENDS`.
        classes: The emotions in the order of the probabilities.
        seconds: The longest input in seconds. Longer speech is scored in windows.
        normalise: `"train"` normalises with the statistics of the training speakers.
            `"speaker"` uses the statistics of the utterances of the same speaker.
            These can be computed from a test speaker's unlabelled utterances too,
            which makes the normalisation transductive.
        mean, std: The mean and the standard deviation of the unpadded frames of the
            labelled, unaugmented training speech, each of shape `(dimensions,)`.
    """

    front_end: object
    classes: tuple[str, ...]
    seconds: float
    normalise: str
    mean: np.ndarray
    std: np.ndarray

    @property
    def window(self) -> int:
        """The number of frames of the longest input."""
        return self.front_end.frames(self.seconds)

    def statistics(self, utterances: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Returns the mean and the standard deviation for one speaker's utterances.

        Args:
            utterances: The features of all the speaker's utterances, each of shape
                `(frames, dimensions)`. Only `normalise="speaker"` uses them.
        """
        if self.normalise == "train":
            return self.mean, self.std
        return moments(utterances)

    def normalised(
        self,
        features: np.ndarray,
        statistics: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> np.ndarray:
        """Returns normalised features, float32 `(frames, dimensions)`.

        Args:
            features: Features of shape `(frames, dimensions)`.
            statistics: The mean and the standard deviation, from `statistics`. The
                default is those of the training speakers.
        """
        mean, std = statistics or (self.mean, self.std)
        return ((features - mean) / std).astype(np.float32)

    def to_json(self) -> dict:
        """Returns the settings as a dictionary of JSON values."""
        return {
            "front_end": type(self.front_end).__name__,
            "front_end_settings": dataclasses.asdict(self.front_end),
            "classes": list(self.classes),
            "seconds": self.seconds,
            "normalise": self.normalise,
            "mean": np.asarray(self.mean, dtype=float).tolist(),
            "std": np.asarray(self.std, dtype=float).tolist(),
        }

    @classmethod
    def from_json(cls, value: dict) -> "Preprocessing":
        """Builds the object from the dictionary of `to_json`.

        Every value is checked, because someone may have edited the file.

        Raises:
            ValueError: A key is missing or unknown, or a value is not of the required
                type or range.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        if isinstance(value, dict) and "deviation" in value:
            raise ValueError(
                "Preprocessing has `std`, which earlier versions of keras_ser called "
                "`deviation`. Received: keys of an earlier version. Train the model "
                "again."
            )
        _require(
            isinstance(value, dict) and set(value) == {*known, "front_end_settings"},
            "the keys of `Preprocessing.to_json`",
            sorted(value, key=str) if isinstance(value, dict) else value,
        )
        front_end = _front_end(value["front_end"], value["front_end_settings"])
        seconds, normalise = value["seconds"], value["normalise"]
        _require(
            _is_number(seconds) and front_end.hop_seconds <= seconds <= MAX_SECONDS,
            f"`seconds` from one frame to {MAX_SECONDS}",
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
            mean=_numbers("mean", value["mean"], front_end.dimensions),
            std=_numbers("std", value["std"], front_end.dimensions, MIN_STD),
        )

    def save(self, path: str | Path) -> Path:
        """Writes a JSON file and returns its path."""
        return files.write_json(path, self.to_json())

    @classmethod
    def load(cls, path: str | Path) -> "Preprocessing":
        """Reads a file that `save` wrote.

        Raises:
            ValueError: The file is not JSON, or as for `from_json`.
        """
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
    are_texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
    valid = are_texts and len(value) > 1 and all(value)
    valid = valid and len(set(value)) == len(value)
    _require(valid, "two or more different names as `classes`", value)
    return tuple(value)


def _numbers(name: str, value, count: int, least: float = -np.inf) -> np.ndarray:
    valid = isinstance(value, list) and len(value) == count
    valid = valid and all(_is_number(each) and each >= least for each in value)
    bound = "" if least == -np.inf else f" of at least {least:g}"
    _require(valid, f"{count} finite numbers{bound} as `{name}`", value)
    return np.array(value, dtype=float)


def _is_number(value) -> bool:
    return type(value) in (int, float) and abs(value) <= MAX_ABSOLUTE


def _require(condition: bool, expected: str, received) -> None:
    if not condition:
        text = repr(received)
        text = text if len(text) <= 200 else f"{text[:197]}…"
        raise ValueError(
            f"Preprocessing expects {expected}. Received: {text}. Use the file that "
            "was written together with the model."
        )


def moments(utterances: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Computes the mean and the standard deviation over all frames.

    Each value of a frame has its own mean and standard deviation. The latter is at
    least 1e-3, so that a value that never changes stays finite when it is normalised.

    Args:
        utterances: Features, each of shape `(frames, dimensions)`.

    Returns:
        Two float64 arrays of shape `(dimensions,)`.

    Raises:
        ValueError: No value changes over the frames. Once normalised, such features
            would look like padding.
    """
    count, total, squares = 0, 0.0, 0.0
    for features in utterances:
        features = features.astype(np.float64)
        count += len(features)
        total = total + features.sum(axis=0)
        squares = squares + np.square(features).sum(axis=0)
    mean = total / max(count, 1)
    variance = np.maximum(squares / max(count, 1) - np.square(mean), 0.0)
    if not (variance > MIN_STD**2).any():
        raise ValueError(
            "Normalisation expects features that change from frame to frame. "
            f"Received: {count} frames that are all the same. Leave this speech out, "
            "because it is too short or silent."
        )
    return mean, np.maximum(np.sqrt(variance), MIN_STD)


def warn_of_single_emotions(tables: Iterable[pd.DataFrame]) -> None:
    """Warns of speakers with one emotion, which normalisation by speaker removes.

    Args:
        tables: Tables of utterances, with the columns `speaker` and `emotion`.
    """
    emotions = pd.concat(list(tables)).groupby("speaker").emotion.nunique()
    single = sorted(emotions[emotions < 2].index)
    if single:
        warnings.warn(
            "normalise='speaker' removes the emotion of speakers who have only one: "
            f"{', '.join(single[:MAX_SPEAKERS_NAMED])}. Use normalise='train'.",
            stacklevel=4,
        )
