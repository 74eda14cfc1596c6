"""Reader of lists: audformat tables (CSV or parquet), nkululeko, or any other CSV.

An audformat database keeps speakers and genders in tables next to the table of
emotions, such as `db.files.csv` with one row per file and `db.speaker.csv` with one row
per speaker. Columns that a table `db.<name>.csv` lacks are taken from these tables.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from keras_ser.audio import placeholders
from keras_ser.corpora import people
from keras_ser.corpora import table as tables
from keras_ser.corpora.own import lists, parquet, vocabulary
from keras_ser.corpora.own.sheet import list_first
from keras_ser.corpora.own.table_of import Options, table_of

JOINED = ("speaker", "session", "gender", "language")  # columns of other tables
MAX_TABLES = 6  # that a message names


def read(
    root: str | Path,
    speaker: str = "",
    columns: Mapping[str, str] | None = None,
    emotions: Mapping[str, str] | None = None,
    language: str = "",
    labelled: bool = True,
    audio: str | Path = "",
    corpus: str = "",
    speakers: Mapping[str, str] | None = None,
    genders: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Reads a CSV file with one row per utterance.

    Columns and labels are recognised by common names, which
    `keras_ser.corpora.own.vocabulary` lists. A warning reports what was guessed. Times
    are seconds or clock times; see `keras_ser.corpora.times.parse`.

    Args:
        root: The file, or the folder of an audformat database with a single table of
            emotions, `db.<name>.csv` or `db.<name>.parquet`.
        speaker, columns, emotions, language, labelled, audio, corpus, speakers,
            genders: See `keras_ser.corpora.own.table_of.Options`.

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the CSV file or the first audio file does not exist.
        UnreadableFiles: If other audio files do not exist, or a file is not audio.
        ValueError: If there are no speakers, or if a column, label or cell cannot be
            interpreted.

    Example:

    >>> table = read("calls.csv", speaker="subject", emotions={"wroth": "anger"})
    """
    path = _path(Path(root))
    frame = _read(path)
    frame, notes = _with_siblings(frame, path, set(columns or ()))
    options = Options(
        speaker=speaker,
        columns=columns or {},
        emotions=emotions or {},
        language=language,
        labelled=labelled,
        audio=audio,
        corpus=corpus,
        speakers=speakers or {},
        genders=genders or {},
    )
    return table_of(frame, "csv", path, options, notes)


def _path(root: Path) -> Path:
    if root.is_file():
        return root
    found = _tables(root) if root.is_dir() else []
    labelled = [path for path in found if "emotion" in _roles(path)]
    if len(labelled) == 1:
        return labelled[0]
    named = list_first([path.name for path in labelled or found], MAX_TABLES)
    raise FileNotFoundError(
        "Corpus `csv` expects a CSV file, or a folder with one table db.<name>.csv or "
        f"db.<name>.parquet of emotions. Received: {root} with {named or 'none'}. "
        f"{placeholders.explain(root) or 'Give the path of the CSV file.'}"
    )


def _tables(folder: Path) -> list[Path]:
    """Lists the audformat tables of a folder, each in one format.

    As in audformat, parquet takes precedence over CSV.
    """
    suffixes = (".csv", parquet.SUFFIX)
    found = [file for end in suffixes for file in folder.glob(f"db.*{end}")]
    return sorted({file.stem: file for file in found}.values())


def _read(path: Path) -> pd.DataFrame:
    read = parquet.read_parquet if _is_parquet(path) else lists.read_csv
    return read(path, "csv")


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == parquet.SUFFIX


def _roles(path: Path) -> list[str]:
    """Returns the table's columns that a file has, `""` for those of other names."""
    if _is_parquet(path):
        names = parquet.column_names(path, "csv")
    else:
        names = lists.read_header(path)
    return [vocabulary.find_column(name) for name in names if name.strip()]


def _with_siblings(
    frame: pd.DataFrame, path: Path, given: set[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Adds columns from the audformat tables in the same folder.

    Returns:
        The frame, and a note for each column that was added.
    """
    notes = []
    for sibling, key in _siblings(path):
        known = {vocabulary.find_column(column): column for column in frame.columns}
        if key not in known:
            continue
        other = _read(sibling)
        other = other[[column for column in other.columns if column.strip()]]
        missing = [
            column
            for column in other.columns[1:]
            if vocabulary.find_column(column) in set(JOINED) - set(known) - given
        ]
        for column in missing:
            cells = _column_by_key(other, column, sibling)
            keys = frame[known[key]].map(people.composed)
            frame = frame.assign(**{column: keys.map(cells).fillna("")})
            notes.append(f"Column `{column}` was added from {sibling.name}, by {key}")
    return frame, notes


def _column_by_key(other: pd.DataFrame, column: str, path: Path) -> pd.Series:
    """Returns a column, indexed by the first column of the table."""
    key = other.columns[0]
    rows = other[[key, column]].map(people.composed)
    cells = rows.drop_duplicates().set_index(key)[column]
    twice = cells.index[cells.index.duplicated()]
    if len(twice):
        raise ValueError(
            f"Corpus `csv` expects one `{column}` for each `{key}`. Received: {path} "
            f"with several for {twice[0]}. Correct the file."
        )
    return cells


def _siblings(path: Path) -> list[tuple[Path, str]]:
    """Lists the other audformat tables with their key, `file` before `speaker`."""
    if not path.name.startswith("db."):
        return []
    others = [other for other in _tables(path.parent) if other.stem != path.stem]
    roles = [(other, _roles(other)) for other in others]
    return [
        (other, key)
        for key in ("file", "speaker")
        for other, found in roles
        if found[:1] == [key] and "start" not in found
    ]


CORPUS = tables.Corpus(
    read=read,
    title="Your own CSV file: audformat, nkululeko, or any other",
    language="",
    licence="that of your data",
    citation="that of your data",
    obtain="--corpus csv=FILE. The file has one row per utterance and columns such as "
    "`file`, `start`, `end`, `speaker`, `gender`, `language` and `emotion`",
    counts={},
    note="A warning lists the columns and labels that were recognised. Unknown labels "
    "and missing speakers are rejected with a message that says what to do.",
    speakers="from a column or a pattern",
)
