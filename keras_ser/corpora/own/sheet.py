"""A user's list of utterances: columns are recognised, and cells are checked.

The messages of this module and of `table_of` name the file, the row, what was expected,
what was received and the next step. Everything that comes from the user's data is
shortened, so that messages have a bounded length.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser.corpora import people, times
from keras_ser.corpora.own import vocabulary

# How many of each kind a message lists.
MAX_ROWS = 3
MAX_COLUMNS = 12
MAX_LABELS = 3
TIMES = ("start", "end", "duration")  # columns of times
MAX_CELL_LENGTH = 60  # characters of a cell or of a column's name
# The readers with an option `columns`.
COLUMN_READERS = ("csv", "emobox", "huggingface")


class Sheet:
    """A frame of text whose columns are matched to those of the table.

    Args:
        frame: Columns with the user's names, without missing cells. The index holds
            the row numbers that an editor shows.
        reader: Name of the reader, a key of `CORPORA`.
        place: The file or folder that the frame comes from, for messages.
        given: The columns that the user names, as a mapping from the table's column to
            the frame's column.
        leave: Columns of the table that are not needed.

    Attributes:
        columns: Mapping from the table's columns to the frame's columns.
        guesses: What was guessed, one clause per guess, to be reported to the user.

    Raises:
        ValueError: If there are no rows or no column of files, if a given column does
            not exist, or if several columns match the same column of the table.
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
            raise self.error(
                "at least one row", "no rows", "Add rows, or give another file"
            )
        self.columns = self._match_columns(given, leave)
        self.guesses = self._describe_columns()

    def text(self, name: str) -> pd.Series:
        """Returns the cells of a column of the table, empty if it does not exist.

        They are in Unicode's composed form, except paths, which stay as listed.
        """
        if name not in self.columns:
            return pd.Series("", index=self.frame.index, dtype=object)
        cells = self.frame[self.columns[name]].str.strip()
        return cells if name == "file" else cells.map(people.composed)

    def times(self, name: str) -> pd.Series:
        """Returns the times of a column in seconds, NaN for empty cells.

        See `keras_ser.corpora.times.parse` for what cells may hold.
        """
        text = _blank_nan(self.text(name))
        seconds = text.map(self._seconds()).astype("float64")
        wrong = seconds.isna() & (text != "")
        first = text[wrong].iloc[0] if wrong.any() else ""
        self.check_rows(
            wrong,
            f"{times.NOTATIONS} in column `{name}`{times.why_not(first)}",
            "Correct the cell",
            text,
        )
        unit = f"Unit of `{self.columns.get(name)}`: seconds"
        if text.str.fullmatch(r"[0-9.,]+").any() and unit not in self.guesses:
            self.guesses.append(unit)
        return seconds

    def ends(self) -> pd.Series:
        """Returns the ends of segments in seconds, NaN for the end of the file.

        Where a list has durations instead, they are added to the starts.
        """
        if "duration" not in self.columns:
            return self.times("end")
        return self.times("start").fillna(0.0) + self.times("duration")

    def _seconds(self) -> dict[str, float | None]:
        """The seconds of all cells with times, which share one decimal separator."""
        cells = pd.concat([_blank_nan(self.text(name)) for name in TIMES])
        return times.parse_all(cells[cells != ""])

    def numbers(self, name: str) -> pd.Series:
        """Returns the finite numbers of a column, NaN for empty cells."""
        text = _blank_nan(self.text(name))
        numbers = pd.to_numeric(text, errors="coerce").astype("float64")
        wrong = (numbers.isna() & (text != "")) | np.isinf(numbers)
        self.check_rows(wrong, f"numbers in column `{name}`", "Correct the cell", text)
        return numbers

    def check_rows(
        self,
        wrong: pd.Series,
        expected: str,
        advice: str,
        cells: pd.Series | None = None,
    ) -> None:
        """Raises a ValueError if `wrong` is true for any row.

        Args:
            wrong: Which rows are wrong, booleans.
            expected: What was expected.
            advice: The next step for the user.
            cells: The cells that are wrong; the message shows the first.
        """
        if not wrong.any():
            return
        index = self.frame.index[wrong.to_numpy()]
        cell = "" if cells is None else f"{shorten(repr(cells[index[0]]))} in "
        raise self.error(expected, f"{cell}{name_rows(index)}", advice)

    def error(self, expected: str, received: str, advice: str) -> ValueError:
        """Returns the error for data that cannot be interpreted.

        Args:
            expected: What was expected.
            received: What the file or folder holds instead.
            advice: The next step for the user, without a final full stop.
        """
        return ValueError(
            f"Corpus `{self.reader}` expects {expected}. Received: {self.place} with "
            f"{received}. {advice}."
        )

    def name_columns(self) -> str:
        """Names the frame's columns for a message."""
        names = [quote_column(column) for column in self.frame.columns]
        return f"the columns {list_first(names, MAX_COLUMNS)}"

    def _match_columns(self, given: Mapping[str, str], leave) -> dict[str, str]:
        unknown = sorted(set(given) - set(vocabulary.COLUMNS))
        if unknown:
            raise self.error(
                f"`columns` to map names from {sorted(vocabulary.COLUMNS)} to columns "
                "of the file",
                shorten(f"columns={dict(given)}", 2 * MAX_CELL_LENGTH),
                f"Correct the key {shorten(repr(unknown[0]))}",
            )
        found = {
            name: self._given(name, given[name])
            if name in given
            else self._recognise(name)
            for name in vocabulary.COLUMNS
            if name not in leave
        }
        if not found["file"]:
            raise self.error(
                "a column with the paths of audio files",
                self.name_columns(),
                self._advise_column("file", "…"),
            )
        if found.get("start") and not found["end"]:
            found["duration"] = self._duration()
        self._check_times(found)
        return {name: column for name, column in found.items() if column}

    def _duration(self) -> str:
        """The only column with durations of segments, if there is one."""
        like = [c for c in self.frame.columns if vocabulary.is_duration(c)]
        return like[0] if len(like) == 1 else ""

    def _check_times(self, found: Mapping[str, str]) -> None:
        """Raises if a bound of segments may be in a column that was not recognised.

        The rest of the file would be read instead.
        """
        wanted = [name for name in ("start", "end") if name in found]
        missing = [name for name in wanted if not found[name]]
        if found.get("duration"):
            missing.remove("end")
        elif found.get("start"):
            missing += ["duration"] * ("end" in missing)
        used = set(found.values())
        other = [
            column
            for column in self.frame.columns
            if column not in used
            and any(vocabulary.is_unclear(column, name) for name in missing)
        ]
        if other:
            raise self.error(
                "times in seconds in the columns `start` and `end`, or `start` and "
                "`duration`",
                f"{' and '.join(map(quote_column, other[:2]))}",
                "Convert them to seconds and name the columns like this, or give them "
                "other names if they do not bound segments",
            )

    def _given(self, name: str, column: str) -> str:
        if column.strip() and column in self.frame.columns:
            return column
        raise self.error(
            f"the column {shorten(repr(column))} for `{name}`",
            self.name_columns(),
            "Name one of these columns",
        )

    def _recognise(self, name: str) -> str:
        """Finds the column called `name`, or else the only column that can mean it."""
        like = [c for c in self.frame.columns if vocabulary.find_column(c) == name]
        same = [c for c in like if vocabulary.normalise(c) == name] or like
        if len(same) > 1:
            raise self.error(
                f"one column for `{name}`",
                f"several: {' and '.join(map(quote_column, same))}",
                self._advise_column(name, repr(same[0])),
            )
        return (same or [""])[0]

    def _advise_column(self, name: str, column: str) -> str:
        """Tells the user how to say which column holds `name`."""
        if self.reader not in COLUMN_READERS:
            return f"Rename the right column to `{name}`"
        option = f"columns={{{name!r}: {column}}}"
        return (
            f"Say which column it is, {option}. {on_command_line(self.reader, option)}"
        )

    def _describe_columns(self) -> list[str]:
        matched = [
            name if name == column else f"{name} from {quote_column(column)}"
            for name, column in self.columns.items()
        ]
        used = set(self.columns.values())
        unused = [quote_column(c) for c in self.frame.columns if c not in used]
        left = [f"Columns not used: {list_first(unused, MAX_COLUMNS)}"]
        return [f"Columns: {', '.join(matched)}", *(left if unused else [])]


def on_command_line(reader: str, option: str) -> str:
    """Tells the user how to give an option of a reader on the command line.

    Args:
        reader: Name of the reader, a key of `CORPORA`.
        option: The option and its value, `speaker=subject`.
    """
    quote = "'" if '"' in option else '"'
    return (
        "On the command line: keras-ser corpus (or train) --set "
        f"{quote}{option}{quote}, or keras-ser run --set "
        f"{quote}corpus_options.{reader}.{option}{quote}"
    )


def list_first(words: Sequence[str], count: int) -> str:
    """Lists the first words, and says how many more there are."""
    more = f" and {len(words) - count} more" if len(words) > count else ""
    return f"{', '.join(words[:count])}{more}"


def name_rows(index: Sequence) -> str:
    """Names rows for a message, `row 2` or `rows 2, 3, 4 and 5 more`."""
    rows = list_first([str(number) for number in index], MAX_ROWS)
    return f"row{'s' * (len(index) > 1)} {rows}"


def quote_column(name: str) -> str:
    """Quotes the name of a column for a message."""
    return f"`{shorten(name)}`" if name.strip() else "(unnamed)"


def shorten(text: str, length: int = MAX_CELL_LENGTH) -> str:
    """Cuts a text to a number of characters."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _blank_nan(text: pd.Series) -> pd.Series:
    return text.where(~text.str.lower().isin(["nan", "nat"]), "")
