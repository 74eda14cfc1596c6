"""A user's list of utterances: columns are recognised, cells read or refused."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser.corpora.own import vocabulary

SHOWN = 3  # rows or labels in a message


class Sheet:
    """A frame of text, and what is said about it.

    Args:
        frame: columns as the user named them, no cell missing; its index numbers the
            rows as the user would.
        reader: name of the reader, for messages.
        place: the file or folder that the frame is of.
        given: the frame's columns by the table's, as far as the user names them.
        leave: columns of the table that are not wanted.

    Attributes:
        columns: the frame's columns by the table's.
        guesses: what was recognised, to be told to the user.

    Raises:
        ValueError: no rows, no column of files, a column that is not there, or
            several that could be meant.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        reader: str,
        place: Path,
        given: Mapping[str, str],
        leave: tuple[str, ...] = (),
    ):
        self.frame, self.reader, self.place = frame, reader, place
        if frame.empty:
            raise self.wrong("at least one row", "none", "Fill it, or give another one")
        self.columns = self._columns(given, leave)
        self.guesses = self._told_columns()

    def text(self, name: str) -> pd.Series:
        """The cells of a column of the table, empty where there is none."""
        if name not in self.columns:
            return pd.Series("", index=self.frame.index, dtype=object)
        return self.frame[self.columns[name]].str.strip()

    def times(self, name: str) -> pd.Series:
        """Seconds, from seconds or from pandas' `0 days 00:00:01.5`; NaN for none."""
        text = _without_nan(self.text(name))
        seconds = pd.to_numeric(text, errors="coerce").astype("float64")
        words = seconds.isna() & (text != "")
        if words.any():
            spans = pd.to_timedelta(text[words], errors="coerce")
            seconds[words] = spans.dt.total_seconds()
        wrong = (seconds.isna() & (text != "")) | np.isinf(seconds)
        self.refuse(wrong, f"seconds or times for `{name}`", "Correct it", text)
        if (text[~words] != "").any():
            self.guesses.append(f"`{self.columns[name]}` is in seconds")
        return seconds

    def numbers(self, name: str) -> pd.Series:
        """Finite numbers; NaN for none."""
        text = _without_nan(self.text(name))
        numbers = pd.to_numeric(text, errors="coerce").astype("float64")
        wrong = (numbers.isna() & (text != "")) | np.isinf(numbers)
        self.refuse(wrong, f"numbers for `{name}`", "Correct it", text)
        return numbers

    def refuse(self, wrong: pd.Series, expected: str, advice: str, cells=None) -> None:
        """Raises if `wrong` is true of any row, with the numbers of the first."""
        if not wrong.any():
            return
        index = self.frame.index[wrong.to_numpy()]
        what = "" if cells is None else f"{cells[index[0]]!r} in "
        rows = some([str(number) for number in index])
        raise self.wrong(expected, f"{what}row {rows}", advice)

    def wrong(self, expected: str, received: str, advice: str) -> ValueError:
        """The error of data that are not understood."""
        return ValueError(
            f"Corpus `{self.reader}` expects {expected}. Received: {self.place} with "
            f"{received}. {advice}."
        )

    def _columns(self, given: Mapping[str, str], leave) -> dict[str, str]:
        strange = sorted(set(given) - set(vocabulary.COLUMNS))
        if strange:
            raise self.wrong(
                f"`columns` to name some of {sorted(vocabulary.COLUMNS)}",
                f"columns={dict(given)}",
                "Correct the names",
            )
        found = {
            name: self._given(name, given[name]) if name in given else self._like(name)
            for name in vocabulary.COLUMNS
            if name not in leave
        }
        if not found["file"]:
            raise self.wrong(
                "a column of files",
                f"the columns {list(self.frame.columns)}",
                'Name it, columns={"file": …}',
            )
        return {name: column for name, column in found.items() if column}

    def _given(self, name: str, column: str) -> str:
        if column in self.frame.columns:
            return column
        raise self.wrong(
            f"the column {column!r} for `{name}`",
            f"the columns {list(self.frame.columns)}",
            "Name one of these",
        )

    def _like(self, name: str) -> str:
        """The column that is called `name`, else the only one that can be meant."""
        like = [c for c in self.frame.columns if vocabulary.column(c) == name]
        same = [c for c in like if vocabulary.plain(c) == name] or like
        if len(same) > 1:
            raise self.wrong(
                f"one column for `{name}`",
                " and ".join(same),
                f'Say which, columns={{"{name}": {same[0]!r}}}',
            )
        return (same or [""])[0]

    def _told_columns(self) -> list[str]:
        told = [f"{name} ← `{column}`" for name, column in self.columns.items()]
        used = set(self.columns.values())
        unused = [f"`{c}`" for c in self.frame.columns if c not in used]
        left = [f"not used: {', '.join(unused)}"] if unused else []
        return [f"columns: {', '.join(told)}", *left]


def some(words: list[str]) -> str:
    """The first of several, and how many more there are."""
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return f"{', '.join(words[:SHOWN])}{more}"


def _without_nan(text: pd.Series) -> pd.Series:
    return text.where(~text.str.lower().isin(["nan", "nat"]), "")
