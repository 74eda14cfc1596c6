"""The files in a run's folder, read and checked one by one.

A folder may also be one in an archive; see `archives`.
"""

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from keras_ser.utils import files

RunPath = Path | zipfile.Path
IDENTITY = ["experiment", "system", "fold", "repeat"]  # columns that identify a run
# Columns that identify a prediction of a run.
KEYS = ["test", "corpus", "condition", "head", "utterance"]
REQUIRED = [
    *("experiment", "system", "corpus", "fold", "repeat", "test", "condition"),
    *("utterance", "speaker", "head", "truth", "prediction"),
]
# What reading a member of a damaged archive raises.
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError),
    *(OSError, ValueError),  # a place outside the file
)
# Settings that had another name in earlier versions, and their names today.
RENAMED = {
    "Experiment": {"unlabelled": "unlabelled_corpus", "against": "reference"},
    "System": {"unlabelled": "use_unlabelled"},
    "Training": {"rows": "rows_per_utterance", "unlabelled": "unlabelled_ratio"},
}
MAX_RECEIVED = 300  # characters of a value that an error message quotes


def find_file(folder: RunPath, name: str) -> RunPath:
    """The path of a file that every complete run holds.

    Args:
        folder: The run's folder.
        name: Name of the file.

    Raises:
        FileNotFoundError: If the folder does not hold the file.
    """
    if not (folder / name).is_file():
        raise FileNotFoundError(
            f"A complete run must hold {name}. Received: {folder} without it. "
            f"{remedy(folder)}"
        )
    return folder / name


def remedy(path: RunPath) -> str:
    """What to do about a file or folder of a run that cannot be used.

    Args:
        path: The file or folder.
    """
    if isinstance(path, zipfile.Path):
        return "Restore the archive, or pack its runs again."
    return "Delete that run's folder and run the experiment again."


def read_bytes(path: RunPath) -> bytes:
    """The content of a file.

    Raises:
        ValueError: If it is in an archive and damaged there.
    """
    if isinstance(path, Path):
        return path.read_bytes()
    try:
        return path.read_bytes()
    except DAMAGED as error:
        raise invalid_file(path, "an undamaged file", error) from error


def read_json(path: RunPath):
    """The JSON value in a file.

    Raises:
        ValueError: If the file is not JSON.
    """
    return files.parse_json(read_bytes(path), str(path))


def invalid_file(path: RunPath, expected: str, received) -> ValueError:
    """The error that a file in a run's folder holds something unexpected.

    Args:
        path: Path of the file.
        expected: What the file must hold.
        received: What it holds; long text is cut.
    """
    text = str(received)
    if len(text) > MAX_RECEIVED:
        text = f"{text[:MAX_RECEIVED]}…"
    return ValueError(f"{path} must hold {expected}. Received: {text}. {remedy(path)}")


def read_history(path: RunPath) -> pd.DataFrame:
    """A `history.csv`, with one row per epoch.

    Args:
        path: Path of the file.

    Raises:
        ValueError: If it is not a CSV file, or has no row.
    """
    try:
        history = pd.read_csv(io.BytesIO(read_bytes(path)))
    # ValueError covers pandas' errors for empty files, parsing and encodings.
    except ValueError as error:
        expected = "a CSV file in UTF-8 with one row per epoch"
        raise invalid_file(path, expected, error) from error
    if history.empty:
        raise invalid_file(path, "a CSV file with at least one row", "no row")
    return history


def read_predictions(path: RunPath) -> pd.DataFrame:
    """One `predictions.csv`, checked, with its rows in a fixed order.

    Args:
        path: Path of the file.

    Returns:
        Text columns, except for `repeat` (integer) and `p_<class>` (float).

    Raises:
        ValueError: If the file is not a CSV file, lacks columns or values, or holds
            several runs.
    """
    table = _read_csv(path)
    absent = [column for column in REQUIRED if column not in table]
    if absent or table.empty:
        expected = f"at least one row and the columns {REQUIRED}"
        raise invalid_file(path, expected, f"{len(table)} rows, without {absent}")
    table = table.fillna("")
    _check_values(path, table)
    table["repeat"] = table["repeat"].astype(int)
    _convert_probabilities(path, table)
    for _, rows in table.groupby("head"):
        _check_classes(path, rows)
    return table.sort_values(KEYS, kind="stable", ignore_index=True)


def read_table(
    path: RunPath, texts: Iterable[str], numbers: Iterable[str]
) -> pd.DataFrame:
    """A CSV file with at least one row and with these columns.

    Args:
        path: Path of the file.
        texts: Columns of text. The file may have more columns, which are text too.
        numbers: Columns of numbers, where an empty cell is NaN.

    Raises:
        ValueError: If it is not a CSV file, or if it lacks rows, columns or numbers.
    """
    texts, numbers = list(texts), list(numbers)
    table = _read_csv(path)
    absent = [name for name in (*texts, *numbers) if name not in table]
    if absent or table.empty:
        expected = f"at least one row and the columns {[*texts, *numbers]}"
        raise invalid_file(path, expected, f"{len(table)} rows, without {absent}")
    table = table.fillna("")
    for column in numbers:
        _convert_numbers(path, table, column)
    return table


def _read_csv(path: RunPath) -> pd.DataFrame:
    options = {"dtype": object, "keep_default_na": False, "index_col": False}
    content = io.BytesIO(read_bytes(path))
    if not content.getvalue().endswith((b"\n", b"\r")):
        expected = "a complete CSV file, whose last line ends with a line break"
        raise invalid_file(path, expected, content.getvalue()[-20:])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(content, **options)
    # ValueError covers the parser errors of pandas and wrong encodings.
    except (ValueError, pd.errors.ParserWarning) as error:
        raise invalid_file(path, "a CSV file in UTF-8", error) from error


def _check_values(path: RunPath, table: pd.DataFrame) -> None:
    """Rejects empty cells, several runs in one file, and repeats without a number."""
    for column in REQUIRED:
        if column != "truth" and (table[column] == "").any():
            expected = f"a value of `{column}` in each row"
            raise invalid_file(path, expected, "an empty value")
    if len(table[IDENTITY].drop_duplicates()) > 1:
        expected = f"one run, with a single value for each of {IDENTITY}"
        raise invalid_file(path, expected, "several values")
    if not table["repeat"].str.fullmatch(r"\d+").all():
        expected = "a whole number as `repeat`"
        raise invalid_file(path, expected, table["repeat"].iloc[0])


def _convert_probabilities(path: RunPath, table: pd.DataFrame) -> None:
    """Turns the columns `p_<class>` of `table` into numbers, in place."""
    for column in [name for name in table if name.startswith("p_")]:
        _convert_numbers(path, table, column)


def _convert_numbers(path: RunPath, table: pd.DataFrame, column: str) -> None:
    """Turns a column of texts into numbers, in place; an empty text becomes NaN."""
    text = table[column]
    table[column] = pd.to_numeric(text, errors="coerce")
    if (table[column].isna() & (text != "")).any():
        raise invalid_file(path, f"numbers in `{column}`", "text")


def _check_classes(path: RunPath, rows: pd.DataFrame) -> None:
    """Rejects predictions without a column, and rows without all probabilities."""
    named = [name for name in rows if name.startswith("p_") and rows[name].count()]
    if not named:
        return
    classes = [name.removeprefix("p_") for name in named]
    unknown = sorted(set(rows["prediction"]) - set(classes))
    if unknown:
        expected = f"only predictions of the classes of its p_ columns, {classes}"
        raise invalid_file(path, expected, unknown)
    if rows[named].isna().to_numpy().any():
        expected = "a probability for each class in each row"
        raise invalid_file(path, expected, "an empty value")


def class_names(rows: pd.DataFrame) -> list[str]:
    """The classes of the `p_` columns, then the other labels that occur.

    A test set may have a class that the training speech did not have.

    Args:
        rows: Predictions of one head.
    """
    named = [name for name in rows if name.startswith("p_") and rows[name].count()]
    known = [name.removeprefix("p_") for name in named]
    return known + sorted({*rows["truth"], *rows["prediction"]} - {"", *known})


def read_metrics(folder: RunPath) -> dict:
    """The object in a run's `metrics.json`.

    Args:
        folder: The run's folder.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not an object with `speakers` and `selected_by`.
    """
    path = find_file(folder, "metrics.json")
    metrics = read_json(path)
    needed = {"speakers", "selected_by"}
    if not isinstance(metrics, dict) or not needed <= set(metrics):
        expected = f"an object with {sorted(needed)}"
        raise invalid_file(path, expected, type(metrics).__name__)
    return metrics


def read_config(folder: RunPath, system: str) -> dict:
    """The object in a run's `config.json`.

    Args:
        folder: The run's folder.
        system: Name of the run's system, which the config must describe.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not an object that describes the system, or if it has the
            settings of an earlier version.
    """
    path = find_file(folder, "config.json")
    config = read_json(path)
    systems = config.get("systems") if isinstance(config, dict) else None
    if not isinstance(systems, dict) or not isinstance(systems.get(system), dict):
        expected = f"an object whose `systems` hold an object for {system!r}"
        raise invalid_file(path, expected, config)
    _check_settings(path, config, config["systems"][system])
    renamed = renamed_keys(config)
    if renamed:
        raise ValueError(
            f"{folder} holds a run of an earlier version of keras_ser, in which "
            f"{' and '.join(renamed)}. Report it with that version, or train again "
            "with this one."
        )
    return config


def _check_settings(path: RunPath, config: dict, system: dict) -> None:
    """Rejects settings of which reports could say nothing."""
    for name in ("features", "training"):
        if not isinstance(config.get(name, {}), dict):
            raise invalid_file(path, f"an object as `{name}`", config[name])
    for name in ("published", "reference", "primary", "noise"):
        if not isinstance(config.get(name) or "", str):
            raise invalid_file(path, f"text as `{name}`", config[name])
    corpus, unlabelled = config.get("corpus"), config.get("unlabelled_corpus") or []
    names = {
        "corpus": corpus if isinstance(corpus, list) else [],
        "unlabelled_corpus": [] if isinstance(unlabelled, str) else unlabelled,
        "probes": config.get("probes") or [],
        "tuned_on": config.get("tuned_on") or [],
        "tuned_audio": config.get("tuned_audio") or [],
        "train_conditions": system.get("train_conditions") or [],
    }
    for name, value in names.items():
        if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
            raise invalid_file(path, f"a list of names as `{name}`", value)
    numbers = {
        "features.speech_db": config.get("features", {}).get("speech_db"),
        "label_fraction": system.get("label_fraction"),
        "unlabelled_speakers": system.get("unlabelled_speakers"),
        "heard_fraction": config.get("heard_fraction"),
    }
    for name, value in numbers.items():
        if not isinstance(value or 1.0, int | float):
            raise invalid_file(path, f"a number as `{name}`", value)


def renamed_keys(found: dict) -> list[str]:
    """The keys of a `config.json` that have another name today, in words.

    Args:
        found: The object in the file.
    """
    systems = found.get("systems")
    parts = [
        ("", "Experiment", found),
        ("training.", "Training", found.get("training")),
    ]
    if isinstance(systems, dict):
        parts += [(f"systems.{k}.", "System", value) for k, value in systems.items()]
    return [
        f"`{path}{new}` was called `{path}{old}`"
        for path, kind, part in parts
        if isinstance(part, dict)
        for old, new in RENAMED[kind].items()
        if old in part and new not in part
    ]
