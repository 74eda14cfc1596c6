"""The jobs of an experiment: planned, counted, and cleared away."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from keras_ser.experiments import checks
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.job import Job
from keras_ser.experiments.run_folder import unfinished
from keras_ser.experiments.variants import chosen
from keras_ser.protocols import PROTOCOLS, leaks
from keras_ser.utils import files, locks


def clear(folder) -> None:
    """Removes an experiment's folder, so that its runs are run again.

    Args:
        folder: of the experiment, below that of all runs.

    Raises:
        ValueError: a process is at work in it. Nothing was removed then.
    """
    folder = Path(folder)
    for lock in sorted(folder.glob("*/*.lock")):
        locks.refuse(lock, lock.with_suffix(".partial"))
    if folder.exists():
        shutil.rmtree(folder)


def status(planned: list[Job]) -> str:
    """How many jobs are done, begun and neither: `3 done, 1 to go on with, 2 to do`."""
    done = sum(job.folder.exists() for job in planned)
    begun = sum(
        (unfinished(job) / "config.json").exists() and not job.folder.exists()
        for job in planned
    )
    todo = len(planned) - done - begun
    return f"{done} done, {begun} to go on with, {todo} to do"


def plan_jobs(
    config: Experiment,
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None,
    out,
    systems: Iterable[str] = (),
    folds: Iterable[str] = (),
    noise: pd.DataFrame | None = None,
    first_fold_only: bool = False,
) -> list[Job]:
    """The jobs of an experiment: folds in turn, all systems of a fold together.

    Args:
        config: the experiment.
        table, unlabelled: from `inputs.read_tables`.
        out: folder of all runs.
        systems, folds: names to run; default, all.
        noise: from `inputs.read_noise`, for conditions that mix it in.
        first_fold_only: whether to plan the first fold alone.

    Raises:
        ValueError: a name or argument in the config that nothing takes, a corpus
            that the protocol cannot divide, or a fold that tests speakers whom the
            search for the settings heard.
    """
    checks.check(config)
    divided = PROTOCOLS[config.protocol](
        table, unlabelled=unlabelled, **config.protocol_arguments
    )
    chosen_systems = chosen("systems", systems, config.systems)
    chosen_folds = chosen("folds", folds, divided)[: 1 if first_fold_only else None]
    if config.tuned_on:
        tests = {name: fold.speakers()["test"] for name, fold in divided.items()}
        leaks.refuse_tuned(config.tuned_on, tests, chosen_folds)
    for fold in chosen_folds:
        files.safe_name(f"Fold {fold!r} of `{config.protocol}`", fold)
    return [
        Job(config, system, divided[fold], repeat, Path(out), noise=noise)
        for repeat in range(config.repeats)
        for fold in chosen_folds
        for system in chosen_systems
    ]
