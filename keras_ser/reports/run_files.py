"""The files in a run's folder, read and checked one by one."""

import warnings
from pathlib import Path

import pandas as pd

from keras_ser.utils import files

HEAD = "emotion"  # the head that reports score
IDENTITY = ["experiment", "system", "fold", "repeat"]  # columns that identify a run
REQUIRED = [
    *("experiment", "system", "corpus", "fold", "repeat", "condition"),
    *("utterance", "speaker", "head", "truth", "prediction"),
]
# Settings that had another name in earlier versions, and their names today.
RENAMED = {
    "Experiment": {"unlabelled": "unlabelled_corpus", "against": "reference"},
    "System": {"unlabelled": "use_unlabelled"},
    "Training": {"rows": "rows_per_utterance", "unlabelled": "unlabelled_ratio"},
}
MAX_RECEIVED = 300  # characters of a value that an error message quotes


def find_file(folder: Path, name: str) -> Path:
    """The path of a file that every complete run holds.

    Args:
        folder: The run's folder.
        name: Name of the file.

    Raises:
        FileNotFoundError: If the folder does not hold the file.
    """
    if not (folder / name).is_file():
        raise FileNotFoundError(
            f"A complete run must hold {name}. Received: {folder} without it. Delete "
            "that folder and run the experiment again."
        )
    return folder / name


def invalid_file(path: Path, expected: str, received) -> ValueError:
    """The error that a file in a run's folder holds something unexpected.

    Args:
        path: Path of the file.
        expected: What the file must hold.
        received: What it holds; long text is cut.
    """
    text = str(received)
    if len(text) > MAX_RECEIVED:
        text = f"{text[:MAX_RECEIVED]}…"
    return ValueError(
        f"{path} must hold {expected}. Received: {text}. Delete that run's folder "
        "and run the experiment again."
    )


def read_predictions(path: Path) -> pd.DataFrame:
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
    _check_classes(path, table[table["head"] == HEAD])
    order = ["corpus", "condition", "head", "utterance"]
    return table.sort_values(order, kind="stable", ignore_index=True)


def _read_csv(path: Path) -> pd.DataFrame:
    options = {"dtype": str, "keep_default_na": False, "index_col": False}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(path, **options)
    # ValueError covers the parser errors of pandas and wrong encodings.
    except (ValueError, pd.errors.ParserWarning) as error:
        raise invalid_file(path, "a CSV file in UTF-8", error) from error


def _check_values(path: Path, table: pd.DataFrame) -> None:
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


def _convert_probabilities(path: Path, table: pd.DataFrame) -> None:
    """Turns the columns `p_<class>` of `table` into numbers, in place."""
    for column in [name for name in table if name.startswith("p_")]:
        text = table[column]
        table[column] = pd.to_numeric(text, errors="coerce")
        if (table[column].isna() & (text != "")).any():
            raise invalid_file(path, f"numbers in `{column}`", "text")


def _check_classes(path: Path, rows: pd.DataFrame) -> None:
    """Rejects labels without a column, and rows without all probabilities."""
    classes = class_names(rows)
    unknown = sorted({*rows["truth"], *rows["prediction"]} - {"", *classes})
    if unknown:
        expected = f"only the classes of its p_ columns, {classes}"
        raise invalid_file(path, expected, unknown)
    if any(f"p_{name}" in rows and rows[f"p_{name}"].isna().any() for name in classes):
        expected = "a probability for each class in each row"
        raise invalid_file(path, expected, "an empty value")


def class_names(rows: pd.DataFrame) -> list[str]:
    """The classes of the `p_` columns; without such columns, all labels that occur.

    Args:
        rows: Predictions of one head.
    """
    named = [name for name in rows if name.startswith("p_") and rows[name].count()]
    if named:
        return [name.removeprefix("p_") for name in named]
    return sorted({*rows["truth"], *rows["prediction"]} - {""})


def read_metrics(folder: Path) -> dict:
    """The object in a run's `metrics.json`.

    Args:
        folder: The run's folder.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not an object with `speakers` and `selected_by`.
    """
    path = find_file(folder, "metrics.json")
    metrics = files.read_json(path)
    needed = {"speakers", "selected_by"}
    if not isinstance(metrics, dict) or not needed <= set(metrics):
        expected = f"an object with {sorted(needed)}"
        raise invalid_file(path, expected, type(metrics).__name__)
    return metrics


def read_config(folder: Path, system: str) -> dict:
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
    config = files.read_json(path)
    systems = config.get("systems") if isinstance(config, dict) else None
    if not isinstance(systems, dict) or not isinstance(systems.get(system), dict):
        expected = f"an object whose `systems` hold an object for {system!r}"
        raise invalid_file(path, expected, config)
    for name in ("features", "training"):
        if not isinstance(config.get(name, {}), dict):
            raise invalid_file(path, f"an object as `{name}`", config[name])
    renamed = renamed_keys(config)
    if renamed:
        raise ValueError(
            f"{folder} holds a run of an earlier version of keras_ser, in which "
            f"{' and '.join(renamed)}. Report it with that version, or delete the "
            "folder and train again."
        )
    return config


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
