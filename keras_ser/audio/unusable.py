"""Utterances whose audio cannot be used are reported together, or skipped."""

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from keras_ser import audio
from keras_ser.utils import csv_files, files

SKIPPED_FILE = "skipped.csv"  # in the folder of a run that continues without them
MAX_REPORTED = 3  # utterances that one message names


class Unusable(NamedTuple):
    """One utterance, its file, and what is wrong with it."""

    utterance: str
    file: str
    reason: str


class UnusableAudio(ValueError):
    """All utterances that were found to be unusable.

    Args:
        found: The utterances.
        advice: What to do about them. It follows the reasons, which say what to do
            about a single file.
    """

    def __init__(self, found: Iterable[Unusable], advice: str = ""):
        self.found, self.advice = list(found), advice
        super().__init__(self.found, advice)

    def __str__(self):
        if len(self.found) == 1:
            return f"{_describe(self.found[0])} {self.advice}".strip()
        reported = " ".join(
            f"({n}) {_describe(bad)}"
            for n, bad in enumerate(self.found[:MAX_REPORTED], 1)
        )
        more = len(self.found) - MAX_REPORTED
        return (
            "Expected audio that can be used for every utterance. Received: "
            f"{len(self.found)} utterances without it. {reported} "
            f"{f'And {more} more. ' if more > 0 else ''}{self.advice}"
        ).strip()


def _describe(bad: Unusable) -> str:
    return bad.reason if bad.file in bad.reason else f"{bad.file}: {bad.reason}"


def write(path: str | Path, found: Iterable[Unusable]) -> Path:
    """Writes a CSV file with the columns `utterance, file, reason`."""
    table = pd.DataFrame(list(found), columns=Unusable._fields, dtype=object)
    return files.write_text(path, csv_files.to_text(table))


def list_unreadable(table: pd.DataFrame | None) -> list[Unusable]:
    """Returns the rows without a duration whose file cannot be used."""
    if table is None:
        return []
    return _find_unusable(table[table.duration.isna()])


def mark_unreadable(tables: Iterable[pd.DataFrame | None]) -> list[pd.DataFrame | None]:
    """Returns the tables with unusable files that do not count as copies.

    Two silent files of one length have the same bytes. Two speakers with such files
    would seem to share a recording. These rows get the duration NaN and a digest of
    their own.
    """
    tables = list(tables)
    counts = pd.concat([t.digest for t in tables if t is not None]).value_counts()
    repeated = set(counts.index[counts > 1])
    return [each if each is None else _separate(each, repeated) for each in tables]


def _separate(table: pd.DataFrame, repeated: set) -> pd.DataFrame:
    bad = _find_unusable(table[table.digest.isin(repeated)])
    rows = table.utterance.isin([each.utterance for each in bad])
    return table.assign(
        duration=table.duration.mask(rows),
        digest=table.digest.mask(rows, "unread " + table.utterance),
    )


def _find_unusable(rows: pd.DataFrame) -> list[Unusable]:
    """Reads each row's audio and returns the rows for which that fails."""
    found = []
    for row in rows.itertuples():
        try:
            audio.read(row.file, row.start, row.end)
        except (ValueError, FileNotFoundError) as error:
            found.append(Unusable(row.utterance, row.file, str(error)))
    return found


def check_none(found: list[Unusable], folder: str | Path) -> None:
    """Raises `UnusableAudio` if any utterance was found to be unusable.

    Args:
        found: The utterances that cannot be used.
        folder: Where `unusable.csv` lists them all if there are more than three.
    """
    if not found:
        return
    advice = "To continue without such audio: --skip-bad (in Python: skip_bad=True)."
    if len(found) > MAX_REPORTED:
        path = write(Path(folder) / "unusable.csv", found)
        advice = f"All are listed in {path}. {advice}"
    raise UnusableAudio(found, advice)


def leave_out(table: pd.DataFrame, found: Iterable[Unusable]) -> pd.DataFrame:
    """Returns the table without the unusable utterances and warns of their number.

    The warning also names the speakers and emotions that have no utterances left.
    """
    found = list(found)
    bad = table.utterance.isin([each.utterance for each in found])
    if not bad.any():
        return table
    left = table[~bad].reset_index(drop=True)
    gone = [
        f"{column} {value}"
        for column in ("speaker", "emotion")
        for value in sorted(set(table[column]) - set(left[column]))
    ]
    warnings.warn(
        f"Skipped {bad.sum()} of {len(table)} utterances, listed in {SKIPPED_FILE} in "
        f"each run's folder. The first: {_describe(found[0])}"
        + (f" Nothing is left of {', '.join(gone)}." if gone else ""),
        stacklevel=2,
    )
    return left
