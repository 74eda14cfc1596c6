"""The speech that a protocol divides, and folds that copy none of it.

A protocol may make hundreds of folds of one table. Each of their sides is held as the
numbers of its rows, and what the checks of leaks need is computed once for all folds.
"""

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from keras_ser.corpora import people
from keras_ser.protocols import leaks
from keras_ser.protocols.speakers import session_keys


class Rows:
    """Some rows of a protocol's speech, which become a table when asked for.

    Args:
        speech: The speech.
        part: Which of its tables they are of.
        numbers: The numbers of the rows in that table.
    """

    def __init__(self, speech: "Speech", part: int, numbers: np.ndarray):
        self.speech = speech
        self.part = part
        self.numbers = numbers.astype(np.int32)

    def __len__(self) -> int:
        return len(self.numbers)

    def __reduce__(self):
        return _same, (self.table(),)  # another process needs these rows only

    def table(self) -> pd.DataFrame:
        """A table of these rows, with an index from 0."""
        whole = self.speech.tables[self.part]
        return whole.take(self.numbers).reset_index(drop=True)

    def column(self, name: str) -> pd.Series:
        """One column of the table."""
        whole = self.speech.tables[self.part][name]
        return whole.take(self.numbers).reset_index(drop=True)


def _same(table: pd.DataFrame) -> pd.DataFrame:
    return table


Side: TypeAlias = pd.DataFrame | Rows


def as_table(side: Side) -> pd.DataFrame:
    """The table of a side of a fold."""
    return side.table() if isinstance(side, Rows) else side


def column(side: Side, name: str) -> pd.Series:
    """A column of a side of a fold."""
    return side.column(name) if isinstance(side, Rows) else side[name]


class Speech:
    """The labelled and unlabelled speech that a protocol divides.

    Args:
        table: Labelled utterances.
        unlabelled: Speech for the auxiliary tasks, or None.

    Attributes:
        tables: Copies of both, or of the first alone.
    """

    def __init__(self, table: pd.DataFrame, unlabelled: pd.DataFrame | None = None):
        given = [table] if unlabelled is None else [table, unlabelled]
        self.tables = [each.reset_index(drop=True).copy() for each in given]
        self.starts = np.cumsum([0, *map(len, self.tables)])

    def divide(
        self, test: Collection[str], dev: Collection[str], apart: Collection[str]
    ) -> tuple[Rows, Rows, Rows, Rows | None]:
        """The sides of a fold.

        Args:
            test: Names of the test speakers.
            dev: Names of the development speakers.
            apart: Speakers whose whole sessions are excluded from training.

        Returns:
            The training, development, test and unlabelled rows. The last is None
            without unlabelled speech.
        """
        tested, selects = self._are_of(test), self._are_of(dev)
        learn = ~(tested | selects | self._in_sessions_of(apart))
        train, development, tests = (
            self._rows(0, each) for each in (learn, selects, tested)
        )
        unlabelled = self._rows(1, learn) if len(self.tables) > 1 else None
        return train, development, tests, unlabelled

    def _rows(self, part: int, chosen: np.ndarray) -> Rows:
        own = chosen[self.starts[part] : self.starts[part + 1]]
        return Rows(self, part, np.flatnonzero(own))

    def _are_of(self, speakers: Collection[str]) -> np.ndarray:
        """Which rows are of one of these speakers."""
        codes, names = self._speakers
        return np.isin(codes, np.flatnonzero(names.isin(list(speakers))))

    def _in_sessions_of(self, speakers: Collection[str]) -> np.ndarray:
        """Which rows are from a session in which a speaker of the table was recorded.

        A row without a session never is.
        """
        labelled = len(self.tables[0])
        here = self._are_of(speakers)[:labelled]
        recorded = np.unique(self._sessions[:labelled][here])
        return np.isin(self._sessions, recorded[recorded >= 0])

    def _joined(self, columns: list[str]) -> pd.DataFrame:
        return pd.concat([each[columns] for each in self.tables], ignore_index=True)

    @functools.cached_property
    def _speakers(self) -> tuple[np.ndarray, pd.Index]:
        """The number of each row's speaker, and the speakers."""
        return pd.factorize(self._joined(["speaker"]).speaker)

    @functools.cached_property
    def _sessions(self) -> np.ndarray:
        """The number of each row's session, −1 without one."""
        rows = self._joined(["corpus", "session"])
        return pd.factorize(session_keys(rows).where(rows.session != ""))[0]

    @functools.cached_property
    def _shareable(self) -> dict[str, np.ndarray] | None:
        """What two sides must not share, as numbers; None if that is not certain.

        Rows that share audio, or an original, have the same number, and some others
        may have it, too.
        """
        rows = self._joined(leaks.COLUMNS)
        codes, names = self._speakers
        absent = rows.digest.isna() | (rows.digest == "")
        if absent.any() or people.find_spellings(names):
            return None
        origins = rows.utterance.map(leaks.origins(rows))
        return {
            "speakers": codes,
            "recordings": leaks.overlap_groups(rows),
            "copies of an utterance": pd.factorize(origins)[0],
        }

    def surely_disjoint(
        self,
        sides: Mapping[str, Iterable[Rows]],
        exempt: Collection[tuple[str, str, str]],
    ) -> bool:
        """Whether sides certainly share nothing; see `leaks.check_disjoint`.

        Args:
            sides: The rows of each side.
            exempt: What may be shared.

        Returns:
            True if they share nothing but what is exempt. If the result is False, they
            may share something, and `leaks.check_disjoint` knows.
        """
        if self._shareable is None:
            return False
        names = list(sides)
        numbers = [
            np.concatenate([x.numbers + self.starts[x.part] for x in own])
            for own in sides.values()
        ]
        for what, codes in self._shareable.items():
            seen = np.zeros((len(names), codes.max(initial=0) + 1), bool)
            for row, own in zip(seen, numbers, strict=True):
                row[codes[own]] = True
            for first in range(len(names)):
                for second in range(first + 1, len(names)):
                    shared = seen[first] & seen[second]
                    pair = names[first], names[second], what
                    if pair not in exempt and shared.any():
                        return False
        return True


def speech_of(sides: Sequence[Side]) -> Speech | None:
    """The speech whose rows all sides are, or None if some are tables."""
    first = sides[0]
    if not isinstance(first, Rows):
        return None
    own = [isinstance(x, Rows) and x.speech is first.speech for x in sides]
    return first.speech if all(own) else None
