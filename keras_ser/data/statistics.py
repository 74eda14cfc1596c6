"""Mean and standard deviation of features, by which they are normalised."""

import numpy as np
import pandas as pd

from keras_ser.features.preprocessing import moments, warn_of_single_emotions


class Statistics:
    """Mean and deviation for each row of a fold's tables.

    By speaker, they are those of all the speaker's utterances on a side of the fold,
    whatever part of them a table holds; of a speaker whom the fold does not know,
    those of the table.
    """

    def __init__(self, fold, store, normalise):
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

    def of(self, table) -> tuple[np.ndarray, np.ndarray]:
        """Group of each row `(rows,)`, and groups' statistics `(groups, 2, bands)`."""
        if not self._by_speaker:
            return np.zeros(len(table), np.int32), np.float32([self.train])
        groups, names = pd.factorize(table.speaker)
        stacked = [self._of_speaker(name, table) for name in names]
        return groups.astype(np.int32), np.float32(stacked)

    def _of_speaker(self, name: str, table) -> tuple[np.ndarray, np.ndarray]:
        if name not in self._rows:
            return self._moments(table[table.speaker == name])
        if name not in self._found:
            self._found[name] = self._moments(self._rows[name])
        return self._found[name]

    def _moments(self, rows) -> tuple[np.ndarray, np.ndarray]:
        return moments(map(self._store.read, self._store.paths(rows)))
