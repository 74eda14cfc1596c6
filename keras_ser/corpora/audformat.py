"""Export of tables and predictions as an audformat database.

A database consists of `db.yaml` and one file `db.<name>.csv` per table. Both
`audformat.Database.load` and corpus `csv` read it.

Reference:
    Wagner et al.: audb - Sharing and versioning of audio and annotation data in
        Python. 2023
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from keras_ser.corpora.table import RATINGS
from keras_ser.utils import files

MARK = "written by keras_ser"  # only headers with this text are overwritten
TEXTS = ("speaker", "session", "gender", "language", "emotion", "prediction")
INDEX = ("file", "start", "end")


def write(table: pd.DataFrame, folder: str | Path, name: str = "emotion") -> Path:
    """Writes a table as an audformat database with a single table.

    Files below `folder` are written as paths relative to it, all others as absolute
    paths. The index is `file, start, end` if the table has segments, and `file`
    otherwise. Columns without any value are left out. If the table holds a single
    corpus, the prefix with its name is removed from the speakers.

    Args:
        table: A table.
        folder: The folder of the database, which is created if needed.
        name: Name of the table within the database.

    Returns:
        The path of the CSV file.

    Raises:
        ValueError: If a segment of audio occurs twice, or if the folder holds another
            database.

    Example:

    >>> write(corpora.read("emodb", "/data/emodb"), "/data/export")
    """
    return _write({name: table}, Path(folder))[0]


def write_predictions(
    predictions: pd.DataFrame | str | Path,
    folder: str | Path,
    table: pd.DataFrame | None = None,
) -> list[Path]:
    """Writes predictions as an audformat database.

    The database has one table per system, condition and repeat. The column
    `prediction` holds the predicted class, `p_<class>` its probability, and `emotion`
    the true label. A program that reads `emotion` therefore never mistakes a
    prediction for a label.

    Args:
        predictions: The path of a run's `predictions.csv`, its DataFrame, or the
            result of `Recogniser.predict`.
        folder: The folder of the database, which is created if needed.
        table: The table of the corpus, which provides files and segments. It is not
            needed if `predictions` has a column `file`.

    Returns:
        The paths of the CSV files.

    Raises:
        FileNotFoundError: If `predictions` is a path without a file.
        ValueError: If the file of an utterance is unknown, an utterance is predicted
            twice, or the folder holds another database.
    """
    if not isinstance(predictions, pd.DataFrame):
        predictions = _read_predictions(Path(predictions))
    if "head" in predictions:
        predictions = predictions[predictions["head"] == "emotion"]
    complete = _with_files(predictions, table)
    keys = [key for key in ("system", "condition", "repeat") if key in complete]
    named = {}
    for key, rows in complete.groupby(keys, sort=False) if keys else [((), complete)]:
        words = (re.sub(r"[^\w-]", "-", str(word)) for word in key)
        name = ".".join(["predictions", *words])
        if name in named:
            raise ValueError(
                "The names of systems and conditions must differ in more than "
                f"punctuation. Received: several that become {name}. Write them to two "
                "folders."
            )
        named[name] = rows
    return _write(named, Path(folder))


def _read_predictions(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise FileNotFoundError(
            f"Expected a run's predictions.csv. Received: {path}, which is not a file. "
            "Correct the path."
        )
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    numbers = [column for column in frame if column.startswith("p_")]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def _with_files(predictions: pd.DataFrame, table) -> pd.DataFrame:
    """Adds file, segment and speaker, and renames the column `truth` to `emotion`."""
    renamed = predictions.rename(columns={"truth": "emotion"})
    if "file" in renamed:
        return renamed
    known = () if table is None else set(table.utterance)
    missing = [name for name in renamed.utterance if name not in known]
    if missing:
        raise ValueError(
            "Predictions need the table with the files of their utterances. Received: "
            f"no file for {missing[0]}, {len(missing)} such rows. Pass the table of "
            "the corpus, table=corpora.read(…)."
        )
    extra = ["file", "start", "end", "session", "gender", "language"]
    rows = table.set_index("utterance")[extra]
    return renamed.join(rows, on="utterance")


def _write(named: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    header = folder / "db.yaml"
    _check_folder(folder, header, {f"db.{name}.csv" for name in named})
    frames = {name: _frame(rows, folder) for name, rows in named.items()}
    paths = []
    for name, frame in frames.items():
        text = frame.to_csv(index=False, lineterminator="\n")
        paths.append(files.write_text(folder / f"db.{name}.csv", text))
    # JSON is valid YAML, and it quotes text that YAML would read as a number. The order
    # of columns must be that of the CSV file because audformat relies on it.
    files.write_text(header, json.dumps(_header(folder, frames), indent=2) + "\n")
    return paths


def _check_folder(folder: Path, header: Path, names: set[str]) -> None:
    """Raises if the folder holds a database that would be lost or would lose tables."""
    tables = [path for end in ("csv", "parquet") for path in folder.glob(f"db.*.{end}")]
    held = {path.name for path in tables} - names
    if header.exists() and MARK not in header.read_text("utf-8", errors="replace"):
        held.add(header.name)
    if held:
        raise ValueError(
            "Expected a folder without another audformat database. Received: "
            f"{folder}, with {', '.join(sorted(held))}. Give another folder."
        )


def _frame(rows: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Builds the frame of the CSV file: the index, then the columns."""
    frame = pd.DataFrame({"file": _paths(rows.file, folder)})
    rows = rows.reset_index(drop=True)
    if "start" in rows and rows[["start", "end"]].notna().any(axis=None):
        frame["start"] = _times(rows.start.fillna(0.0))
        frame["end"] = _times(rows.end)
    twice = frame.duplicated()
    if twice.any():
        raise ValueError(
            "An audformat table may hold each segment of audio once. Received twice: "
            f"{frame.file[twice].iloc[0]}, {twice.sum()} such rows. Remove the second."
        )
    texts = {name: rows[name] for name in TEXTS if name in rows}
    if "speaker" in texts and "corpus" in rows and rows.corpus.nunique() == 1:
        prefix = f"{rows.corpus[0]}/"
        texts["speaker"] = texts["speaker"].str.removeprefix(prefix)
    numbers = [column for column in rows if column.startswith("p_")]
    columns = {**texts, **{n: rows[n] for n in (*RATINGS, *numbers) if n in rows}}
    known = {n: c for n, c in columns.items() if (c.notna() & (c != "")).any()}
    return frame.assign(**known)


def _paths(names: pd.Series, folder: Path) -> list[str]:
    base = os.path.abspath(folder)
    paths = [os.path.abspath(name) for name in names]
    return [
        Path(os.path.relpath(path, base)).as_posix()
        if path.startswith(base + os.sep)
        else Path(path).as_posix()
        for path in paths
    ]


def _times(seconds: pd.Series) -> pd.Series:
    """Formats seconds as `0 days 00:00:01.500000`, and NaN as an empty text."""
    times = pd.to_timedelta(seconds, unit="s")
    return times.map(str).where(times.notna(), "")


def _header(folder: Path, frames: Mapping[str, pd.DataFrame]) -> dict:
    """Builds the content of `db.yaml`: the tables, their columns and schemes."""
    every = pd.concat(frames.values(), ignore_index=True)
    columns = {name: [c for c in f if c not in INDEX] for name, f in frames.items()}
    schemes = {_scheme_of(c): None for used in columns.values() for c in used}
    return {
        "name": folder.resolve().name or "database",
        "description": MARK,
        "source": "",
        "usage": "other",
        "languages": [],
        "schemes": {scheme: _scheme(every, scheme) for scheme in schemes},
        "tables": {
            name: {
                "type": "segmented" if "start" in frames[name] else "filewise",
                "columns": {c: {"scheme_id": _scheme_of(c)} for c in used},
            }
            for name, used in columns.items()
        },
    }


def _scheme_of(column: str) -> str:
    return "emotion" if column == "prediction" else column


def _scheme(every: pd.DataFrame, name: str) -> dict:
    if name not in TEXTS:
        return {"dtype": "float"}
    if name == "speaker":
        genders = every.get("gender", pd.Series("", index=every.index)).fillna("")
        people = dict(zip(every.speaker, genders, strict=True))
        labels = {who: {"gender": g} if g else {} for who, g in people.items()}
        return {"dtype": "str", "labels": labels}
    values = pd.concat([every[c] for c in every if _scheme_of(c) == name])
    return {"dtype": "str", "labels": sorted(set(values.dropna()) - {""})}
