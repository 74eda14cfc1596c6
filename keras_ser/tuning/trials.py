"""What a trial found, read off its run folders."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser import scores
from keras_ser.experiments.job import Job
from keras_ser.experiments.run_folder import unfinished
from keras_ser.utils import files

NAME = "trials.csv"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A trial and its score.

    Args:
        number: 0 for the settings as they stood, then in the order of the proposals.
        values: by override path.
        uar: of the speakers that score, pooled, in [0, 1]; of a training whose loss
            did not stay finite, chance.
        epochs: that were selected, one a training.
        seconds: of all trainings.
        diverged: whether a loss did not stay finite.
    """

    number: int
    values: dict
    uar: float
    epochs: tuple[int, ...] = ()
    seconds: float = 0.0
    diverged: bool = False


def read(number: int, values: dict, jobs: Iterable[Job]) -> Outcome:
    """The outcome of a trial whose jobs are done."""
    jobs = list(jobs)
    frame = pd.concat(
        [
            # An emotion may be called `none`.
            pd.read_csv(job.folder / "predictions.csv", keep_default_na=False)
            for job in jobs
        ]
    )
    metrics = [files.read_object(job.folder / "metrics.json") for job in jobs]
    return Outcome(
        number=number,
        values=values,
        uar=scores.uar(frame.truth, frame.prediction),
        epochs=tuple(each["epoch"] for each in metrics),
        seconds=round(sum(map(_seconds, jobs)), 1),
    )


def without(number: int, values: dict, jobs: Iterable[Job]) -> Outcome:
    """The outcome of a trial that diverged: it recognises as much as chance does."""
    classes = len(next(iter(jobs)).fold.classes)
    return Outcome(number, values, 1 / classes, diverged=True)


def diverged(jobs: Iterable[Job]) -> bool:
    """Whether the jobs that are not done ended because their losses grew infinite."""
    left = [job for job in jobs if not job.folder.exists()]
    return bool(left) and all(map(_lost, left))


def best(outcomes: Iterable[Outcome]) -> Outcome:
    """The highest score; of equal ones, the earlier trial.

    Raises:
        RuntimeError: all trials diverged.
    """
    ended = [each for each in outcomes if not each.diverged]
    if not ended:
        raise RuntimeError(
            "A search needs a trial whose loss stays finite. Received none. Lower the "
            "range of `training.learning_rate` with --space."
        )
    return min(ended, key=_rank)


def write(folder, outcomes: Iterable[Outcome]) -> Path:
    """`trials.csv`: a row a trial, the best first, with the values by their paths."""
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


def _lost(job: Job) -> bool:
    path = unfinished(job) / "history.csv"
    return path.exists() and not np.isfinite(pd.read_csv(path).loss).all()


def _seconds(job: Job) -> float:
    """Of all times that a run was at work; one that was killed left no figure."""
    environment = files.read_object(job.folder / "environment.json")
    return sum(leg.get("seconds", 0.0) for leg in environment["legs"])
