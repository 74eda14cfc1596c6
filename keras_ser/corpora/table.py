"""The one table that all corpora are read into.

One row an utterance, a pandas DataFrame with the columns of `COLUMNS`:

| column | holds |
|---|---|
| utterance | unique id, `emodb/03a01Fa` |
| file, start, end | path; seconds of the segment, NaN for the whole file |
| duration | seconds |
| digest | name of the audio's content |
| source | the utterance that this one is a copy of, else itself |
| corpus, speaker, session | `emodb`, `emodb/03`, empty where there are none |
| gender, language | `female`/`male`, ISO 639-3 |
| emotion | noun of audformat's vocabulary, empty = unlabelled |
| activation, valence | floats, NaN where not annotated |
"""

import dataclasses
import numbers
import warnings
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import tqdm

from keras_ser import audio

COLUMNS = (
    "utterance",
    "file",
    "start",
    "end",
    "duration",
    "digest",
    "source",
    "corpus",
    "speaker",
    "session",
    "gender",
    "language",
    "emotion",
    "activation",
    "valence",
)

NUMBERS = ("start", "end", "duration", "activation", "valence")


@dataclasses.dataclass(frozen=True)
class Corpus:
    """What the package knows of a corpus.

    Args:
        read: `read(root) -> DataFrame`, rows in a fixed order.
        title: the corpus's full name.
        language: ISO 639-3 code; empty for noise, and where a user's data tell it.
        licence: its terms.
        citation: the publication to cite.
        obtain: how to get it, and what the folder holds.
        counts: published utterances an emotion (`""` for unlabelled speech); empty
            where none are published.
        note: what a reader of its results should know.
        speakers: how many, and their genders.
    """

    read: Callable[..., pd.DataFrame]
    title: str
    language: str
    licence: str
    citation: str
    obtain: str
    counts: Mapping[str, int]
    note: str = ""
    speakers: str = ""


class UnreadableFiles(ValueError):
    """Files of a corpus that are no audio.

    Args:
        errors: what is wrong, by file.
        rows: the reader's rows of all other files.
        unreadable: its rows of these files.
    """

    def __init__(
        self, errors: Mapping[str, str], rows: list[dict], unreadable: list[dict] = ()
    ):
        self.errors, self.rows = dict(errors), rows
        self.unreadable = list(unreadable)
        more = f" Unreadable files: {len(errors)}." if len(errors) > 1 else ""
        super().__init__(f"{next(iter(errors.values()))}{more}")


def from_rows(rows: list[dict]) -> pd.DataFrame:
    """Completes the rows of a reader: absent columns, duration, digest.

    Raises:
        UnreadableFiles: files whose header cannot be read, all of them.
        ValueError: rows that break the contract, see `check`.
    """
    known = [bool(row) and "duration" in row for row in rows]
    return completed(pd.DataFrame(rows), np.array(known, bool))


def completed(frame: pd.DataFrame, known: np.ndarray | None = None) -> pd.DataFrame:
    """`from_rows` of a frame; `known` says whose duration is, if only NaN."""
    table = frame.reset_index(drop=True).reindex(columns=COLUMNS)
    text = ["session", "gender", "language", "emotion", "digest"]
    table[text] = table[text].astype(object).fillna("")
    table["source"] = table.source.astype(object).fillna(table.utterance)
    table[list(NUMBERS)] = table[list(NUMBERS)].astype("float64")
    known = table.duration.notna().to_numpy() if known is None else known
    table["duration"], errors = _durations(table, known)
    if errors:
        bad = table.file.isin(errors)
        good, unreadable = table[~bad], table[bad].drop(columns="duration")
        raise UnreadableFiles(
            errors, good.to_dict("records"), unreadable.to_dict("records")
        )
    return check(with_digests(table))


def _durations(table: pd.DataFrame, known) -> tuple[pd.Series, dict[str, str]]:
    """Seconds of each row, from the header where neither it nor the end is known."""
    last = table.end.where(~known, table.duration)
    wanted = table.file[table.end.isna() & ~known].unique()
    headers, errors = {}, {}
    for file in tqdm.tqdm(wanted, desc="headers", unit="file", delay=1):
        try:
            headers[file] = audio.duration(file)
        except (ValueError, FileNotFoundError) as error:
            errors[file] = str(error)
    read = ~known & table.end.isna()
    last = last.where(~read, table.file.map(headers))
    return last - table.start.fillna(0.0).where(~known, 0.0), errors


def with_digests(table: pd.DataFrame) -> pd.DataFrame:
    """Fills in the digests that a reader left empty."""
    absent = table.digest == ""
    if not absent.any():
        return table
    files = table.file[absent].unique()
    bar = tqdm.tqdm(files, desc="digests", unit="file", delay=1)
    found = {file: audio.digest(file) for file in bar}
    digests = table.digest.astype(object).where(~absent, table.file.map(found))
    return table.assign(digest=digests)


def check(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the table if it keeps the contract above, its numbers as float64.

    Raises:
        ValueError: a column is absent, the table is empty, a value is of another
            kind than its column's, an utterance stands twice or has no speaker.
    """
    absent = [name for name in COLUMNS if name not in table.columns]
    if absent:
        raise ValueError(f"A table needs the columns {COLUMNS}. Absent: {absent}.")
    if table.empty:
        raise ValueError("A table needs at least one utterance. Received: none.")
    table = _of_kinds(table)
    twice = table.utterance[table.utterance.duplicated()].unique()
    if len(twice):
        raise ValueError(
            "An utterance's id must be unique. "
            f"Received more than once: {', '.join(twice[:5])}."
        )
    nobody = table.utterance[table.speaker.isna() | (table.speaker == "")]
    if len(nobody):
        raise ValueError(
            "Every utterance needs a speaker, or no split can be shown to be "
            f"speaker-independent. Received none for: {', '.join(nobody[:5])}. Name "
            "the column, or a pattern of file names, that tells the speaker."
        )
    return table


def _of_kinds(table: pd.DataFrame) -> pd.DataFrame:
    """The table, whose texts are text, and whose numbers are, as float64."""
    for column in COLUMNS:
        kind, holds = "text", _is_text
        if column in NUMBERS:
            kind, holds = "finite numbers or NaN", _is_number
        # Rows without a speaker have a message of their own.
        values = table[column].dropna() if column == "speaker" else table[column]
        if column in NUMBERS and values.dtype == "float64":
            values = values[values.abs() > 1e300]
        wrong = [each for each in values.tolist() if not holds(each)]
        if wrong:
            raise ValueError(
                f"Column `{column}` must hold {kind}. Received: {wrong[0]!r}, in "
                f"{len(wrong)} of {len(table)} rows."
            )
    if (table.dtypes[list(NUMBERS)] == "float64").all():
        return table
    return table.astype(dict.fromkeys(NUMBERS, "float64"))


def _is_text(value) -> bool:
    return isinstance(value, str)


def _is_number(value) -> bool:
    if value is None or isinstance(value, bool | np.bool_):
        return value is None
    return isinstance(value, numbers.Real) and not abs(value) > 1e300


def copies(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Groups of rows that are the same stretch of the same audio."""
    same = ["digest", "start", "end"]
    rows = table[table.duplicated(same, keep=False)]
    return [group for _, group in rows.groupby(same, sort=False, dropna=False)]


def warn_of_copies(table: pd.DataFrame) -> None:
    """Warns of audio that stands there twice; under two speakers is the worse case."""
    groups = copies(table)
    for several, consequence in (
        (False, "They count twice"),
        (True, "A fold that parts these speakers is refused; correct one of them"),
    ):
        found = [g for g in groups if (g.speaker.nunique() > 1) is several]
        if found:
            named = "; ".join(" = ".join(group.utterance) for group in found[:5])
            more = f" and {len(found) - 5} more" if len(found) > 5 else ""
            whose = "two speakers have" if several else "there is"
            warnings.warn(
                f"Corpus `{table.corpus.iloc[0]}`: {whose} the same audio under "
                f"several names: {named}{more}. {consequence}.",
                stacklevel=3,
            )


def classes(table: pd.DataFrame) -> tuple[str, ...]:
    """The emotions of a table, sorted; unlabelled rows do not count."""
    return tuple(sorted(set(table.emotion.unique()) - {""}))


def say_unlabelled(table: pd.DataFrame, corpus: str, why: str) -> None:
    """Warns of the utterances that a corpus leaves without label."""
    count = (table.emotion == "").sum()
    if count:
        warnings.warn(
            f"Corpus `{corpus}` has {count} of {len(table)} utterances without "
            f"emotion: {why}.",
            stacklevel=3,
        )


def compare_counts(table: pd.DataFrame, corpus: str, counts: Mapping[str, int]):
    """Warns where a corpus's counts differ from the published ones."""
    found = table.emotion.value_counts().to_dict()
    wrong = [
        f"{name or 'unlabelled'} {found.get(name, 0)} (published {expected})"
        for name, expected in counts.items()
        if found.get(name, 0) != expected
    ]
    if wrong:
        warnings.warn(
            f"Corpus `{corpus}` deviates from its published counts: "
            f"{', '.join(wrong)}. Check that the copy is complete.",
            stacklevel=2,
        )
