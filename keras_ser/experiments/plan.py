"""Plans the jobs of an experiment, counts their state, and removes their runs."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from keras_ser.experiments import checks
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.fold_checks import check_job
from keras_ser.experiments.job import Job
from keras_ser.experiments.run_folder import unfinished
from keras_ser.experiments.variants import select_names
from keras_ser.protocols import PROTOCOLS, leaks
from keras_ser.utils import files, locks


def clear(folder: str | Path) -> None:
    """Removes the folder of an experiment, so that everything is run again.

    Args:
        folder: The folder of the experiment, inside the folder of all runs.

    Raises:
        ValueError: If a process is using the folder. Nothing has been removed then.
    """
    folder = Path(folder)
    for lock in sorted(folder.glob("*/*.lock")):
        locks.check_free(lock, lock.with_suffix(".partial"))
    if folder.exists():
        shutil.rmtree(folder)


def status(planned: list[Job]) -> str:
    """Counts jobs by their state, as text: `3 done, 1 to resume, 2 to start`."""
    done = sum(job.folder.exists() for job in planned)
    interrupted = sum(
        (unfinished(job) / "config.json").exists() and not job.folder.exists()
        for job in planned
    )
    left = len(planned) - done - interrupted
    return f"{done} done, {interrupted} to resume, {left} to start"


def plan_jobs(
    config: Experiment,
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None,
    out: str | Path,
    systems: Iterable[str] = (),
    folds: Iterable[str] = (),
    noise: pd.DataFrame | None = None,
    first_fold_only: bool = False,
) -> list[Job]:
    """Plans the jobs of an experiment: fold by fold, all systems of a fold together.

    Args:
        config: The experiment.
        table: The labelled table, from `inputs.read_tables`.
        unlabelled: The unlabelled table, from `inputs.read_tables`, or None.
        out: The folder of all runs.
        systems: The names of the systems to run. The default is all of them.
        folds: The names of the folds to run. The default is all of them.
        noise: The table of noise, from `inputs.read_noise`, if conditions mix it in.
        first_fold_only: Whether to plan only the first fold.

    Raises:
        ValueError: If the config holds an unknown name or argument, if the protocol
            cannot divide the corpus, if a fold tests speakers that the search for the
            settings used, or if the training speech of a fold has fewer than two
            classes of what a system learns.
    """
    checks.check(config, table.columns)
    divided = PROTOCOLS[config.protocol](
        table, unlabelled=unlabelled, **config.protocol_arguments
    )
    chosen_systems = select_names("systems", systems, config.systems)
    chosen_folds = select_names("folds", folds, divided)[
        : 1 if first_fold_only else None
    ]
    if config.tuned_on:
        tests = {name: fold.speakers()["test"] for name, fold in divided.items()}
        leaks.check_tuned(config.tuned_on, tests, chosen_folds)
    for fold in chosen_folds:
        files.safe_name(f"Fold {fold!r} of `{config.protocol}`", fold)
    planned = [
        Job(config, system, divided[fold], repeat, Path(out), noise=noise)
        for repeat in range(config.repeats)
        for fold in chosen_folds
        for system in chosen_systems
    ]
    for job in planned:
        check_job(job)
    return planned
