"""Times of segments: the notations that are read, and whether they fit the audio."""

import numbers
import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

TOLERANCE = 0.051  # seconds that an end may lie beyond the file: rounding to tenths
MAX_ID_LENGTH = 100  # characters of an utterance in a message
NOTATIONS = "seconds (1.5 or 1,5) or times (00:01.5, 00:00:01,500, 0 days 00:00:01.5)"

_UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "ms": 1e-3}
_NUMBER = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"\s*(?P<unit>s|sec|ms)?"
)
_CLOCK = re.compile(
    r"(?:(?P<days>[0-9]+) days?,? +)?"
    r"(?:(?P<hours>[0-9]{1,4}):(?=[0-9]{2}:))?"
    r"(?P<minutes>[0-9]{1,3}):(?P<seconds>[0-5][0-9](?:[.,][0-9]+)?)"
)
_DAYS = re.compile(r"(?P<days>[0-9]+) days?")
# Seconds with three decimals, or a number above a thousand.
_AMBIGUOUS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}(?![0-9])\D*")
_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]*\D*")


def parse(text: str, decimal_comma: bool = False) -> float | None:
    """Returns the seconds that a text means, or None if it is not a time.

    | notation | examples |
    |---|---|
    | seconds, also with a unit | `1.5`, `1,5`, `1e-3`, `1.5 s`, `1500 ms` |
    | minutes and seconds | `01:30`, `1:30.5` |
    | hours, minutes and seconds | `00:00:01.5`, `00:00:01,500` |
    | what pandas and Python write | `0 days 00:00:01.500000`, `1 day, 0:00:01` |

    Thousands separators are not read. `1,234` may be 1.234 seconds or 1234, which would
    be a different segment, so it is read only if `decimal_comma` says which.

    Args:
        text: The text, without blanks around it.
        decimal_comma: Whether a comma is known to separate decimals.
    """
    if _AMBIGUOUS.fullmatch(text) and not decimal_comma:
        return None
    number = _NUMBER.fullmatch(text)
    if number:
        value = float(number["number"].replace(",", "."))
        return value * _UNITS[number["unit"] or ""] if np.isfinite(value) else None
    clock = _CLOCK.fullmatch(text) or _DAYS.fullmatch(text)
    return _clock_seconds(clock.groupdict()) if clock else None


def _clock_seconds(parts: Mapping[str, str | None]) -> float | None:
    minutes = int(parts.get("minutes") or 0)
    if minutes > 59 and (parts["days"] or parts["hours"]):
        return None
    seconds = float((parts.get("seconds") or "0").replace(",", "."))
    hours = 24 * int(parts["days"] or 0) + int(parts.get("hours") or 0)
    return 3600.0 * hours + 60 * minutes + seconds


def parse_all(texts: Iterable[str]) -> dict[str, float | None]:
    """Parses the times of a column; see `parse`.

    A comma separates the decimals of all of them if it does so in one of them beyond
    doubt: `0,5` next to `1,234` means 1.234 seconds.

    Returns:
        The seconds by text, None for a text that is not a time.
    """
    texts = set(texts)
    commas = {text for text in texts if _COMMA.fullmatch(text)}
    sure = any(parse(text) is not None for text in commas)
    return {text: parse(text, sure) for text in texts}


def why_not(text: str) -> str:
    """Returns the reason why a text is not read as a time, for a message."""
    if _AMBIGUOUS.fullmatch(text):
        return " (the comma may separate decimals or thousands)"
    return ""


def to_seconds(values: pd.Series) -> pd.Series:
    """Returns a column of times in seconds, as float64.

    Args:
        values: Numbers, which are seconds, timedeltas, or texts; see `parse`.

    Raises:
        ValueError: If a value is none of these.
    """
    if values.dtype.kind == "m":
        return values.dt.total_seconds()
    if values.dtype.kind in "fiu":
        return values.astype("float64")
    known = parse_all(each.strip() for each in values if isinstance(each, str))
    return pd.Series(
        [_to_number(each, known, str(values.name)) for each in values],
        index=values.index,
        dtype="float64",
    )


def _to_number(value, known: Mapping[str, float | None], name: str) -> float:
    if value is None or value is pd.NaT or value is pd.NA:
        return np.nan
    if isinstance(value, pd.Timedelta):
        return value.total_seconds()
    found = known[value.strip()] if isinstance(value, str) else value
    if found is None or isinstance(found, bool) or not isinstance(found, numbers.Real):
        received = repr(value)[:MAX_ID_LENGTH]
        raise ValueError(
            f"Column `{name}` must hold {NOTATIONS}. Received: {received}"
            f"{why_not(str(value).strip())}. Correct the time."
        )
    return float(found)


def check_order(table: pd.DataFrame) -> None:
    """Checks that segments start at or after 0, end after their start, and last.

    Raises:
        ValueError: If a segment does not, or if its duration is negative.
    """
    wrong = (table.start < 0) | (table.end <= table.start.fillna(0.0))
    if wrong.any():
        raise _error("0 <= start < end", table[wrong], "", "Correct the segment.")
    wrong = table.duration < 0
    if wrong.any():
        lasts = f" with a duration of {table.duration[wrong].iloc[0]:g} s"
        raise _error("0 <= duration", table[wrong], lasts, "Correct the duration.")


def check_within(table: pd.DataFrame, durations: Mapping[str, float]) -> None:
    """Checks that segments lie within their files.

    An end may lie up to `TOLERANCE` seconds beyond the file, because lists round times.

    Args:
        table: Segments with the columns `utterance`, `file`, `start` and `end`.
        durations: Seconds of audio by file. Other files are not checked.

    Raises:
        ValueError: If a segment starts at or after the end of its file, or ends beyond
            it.
    """
    lasts = table.file.map(durations).astype("float64")
    wrong = (table.end > lasts + TOLERANCE) | (table.start >= lasts)
    if wrong.any():
        first = f", in a file of {lasts[wrong].iloc[0]:g} s"
        raise _error(
            "segments that lie within their files",
            table[wrong],
            first,
            "Times are in seconds. If they are milliseconds, divide them by 1000; "
            "if they belong to another cut of the recording, use its file.",
        )


def _error(expected: str, wrong: pd.DataFrame, more: str, advice: str) -> ValueError:
    row = wrong.iloc[0]
    others = f", and {len(wrong) - 1} more such segments" if len(wrong) > 1 else ""
    return ValueError(
        f"A table must hold {expected}. Received: {row.utterance[:MAX_ID_LENGTH]} with "
        f"start {row.start:g} and end {row.end:g}{more}{others}. {advice}"
    )
