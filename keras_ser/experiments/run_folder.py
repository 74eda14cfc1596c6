"""The folder of a run: whose it is, what it holds, and where a run resumes from."""

import datetime
import json
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from keras_ser import backend
from keras_ser.experiments import environment as environments
from keras_ser.experiments import removal
from keras_ser.experiments.job import Job
from keras_ser.protocols import HEARD, Fold
from keras_ser.reports import tested
from keras_ser.reports.run_files import renamed_keys
from keras_ser.utils import files, locks

if TYPE_CHECKING:
    from keras_ser.tasks import Task

# Keys of config.json that decide no result: three concern reports only, and the others
# follow from the model and the speech.
FREE_KEYS = (
    *("published", "reference", "primary", "tasks"),
    *(tested.KEY, tested.HEARD_KEY),
)


def unfinished(job: Job) -> Path:
    """Returns the folder of a run that is not finished."""
    return job.folder.with_name(f"{job.folder.name}.partial")


def lock(job: Job) -> Path:
    """Returns the lock file of a run."""
    return job.folder.with_name(f"{job.folder.name}.lock")


def check_same_settings(job: Job) -> None:
    """Checks that the folder of a job, if there is one, has the job's settings.

    The folder may be finished or not. An unfinished run with different settings and
    nothing to resume from passes, because it is replaced when the job is run.

    Raises:
        ValueError: If the folder was made with different settings, or by an earlier
            version of the package.
    """
    folder = job.folder if job.folder.exists() else unfinished(job)
    if folder == unfinished(job) and not (folder / "config.json").exists():
        return
    expected, found = _description(job), files.read_object(folder / "config.json")
    if not _is_alike(found, expected) and (folder == job.folder or _holds_work(folder)):
        raise ValueError(_different_settings(folder, found, expected))


def check_free(job: Job) -> None:
    """Raises ValueError if another process is running the job."""
    locks.check_free(lock(job), unfinished(job))


def _description(job: Job) -> dict:
    return json.loads(json.dumps(job.describe()))  # tuples become lists


def _is_alike(one: dict, other: dict) -> bool:
    """Returns whether two descriptions decide the same result.

    What a report compares a run with does not change the run.
    """
    return _deciding(one) == _deciding(other)


def _deciding(record: dict) -> dict:
    """The part of a description that decides the result.

    Options of corpora that only other systems of the experiment use do not. They are in
    the description or not, depending on which systems are run together. How often
    all heads are validated does not, either.
    """
    used = set()
    for key in ("corpus", "unlabelled_corpus", "noise"):
        names = record.get(key) or ()
        used |= {names} if isinstance(names, str) else set(names)
    options = record.get("corpus_options") or {}
    options = {name: own for name, own in options.items() if name in used}
    training = record.get("training")
    if isinstance(training, dict):
        training = {k: v for k, v in training.items() if k != "validate_every"}
    free = dict.fromkeys(FREE_KEYS)
    return {**record, **free, "corpus_options": options, "training": training}


def _holds_work(folder: Path) -> bool:
    """Returns whether removing an unfinished run would lose results."""
    from keras_ser.callbacks import checkpoint

    names = (checkpoint.FILE_NAME, "predictions.csv")
    return any((folder / name).exists() for name in names) or is_complete(folder)


def is_complete(folder: Path) -> bool:
    """Returns whether everything has been written and only the final name is missing.

    Args:
        folder: The folder of an unfinished run.
    """
    path = folder / "environment.json"
    return path.exists() and "seconds" in files.read_object(path)


def start_session(job: Job, folder: Path) -> dict:
    """Prepares the folder of an unfinished run for a new session.

    What an earlier session has written is removed, except the checkpoint, records and
    logs of a run that can resume. Files of others stay.

    Args:
        job: The job.
        folder: The folder of the unfinished run.

    Returns:
        The content of `environment.json`: the environment of this session, how often
        the run was `resumed`, and the environments of all `sessions`.
    """
    now = environments.describe()
    backend.warn_of_unused_gpu(now["backend"], now["device"])
    resumed, sessions = 0, []
    if _can_resume(job, folder):
        before, resumed, sessions = _read_environment(folder / "environment.json")
        resumed += 1
        _warn_of_changes(folder, before, now)
        removal.remove_run_files(folder, keep=_kept())
    elif folder.exists():
        removal.remove_run_files(folder)
    session = {**now, "date": datetime.date.today().isoformat()}
    environment = {**now, "resumed": resumed, "sessions": [*sessions, session]}
    files.write_json(folder / "environment.json", environment)
    files.write_json(folder / "config.json", job.describe())
    return environment


def record_tasks(folder: Path, tasks: "Iterable[Task]", fold: Fold) -> None:
    """Adds to a run's `config.json` what it learns and a hash of what it will test.

    Reports read the tasks, and compare the hash with the predictions. Held-out
    utterances of training speakers have a hash of their own.

    Args:
        folder: The folder of the unfinished run.
        tasks: The tasks of its model, main task first.
        fold: The fold as its system uses it.
    """
    path, tasks = folder / "config.json", list(tasks)
    found = {
        "tasks": [task.describe() for task in tasks],
        tested.KEY: tested.fingerprint(_expected_rows(tasks, fold.tests)),
    }
    if fold.heard is not None:
        rows = _expected_heard(tasks, fold.heard)
        found[tested.HEARD_KEY] = tested.fingerprint(rows)
    files.write_json(path, {**files.read_object(path), **found})


def _expected_rows(
    tasks: "Iterable[Task]", tests: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """The rows that each condition has in `predictions.csv`, without predictions.

    As in `evaluation.predictions`, heads without any truth are left out, except for
    the main one.
    """
    parts = []
    for name, table in tests.items():
        rows = table[["corpus", "utterance", "speaker"]].assign(test=name)
        for number, task in enumerate(task for task in tasks if task.is_scored):
            truth = task.truths(table)
            if number == 0 or (truth != "").any():
                parts.append(rows.assign(head=task.name, truth=truth))
    return pd.concat(parts)


def _expected_heard(tasks: "Iterable[Task]", table: pd.DataFrame) -> pd.DataFrame:
    """The rows of `evaluation.heard_predictions` without predictions."""
    rows = table[["corpus", "utterance", "speaker"]].assign(test=HEARD)
    found = [
        rows.assign(head=task.name, truth=truth)
        for task in tasks
        if task.is_scored and task.uses_unlabelled
        for truth in [task.truths(table)]
        if (truth != "").any()
    ]
    return pd.concat(found or [rows.iloc[:0].assign(head="", truth="")])


def _can_resume(job: Job, folder: Path) -> bool:
    """Returns whether a folder describes an interrupted run of this very job.

    It does not if the run was killed before its description was written.
    """
    names = ("config.json", "environment.json")
    if not all((folder / name).exists() for name in names):
        return False
    return _is_alike(files.read_object(folder / "config.json"), _description(job))


def _read_environment(path: Path) -> tuple[dict, int, list[dict]]:
    """Reads the `environment.json` of an interrupted run.

    Returns:
        The environment of the last session, how often the run was resumed, and the
        environments of all sessions.

    Raises:
        ValueError: If the file does not hold these.
    """
    before = files.read_object(path)
    resumed = before.pop("resumed", None)
    sessions = before.pop("sessions", None)
    is_record = type(resumed) is int and resumed >= 0 and before
    if not is_record or not isinstance(sessions, list):
        raise ValueError(
            f"Expected {path} to hold the environment of a run and how often it was "
            f"`resumed`. Received: resumed={resumed!r}, and the keys {sorted(before)}. "
            f"Delete {path.parent} to start the run again."
        )
    return before, resumed, sessions


def _kept() -> tuple[str, ...]:
    """What an interrupted run resumes from; the rest will be written again."""
    from keras_ser.callbacks import checkpoint

    return ("config.json", "environment.json", checkpoint.FILE_NAME, removal.LOGS)


def _warn_of_changes(folder: Path, before: dict, now: dict) -> None:
    changed = {
        key: f"{before[key]} before, {now[key]} now"
        for key in now
        if key in before and before[key] != now[key]
    }
    if changed:
        warnings.warn(
            f"{folder} resumes in a different environment, {changed}. Its figures may "
            "differ from those of an uninterrupted run.",
            stacklevel=2,
        )


def _different_settings(folder: Path, found: dict, expected: dict) -> str:
    """Returns the error message for a folder with different settings."""
    is_finished = folder.suffix != ".partial"
    what = "a run" if is_finished else "an unfinished run"
    renamed = renamed_keys(found)
    if renamed:
        return (
            f"{folder} holds {what} of an earlier version of keras_ser, in which "
            f"{' and '.join(renamed)}. It cannot be used with this version. Delete the "
            "folder to train again, or give another --out (in Python: out=…)."
        )
    one, other = _deciding(found), _deciding(expected)
    differing = sorted(key for key in {*one, *other} if one.get(key) != other.get(key))
    if differing == ["data"]:
        return (
            f"{folder} holds {what} of other speech: the files, speakers or labels of "
            "the corpus have changed since. Restore them, or give another --out (in "
            "Python: out=…), or another name to the experiment."
        )
    if is_finished:
        return (
            f"{folder} holds {what} with different settings of {differing}. "
            "Give another --out (in Python: out=…), or another name to the experiment."
        )
    return (
        f"{folder} holds {what} with different settings of {differing}. "
        "Finish it with its own settings, or delete it, or give another --out "
        "(in Python: out=…)."
    )
