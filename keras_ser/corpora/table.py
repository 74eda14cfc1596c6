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
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

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


def from_rows(rows: list[dict]) -> pd.DataFrame:
    """Completes the rows of a reader: absent columns, duration, digest."""
    for row in tqdm.tqdm(rows, desc="headers", unit="file", delay=1):
        row.setdefault("source", row["utterance"])
        if "duration" not in row:
            row["duration"] = audio.duration(row["file"])
        row.setdefault("digest", "")
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    text = ["session", "gender", "language", "emotion"]
    table[text] = table[text].astype(object).fillna("")
    numbers = ["start", "end", "duration", "activation", "valence"]
    table[numbers] = table[numbers].astype("float64")
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
    """Returns the table if it keeps the contract above.

    Raises:
        ValueError: a column is absent, the table is empty, an utterance stands
            twice or has no speaker.
    """
    absent = [name for name in COLUMNS if name not in table.columns]
    if absent:
        raise ValueError(f"A table needs the columns {COLUMNS}. Absent: {absent}.")
    if table.empty:
        raise ValueError("A table needs at least one utterance. Received: none.")
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


def classes(table: pd.DataFrame) -> tuple[str, ...]:
    """The emotions of a table, sorted; unlabelled rows do not count."""
    return tuple(sorted(set(table.emotion) - {""}))


def relabel(table: pd.DataFrame, labels: str | Mapping[str, str]) -> pd.DataFrame:
    """The rows of a label set, under its class names.

    Args:
        table: a table.
        labels: `"all"`, a name in `LABEL_SETS`, or a mapping from emotion to
            class. Emotions that it does not name are left out, with a warning
            that counts them; unlabelled rows stay.
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
    _say_left_out(table, keep, labels)
    view = table[keep].reset_index(drop=True)
    view["emotion"] = view.emotion.map({"": "", **mapping})
    return view


def require_folder(root, corpus: str, holds: str) -> Path:
    """`root` as a Path, or a FileNotFoundError that says what it should hold."""
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(
            f"Corpus `{corpus}` expects a folder with {holds}. "
            f"Received: {root}, which is no folder."
        )
    return root


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


def _label_set(name: str) -> Mapping[str, str]:
    if not isinstance(name, str) or name not in LABEL_SETS:
        raise ValueError(
            f"`labels` must be 'all', one of {sorted(LABEL_SETS)} or a mapping. "
            f"Received: {name!r}."
        )
    return LABEL_SETS[name]


def _say_left_out(table, keep, labels) -> None:
    if keep.all():
        return
    left = table.emotion[~keep].value_counts().sort_index()
    counted = ", ".join(f"{name} {count}" for name, count in left.items())
    warnings.warn(
        f"Label set {labels!r} leaves out {(~keep).sum()} of {len(table)} "
        f"utterances: {counted}.",
        stacklevel=3,
    )
