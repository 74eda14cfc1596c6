"""The outcomes of trials, read from their run folders."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser import scores
from keras_ser.experiments.job import Job
from keras_ser.experiments.run_folder import unfinished
from keras_ser.protocols import HEARD
from keras_ser.utils import files

NAME = "trials.csv"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A trial and its score, which is an unweighted average recall (UAR).

    Args:
        number: Number of the trial: 0 for the unchanged settings, then in the order
            of the proposals.
        values: Settings of the trial by their override paths.
        uar: UAR of the scored speakers, pooled over the trainings, in [0, 1]; where
            the classes differ from fold to fold, the mean over the trainings. If the
            loss of a training did not stay finite, it is chance level.
        epochs: Selected epochs, one per training.
        seconds: Duration of all trainings together, in seconds.
        diverged: Whether the loss of a training did not stay finite.
        again: Whether an earlier trial had the same settings, so that the score is that
            trial's.
    """

    number: int
    values: dict
    uar: float
    epochs: tuple[int, ...] = ()
    seconds: float = 0.0
    diverged: bool = False
    again: bool = False


def read_outcome(number: int, values: dict, jobs: Iterable[Job]) -> Outcome:
    """The outcome of a trial whose jobs are finished.

    Raises:
        ValueError: If the main head, the first one in the predictions, has no classes.
    """
    jobs = list(jobs)
    frame = pd.concat(
        [
            # An emotion may be called `none`.
            pd.read_csv(
                job.folder / "predictions.csv", dtype=str, keep_default_na=False
            )
            for job in jobs
        ]
    )
    if any(job.config.heard_fraction for job in jobs):
        frame = frame[frame.test != HEARD]  # of training speakers
    frame = _main_rows(frame)
    metrics = [files.read_object(job.folder / "metrics.json") for job in jobs]
    centroids = [each.get("clusters") for each in metrics]
    # Classes with other centroids are other classes, which no score may pool.
    differ = any(each != centroids[0] for each in centroids)
    parts = [rows for _, rows in frame.groupby("fold")] if differ else [frame]
    uars = [scores.uar(rows.truth, rows.prediction) for rows in parts]
    return Outcome(
        number=number,
        values=values,
        uar=sum(uars) / len(uars),
        epochs=tuple(each["epoch"] for each in metrics),
        seconds=round(sum(map(_seconds, jobs)), 1),
    )


def _main_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """The labelled predictions of the main head."""
    main = frame["head"].iloc[0]
    rows = frame[(frame["head"] == main) & (frame.truth != "")]
    probabilities = rows.filter(regex="^p_")
    if not (probabilities != "").any(axis=None):
        raise ValueError(
            "A search maximises the unweighted average recall of the main head, which "
            f"therefore needs classes. Received: `{main}`, which predicts numbers. "
            "Search with a model whose first task is a classification."
        )
    return rows


def diverged_outcome(number: int, values: dict, jobs: Iterable[Job]) -> Outcome:
    """The outcome of a trial that diverged: its UAR is chance level."""
    classes = len(next(iter(jobs)).fold.classes)
    return Outcome(number, values, 1 / classes, diverged=True)


def all_diverged(jobs: Iterable[Job]) -> bool:
    """Whether all unfinished jobs stopped because their loss did not stay finite."""
    left = [job for job in jobs if not job.folder.exists()]
    return bool(left) and all(map(_has_diverged, left))


def best(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome with the highest score; of equal scores, that of the earlier trial.

    Raises:
        RuntimeError: If all trials diverged.
    """
    finite = [each for each in outcomes if not each.diverged]
    if not finite:
        raise RuntimeError(
            "A search needs a trial whose loss stays finite. Received: none. Lower the "
            "range of `training.learning_rate` in `space` (--space)."
        )
    return min(finite, key=_rank)


def write(folder: str | Path, outcomes: Iterable[Outcome]) -> Path:
    """Writes `trials.csv` with one row per trial, the best first.

    Its columns are `trial, uar, epoch, seconds` and one column per path in the space.
    """
    rows = [_row(each) for each in sorted(outcomes, key=_rank)]
    text = pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")
    return files.write_text(Path(folder) / NAME, text)


def _rank(outcome: Outcome) -> tuple:
    return outcome.diverged, -outcome.uar, outcome.number


def _row(outcome: Outcome) -> dict[str, str]:
    found = {
        "trial": str(outcome.number),
        "uar": "" if outcome.diverged else f"{outcome.uar:.6f}",
        "epoch": " ".join(map(str, outcome.epochs)),
        "seconds": "" if outcome.diverged else str(outcome.seconds),
    }
    return {**found, **{path: str(value) for path, value in outcome.values.items()}}


def _has_diverged(job: Job) -> bool:
    path = unfinished(job) / "history.csv"
    return path.exists() and not np.isfinite(pd.read_csv(path).loss).all()


def _seconds(job: Job) -> float:
    """The duration of all sessions of a run; a session that was killed has none."""
    environment = files.read_object(job.folder / "environment.json")
    return sum(each.get("seconds", 0.0) for each in environment["sessions"])
