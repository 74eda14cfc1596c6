"""The one table that all corpora are read into, and the names of emotions.

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

# A label set maps a corpus's emotions to the classes of an experiment; what is
# not named is left out, and the reader is told how many utterances that were.
LABEL_SETS: dict[str, Mapping[str, str]] = {
    "four": {
        "anger": "anger",
        "happiness": "happiness",
        "excitement": "happiness",
        "neutral": "neutral",
        "sadness": "sadness",
    },
    "three": {
        "anger": "negative",
        "boredom": "negative",
        "disgust": "negative",
        "fear": "negative",
        "sadness": "negative",
        "calm": "neutral",
        "neutral": "neutral",
        "excitement": "positive",
        "happiness": "positive",
        "surprise": "positive",
    },
}


@dataclasses.dataclass(frozen=True)
class Corpus:
    """What the package knows of a corpus.

    Args:
        read: `read(root) -> DataFrame`, rows in a fixed order.
        title: the corpus's full name.
        language: ISO 639-3 code.
        licence: its terms.
        citation: the publication to cite.
        obtain: how to get it.
        counts: published utterances an emotion (`""` for unlabelled speech).
        note: what a reader of its results should know.
    """

    read: Callable[..., pd.DataFrame]
    title: str
    language: str
    licence: str
    citation: str
    obtain: str
    counts: Mapping[str, int]
    note: str = ""


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
    errors = {}
    for row in tqdm.tqdm(rows, desc="headers", unit="file", delay=1):
        row.setdefault("source", row["utterance"])
        row.setdefault("digest", "")
        try:
            if "duration" not in row:
                row["duration"] = _duration(row)
        except (ValueError, FileNotFoundError) as error:
            errors[row["file"]] = str(error)
    if errors:
        good = [row for row in rows if row["file"] not in errors]
        unreadable = [row for row in rows if row["file"] in errors]
        raise UnreadableFiles(errors, good, unreadable)
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    text = ["session", "gender", "language", "emotion"]
    table[text] = table[text].astype(object).fillna("")
    table[list(NUMBERS)] = table[list(NUMBERS)].astype("float64")
    return check(with_digests(table))


def with_digests(table: pd.DataFrame) -> pd.DataFrame:
    """Fills in the digests that a reader left empty."""
    absent = table.digest == ""
    if not absent.any():
        return table
    digests = table.digest.astype(object)
    bar = tqdm.tqdm(table.file[absent], desc="digests", unit="file", delay=1)
    digests[absent] = [audio.digest(file) for file in bar]
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
            f"speaker-independent. Received none for: {', '.join(nobody[:5])}."
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
        wrong = [each for each in values if not holds(each)]
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


def relabel(table: pd.DataFrame, labels: str | Mapping[str, str]) -> pd.DataFrame:
    """The rows of a label set, under its class names.

    Args:
        table: a table.
        labels: `"all"`, a name in `LABEL_SETS`, or a mapping from emotion to
            class. Emotions that it does not name are left out; unlabelled rows
            stay. A warning says what became of each emotion.
    """
    if labels == "all":
        return table
    mapping = labels if isinstance(labels, Mapping) else _label_set(labels)
    keep = table.emotion.isin(set(mapping) | {""})
    if not keep.any():
        raise ValueError(
            f"Label set {dict(mapping)} names no emotion of this corpus. "
            f"Received emotions: {list(classes(table))}."
        )
    _say_mapping(table, keep, labels, mapping)
    view = table[keep].reset_index(drop=True)
    view["emotion"] = view.emotion.map({"": "", **mapping})
    return view


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


def _duration(row: dict) -> float:
    if "duration" in row:
        return row["duration"]
    start, end = (row.get(name) for name in ("start", "end"))
    last = audio.duration(row["file"]) if _missing(end) else end
    return last - (0.0 if _missing(start) else start)


def _missing(seconds) -> bool:
    return seconds is None or seconds != seconds


def _label_set(name: str) -> Mapping[str, str]:
    if not isinstance(name, str) or name not in LABEL_SETS:
        raise ValueError(
            f"`labels` must be 'all', one of {sorted(LABEL_SETS)} or a mapping. "
            f"Received: {name!r}."
        )
    return LABEL_SETS[name]


def _say_mapping(table, keep, labels, mapping) -> None:
    """Warns of what a label set merges, renames and leaves out."""
    sources = {}
    for emotion in classes(table[keep]):
        sources.setdefault(mapping[emotion], []).append(emotion)
    if keep.all() and all(found == [name] for name, found in sources.items()):
        return
    named = ", ".join(_arrow(*item) for item in sorted(sources.items()))
    text = f"Label set {_name(labels)}: {named or 'no labelled speech'}"
    if not keep.all():
        left = table.emotion[~keep].value_counts().sort_index()
        counted = ", ".join(f"{name} {count}" for name, count in left.items())
        text += f"; leaves out {(~keep).sum()} of {len(table)} utterances: {counted}"
    warnings.warn(f"{text}.", stacklevel=3)


def _arrow(name: str, emotions: list[str]) -> str:
    return name if emotions == [name] else f"{name} ← {' + '.join(emotions)}"


def _name(labels) -> str:
    return repr(labels) if isinstance(labels, str) else "of your own"
