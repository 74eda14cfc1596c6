"""Complete runs, read from folders or archives and checked against each other."""

import dataclasses
import functools
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from keras_ser.protocols import HEARD
from keras_ser.reports import archives, consistency, run_files, tasks, tested
from keras_ser.reports.folds import check_folds
from keras_ser.reports.run_files import IDENTITY, KEYS, RunPath
from keras_ser.reports.tasks import Head
from keras_ser.reports.text import natural_key

Paths = str | Path | Iterable[str | Path]
RUN_FILES = ("predictions.csv", "metrics.json", "history.csv", "config.json")
# Keys of config.json that differ from run to run.
RUN_KEYS = (
    *("systems", "fold", "repeat", "data", "tasks"),
    *(tested.KEY, tested.HEARD_KEY),
)
# Settings that change no result. Runs may differ in them, and the first that is not
# empty counts.
FREE_SETTINGS = ("published", "reference", "primary")
# A setting that changes no result and that no report tells.
UNTOLD = "training.validate_every"
OPTIONS = "corpus_options"
# What settings were in runs that do not record them.
EXPERIMENT_DEFAULTS = {
    **{"noise": "", "heard_fraction": 0.0, "probes": []},
    **{"tuned_on": [], "tuned_audio": []},
}
SYSTEM_DEFAULTS = {
    **{"unlabelled_speakers": None, "label_fraction": 1.0},
    **{"train_conditions": ["clean"]},
}
# What decides, besides the fold and the repeat, which speech a system trains on.
TRAINING_PARTS = ("use_unlabelled", "unlabelled_speakers", "label_fraction")
FEATURE_DEFAULTS = {"speech_db": None}
TRAINING_DEFAULTS = {
    **{"precision": "float32", "optimizer": "adam", "optimizer_arguments": {}},
    **{"clip_norm": 0.0, "schedule": "halve_and_restore", "stop": 0, "average": 0.0},
    **{"select": "best", "dev_windows": "first"},
    **{"segments": "random", "segment_weight": "utterance"},
}
# A setting that matters only for systems that train on unlabelled speech.
UNLABELLED_RATIO = "training.unlabelled_ratio"


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """A complete run: one system, trained and tested on one fold of one repeat.

    Args:
        experiment: Name of the experiment.
        system: Name of the system.
        fold: Name of the fold.
        repeat: Number of the repeat.
        folder: The run's folder, on the disk or in an archive.
        predictions: The rows of its `predictions.csv`, except those of `heard`.
        heard: The rows of held-out utterances of training speakers, which no other
            score includes; see `protocols.with_heard`. None if there are none.
    """

    experiment: str
    system: str
    fold: str
    repeat: int
    folder: RunPath
    predictions: pd.DataFrame
    heard: pd.DataFrame | None = dataclasses.field(default=None, kw_only=True)

    @property
    def identity(self) -> dict[str, str | int]:
        """Experiment, system, fold and repeat, which together name one run."""
        return {name: getattr(self, name) for name in IDENTITY}

    @functools.cached_property
    def config(self) -> dict:
        """The object in `config.json`; errors as in `run_files.read_config`."""
        return run_files.read_config(self.folder, self.system)

    @functools.cached_property
    def recorded_heads(self) -> tuple[Head, ...]:
        """The scored heads of its model; errors as in `tasks.read_heads`."""
        return tasks.read_heads(self.folder, self.config, self.system)

    @functools.cached_property
    def heads(self) -> tuple[Head, ...]:
        """The heads that it predicted, main head first."""
        predicted = set(self.predictions["head"])
        return tuple(head for head in self.recorded_heads if head.name in predicted)

    @functools.cached_property
    def metrics(self) -> dict:
        """The object in `metrics.json`; errors as in `run_files.read_metrics`."""
        return run_files.read_metrics(self.folder)


def read(paths: Paths) -> pd.DataFrame:
    """All predictions of complete runs, one row per prediction.

    Args:
        paths: A folder of runs, of an experiment, of a system or of a single run, or
            a list of these. Folders that are hidden or end in `.partial` are skipped.
            An archive that `reports.pack` wrote may take the place of a folder, and
            `results/emodb.zip/mtl_aug` is a folder in it.

    Returns:
        DataFrame with the columns of `predictions.csv`. All are text, except for
        `repeat` (integer) and `p_<class>` (float). It holds all heads; the `truth` of
        an unlabelled utterance is the empty text. Held-out utterances of training
        speakers are left out. The order of the rows depends on their content alone.

    Raises:
        FileNotFoundError: If a path does not exist, if there is no complete run, or
            if a run has no predictions.csv or config.json.
        ValueError: If a predictions.csv is unreadable, lacks columns or values, holds
            several runs, predicts an utterance twice, or holds heads that config.json
            does not describe; if the files of a run disagree, see
            `consistency.check_files`; if an utterance is tested in two folds of a
            repeat; if
            runs of one experiment have different settings; if an archive is damaged
            or unsafe.
    """
    return join_predictions(read_runs(paths))


def read_runs(paths: Paths) -> list[Run]:
    """All complete runs, sorted by experiment, system, fold and repeat.

    Args:
        paths: As for `read`.

    Raises:
        FileNotFoundError: As `read`.
        ValueError: As `read`.
    """
    runs = [_read_run(folder) for folder in _find_folders(paths)]
    runs.sort(key=lambda run: [natural_key(part) for part in run.identity.values()])
    predictions = join_predictions(runs)
    for run in runs:
        consistency.check_identity(run.folder, run.predictions, run.config)
    _check_duplicates(predictions)
    check_folds(predictions)
    collect_settings(runs)
    for run in runs:
        tasks.check_heads(run.folder, run.predictions, run.recorded_heads)
        consistency.check_files(run.folder, run.predictions, run.config, run.heads)
        if run.heard is not None or tested.HEARD_KEY in run.config:
            heard = run.predictions[:0] if run.heard is None else run.heard
            tasks.check_heads(run.folder, heard, run.recorded_heads)
            consistency.check_heard(run.folder, heard, run.config)
    return runs


def join_predictions(runs: list[Run]) -> pd.DataFrame:
    """The predictions of all runs in one table."""
    return pd.concat([run.predictions for run in runs], ignore_index=True)


def collect_heads(runs: list[Run]) -> dict[str, tuple[Head, ...]]:
    """The heads that the runs of each experiment predicted, main head first.

    Args:
        runs: Runs of any number of experiments.

    Returns:
        The heads by the name of the experiment.

    Raises:
        ValueError: As `tasks.merge_heads`.
    """
    return {
        experiment: tasks.merge_heads(
            (run.folder, run.heads) for run in runs if run.experiment == experiment
        )
        for experiment in dict.fromkeys(run.experiment for run in runs)
    }


def recorded_names(runs: list[Run]) -> dict[str, list[str]]:
    """The names of the scored heads of each experiment, predicted or not.

    Args:
        runs: Runs of any number of experiments.

    Returns:
        The names by the name of the experiment, in the order of the tasks.
    """
    found: dict[str, dict[str, None]] = {}
    for run in runs:
        names = dict.fromkeys(head.name for head in run.recorded_heads)
        found.setdefault(run.experiment, {}).update(names)
    return {experiment: list(names) for experiment, names in found.items()}


def collect_settings(runs: list[Run]) -> dict[str, dict]:
    """The settings of each experiment, with flat keys such as `training.epochs`.

    A key that one run lacks, for instance because an earlier version wrote it, is
    taken from the other runs.

    Args:
        runs: Runs of any number of experiments.

    Returns:
        The settings by the name of the experiment.

    Raises:
        ValueError: If two runs of an experiment hold different values in what all
            systems share, or in what defines the system that both have, or if two
            systems learned or were tested on different speech.
    """
    found: dict[str, dict] = {}
    for run in runs:
        known = found.setdefault(run.experiment, {})
        own = _flat_settings(run)
        _check_settings(run, own, known)
        for key, value in own.items():
            if key not in known or (key in FREE_SETTINGS and not known[key][0]):
                known[key] = value, run.folder
    _check_speech(runs)
    return {experiment: _told(known) for experiment, known in found.items()}


def _told(known: dict) -> dict:
    """The settings from `{key: (value, folder)}`, without those that say nothing."""
    values = {key: value for key, (value, _) in known.items()}
    options = {
        key.removeprefix(f"{OPTIONS}."): values.pop(key)
        for key in list(values)
        if key.startswith(f"{OPTIONS}.")
    }
    values[OPTIONS] = {name: own for name, own in options.items() if own}
    for key in [*EXPERIMENT_DEFAULTS, OPTIONS]:
        if not values[key]:
            del values[key]
    return {
        key: value
        for key, value in values.items()
        if not key.startswith("systems.")
        or (name := key.rpartition(".")[2]) not in SYSTEM_DEFAULTS
        or value != SYSTEM_DEFAULTS[name]
    }


def _check_speech(runs: list[Run]) -> None:
    """Compares the hashes of the speech of the systems of a fold and repeat.

    Systems train on the same speech if they keep the same share of the labels and the
    same part of the unlabelled speech.
    """
    found: dict[tuple, Run] = {}
    for run in runs:
        system = {**SYSTEM_DEFAULTS, **run.config["systems"][run.system]}
        part = tuple(repr(system.get(key)) for key in TRAINING_PARTS)
        for side in ("train", "dev", "test"):
            used = part if side == "train" else ()
            key = run.experiment, run.fold, run.repeat, side, used
            other = found.setdefault(key, run)
            one, two = (_hash_of(each, side) for each in (other, run))
            if one and two and one != two:
                raise ValueError(
                    f"The systems of experiment {run.experiment!r} must have the same "
                    f"speech. Received: other {side} speech, or other labels, in "
                    f"{other.folder} and {run.folder}. Run one of them again under "
                    "another name or `--out`, and report them separately."
                )


def _hash_of(run: Run, side: str) -> str:
    """The hash of a side of a run's fold; empty if an early version recorded none."""
    data = run.config.get("data")
    return data.get(side, "") if isinstance(data, dict) else ""


def _check_settings(run: Run, own: dict, known: dict) -> None:
    """Compares a run's settings with those known, `{key: (value, folder)}`."""
    shared = [key for key in own if key in known and key not in FREE_SETTINGS]
    changed = [key for key in shared if known[key][0] != own[key]]
    if changed:
        other = known[changed[0]][1]
        values = [f"{key}={known[key][0]!r} and {own[key]!r}" for key in changed]
        raise ValueError(
            f"The runs of experiment {run.experiment!r} must share their settings. "
            f"Received: {'; '.join(values)}, in {other} and {run.folder}. Run one of "
            "them again under another name or `--out`, and report them separately."
        )


def _flat_settings(run: Run) -> dict:
    """The settings in which the runs of an experiment or of a system must agree."""
    config, system = run.config, run.config["systems"][run.system]
    training = {**TRAINING_DEFAULTS, **config.get("training", {})}
    # Each system has its own unlabelled speech: this corpus, or none.
    unlabelled = config.get("unlabelled_corpus", "")
    unlabelled = unlabelled if system.get("use_unlabelled") else None
    system = {k: v for k, v in system.items() if k != "use_unlabelled"}
    system = {**SYSTEM_DEFAULTS, **system, "unlabelled_corpus": unlabelled}
    parts = {
        "features": {**FEATURE_DEFAULTS, **config.get("features", {})},
        "training": training,
        f"systems.{run.system}": system,
        OPTIONS: _options(config, unlabelled),
    }
    left_out = {*RUN_KEYS, *parts, "unlabelled_corpus"}
    flat = {key: value for key, value in config.items() if key not in left_out}
    flat = {**EXPERIMENT_DEFAULTS, **flat}
    for name, part in parts.items():
        flat |= {f"{name}.{key}": value for key, value in part.items()}
    flat.pop(UNTOLD, None)
    if unlabelled is None:
        flat.pop(UNLABELLED_RATIO, None)
    return flat


def _options(config: dict, unlabelled) -> dict[str, dict]:
    """The options of the readers of the corpora that a run used, by corpus."""
    given = config.get(OPTIONS) or {}
    names: dict[str, None] = {}
    for each in (config.get("corpus"), unlabelled, config.get("noise")):
        listed = [each] if isinstance(each, str) else each or []
        names |= dict.fromkeys(filter(None, listed))
    return {name: given.get(name, {}) for name in names}


def _read_run(folder: RunPath) -> Run:
    path = run_files.find_file(folder, "predictions.csv")
    predictions = run_files.read_predictions(path)
    experiment, system, fold, repeat = predictions[IDENTITY].iloc[0]
    predictions, heard = _separate_heard(folder, predictions, system)
    return Run(experiment, system, fold, int(repeat), folder, predictions, heard=heard)


def _separate_heard(
    folder: RunPath, predictions: pd.DataFrame, system: str
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The rows of the tests, and those of held-out utterances of training speakers.

    A test table may be called `heard` if the run holds no utterances out.
    """
    is_heard = predictions["test"] == HEARD
    config = run_files.read_config(folder, system) if is_heard.any() else {}
    if not config.get("heard_fraction"):
        return predictions, None
    parts = predictions[~is_heard], predictions[is_heard]
    if parts[0].empty:
        expected = f"predictions of a test other than `{HEARD}`"
        raise run_files.invalid_file(folder / "predictions.csv", expected, "none")
    return tuple(map(_without_other_heads, parts))


def _without_other_heads(rows: pd.DataFrame) -> pd.DataFrame:
    """Leaves out probabilities of classes that none of the rows has."""
    empty = [name for name in rows if name.startswith("p_") and not rows[name].count()]
    return rows.drop(columns=empty).reset_index(drop=True)


def _find_folders(paths: Paths) -> list[RunPath]:
    """The folders of all complete runs, each once."""
    paths = [paths] if isinstance(paths, str | Path) else list(paths)
    found: dict[tuple, RunPath] = {}
    for path in map(Path, paths):
        top = archives.locate(path)
        if top is None:
            raise FileNotFoundError(
                f"`paths` must name folders of runs or archives of them. Received: "
                f"{path}, which is neither. Pass the folder to which the runs were "
                "written (`--out`), or the archive (`<experiment>.zip`)."
            )
        found.update({_place(folder): folder for folder in _walk(top)})
    if not found:
        raise FileNotFoundError(
            "`paths` must hold at least one complete run, <experiment>/<system>/"
            f"<fold>-<repeat>/. Received: {[str(path) for path in paths]}. Folders "
            "that end in .partial are unfinished: run the experiment again to finish "
            "them. Archives are read only where they are named."
        )
    return list(found.values())


def _place(folder: RunPath) -> tuple:
    """What two paths to the same folder have in common."""
    if isinstance(folder, zipfile.Path):
        return Path(str(folder.root.filename)).resolve(), folder.at
    return (folder.resolve(),)


def _walk(folder: RunPath) -> Iterator[RunPath]:
    if folder.name.endswith(".partial"):
        return
    if any((folder / name).exists() for name in RUN_FILES):
        yield folder
        return
    children: Iterable[RunPath] = folder.iterdir()
    for child in sorted(children, key=lambda child: child.name):
        if child.is_dir() and not child.name.startswith("."):
            yield from _walk(child)


def _check_duplicates(table: pd.DataFrame) -> None:
    keys = [*IDENTITY, *KEYS]
    repeated = table[table.duplicated(keys)]
    if len(repeated):
        where = ", ".join(f"{key}={repeated[key].iloc[0]}" for key in keys)
        raise ValueError(
            "A run must predict each utterance once per condition. Received: "
            f"{len(repeated)} repeated predictions, the first with {where}. Pass each "
            "run once, and give different numbers to repeats."
        )
