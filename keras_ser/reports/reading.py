"""Predictions of complete runs, read from their folders and checked."""

import warnings
from pathlib import Path

import pandas as pd

from keras_ser.reports.text import natural
from keras_ser.utils import files

HEAD = "emotion"
RUN = ["experiment", "system", "fold", "repeat"]
REQUIRED = [
    *("experiment", "system", "corpus", "fold", "repeat", "condition"),
    *("utterance", "speaker", "head", "truth", "prediction"),
]
OF_A_RUN = ("systems", "fold", "repeat", "data")  # in config.json
UNNAMED = {"precision": "float32"}  # what a run's training is if it does not say
TOLD = ("published", "against")  # decide no result; those of the first run count
RATIO = "training.unlabelled"  # of rows, where a system trains on unlabelled speech
RUN_FILES = ("predictions.csv", "metrics.json", "history.csv", "config.json")


def read_runs(paths) -> list[tuple[tuple, Path, pd.DataFrame]]:
    """`(experiment, system, fold, repeat), folder, predictions` of each run.

    Refuses runs of one experiment whose `config.json` differ in what all systems
    share, or, for one system, in what the system is.
    """
    runs = []
    for folder in _folders(paths):
        table = _predictions(run_file(folder, "predictions.csv"))
        runs.append((tuple(table[RUN].iloc[0]), folder, table))
    runs.sort(key=lambda run: [natural(part) for part in run[0]])
    _refuse_duplicates(concat(runs))
    _refuse_second_folds(concat(runs))
    settings_of(runs)
    return runs


def concat(runs) -> pd.DataFrame:
    return pd.concat([table for _, _, table in runs], ignore_index=True)


def settings_of(runs) -> dict[str, dict]:
    """The settings of each experiment's runs, flat, as `training.epochs`.

    A key that a run lacks, as those of earlier versions may, is taken from others.

    Raises:
        ValueError: if two runs of an experiment hold different values.
    """
    found = {}
    for (experiment, system, *_), folder, _ in runs:
        known = found.setdefault(experiment, {})
        own = _settings(folder, system)
        known_too = [k for k in own if k in known and k not in TOLD]
        changed = [k for k in known_too if known[k][0] != own[k]]
        if changed:
            other = known[changed[0]][1]
            values = [f"{k}={known[k][0]!r} and {own[k]!r}" for k in changed]
            raise ValueError(
                f"The runs of experiment {experiment!r} must share their settings. "
                f"Received: {'; '.join(values)}, in {other} and {folder}. Run one of "
                "them again under another name or `--out`, and report them apart."
            )
        for key, value in own.items():
            known.setdefault(key, (value, folder))
    return {
        experiment: {key: value for key, (value, _) in known.items()}
        for experiment, known in found.items()
    }


def _settings(folder: Path, system: str) -> dict:
    """What must be alike in the runs of an experiment, or of one of its systems."""
    path = run_file(folder, "config.json")
    config = files.read_json(path)
    named = config.get("systems") if isinstance(config, dict) else None
    if not isinstance(named, dict) or not isinstance(named.get(system), dict):
        raise bad(path, f"an object whose `systems` hold {system!r}", config)
    parts = {name: config.get(name, {}) for name in ("features", "training")}
    for name, part in parts.items():
        if not isinstance(part, dict):
            raise bad(path, f"an object as `{name}`", part)
    parts["training"] = {**UNNAMED, **parts["training"]}
    # Which speech it hears without label is a system's own, as that it does.
    heard = config.get("unlabelled", "") if named[system].get("unlabelled") else None
    parts[f"systems.{system}"] = {**named[system], "unlabelled": heard}
    left_out = {*OF_A_RUN, *parts, "unlabelled"}
    flat = {k: v for k, v in config.items() if k not in left_out}
    for name, part in parts.items():
        flat |= {f"{name}.{key}": value for key, value in part.items()}
    if heard is None:
        flat.pop(RATIO, None)
    return flat


def _folders(paths) -> list[Path]:
    paths = [paths] if isinstance(paths, str | Path) else list(paths)
    found = {}
    for path in map(Path, paths):
        if not path.is_dir():
            raise FileNotFoundError(
                f"`paths` must name folders of runs. Received: {path}, which is no "
                "folder. Pass what `--out` was when the runs were made."
            )
        found.update({folder.resolve(): folder for folder in _below(path)})
    if not found:
        raise FileNotFoundError(
            "`paths` must hold at least one complete run, <experiment>/<system>/"
            f"<fold>-<repeat>/. Received: {[str(path) for path in paths]}. Folders "
            "ending in .partial are unfinished: run the experiment again to finish."
        )
    return list(found.values())


def _below(folder: Path):
    if folder.name.endswith(".partial"):
        return
    if any((folder / name).exists() for name in RUN_FILES):
        yield folder
        return
    for child in sorted(folder.iterdir()):
        if child.is_dir() and not child.name.startswith("."):
            yield from _below(child)


def run_file(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        raise FileNotFoundError(
            f"A complete run must hold {name}. Received: {folder} without it. Delete "
            "that folder and run the experiment again."
        )
    return folder / name


def read_metrics(folder: Path) -> tuple[Path, dict]:
    """The path of a run's metrics.json, and the object in it."""
    path = run_file(folder, "metrics.json")
    metrics = files.read_json(path)
    needed = {"speakers", "selected_by"}
    if not isinstance(metrics, dict) or not needed <= set(metrics):
        raise bad(path, f"an object with {sorted(needed)}", type(metrics).__name__)
    return path, metrics


def _predictions(path: Path) -> pd.DataFrame:
    """One predictions.csv, checked, its rows sorted."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            options = {"dtype": str, "keep_default_na": False, "index_col": False}
            table = pd.read_csv(path, **options)
    # ValueError covers pandas' parser errors and wrong encodings.
    except (ValueError, pd.errors.ParserWarning) as error:
        raise bad(path, "a CSV file in UTF-8", str(error)) from error
    absent = [column for column in REQUIRED if column not in table]
    if absent or table.empty:
        expected = f"at least one row and the columns {REQUIRED}"
        raise bad(path, expected, f"{len(table)} rows, without {absent}")
    table = table.fillna("")
    for column in REQUIRED:
        if column != "truth" and (table[column] == "").any():
            raise bad(path, f"a value of `{column}` in each row", "an empty one")
    if len(table[RUN].drop_duplicates()) > 1:
        raise bad(path, f"one run: one value each of {RUN}", "several")
    if not table["repeat"].str.fullmatch(r"\d+").all():
        raise bad(path, "a whole number as `repeat`", table["repeat"].iloc[0])
    table["repeat"] = table["repeat"].astype(int)
    _check_probabilities(path, table)
    order = ["corpus", "condition", "head", "utterance"]
    return table.sort_values(order, kind="stable", ignore_index=True)


def _check_probabilities(path: Path, table: pd.DataFrame) -> None:
    """Make `p_<class>` numbers; a row has none or all of its head's classes."""
    for column in [name for name in table if name.startswith("p_")]:
        text = table[column]
        table[column] = pd.to_numeric(text, errors="coerce")
        if (table[column].isna() & (text != "")).any():
            raise bad(path, f"numbers in `{column}`", "text")
    rows = table[table["head"] == HEAD]
    classes = classes_of(rows)
    strange = sorted({*rows["truth"], *rows["prediction"]} - {"", *classes})
    if strange:
        raise bad(path, f"only the classes of its p_ columns, {classes}", strange)
    if any(f"p_{name}" in rows and rows[f"p_{name}"].isna().any() for name in classes):
        raise bad(path, "a probability of each class in each row", "an empty one")


def bad(path: Path, expected: str, received) -> ValueError:
    return ValueError(
        f"{path} must hold {expected}. Received: {received}. Delete that run's folder "
        "and run the experiment again."
    )


def _refuse_duplicates(table: pd.DataFrame) -> None:
    keys = [*RUN, "corpus", "condition", "head", "utterance"]
    twice = table[table.duplicated(keys)]
    if len(twice):
        where = ", ".join(f"{key}={twice[key].iloc[0]}" for key in keys)
        raise ValueError(
            "Each utterance must be predicted once in a run and condition. Received: "
            f"{len(twice)} predicted again, the first with {where}. Pass each run "
            "once, and give repeats different numbers."
        )


def _refuse_second_folds(table: pd.DataFrame) -> None:
    keys = ["experiment", "system", "repeat", "corpus", "condition", "head"]
    keys.append("utterance")
    twice = table[table.duplicated(keys)]
    if len(twice):
        first = twice.iloc[0]
        same = (table[keys] == first[keys]).all(axis=1)
        folds = sorted(set(table.loc[same, "fold"]), key=natural)
        where = ", ".join(f"{key}={first[key]}" for key in keys)
        raise ValueError(
            "Each utterance must be tested in one fold of a repeat. Received: "
            f"{len(twice)} tested again, the first in folds {', '.join(folds)} with "
            f"{where}. Report runs of different divisions apart."
        )


def classes_of(rows: pd.DataFrame) -> list[str]:
    """The classes of the p_ columns; without these, all labels there are."""
    named = [name for name in rows if name.startswith("p_") and rows[name].count()]
    if named:
        return [name.removeprefix("p_") for name in named]
    return sorted({*rows["truth"], *rows["prediction"]} - {""})
