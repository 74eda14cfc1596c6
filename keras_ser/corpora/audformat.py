"""Tables and predictions as an audformat database: `db.<name>.csv` and `db.yaml`.

Wagner et al., "audb - Sharing and versioning of audio and annotation data in Python",
2023. The CSV files are what `audformat.Database.load` and corpus `csv` read.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from keras_ser.utils import files

MARK = "written by keras_ser"  # in headers that may be written anew
TEXTS = ("speaker", "session", "gender", "language", "emotion", "prediction")
NUMBERS = ("activation", "valence")
INDEX = ("file", "start", "end")


def write(table: pd.DataFrame, folder, name: str = "emotion") -> Path:
    """Writes a table as a database with one table.

    Files below `folder` are named by their path from there, others by their whole
    path. Without segments the index is `file`, else `file, start, end`. Columns without
    any value are left out. Of a table of one corpus, speakers lose its name.

    Args:
        table: a table.
        folder: of the database; made if need be.
        name: of the database's table.

    Returns:
        The CSV file.

    Raises:
        ValueError: a stretch of audio stands there twice, or the folder holds another
            database.

    Example:

    >>> write(corpora.read("emodb", "/data/emodb"), "/data/export")
    """
    return _write({name: table}, Path(folder))[0]


def write_predictions(
    predictions: pd.DataFrame | str | Path, folder, table: pd.DataFrame | None = None
) -> list[Path]:
    """Writes predictions as a database, a table for each system, condition and repeat.

    `prediction` holds what was recognised, `p_<class>` its probabilities, and `emotion`
    the truth, so that whoever reads labels reads no predictions.

    Args:
        predictions: a run's `predictions.csv`, its frame, or what
            `Recogniser.predict` returns.
        folder: of the database; made if need be.
        table: the corpus's table, which knows files and segments; not needed where
            `predictions` has a column `file`.

    Returns:
        The CSV files.

    Raises:
        ValueError: no file of an utterance is known, an utterance is predicted twice,
            or the folder holds another database.
    """
    if not isinstance(predictions, pd.DataFrame):
        predictions = _read_predictions(Path(predictions))
    if "head" in predictions:
        predictions = predictions[predictions["head"] == "emotion"]
    whole = _with_files(predictions, table)
    keys = [key for key in ("system", "condition", "repeat") if key in whole]
    named = {}
    for key, rows in whole.groupby(keys, sort=False) if keys else [((), whole)]:
        words = (re.sub(r"[^\w-]", "-", str(word)) for word in key)
        name = ".".join(["predictions", *words])
        if name in named:
            raise ValueError(
                "Systems and conditions must differ in more than punctuation. "
                f"Received: {name} stands for several. Write them to two folders."
            )
        named[name] = rows
    return _write(named, Path(folder))


def _read_predictions(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise FileNotFoundError(
            f"Expected a run's predictions.csv. Received: {path}, which is no file."
        )
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    numbers = [column for column in frame if column.startswith("p_")]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def _with_files(predictions: pd.DataFrame, table) -> pd.DataFrame:
    """Predictions with file, segment and speaker; the truth is called emotion."""
    renamed = predictions.rename(columns={"truth": "emotion"})
    if "file" in renamed:
        return renamed
    known = () if table is None else set(table.utterance)
    lost = [name for name in renamed.utterance if name not in known]
    if lost:
        raise ValueError(
            "Predictions need the table that knows the files of their utterances. "
            f"Received: none of {lost[0]}, {len(lost)} such rows. Give the corpus's "
            "table, table=corpora.read(…)."
        )
    extra = ["file", "start", "end", "session", "gender", "language"]
    rows = table.set_index("utterance")[extra]
    return renamed.join(rows, on="utterance")


def _write(named: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    header = folder / "db.yaml"
    _refuse_other(folder, header, {f"db.{name}.csv" for name in named})
    frames = {name: _frame(rows, folder) for name, rows in named.items()}
    paths = []
    for name, frame in frames.items():
        text = frame.to_csv(index=False, lineterminator="\n")
        paths.append(files.write_text(folder / f"db.{name}.csv", text))
    # JSON is YAML, and quotes what YAML would take for a number. Columns are told in
    # the order that they have in the CSV file: audformat relies on it.
    files.write_text(header, json.dumps(_header(folder, frames), indent=2) + "\n")
    return paths


def _refuse_other(folder: Path, header: Path, names: set[str]) -> None:
    """Refuses a folder whose database would be lost, or would lose tables."""
    held = {path.name for path in folder.glob("db.*.csv")} - names
    if header.exists() and MARK not in header.read_text("utf-8", errors="replace"):
        held.add(header.name)
    if held:
        raise ValueError(
            "Expected a folder without another audformat database. Received: "
            f"{folder}, with {', '.join(sorted(held))}. Give another folder."
        )


def _frame(rows: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The CSV of a table: its index, then its columns."""
    frame = pd.DataFrame({"file": _paths(rows.file, folder)})
    rows = rows.reset_index(drop=True)
    if "start" in rows and rows[["start", "end"]].notna().any(axis=None):
        frame["start"] = _times(rows.start.fillna(0.0))
        frame["end"] = _times(rows.end)
    twice = frame.duplicated()
    if twice.any():
        raise ValueError(
            "An audformat table needs each stretch of audio once. Received twice: "
            f"{frame.file[twice].iloc[0]}, {twice.sum()} such rows. Leave one out."
        )
    texts = {name: rows[name] for name in TEXTS if name in rows}
    if "speaker" in texts and "corpus" in rows and rows.corpus.nunique() == 1:
        prefix = f"{rows.corpus[0]}/"
        texts["speaker"] = texts["speaker"].str.removeprefix(prefix)
    numbers = [column for column in rows if column.startswith("p_")]
    columns = {**texts, **{n: rows[n] for n in (*NUMBERS, *numbers) if n in rows}}
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
    """`0 days 00:00:01.500000`, empty for none."""
    times = pd.to_timedelta(seconds, unit="s")
    return times.map(str).where(times.notna(), "")


def _header(folder: Path, frames: Mapping[str, pd.DataFrame]) -> dict:
    """What `db.yaml` says of the tables and their columns."""
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
    told = pd.concat([every[c] for c in every if _scheme_of(c) == name])
    return {"dtype": "str", "labels": sorted(set(told.dropna()) - {""})}
