"""Mean and standard deviation of features, by which they are normalised."""

import math

import numpy as np
import pandas as pd

from keras_ser.backend.lazy_tensorflow import tf
from keras_ser.features.moments import (
    MIN_STD,
    moments,
    moments_of_sums,
    training_moments,
)
from keras_ser.features.preprocessing import warn_of_single_emotions
from keras_ser.features.speech import BY_UTTERANCE, speech_frames, speech_range
from keras_ser.features.store import FeatureStore
from keras_ser.protocols import Fold


class Statistics:
    """Mean and standard deviation for each row of a fold's tables.

    With normalisation by speaker, they are computed from all utterances of the speaker
    on one side of the fold, even if a table holds only some of them. For a speaker
    who is not in the fold, they are computed from the speaker's rows in the table.
    With normalisation by utterance, `normalised` computes them from the features
    themselves, also from those of augmented or degraded speech.

    Args:
        fold: The fold, whose training utterances give `train`.
        store: The feature store, which holds the entries of the fold's utterances.
        normalise, speech_db: As for `Preprocessing`.

    Attributes:
        train: The mean and the standard deviation of a `Preprocessing`.
        speech_db: The range of speech frames in dB; None if all frames count.
    """

    def __init__(
        self,
        fold: Fold,
        store: FeatureStore,
        normalise: str,
        speech_db: float | None = None,
    ):
        self.speech_db = speech_range(store.front_end, normalise, speech_db)
        self._store = store
        self._normalise = normalise
        self._by_speaker = normalise == "speaker"
        self._rows = {}  # of each speaker
        for side in fold.sides().values():
            rows = side.drop_duplicates("utterance").groupby("speaker")
            self._rows = {**dict(list(rows)), **self._rows}
        self._found = {}  # by speaker
        self.train = self._training_moments(fold.train)
        if self._by_speaker:
            warn_of_single_emotions([fold.train, fold.dev, *fold.tests.values()])

    def for_table(self, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Groups the rows of a table by the statistics that they share.

        Returns:
            The group of each row, int32 `(rows,)`, and the mean and the standard
            deviation of each group, float32 `(groups, 2, dimensions)`.
        """
        if not self._by_speaker:
            return np.zeros(len(table), np.int32), np.float32([self.train])
        groups, names = pd.factorize(table.speaker)
        stacked = [self._speaker_moments(name, table) for name in names]
        return groups.astype(np.int32), np.float32(stacked)

    def normalised(self, features, mean, std):
        """Normalises an utterance by graph operations, as `Preprocessing` does.

        Args:
            features: The whole utterance, float32 `(frames, dimensions)`.
            mean, std: The row's statistics from `for_table`, float32 `(dimensions,)`.

        Returns:
            float32 `(frames, dimensions)`.
        """
        if self._normalise in BY_UTTERANCE:
            unit = self._store.front_end.db_per_unit
            speech = tf.boolean_mask(
                features, is_speech(features, unit, self.speech_db)
            )
            mean = tf.reduce_mean(speech, axis=0)
        if self._normalise == "utterance_std":
            variance = tf.reduce_mean(tf.square(speech - mean), axis=0)
            std = tf.maximum(tf.sqrt(variance), MIN_STD)
        return (features - mean) / std

    def _speaker_moments(self, name: str, table) -> tuple[np.ndarray, np.ndarray]:
        if name not in self._rows:
            return self._moments(table[table.speaker == name])
        if name not in self._found:
            self._found[name] = self._moments(self._rows[name])
        return self._found[name]

    def _training_moments(self, rows) -> tuple[np.ndarray, np.ndarray]:
        if self.speech_db is None:
            return self._moments(rows)
        entries = map(self._store.read, self._store.paths(rows))
        return training_moments(
            self._store.front_end, self._normalise, self.speech_db, entries
        )

    def _moments(self, rows) -> tuple[np.ndarray, np.ndarray]:
        paths, speech_db = self._store.paths(rows), self.speech_db
        if speech_db is None:  # all frames count, and the entries hold their sums
            return moments_of_sums(map(self._store.sums, paths))
        entries, front_end = map(self._store.read, paths), self._store.front_end
        return moments(speech_frames(front_end, each, speech_db) for each in entries)


def is_speech(features, db_per_unit: float, speech_db: float):
    """Tells speech frames by graph operations, as `features.speech.speech_frames`.

    Args:
        features: Unnormalised features of one utterance, `(frames, dimensions)`.
        db_per_unit: How many dB one unit of a value is.
        speech_db: The range of speech frames in dB.

    Returns:
        Booleans, `(frames,)`.
    """
    logs = db_per_unit * math.log(10) / 10 * (features - tf.reduce_max(features))
    power = tf.reduce_sum(tf.exp(logs), axis=1)
    return power >= 10 ** (-speech_db / 10) * tf.reduce_max(power)
