"""The folder of a run: whose it is, what it holds, and from where it resumes."""

import datetime
import json
import shutil
import subprocess
import warnings
from pathlib import Path

from keras_ser import backend
from keras_ser.experiments.job import Job
from keras_ser.utils import files, locks

OF_REPORTS = ("published", "against")  # in config.json


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
    locks.refuse(lock(job), unfinished(job))


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
    return any((folder / name).exists() for name in names) or is_complete(folder)


def is_complete(folder: Path) -> bool:
    """Whether all is written and only the name was missing."""
    path = folder / "environment.json"
    return path.exists() and "seconds" in files.read_object(path)


def begin(job: Job, folder: Path) -> dict:
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


def _commit() -> str:
    """The commit of the package's checkout; empty where it is installed."""
    root = Path(__file__).parents[2]
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


def lock(job: Job) -> Path:
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
