"""Plans the jobs of an experiment, counts their state, and removes their runs."""

import shutil
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import pandas as pd

from keras_ser.experiments import checks, removal
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.fold_checks import check_job
from keras_ser.experiments.job import Job
from keras_ser.experiments.run_folder import unfinished
from keras_ser.experiments.smoke_runs import CORPORA
from keras_ser.experiments.variants import select_names
from keras_ser.protocols import PROTOCOLS, Fold, leaks, with_clusters
from keras_ser.utils import files, locks


def clear(folder: str | Path, corpora: Collection[str] = CORPORA) -> None:
    """Removes the folder of an experiment, so that everything is run again.

    Args:
        folder: The folder of the experiment, inside the folder of all runs.
        corpora: The corpora of its runs, by default the synthetic ones of smoke runs.

    Raises:
        ValueError: If a process is using the folder, or if it holds anything but runs
            of this experiment on these corpora. Nothing has been removed then.
    """
    folder = Path(folder)
    if not folder.exists():
        return
    for lock in sorted(folder.glob("*/*.lock")):
        locks.check_free(lock, lock.with_suffix(".partial"))
    removal.check_only_runs(folder, corpora)
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
            cannot divide the corpus, if two folds or two systems would share a folder,
            if a fold tests speech that the search for the settings used, or if the
            training speech of a fold has fewer than two classes of what a system
            learns.
    """
    checks.check(config, table.columns)
    divided = PROTOCOLS[config.protocol](
        table, unlabelled=unlabelled, **config.protocol_arguments
    )
    divided = with_clusters(divided, table, config.labels_by_corpus)
    chosen_systems = select_names("systems", systems, config.systems)
    chosen_folds = select_names("folds", folds, divided)[
        : 1 if first_fold_only else None
    ]
    check_tuned(config, divided, chosen_folds, [table, unlabelled])
    _check_fold_names(config.protocol, divided)
    for fold in chosen_folds:
        files.safe_name(f"Fold {fold!r} of `{config.protocol}`", fold)
    _check_folders("folds", divided)
    _check_folders("systems", config.systems)
    planned = [
        Job(
            config,
            system,
            divided[fold],
            repeat,
            Path(out),
            noise=noise,
            folds=tuple(divided),
        )
        for repeat in range(config.repeats)
        for fold in chosen_folds
        for system in chosen_systems
    ]
    for job in planned:
        check_job(job)
    return planned


def check_tuned(
    config: Experiment,
    folds: Mapping[str, Fold],
    chosen: Iterable[str],
    tables: Iterable[pd.DataFrame | None],
) -> None:
    """Checks that no fold tests speech that a search for the settings used.

    Args:
        config: The experiment.
        folds: All folds of its protocol by name.
        chosen: The names of the folds to run.
        tables: The labelled and the unlabelled table.

    Raises:
        ValueError: As `leaks.check_tuned`.
    """
    if not config.tuned_on and not config.tuned_audio:
        return
    tests = {name: fold.sides()["test"] for name, fold in folds.items()}
    known = {name for each in tables if each is not None for name in each.speaker}
    leaks.check_tuned(config.tuned_on, tests, chosen, known, config.tuned_audio)


def _check_fold_names(protocol: str, folds: Mapping[str, Fold]) -> None:
    """Checks that a protocol, maybe a user's own, names its folds like their keys."""
    wrong = [name for name, fold in folds.items() if fold.name != name]
    if wrong:
        raise ValueError(
            f"Protocol `{protocol}` must return its folds by their names. Received: "
            f"the key {wrong[0]!r} of the fold {folds[wrong[0]].name!r}. Use "
            "{fold.name: fold}."
        )


def _check_folders(what: str, names: Iterable[str]) -> None:
    """Checks that no two names are those of one folder on any file system.

    Some file systems do not distinguish capital letters, or ways to write an accent.
    """
    known: dict[str, str] = {}
    for name in names:
        key = unicodedata.normalize("NFC", name).casefold()
        if key in known:
            raise ValueError(
                f"The names of {what} must differ in more than capital letters, "
                f"because they become folders. Received: {known[key]!r} and {name!r}. "
                "Rename one of them."
            )
        known[key] = name
