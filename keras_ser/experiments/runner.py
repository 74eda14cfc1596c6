"""A job's run: its folder from the first file to the name that makes it count."""

import errno
import time
from pathlib import Path

import pandas as pd

from keras_ser import backend, scores
from keras_ser.audio import unusable
from keras_ser.experiments.job import Job, feature_store
from keras_ser.experiments.run_folder import (
    begin,
    is_complete,
    lock,
    refuse_other,
    unfinished,
)
from keras_ser.utils import files, locks

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
    with locks.held(lock(job), unfinished(job)), _Named(job):
        refuse_other(job)
        if not job.folder.exists():  # another process may have been first
            settings = job.config.training
            with (
                shared(devices, settings.batch),
                precision(settings.precision),
            ):
                _run(job, cache, title, monitor)
    return job.folder


def _run(job: Job, cache, title: str, monitor: bool) -> None:
    import keras

    from keras_ser.callbacks import checkpoint

    folder = unfinished(job)
    if not is_complete(folder):
        started = time.monotonic()
        environment = begin(job, folder)
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
    from keras_ser.experiments import classical, network

    if classical.is_classical(job):
        return classical.fit_and_test(job, cache)
    store = feature_store(job.config, cache)
    return network.train_and_test(job, store, folder, title, monitor)


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
