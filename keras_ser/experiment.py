"""Systems × protocol × folds × repeats, a job and a folder each."""

import dataclasses
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pandas as pd

from keras_ser import checks, corpora, files, locks, unusable
from keras_ser.config import Experiment
from keras_ser.features import PLAIN
from keras_ser.job import Job, feature_store
from keras_ser.protocols import PROTOCOLS
from keras_ser.running import refuse_held, refuse_other, run_job, unfinished
from keras_ser.unusable import Unusable

CORPORA_VARIABLE = "KERAS_SER_CORPORA"


def read_tables(
    config: Experiment, roots: Mapping[str, str], cache, skip_bad: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The experiment's labelled and unlabelled table.

    Args:
        config: the experiment.
        roots: corpus name to folder; for others `$KERAS_SER_CORPORA/<name>`.
        cache: folder in which the synthetic corpus is generated.
        skip_bad: whether files that cannot be read stay in the tables, for
            `prepare` to list and `without_bad` to leave out.

    Raises:
        UnusableAudio: files without a readable header, all of them.
    """
    root = find_root(config.corpus, roots, cache)
    table = corpora.read(config.corpus, root, config.labels, keep_unreadable=True)
    unlabelled = None
    if config.unlabelled:
        root = find_root(config.unlabelled, roots, cache)
        unlabelled = corpora.read(config.unlabelled, root, keep_unreadable=True)
        unlabelled = unlabelled.assign(emotion="")
    if not skip_bad:
        found = [*unusable.unread(table), *unusable.unread(unlabelled)]
        unusable.refuse(found, cache)
    return tuple(unusable.parted([table, unlabelled]))


def restricted(config: Experiment, systems: Iterable[str]) -> Experiment:
    """The experiment of some of its systems, on the corpora that they need.

    Args:
        config: the experiment.
        systems: names; none for all.

    Raises:
        ValueError: an unknown name.
    """
    names = _chosen("systems", systems, config.systems)
    chosen = {name: config.systems[name] for name in names}
    needed = any(system.unlabelled for system in chosen.values())
    unlabelled = config.unlabelled if needed else ""
    return dataclasses.replace(config, systems=chosen, unlabelled=unlabelled)


def without_bad(
    planned: list[Job], bad: list[Unusable], tables: tuple, plan: Callable
) -> list[Job]:
    """Jobs on folds without bad utterances, each with the list of what it lacks.

    Args:
        planned: jobs on all utterances.
        bad: what `prepare` found in them.
        tables: from `read_tables`.
        plan: from tables to jobs.

    Raises:
        ValueError: nothing is left of a table, or too little for the jobs.
    """
    if not bad:
        return planned
    left = tuple(_left(table, bad) for table in tables)
    used = {
        (job.system, job.fold.name): set(pd.concat(job.data.sides().values()).utterance)
        for job in planned
    }
    everything = {each.utterance for each in bad}
    return [
        dataclasses.replace(job, skipped=tuple(b for b in bad if b.utterance in those))
        for job in _noted(plan, left, tables)
        # Groups of another table may have other names.
        for those in [used.get((job.system, job.fold.name), everything)]
    ]


def _left(table: pd.DataFrame | None, bad: list[Unusable]) -> pd.DataFrame | None:
    left = table if table is None else unusable.leave_out(table, bad)
    if left is not None and left.empty:
        raise ValueError(
            f"Corpus `{table.corpus.iloc[0]}` needs audio that can be used. Received: "
            f"{len(table)} utterances, of which none is left without what cannot be. "
            f"The first: {bad[0].file}: {bad[0].reason}"
        )
    return left


def _noted(plan: Callable, left: tuple, tables: tuple) -> list[Job]:
    """What `plan` gives for what is left; its errors say what is not."""
    try:
        return plan(left)
    except ValueError as error:
        gone = set(tables[0].speaker) - set(left[0].speaker)
        error.add_note(
            f"That is without {len(tables[0]) - len(left[0])} of {len(tables[0])} "
            "utterances, which were skipped as their audio cannot be used"
            + (f"; nothing is left of {', '.join(sorted(gone))}." if gone else ".")
        )
        raise


def find_root(corpus: str, roots: Mapping[str, str], cache) -> Path:
    """The folder of a corpus.

    Raises:
        ValueError: neither `roots` nor the environment names it.
    """
    if corpus in roots:
        return Path(roots[corpus])
    if corpus.startswith("synthetic"):
        return Path(cache)
    base = os.environ.get(CORPORA_VARIABLE)
    if base:
        return Path(base) / corpus
    raise ValueError(
        f"Corpus `{corpus}` needs a folder. Received none: give "
        f"--corpus {corpus}=DIR, or set ${CORPORA_VARIABLE} to the folder above it."
    )


def smoke(config: Experiment) -> Experiment:
    """The experiment on synthetic speech with two epochs, to see that it runs."""
    return dataclasses.replace(
        config,
        name=f"{config.name}_smoke",
        corpus="synthetic",
        unlabelled="synthetic_unlabelled" if config.unlabelled else "",
        training=dataclasses.replace(config.training, epochs=2),
    )


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


def standing(planned: list[Job]) -> str:
    """How many jobs are done, begun and neither: `3 done, 1 to go on with, 2 to do`."""
    done = sum(job.folder.exists() for job in planned)
    begun = sum(
        (unfinished(job) / "config.json").exists() and not job.folder.exists()
        for job in planned
    )
    todo = len(planned) - done - begun
    return f"{done} done, {begun} to go on with, {todo} to do"


def jobs(
    config: Experiment,
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None,
    out,
    systems: Iterable[str] = (),
    folds: Iterable[str] = (),
) -> list[Job]:
    """The jobs of an experiment: folds in turn, all systems of a fold together.

    Args:
        config: the experiment.
        table, unlabelled: from `read_tables`.
        out: folder of all runs.
        systems, folds: names to run; default, all.

    Raises:
        ValueError: a name or argument in the config that nothing takes, or a corpus
            that the protocol cannot divide.
    """
    checks.check(config)
    divided = PROTOCOLS[config.protocol](
        table, unlabelled=unlabelled, **config.protocol_arguments
    )
    chosen_systems = _chosen("systems", systems, config.systems)
    chosen_folds = _chosen("folds", folds, divided)
    for fold in chosen_folds:
        files.safe_name(f"Fold {fold!r} of `{config.protocol}`", fold)
    return [
        Job(config, system, divided[fold], repeat, Path(out))
        for repeat in range(config.repeats)
        for fold in chosen_folds
        for system in chosen_systems
    ]


def run(
    planned: list[Job],
    cache,
    workers: int = 1,
    threads: int | None = None,
    progress: bool = True,
    devices: int = 1,
    monitor: bool = False,
) -> list[Path]:
    """Runs the jobs that are not done yet, and goes on with interrupted ones.

    Args:
        planned: from `jobs`.
        cache: folder of the feature store.
        workers: processes; each trains one job at a time.
        threads: CPU threads a process.
        progress: whether to show bars.
        devices: that share each batch, in one process.
        monitor: whether each network's `logs/` get pictures, sound and gradients;
            see `monitoring.Monitor`.

    Returns:
        The folders of all jobs, in their order.

    Raises:
        ValueError: a run in the output folder has other settings, another process
            is at work in it, or batches cannot be shared so. Nothing was trained then.
    """
    from keras_ser import placement

    for job in planned:
        refuse_other(job)
    todo = [job for job in planned if not job.folder.exists()]
    for job in todo:
        refuse_held(job)
        placement.refuse(devices, job.config.training.batch, workers)
    prepare(todo, cache, workers, progress)
    if workers == 1:
        for number, job in enumerate(todo, 1):
            title = f"[{number}/{len(todo)}] {job.system} {job.fold.name}"
            title = title if progress else ""
            run_job(job, cache, threads, title, devices, monitor)
    elif todo:
        _in_processes(todo, cache, workers, threads, progress, monitor)
    return [job.folder for job in planned]


def prepare(
    planned: list[Job],
    cache,
    workers: int = 1,
    progress: bool = True,
    bad: list[Unusable] | None = None,
) -> int:
    """Extracts the features that jobs need; returns how many were absent.

    Every utterance once, in every variant that a system of the jobs trains on: a
    fold's test speaker trains in the others. What is there already is read, too:
    entries that are damaged are extracted again.

    Args:
        planned: from `jobs`.
        cache: folder of the feature store.
        workers: processes.
        progress: whether to show bars.
        bad: collects the utterances that cannot be used; without it, they are an
            error.

    Raises:
        UnusableAudio: audio that cannot be used, all of it; more than a few are
            listed in `unusable.csv` in the cache.
    """
    from keras_ser import classical

    others = [job for job in planned if classical.runs(job)]
    networks = [job for job in planned if not classical.runs(job)]
    found, count = unusable.unread(_utterances(planned)), 0
    needed = [(*each, [PLAIN]) for each in classical.needed(others, cache)]
    for store, table, transforms in [*needed, *_of_networks(networks, cache)]:
        known = {each.utterance for each in found}
        table = table[~table.utterance.isin(known)]
        count += store.prepare(table, transforms, workers, progress, found, verify=True)
    if bad is None:
        unusable.refuse(found, cache)
    else:
        bad += found
    return count


def _utterances(planned: list[Job]) -> pd.DataFrame | None:
    folds = {job.fold.name: job.fold for job in planned}.values()
    sides = [side for fold in folds for side in fold.sides().values()]
    return pd.concat(sides).drop_duplicates("utterance") if sides else None


def _of_networks(planned: list[Job], cache) -> list[tuple]:
    """The store that networks read, with its utterances and transforms."""
    from keras_ser import augment

    if not planned:
        return []
    specifications = [job.config.systems[job.system].augment for job in planned]
    transforms = {
        transform: None
        for specification in specifications
        for each in augment.instances(specification)
        if each.kind == "waveform"
        for transform in each.transforms
    }
    store = feature_store(planned[0].config, cache)
    return [(store, _utterances(planned), [PLAIN, *transforms])]


def _in_processes(todo, cache, workers, threads, progress, monitor) -> None:
    """A bar over jobs, as the bars of several trainings would overwrite each other."""
    import joblib
    import tqdm

    pool = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")
    done = pool(
        joblib.delayed(run_job)(job, cache, threads, "", 1, monitor) for job in todo
    )
    bar = tqdm.tqdm(
        done, total=len(todo), desc="runs", unit="run", disable=not progress
    )
    for folder in bar:
        bar.set_postfix_str(f"{folder.parent.name} {folder.name}")


def _chosen(what, names, known) -> list[str]:
    """Names in their order, each once; none for all."""
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"Unknown {what}: {unknown}. Expected among {list(known)}.")
    return list(dict.fromkeys(names)) or list(known)
