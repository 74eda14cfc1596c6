"""Mean and standard deviation of features, by which they are normalised."""

import numpy as np
import pandas as pd

from keras_ser.features.preprocessing import moments, warn_of_single_emotions
from keras_ser.features.store import FeatureStore
from keras_ser.protocols import Fold


class Statistics:
    """Mean and standard deviation for each row of a fold's tables.

    With normalisation by speaker, they are computed from all utterances of the speaker
    on one side of the fold, even if a table holds only some of them. For a speaker
    who is not in the fold, they are computed from the speaker's rows in the table.

    Args:
        fold: The fold, whose training utterances give `train`.
        store: The feature store, which holds the entries of the fold's utterances.
        normalise: `"train"` or `"speaker"`, see `Preprocessing`.
    """

    def __init__(self, fold: Fold, store: FeatureStore, normalise: str):
        self._store = store
        self._by_speaker = normalise == "speaker"
        self._rows = {}  # of each speaker
        for side in fold.sides().values():
            rows = side.drop_duplicates("utterance").groupby("speaker")
            self._rows = {**dict(list(rows)), **self._rows}
        self._found = {}  # by speaker
        self.train = moments(map(store.read, store.paths(fold.train)))
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

    def _speaker_moments(self, name: str, table) -> tuple[np.ndarray, np.ndarray]:
        if name not in self._rows:
            return self._moments(table[table.speaker == name])
        if name not in self._found:
            self._found[name] = self._moments(self._rows[name])
        return self._found[name]

    def _moments(self, rows) -> tuple[np.ndarray, np.ndarray]:
        return moments(map(self._store.read, self._store.paths(rows)))
