"""A CSV file of one's own: audformat's tables, nkululeko's lists, any other.

audformat keeps speakers and genders in tables beside the one of emotions,
`db.files.csv` by file and `db.speaker.csv` by speaker: what a table `db.<name>.csv`
lacks is taken from those.
"""

from pathlib import Path

import pandas as pd

from keras_ser.corpora import table as tables
from keras_ser.corpora.own import lists, vocabulary
from keras_ser.corpora.own.table_of import Options, table_of

JOINED = ("speaker", "session", "gender", "language")


def read(
    root,
    speaker: str = "",
    columns=None,
    emotions=None,
    language: str = "",
    labelled: bool = True,
    audio: str = "",
    corpus: str = "",
) -> pd.DataFrame:
    """Reads a CSV file, one row an utterance.

    Columns and labels are recognised (`keras_ser.corpora.names`), and a warning tells
    how. Times are seconds, or `0 days 00:00:01.5` as pandas writes them.

    Args:
        root: the file; or an audformat database's folder with a single table of
            emotions.
        speaker, columns, emotions, language, labelled, audio, corpus: see
            `keras_ser.corpora.own.Options`.

    Raises:
        FileNotFoundError: no such file, or the first audio file is not there.
        UnreadableFiles: other audio files are not there, or no audio.
        ValueError: no speakers, or a column, label or cell that is not understood.

    Example:

    >>> table = read("calls.csv", speaker="subject", emotions={"wroth": "anger"})
    """
    path = _path(Path(root))
    frame = lists.read_csv(path, "csv")
    frame, told = _with_siblings(frame, path, set(columns or ()))
    options = Options(
        speaker, columns or {}, emotions or {}, language, labelled, audio, corpus
    )
    return table_of(frame, "csv", path, options, told)


def _path(root: Path) -> Path:
    if root.is_file():
        return root
    found = sorted(root.glob("db.*.csv")) if root.is_dir() else []
    labelled = [path for path in found if "emotion" in _roles(path)]
    if len(labelled) == 1:
        return labelled[0]
    named = ", ".join(path.name for path in labelled or found) or "none"
    raise FileNotFoundError(
        "Corpus `csv` expects a CSV file, or a folder with one table db.<name>.csv of "
        f"emotions. Received: {root} with {named}. Give the file."
    )


def _roles(path: Path) -> list[str]:
    """The table's columns that a file's first line names."""
    with path.open(encoding="utf-8", errors="replace") as stream:
        return [vocabulary.column(word) for word in stream.readline().split(",")]


def _with_siblings(
    frame: pd.DataFrame, path: Path, given: set[str]
) -> tuple[pd.DataFrame, list[str]]:
    """The frame with what the tables beside it say of its files and speakers."""
    told = []
    for sibling, key in _siblings(path):
        known = {vocabulary.column(column): column for column in frame.columns}
        if key not in known:
            continue
        other = lists.read_csv(sibling, "csv")
        lacking = [
            column
            for column in other.columns[1:]
            if vocabulary.column(column) in set(JOINED) - set(known) - given
        ]
        for column in lacking:
            cells = _by_key(other, column, sibling)
            frame = frame.assign(**{column: frame[known[key]].map(cells).fillna("")})
            told.append(f"`{column}` is from {sibling.name}, by {key}")
    return frame, told


def _by_key(other: pd.DataFrame, column: str, path: Path) -> pd.Series:
    """A column by the table's first one."""
    key = other.columns[0]
    cells = other[[key, column]].drop_duplicates().set_index(key)[column]
    twice = cells.index[cells.index.duplicated()]
    if len(twice):
        raise ValueError(
            f"Corpus `csv` expects one `{column}` of each `{key}`. Received: {path} "
            f"with several of {twice[0]}. Correct it."
        )
    return cells


def _siblings(path: Path) -> list[tuple[Path, str]]:
    """audformat tables beside a table, by file first, then by speaker."""
    if not path.name.startswith("db."):
        return []
    beside = [other for other in sorted(path.parent.glob("db.*.csv")) if other != path]
    roles = [(other, _roles(other)) for other in beside]
    return [
        (other, key)
        for key in ("file", "speaker")
        for other, found in roles
        if found[0] == key and "start" not in found
    ]


CORPUS = tables.Corpus(
    read=read,
    title="A CSV file of one's own: audformat, nkululeko, or any other",
    language="",
    licence="that of the data",
    citation="that of the data",
    obtain="--corpus csv=FILE; a row an utterance, with columns such as `file`, "
    "`start`, `end`, `speaker`, `gender`, `language`, `emotion`",
    counts={},
    note="Columns and labels that are recognised are told in a warning; unknown labels "
    "and a missing speaker are refused, with the remedy.",
    speakers="as told by a column or a pattern",
)
