"""The table that every corpus is read into.

The table is a pandas DataFrame with one row per utterance and the columns `COLUMNS`:

| column | content |
|---|---|
| utterance | unique id, such as `emodb/03a01Fa` |
| file | path of the audio file |
| start, end | start and end of the segment in seconds, NaN for the whole file |
| duration | seconds |
| digest | hash of the file's bytes; equal digests mean equal audio |
| source | the utterance that this one is a copy of, or its own id |
| corpus, speaker | such as `emodb` and `emodb/03`; one person is one speaker |
| session | session of the recording, empty if the corpus has none |
| gender, language | `female` or `male`, and an ISO 639-3 code; empty if unknown |
| emotion | noun of audformat's vocabulary, empty for unlabelled speech |
| activation, valence, dominance | floats, NaN if not annotated |
"""

import dataclasses
import numbers
import warnings
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import tqdm

from keras_ser import audio
from keras_ser.corpora import names, people, times

# Dimensions of emotion that listeners rate with numbers.
RATINGS = ("activation", "valence", "dominance")
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
    *RATINGS,
)

TIMES = ("start", "end", "duration")
NAMES = ("utterance", "source", "corpus", "speaker", "session", "emotion")
NUMBERS = ("start", "end", "duration", *RATINGS)
# What listeners say about an utterance, and the value that stands for no label.
LABELS = {"emotion": "", **dict.fromkeys(RATINGS, np.nan)}


@dataclasses.dataclass(frozen=True)
class Corpus:
    """What the package knows about a corpus.

    Args:
        read: The reader, `read(root, **options) -> DataFrame`. It returns the rows in
            a fixed order.
        title: Full name of the corpus.
        language: ISO 639-3 code. It is empty for noise, and for a user's own data,
            whose language comes from the data.
        licence: Terms of use.
        citation: Publication to cite.
        obtain: How to get the corpus, and what its folder holds.
        counts: Published number of utterances per emotion, `""` for unlabelled
            speech. It is empty if no numbers are published.
        note: What readers of results on this corpus should know.
        speakers: Number of speakers and their genders.
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
    """Raised if files of a corpus cannot be read as audio.

    Args:
        errors: Mapping from file to the reason why it cannot be read.
        rows: The reader's rows for all other files.
        unreadable: The reader's rows for these files.
    """

    def __init__(
        self, errors: Mapping[str, str], rows: list[dict], unreadable: list[dict] = ()
    ):
        self.errors, self.rows = dict(errors), rows
        self.unreadable = list(unreadable)
        more = f" Unreadable files: {len(errors)}." if len(errors) > 1 else ""
        super().__init__(f"{next(iter(errors.values()))}{more}")


def from_rows(rows: list[dict]) -> pd.DataFrame:
    """Builds a table from a reader's rows: adds columns, durations and digests.

    Args:
        rows: One dictionary per utterance, with at least `utterance`, `file`, `corpus`
            and `speaker`. The other columns are optional. Times are seconds, timedeltas
            or texts; see `keras_ser.corpora.times.parse`. The header of each file is
            read once, unless its rows have a duration.

    Raises:
        UnreadableFiles: If the headers of some files cannot be read. The error lists
            all of these files.
        ValueError: If the rows break the contract of `check`, if a time cannot be
            interpreted, or if a segment lies beyond the end of its file.
    """
    names.check_names(rows)
    known = [bool(row) and "duration" in row for row in rows]
    return from_frame(pd.DataFrame(rows), np.array(known, bool))


def from_frame(frame: pd.DataFrame, known: np.ndarray | None = None) -> pd.DataFrame:
    """Builds a table from a frame, as `from_rows` does from dictionaries.

    Args:
        frame: One row per utterance; see `from_rows` for the columns.
        known: Which rows come with a duration, `(rows,)` booleans. By default, those
            whose duration is not NaN.
    """
    table = frame.reset_index(drop=True).reindex(columns=COLUMNS)
    text = ["session", "gender", "language", "emotion", "digest"]
    table[text] = table[text].astype(object).fillna("")
    table["source"] = table.source.astype(object).fillna(table.utterance)
    for name in RATINGS:
        _check_type(table, name)
    table[list(RATINGS)] = table[list(RATINGS)].astype("float64")
    for name in TIMES:
        table[name] = times.to_seconds(table[name])
    known = table.duration.notna().to_numpy() if known is None else known
    headers, errors = _read_headers(table.file[~known])
    times.check_within(table[~known], headers)
    table["duration"] = table.duration.where(known, _durations(table, headers))
    if errors:
        bad = table.file.isin(errors)
        good, unreadable = table[~bad], table[bad].drop(columns="duration")
        raise UnreadableFiles(
            errors, good.to_dict("records"), unreadable.to_dict("records")
        )
    return check(with_digests(table))


def _read_headers(names: pd.Series) -> tuple[dict[str, float], dict[str, str]]:
    """Seconds of audio by file, and the errors by file."""
    headers, errors = {}, {}
    for file in tqdm.tqdm(names.unique(), desc="headers", unit="file", delay=1):
        try:
            headers[file] = audio.duration(file)
        except (ValueError, FileNotFoundError) as error:
            errors[file] = str(error)
    return headers, errors


def _durations(table: pd.DataFrame, headers: Mapping[str, float]) -> pd.Series:
    """Seconds of each row. An end beyond the file counts as the end of the file."""
    lasts = table.file.map(headers).astype("float64")
    return table.end.fillna(np.inf).clip(upper=lasts) - table.start.fillna(0.0)


def with_digests(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the table with the digests that a reader left empty filled in."""
    absent = table.digest == ""
    if not absent.any():
        return table
    files = table.file[absent].unique()
    bar = tqdm.tqdm(files, desc="digests", unit="file", delay=1)
    found = {file: audio.digest(file) for file in bar}
    digests = table.digest.astype(object).where(~absent, table.file.map(found))
    return table.assign(digest=digests)


def check(table: pd.DataFrame) -> pd.DataFrame:
    """Checks a table against the contract above.

    Returns:
        The table, with its numeric columns as float64 and its names in Unicode's
        composed form.

    Raises:
        ValueError: If a column is missing, the table is empty, a value has the wrong
            type for its column, a segment ends before it starts, an utterance occurs
            twice or has no speaker, or two speakers differ only in their spelling.
    """
    absent = [name for name in COLUMNS if name not in table.columns]
    if absent:
        raise ValueError(f"A table needs the columns {COLUMNS}. Missing: {absent}.")
    if table.empty:
        raise ValueError("A table needs at least one utterance. Received: none.")
    table = _compose_names(_convert_numbers(table))
    times.check_order(table)
    twice = table.utterance[table.utterance.duplicated()].unique()
    if len(twice):
        raise ValueError(
            "The id of an utterance must be unique. "
            f"Received more than once: {', '.join(twice[:5])}."
        )
    named = [isinstance(who, str) and bool(who.strip()) for who in table.speaker]
    nobody = table.utterance[~np.array(named)]
    if len(nobody):
        raise ValueError(
            "Every utterance needs a speaker. Without one, no split can be shown to be "
            f"speaker-independent. Received none for: {', '.join(nobody[:5])}. Name "
            "the column that holds the speaker, or a pattern that finds the speaker in "
            "file names."
        )
    people.check_spellings(table)
    return table


def _compose_names(table: pd.DataFrame) -> pd.DataFrame:
    """Brings the names to Unicode's composed form. Paths stay as they are on disk."""
    for column in NAMES:
        values = table[column].unique()
        found = {v: people.composed(v) for v in values if isinstance(v, str)}
        if any(value != name for value, name in found.items()):
            table = table.assign(**{column: table[column].map(found)})
    return table


def _convert_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Checks the type of every value, and converts the numbers to float64."""
    for column in COLUMNS:
        _check_type(table, column)
    if (table.dtypes[list(NUMBERS)] == "float64").all():
        return table
    return table.astype(dict.fromkeys(NUMBERS, "float64"))


def _check_type(table: pd.DataFrame, column: str) -> None:
    """Raises ValueError if a value of a column is not of its type."""
    kind, holds = "text", _is_text
    if column in NUMBERS:
        kind, holds = "finite numbers or NaN", _is_number
    # Rows without a speaker have their own message in `check`.
    values = table[column].dropna() if column == "speaker" else table[column]
    if column in NUMBERS and values.dtype == "float64":
        values = values[values.abs() > 1e300]
    wrong = [each for each in values.tolist() if not holds(each)]
    if wrong:
        raise ValueError(
            f"Column `{column}` must hold {kind}. Received: {wrong[0]!r}, in "
            f"{len(wrong)} of {len(table)} rows."
        )


def _is_text(value) -> bool:
    return isinstance(value, str)


def _is_number(value) -> bool:
    if value is None or isinstance(value, bool | np.bool_):
        return value is None
    return isinstance(value, numbers.Real) and not abs(value) > 1e300


def classes(table: pd.DataFrame) -> tuple[str, ...]:
    """Returns the sorted emotions of a table, without unlabelled rows."""
    return tuple(sorted(set(table.emotion.unique()) - {""}))


def without_labels(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the table without what listeners say: emotions and ratings."""
    return table.assign(**LABELS)


def warn_about_unlabelled(table: pd.DataFrame, corpus: str, reason: str) -> None:
    """Warns about the number of utterances without an emotion.

    Args:
        table: A table.
        corpus: Name of the corpus, for the message.
        reason: Why the emotions are missing, a clause that follows "because".
    """
    count = (table.emotion == "").sum()
    if count:
        warnings.warn(
            f"Corpus `{corpus}`: {count} of {len(table)} utterances have no emotion "
            f"because {reason}.",
            stacklevel=3,
        )


def compare_counts(table: pd.DataFrame, corpus: str, counts: Mapping[str, int]) -> None:
    """Compares the utterances per emotion with the published counts.

    A warning lists every emotion whose count differs.
    """
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
