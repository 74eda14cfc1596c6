"""Utterances whose audio cannot be used: refused together, or left out and listed."""

import csv
import io
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from keras_ser import audio
from keras_ser.utils import files

NAME = "skipped.csv"  # in the folders of runs that go on without them
SHOWN = 3  # in a message


class Unusable(NamedTuple):
    """One utterance, its file, and what is wrong with it."""

    utterance: str
    file: str
    reason: str


class UnusableAudio(ValueError):
    """Utterances that cannot be used, all that were found.

    Args:
        found: the utterances.
        advice: what to do about them; for one alone, its reason says that.
    """

    def __init__(self, found: Iterable[Unusable], advice: str = ""):
        self.found, self.advice = list(found), advice
        super().__init__(self.found, advice)

    def __str__(self):
        if len(self.found) == 1:
            return f"{_told(self.found[0])} {self.advice}".strip()
        shown = " ".join(
            f"({n}) {_told(bad)}" for n, bad in enumerate(self.found[:SHOWN], 1)
        )
        more = len(self.found) - SHOWN
        return (
            "Expected audio of every utterance. Received: "
            f"{len(self.found)} utterances without. {shown} "
            f"{f'And {more} more. ' if more > 0 else ''}{self.advice}"
        ).strip()


def _told(bad: Unusable) -> str:
    return bad.reason if bad.file in bad.reason else f"{bad.file}: {bad.reason}"


def write(path, found: Iterable[Unusable]) -> Path:
    """A CSV file of `utterance, file, reason`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Unusable._fields)
    writer.writerows(found)
    return files.write_text(path, text.getvalue())


def unread(table: pd.DataFrame | None) -> list[Unusable]:
    """The rows without a duration, where the file cannot be used."""
    if table is None:
        return []
    return _tried(table[table.duration.isna()])


def parted(tables: Iterable[pd.DataFrame | None]) -> list[pd.DataFrame | None]:
    """Tables in which unusable files are no copies of each other.

    Silence of one length is the same bytes wherever it stands; two speakers with
    it would share a recording. Such rows get duration NaN and a digest of their own.
    """
    tables = list(tables)
    counts = pd.concat([t.digest for t in tables if t is not None]).value_counts()
    several = set(counts.index[counts > 1])
    return [each if each is None else _parted(each, several) for each in tables]


def _parted(table: pd.DataFrame, several: set) -> pd.DataFrame:
    bad = _tried(table[table.digest.isin(several)])
    rows = table.utterance.isin([each.utterance for each in bad])
    return table.assign(
        duration=table.duration.mask(rows),
        digest=table.digest.mask(rows, "unread " + table.utterance),
    )


def _tried(rows: pd.DataFrame) -> list[Unusable]:
    found = []
    for row in rows.itertuples():
        try:
            audio.read(row.file, row.start, row.end)
        except (ValueError, FileNotFoundError) as error:
            found.append(Unusable(row.utterance, row.file, str(error)))
    return found


def refuse(found: list[Unusable], folder) -> None:
    """Raises `UnusableAudio` where there is any; many are listed in a file, too."""
    if not found:
        return
    advice = "To go on without: --skip-bad."
    if len(found) > SHOWN:
        listed = write(Path(folder) / "unusable.csv", found)
        advice = f"All are listed in {listed}. {advice}"
    raise UnusableAudio(found, advice)


def leave_out(table: pd.DataFrame, found: Iterable[Unusable]) -> pd.DataFrame:
    """The table without the unusable utterances, with a warning that counts them."""
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
        f"Skipped {bad.sum()} of {len(table)} utterances, listed in {NAME} in each "
        f"run's folder. The first: {_told(found[0])}"
        + (f" Nothing is left of {', '.join(gone)}." if gone else ""),
        stacklevel=2,
    )
    return left
