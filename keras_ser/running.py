"""A job's run: its folder from the first file to the name that makes it count."""

import datetime
import errno
import json
import shutil
import subprocess
import time
import warnings
from pathlib import Path

import pandas as pd

from keras_ser import backend, scores
from keras_ser.audio import unusable
from keras_ser.job import Job, feature_store
from keras_ser.utils import files, locks

OF_REPORTS = ("published", "against")  # in config.json
FULL = {errno.ENOSPC, errno.EDQUOT}


def run_job(
    job: Job,
    cache,
    threads: int | None = None,
    title: str = "",
    devices: int = 1,
    monitor: bool = False,
) -> Path:
    """Trains and tests; the folder gets its name when all is in it.

    Until then the folder is called `<fold>-<repeat>.partial`. A run that was
    interrupted goes on from its last complete epoch, and ends with the same bytes in
    `predictions.csv`, `history.csv` and `metrics.json` as an undisturbed one with as
    many threads. `environment.json` says how often it was `resumed`, the `seconds`
    since the last time, and in `legs` the environment of each time, with its seconds
    unless it was killed.

    Args:
        job: what to run.
        cache: folder of the feature store.
        threads: CPU threads; default, the backend's choice.
        title: of the progress bar; empty for none.
        devices: that share each batch; see `backend.devices.shared`.
        monitor: whether a network's training is shown in TensorBoard by pictures,
            sound and gradients, too; nothing that it computes depends on it.

    Raises:
        ValueError: the folder, finished or not, is that of other settings, or
            another process is at work in it, or the backend cannot share batches
            among so many devices.

    Returns:
        The finished folder.
    """
    from keras_ser.backend.devices import precision, shared

    if threads:
        backend.set_threads(threads)
    with locks.held(_lock(job), unfinished(job)), _Named(job):
        refuse_other(job)
        if not job.folder.exists():  # another process may have been first
            settings = job.config.training
            with (
                shared(devices, settings.batch),
                precision(settings.precision),
            ):
                _run(job, cache, title, monitor)
    return job.folder


def unfinished(job: Job) -> Path:
    """The folder of a run before it is finished."""
    return job.folder.with_name(f"{job.folder.name}.partial")


def refuse_other(job: Job) -> None:
    """A run, finished or not, counts only if it was made with the same settings.

    One that was begun with others, and has nothing yet to go on from, is replaced
    when the job is run.

    Raises:
        ValueError: it was made with others.
    """
    folder = job.folder if job.folder.exists() else unfinished(job)
    if folder == unfinished(job) and not (folder / "config.json").exists():
        return
    expected, found = _described(job), files.read_object(folder / "config.json")
    if not _alike(found, expected) and (folder == job.folder or _holds_work(folder)):
        raise ValueError(_other(folder, found, expected))


def refuse_held(job: Job) -> None:
    """Raises ValueError if another process is at work on a job."""
    locks.refuse(_lock(job), unfinished(job))


def _described(job: Job) -> dict:
    return json.loads(json.dumps(job.describe()))  # tuples become lists


def _alike(one: dict, other: dict) -> bool:
    """Whether they decide the same result: what a report compares with changes none."""
    nothing = dict.fromkeys(OF_REPORTS)
    return {**one, **nothing} == {**other, **nothing}


def _holds_work(folder: Path) -> bool:
    """Whether something would be lost with an unfinished run."""
    from keras_ser.callbacks import checkpoint

    names = (checkpoint.NAME, "predictions.csv")
    return any((folder / name).exists() for name in names) or _is_complete(folder)


def _run(job: Job, cache, title: str, monitor: bool) -> None:
    import keras

    from keras_ser.callbacks import checkpoint

    folder = unfinished(job)
    if not _is_complete(folder):
        started = time.monotonic()
        environment = _begin(job, folder)
        try:
            keras.utils.set_random_seed(job.seed)
            frame, found = _train_and_test(job, cache, folder, title, monitor)
            _record(job, frame, found, folder)
            environment["seconds"] = round(time.monotonic() - started, 1)
        finally:  # interrupted, this leg's are known all the same
            seconds = round(time.monotonic() - started, 1)
            environment["legs"][-1]["seconds"] = seconds
            files.write_json(folder / "environment.json", environment)
    (folder / checkpoint.NAME).unlink(missing_ok=True)
    folder.rename(job.folder)


def _train_and_test(
    job: Job, cache, folder: Path, title: str, monitor: bool
) -> tuple[pd.DataFrame, dict]:
    """Predictions, and what joins `metrics.json`, of the job's kind of system."""
    from keras_ser import classical, network

    if classical.runs(job):
        return classical.fit_and_test(job, cache)
    store = feature_store(job.config, cache)
    return network.train_and_test(job, store, folder, title, monitor)


def _is_complete(folder: Path) -> bool:
    """Whether all is written and only the name was missing."""
    path = folder / "environment.json"
    return path.exists() and "seconds" in files.read_object(path)


def _begin(job: Job, folder: Path) -> dict:
    """Makes the folder, or clears it to what goes on; returns its environment."""
    now = {**backend.describe(), "commit": _commit()}
    resumed, legs = 0, []
    if _goes_on(job, folder):
        before, resumed, legs = _interrupted(folder / "environment.json")
        resumed += 1
        _warn_of_changes(folder, before, now)
        _clear(folder)
    elif folder.exists():
        shutil.rmtree(folder)
    leg = {**now, "date": datetime.date.today().isoformat()}
    environment = {**now, "resumed": resumed, "legs": [*legs, leg]}
    files.write_json(folder / "environment.json", environment)
    files.write_json(folder / "config.json", job.describe())
    return environment


def _goes_on(job: Job, folder: Path) -> bool:
    """Not if it was killed before it was described, or described as another."""
    names = ("config.json", "environment.json")
    if not all((folder / name).exists() for name in names):
        return False
    return _alike(files.read_object(folder / "config.json"), _described(job))


def _interrupted(path: Path) -> tuple[dict, int, list[dict]]:
    """The last environment, how often a run was resumed, and all environments.

    Raises:
        ValueError: the file is no record of them.
    """
    before = files.read_object(path)
    resumed = before.pop("resumed", None)
    legs = before.pop("legs", [before])  # older records hold the last one only
    right = type(resumed) is int and resumed >= 0 and before
    if not right or not isinstance(legs, list):
        raise ValueError(
            f"Expected in {path} the environment of a run, and how often it was "
            f"`resumed`. Received: resumed={resumed!r}, and of the environment "
            f"{sorted(before)}. Delete {path.parent} to begin the run anew."
        )
    return before, resumed, legs


def _clear(folder: Path) -> None:
    """Leaves what an interrupted run goes on from; all else is written again."""
    from keras_ser.callbacks import checkpoint

    for path in folder.iterdir():
        if path.name in {"config.json", "environment.json", checkpoint.NAME, "logs"}:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _warn_of_changes(folder: Path, before: dict, now: dict) -> None:
    changed = {
        key: f"{before.get(key)} before, {now[key]} now"
        for key in now
        if before.get(key) != now[key]
    }
    if changed:
        warnings.warn(
            f"{folder} goes on with other {changed}: its figures may differ from "
            "those of an undisturbed run.",
            stacklevel=2,
        )


def _record(job: Job, frame: pd.DataFrame, found: dict, folder: Path) -> None:
    """Writes what a run found, and all that decided it."""
    frame = _named(job, frame)
    frame.to_csv(folder / "predictions.csv", index=False, float_format="%.6f")
    fold = job.data
    found_scores = _scores(frame, fold.classes)
    metrics = {
        "scores": found_scores.pop("clean"),
        "selected_by": fold.selected_by,
        "speakers": fold.speakers(),
        "utterances": {side: len(rows) for side, rows in fold.sides().items()},
        **found,  # which may know better what selected
    }
    if found_scores:
        metrics["conditions"] = found_scores
    if fold.test_speakers_select:
        metrics["test_speakers_select"] = True
    files.write_json(folder / "metrics.json", metrics)
    if job.skipped:
        unusable.write(folder / unusable.NAME, job.skipped)


def _scores(frame: pd.DataFrame, classes) -> dict[str, dict]:
    """The scores of labelled utterances under each condition."""
    found = {}
    for condition, rows in frame.groupby("condition"):
        rows = rows[rows.truth != ""]
        found[condition] = scores.summary(rows.truth, rows.prediction, classes)
    return found


def _named(job: Job, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns that name the run in front of the predictions."""
    frame = frame.copy()
    named = {
        "experiment": job.config.name,
        "system": job.system,
        "corpus": frame.pop("corpus"),
        "fold": job.fold.name,
        "repeat": job.repeat,
    }
    for place, (column, value) in enumerate(named.items()):
        frame.insert(place, column, value)
    return frame


def _commit() -> str:
    """The commit of the package's checkout; empty where it is installed."""
    root = Path(__file__).parents[1]
    if not (root / ".git").exists():
        return ""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


class _Named:
    """Notes on an error in which run it came, and how to go on."""

    def __init__(self, job: Job):
        self.job = job

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if not isinstance(error, Exception):
            return
        error.add_note(f"This was in {unfinished(self.job)}.")
        if isinstance(error, OSError) and error.errno in FULL:
            error.add_note(
                "Make room and give the same command: what is complete stays, and "
                "the run goes on from its last complete epoch."
            )


def _lock(job: Job) -> Path:
    return job.folder.with_name(f"{job.folder.name}.lock")


def _other(folder: Path, found: dict, expected: dict) -> str:
    keys = {*expected, *found}
    differing = sorted(key for key in keys if found.get(key) != expected.get(key))
    if folder.suffix != ".partial":
        return (
            f"{folder} holds a run with other settings of {differing}. "
            "Give another --out, or another name to the experiment."
        )
    return (
        f"{folder} holds an unfinished run with other settings of {differing}. "
        "Finish it with those, or delete it, or give another --out."
    )
