"""A job's run: its folder from the first file to the name that makes it count."""

import shutil
import subprocess
import time
from pathlib import Path

import pandas as pd

from keras_ser import backend, files, scores
from keras_ser.job import Job, feature_store


def run_job(job: Job, cache, threads: int | None = None, title: str = "") -> Path:
    """Trains and tests; the folder gets its name when all is in it.

    Args:
        job: what to run.
        cache: folder of the feature store.
        threads: CPU threads; default, TensorFlow's choice.
        title: of the progress bar; empty for none.

    Returns:
        The finished folder.
    """
    import keras

    from keras_ser import network

    if threads:
        backend.set_threads(threads)
    started = time.monotonic()
    keras.utils.set_random_seed(job.seed)
    store = feature_store(job.config, cache)
    partial = job.folder.with_name(f"{job.folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    files.write_json(partial / "config.json", job.describe())
    frame, found = network.train_and_test(job, store, partial, title)
    _record(job, frame, found, partial)
    seconds = round(time.monotonic() - started, 1)
    environment = {**backend.describe(), "commit": _commit(), "seconds": seconds}
    files.write_json(partial / "environment.json", environment)
    partial.rename(job.folder)
    return job.folder


def _record(job: Job, frame: pd.DataFrame, found: dict, folder: Path) -> None:
    """Writes what a run found, and all that decided it."""
    frame = _named(job, frame)
    frame.to_csv(folder / "predictions.csv", index=False, float_format="%.6f")
    scored = frame[frame.truth != ""]
    fold = job.data
    metrics = {
        **found,
        "scores": scores.summary(scored.truth, scored.prediction, fold.classes),
        "selected_by": fold.selected_by,
        "speakers": fold.speakers(),
        "utterances": {side: len(rows) for side, rows in fold.sides().items()},
    }
    files.write_json(folder / "metrics.json", metrics)


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
