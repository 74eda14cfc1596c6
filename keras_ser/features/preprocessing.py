"""The steps between a waveform and a model's input, saved with the model."""

import dataclasses
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser.features import preprocessing_checks as checks
from keras_ser.features.contract import FrontEnd
from keras_ser.features.moments import MIN_STD, moments, utterance_moments
from keras_ser.features.speech import (
    BY_UTTERANCE,
    row_blocks,
    speech_frames,
    speech_mask,
    speech_range,
)
from keras_ser.utils import files

NORMALISATIONS = ("train", "speaker", *BY_UTTERANCE)
MAX_SPEAKERS_NAMED = 5  # in a warning


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """The steps between a waveform and a model's input.

    They are the front-end, the window, and the normalisation (x − mean) / std of each
    value in a frame, where std is the standard deviation. Four choices of `normalise`
    say where the two come from:

    - `"train"`: the statistics of the training speakers.
    - `"speaker"`: the statistics of the utterances of the same speaker. These can be
      computed from a test speaker's unlabelled utterances too, which makes the
      normalisation transductive.
    - `"utterance"`: the mean of the utterance itself, and the standard deviation of
      the training speech after the mean of each utterance is subtracted. Normalised
      training speech therefore has variance 1.
    - `"utterance_std"`: mean and standard deviation of the utterance itself.

    Normalisation by utterance removes the level and the channel of a recording, in
    which corpora differ. It also removes what the level says about the emotion. Its
    statistics are those of the whole utterance or file, even if a model gets windows of
    it. An utterance whose frames are all the same becomes zeros, which a model takes
    for a single frame.

    Args:
        front_end: An instance of one of `features.FRONT_ENDS`.
        classes: The emotions in the order of the probabilities.
        seconds: The longest input in seconds. Longer speech is scored in windows.
        normalise: One of the four choices above.
        mean, std: The mean and the standard deviation of the labelled, unaugmented
            training speech from `training_moments`, each of shape `(dimensions,)`.
        speech_db: Statistics are taken over speech frames. These are the frames at
            most `speech_db` dB below the loudest frame of their utterance. With None,
            the default, normalisation by utterance takes 60 dB, and the other choices
            take all frames.

    Raises:
        ValueError: `normalise` is none of these, or `mean` or `std` has another shape.
            Or `speech_db` is not a number above 0, or the front-end has no levels
            (see `features.speech`) and one of the settings needs them. Or the input has
            no frame, or so many values, or there are so many classes, or classes have
            such names that the memory of a machine or a table could not hold them.

    Reference: `"utterance_std"` is the normalisation of Parry et al., "Speech emotion
    recognition in the wild using multi-task and adversarial learning", 2022.
    """

    front_end: FrontEnd
    classes: tuple[str, ...]
    seconds: float
    normalise: str
    mean: np.ndarray
    std: np.ndarray
    speech_db: float | None = None

    def __post_init__(self):
        count, given = self.front_end.dimensions, (self.mean, self.std)
        checks.check_normalisation(self.normalise, NORMALISATIONS, given, count)
        speech_db = speech_range(self.front_end, self.normalise, self.speech_db)
        object.__setattr__(self, "speech_db", speech_db)
        checks.check_class_names(self.classes)
        checks.check_input(self.seconds, self.window, count)

    @property
    def window(self) -> int:
        """The number of frames of the longest input."""
        return self.front_end.frames(self.seconds)

    def statistics(
        self, utterances: Iterable[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Returns the mean and the standard deviation for one speaker's utterances.

        With normalisation by utterance, the utterances share neither, and the result
        is None.

        Args:
            utterances: The features of all the speaker's utterances, each of shape
                `(frames, dimensions)`. Only `normalise="speaker"` iterates over them.
        """
        if self.normalise in BY_UTTERANCE:
            return None
        if self.normalise == "train":
            return self.mean, self.std
        speech = (self._speech(each) for each in utterances)
        return moments(each[rows] for each in speech for rows in row_blocks(len(each)))

    def normalised(
        self,
        features: np.ndarray,
        statistics: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> np.ndarray:
        """Returns normalised features, float32 `(frames, dimensions)`.

        Args:
            features: Features of shape `(frames, dimensions)`. With normalisation by
                utterance, they are those of the whole utterance.
            statistics: The mean and the standard deviation, from `statistics`. The
                default is those of the training speakers or, with normalisation by
                utterance, of the utterance.
        """
        mean, std = statistics or self.own_statistics(features)
        return ((features - mean) / std).astype(np.float32)

    def own_statistics(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the mean and the standard deviation that `normalised` defaults to.

        Windows of an utterance are normalised by those of the whole utterance.

        Args:
            features: Features of the whole utterance, `(frames, dimensions)`.
        """
        if self.normalise not in BY_UTTERANCE:
            return self.mean, self.std
        keep = speech_mask(self.front_end, features, self.speech_db)
        mean, std = utterance_moments(features, keep)
        return mean, std if self.normalise == "utterance_std" else self.std

    def _speech(self, features: np.ndarray) -> np.ndarray:
        return speech_frames(self.front_end, features, self.speech_db)

    def to_json(self) -> dict:
        """Returns the settings as a dictionary of JSON values.

        There is no `speech_db` if all frames count.
        """
        value = {
            "front_end": type(self.front_end).__name__,
            "front_end_settings": dataclasses.asdict(self.front_end),
            "classes": list(self.classes),
            "seconds": self.seconds,
            "normalise": self.normalise,
            "mean": np.asarray(self.mean, dtype=float).tolist(),
            "std": np.asarray(self.std, dtype=float).tolist(),
        }
        if self.speech_db is not None:
            value["speech_db"] = self.speech_db
        return value

    @classmethod
    def from_json(cls, value: dict) -> "Preprocessing":
        """Builds the object from the dictionary of `to_json`.

        Every value is checked, because someone may have edited the file.

        Raises:
            ValueError: A key is missing or unknown, or a value is not of the required
                type or range.
        """
        checks.check_keys(value, {field.name for field in dataclasses.fields(cls)})
        front_end = checks.front_end(value["front_end"], value["front_end_settings"])
        return cls(
            front_end=front_end,
            classes=checks.class_names(value["classes"]),
            seconds=checks.seconds(value["seconds"], front_end),
            normalise=checks.choice("normalise", value["normalise"], NORMALISATIONS),
            mean=checks.numbers("mean", value["mean"], front_end),
            std=checks.numbers("std", value["std"], front_end, MIN_STD),
            speech_db=checks.positive("speech_db", value.get("speech_db")),
        )

    def save(self, path: str | Path) -> Path:
        """Writes a JSON file and returns its path."""
        return files.write_json(path, self.to_json())

    @classmethod
    def load(cls, path: str | Path) -> "Preprocessing":
        """Reads a file that `save` wrote.

        Raises:
            ValueError: The file is not JSON, or the front-end needs files that are
                absent, or as for `from_json`.
        """
        return cls.from_json(checks.with_files(files.read_object(path)))


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
