"""Runs one job: writes its folder, and gives it its name when everything is in it."""

import time
from pathlib import Path

import pandas as pd

from keras_ser import backend
from keras_ser.audio import unusable
from keras_ser.experiments.job import Job, feature_store
from keras_ser.experiments.run_folder import (
    check_same_settings,
    is_complete,
    lock,
    start_session,
    unfinished,
)
from keras_ser.protocols import HEARD, Fold
from keras_ser.reports import missing, unlabelled
from keras_ser.reports.summary import summarise, summarise_heard
from keras_ser.utils import csv_files, files, locks


def run_job(
    job: Job,
    cache: str | Path,
    threads: int | None = None,
    title: str = "",
    devices: int = 1,
    monitor: bool = False,
) -> Path:
    """Trains and tests one job and writes its folder.

    Until everything is written, the folder is called `<fold>-<repeat>.partial`. A run
    that was interrupted resumes from its last complete epoch. It ends with the same
    bytes in `predictions.csv`, `history.csv` and `metrics.json` as an uninterrupted
    run with the same number of threads.

    `environment.json` says how often the run was `resumed` and how many `seconds` the
    last session took. Its `sessions` hold the environment of each session, with its
    seconds unless it was killed.

    Args:
        job: The job.
        cache: The folder of the feature store.
        threads: The number of CPU threads. By default the backend chooses it.
        title: The title of the progress bar. If empty, there is no bar.
        devices: The number of devices that share each batch; see
            `backend.devices.share_batches`.
        monitor: Whether TensorBoard also shows pictures, sound and gradients of a
            network's training. The results do not depend on it.

    Returns:
        The folder of the finished run.

    Raises:
        ValueError: If the folder, finished or not, has different settings, if another
            process is using it, or if the backend cannot share batches among this
            number of devices.
    """
    from keras_ser.backend.devices import precision, share_batches

    backend.set_tensorflow_defaults()  # this may be a process of its own
    if threads:
        backend.set_threads(threads)
    with locks.held(lock(job), unfinished(job)), NoteRun(job):
        check_same_settings(job)
        if not job.folder.exists():  # another process may have been first
            settings = job.config.training
            with (
                share_batches(devices, settings.batch),
                precision(settings.precision),
            ):
                _run(job, cache, title, monitor)
    return job.folder


def _run(job: Job, cache, title: str, monitor: bool) -> None:
    import keras

    if not is_complete(unfinished(job)):
        with Session(job) as session:
            keras.utils.set_random_seed(job.seed)
            results = _train_and_test(job, cache, session.folder, title, monitor)
            session.record(*results)
    give_name(job)


class Session:
    """Context of one session of a run, which writes its `environment.json`.

    Args:
        job: The job.
        **more: Further entries of `environment.json`, as JSON values.

    Attributes:
        folder: The folder of the unfinished run.
    """

    def __init__(self, job: Job, **more):
        self.job = job
        self.folder = unfinished(job)
        self._more = more
        self._environment: dict = {}
        self._started = 0.0

    def __enter__(self):
        self._started = time.monotonic()
        self._environment = start_session(self.job, self.folder)
        self._environment.update(self._more)
        self._environment["sessions"][-1].update(self._more)
        return self

    def record(self, frame: pd.DataFrame, found: dict) -> None:
        """Writes the results; see `_train_and_test` for the arguments."""
        _record(self.job, frame, found, self.folder)
        self._environment["seconds"] = self._seconds()

    def __exit__(self, *error):
        """Writes the seconds of this session, also if it is interrupted."""
        self._environment["sessions"][-1]["seconds"] = self._seconds()
        files.write_json(self.folder / "environment.json", self._environment)

    def _seconds(self) -> float:
        return round(time.monotonic() - self._started, 1)


def give_name(job: Job) -> None:
    """Gives the folder of a complete run its name."""
    from keras_ser.callbacks import checkpoint

    folder = unfinished(job)
    (folder / checkpoint.FILE_NAME).unlink(missing_ok=True)
    folder.rename(job.folder)


def _train_and_test(
    job: Job, cache, folder: Path, title: str, monitor: bool
) -> tuple[pd.DataFrame, dict]:
    """Returns predictions and the entries that are added to `metrics.json`."""
    from keras_ser.experiments import classical, network

    if classical.is_classical(job):
        return classical.fit_and_test(job, cache, folder)
    store = feature_store(job.config, cache)
    return network.train_and_test(job, store, folder, title, monitor)


def _record(job: Job, frame: pd.DataFrame, found: dict, folder: Path) -> None:
    """Writes the results of a run and everything that decided them."""
    frame = _add_run_columns(job, frame)
    text = csv_files.to_text(frame, float_format="%.6f")
    files.write_text(folder / "predictions.csv", text)
    fold = job.data
    metrics = {
        **summarise(frame[frame.test != HEARD] if fold.heard is not None else frame),
        **_describe_heard(frame, fold),
        **_describe_unlabelled(job, fold),
        "selected_by": fold.selected_by,
        "speakers": fold.speakers(),
        "utterances": {side: len(rows) for side, rows in fold.sides().items()},
        **found,  # may replace `selected_by`
    }
    if job.folds:
        metrics[missing.KEY] = list(job.folds)
    if fold.clusters is not None:
        metrics["clusters"] = fold.clusters
    for name in ("test_speakers_select", "train_speakers_select"):
        if getattr(fold, name):
            metrics[name] = True
    files.write_json(folder / "metrics.json", metrics)
    if job.skipped:
        unusable.write(folder / unusable.SKIPPED_FILE, job.skipped)


def _describe_heard(frame: pd.DataFrame, fold: Fold) -> dict:
    """The scores of attributes on held-out utterances, if there are such utterances."""
    if fold.heard is None:
        return {}
    return {HEARD: summarise_heard(frame[frame.test == HEARD])}


def _describe_unlabelled(job: Job, fold: Fold) -> dict:
    """The unlabelled utterances and their speakers by corpus, if a report needs them.

    It does if there are several such corpora, or if their speakers are limited.
    Speakers who have labels do not count.
    """
    is_limited = job.config.systems[job.system].unlabelled_speakers is not None
    if fold.unlabelled is None or not (
        is_limited or len(job.config.unlabelled_corpora) > 1
    ):
        return {}
    others = fold.unlabelled[~fold.unlabelled.speaker.isin(fold.train.speaker)]
    counts = {
        name: {"speakers": rows.speaker.nunique(), "utterances": len(rows)}
        for name, rows in others.groupby("corpus")
    }
    return {unlabelled.KEY: counts}


def _add_run_columns(job: Job, frame: pd.DataFrame) -> pd.DataFrame:
    """Puts the columns that name the run in front of the predictions."""
    frame = frame.copy()
    columns = {
        "experiment": job.config.name,
        "system": job.system,
        "corpus": frame.pop("corpus"),
        "fold": job.fold.name,
        "repeat": job.repeat,
        "test": frame.pop("test"),
    }
    for position, (column, value) in enumerate(columns.items()):
        frame.insert(position, column, value)
    return frame


class NoteRun:
    """Adds a note to an error that names the run and says how to resume it."""

    def __init__(self, job: Job):
        self.job = job

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if not isinstance(error, Exception):
            return
        error.add_note(f"This was in {unfinished(self.job)}.")
        if isinstance(error, OSError) and error.errno in files.DISK_FULL:
            error.add_note(
                "Make room on the disk and run again: complete results are kept, and "
                "the run resumes from its last complete epoch."
            )
