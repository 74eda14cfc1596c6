"""Systems × protocol × folds × repeats, a job and a folder each."""

import dataclasses
import inspect
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from keras_ser import corpora, files
from keras_ser.config import Experiment
from keras_ser.features import FRONT_ENDS, PLAIN
from keras_ser.job import Job, feature_store
from keras_ser.protocols import PROTOCOLS
from keras_ser.running import run_job

CORPORA_VARIABLE = "KERAS_SER_CORPORA"


def read_tables(
    config: Experiment, roots: Mapping[str, str], cache
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The experiment's labelled and unlabelled table.

    Args:
        config: the experiment.
        roots: corpus name to folder; for others `$KERAS_SER_CORPORA/<name>`.
        cache: folder in which the synthetic corpus is generated.
    """
    table = corpora.read(
        config.corpus, find_root(config.corpus, roots, cache), config.labels
    )
    if not config.unlabelled:
        return table, None
    root = find_root(config.unlabelled, roots, cache)
    return table, corpora.read(config.unlabelled, root).assign(emotion="")


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
    _check(config)
    divided = PROTOCOLS[config.protocol](
        table, unlabelled=unlabelled, **config.protocol_arguments
    )
    chosen_systems = _chosen("systems", systems, config.systems)
    chosen_folds = _chosen("folds", folds, divided)
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
) -> list[Path]:
    """Runs the jobs that are not done yet.

    Args:
        planned: from `jobs`.
        cache: folder of the feature store.
        workers: processes; each trains one job at a time.
        threads: CPU threads a process.
        progress: whether to show bars.

    Returns:
        The folders of all jobs, in their order.

    Raises:
        ValueError: a finished run in the output folder has other settings.
    """
    for job in planned:
        _refuse_other(job)
    todo = [job for job in planned if not job.folder.exists()]
    prepare(todo, cache, workers, progress)
    if workers == 1:
        for number, job in enumerate(todo, 1):
            title = f"[{number}/{len(todo)}] {job.system} {job.fold.name}"
            run_job(job, cache, threads, title if progress else "")
    elif todo:
        _in_processes(todo, cache, workers, threads, progress)
    return [job.folder for job in planned]


def prepare(planned: list[Job], cache, workers: int = 1, progress: bool = True) -> int:
    """Extracts the features that jobs need; returns how many were absent.

    Every utterance once, in every variant that a system of the jobs trains on: a
    fold's test speaker trains in the others.
    """
    from keras_ser import augment

    if not planned:
        return 0
    folds = {job.fold.name: job.fold for job in planned}.values()
    sides = [side for fold in folds for side in fold.sides().values()]
    table = pd.concat(sides).drop_duplicates("utterance")
    specifications = [job.config.systems[job.system].augment for job in planned]
    transforms = {
        transform: None
        for specification in specifications
        for each in augment.instances(specification)
        if each.kind == "waveform"
        for transform in each.transforms
    }
    store = feature_store(planned[0].config, cache)
    return store.prepare(table, [PLAIN, *transforms], workers, progress)


def _in_processes(todo, cache, workers, threads, progress) -> None:
    """A bar over jobs, as the bars of several trainings would overwrite each other."""
    import joblib
    import tqdm

    pool = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")
    done = pool(joblib.delayed(run_job)(job, cache, threads) for job in todo)
    bar = tqdm.tqdm(
        done, total=len(todo), desc="runs", unit="run", disable=not progress
    )
    for folder in bar:
        bar.set_postfix_str(f"{folder.parent.name} {folder.name}")


def _check(config: Experiment) -> None:
    """Names and arguments against the registries, before anything is trained."""
    from keras_ser import augment
    from keras_ser.models import MODELS

    protocol = _registered("protocol", config.protocol, PROTOCOLS)
    _bind("protocol_arguments", protocol, config.protocol_arguments, "table")
    front_end = _registered("front_end", config.features.front_end, FRONT_ENDS)
    _bind("features.settings", front_end, config.features.settings)
    for name, system in config.systems.items():
        where = f"systems.{name}"
        model = _registered(f"{where}.model", system.model, MODELS)
        given = ("classes", "augmentations", "bands")
        _bind(f"{where}.arguments", model, system.arguments, *given)
        _bind(f"{where}.objective", model.objective, system.objective, "self")
        augment.instances(system.augment)


def _registered(what: str, name: str, registry: Mapping):
    if name not in registry:
        raise ValueError(
            f"`{what}` must be one of {sorted(registry)}. Received: {name!r}."
        )
    return registry[name]


def _bind(what: str, function, arguments: Mapping, *given: str) -> None:
    """Refuses arguments that a function does not name."""
    known = [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in given and parameter.kind is not parameter.VAR_KEYWORD
    ]
    unknown = sorted(set(arguments) - set(known))
    if unknown:
        raise ValueError(f"`{what}` takes {known}. Received: {unknown}.")


def _chosen(what, names, known) -> list[str]:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"Unknown {what}: {unknown}. Expected among {list(known)}.")
    return list(names) or list(known)


def _refuse_other(job: Job) -> None:
    """A finished run counts only if it was made with the same settings."""
    if not job.folder.exists():
        return
    expected = json.loads(json.dumps(job.describe()))  # tuples become lists
    found = files.read_json(job.folder / "config.json")
    if found != expected:
        differing = sorted(
            key for key in expected if found.get(key) != expected.get(key)
        )
        raise ValueError(
            f"{job.folder} holds a run with other settings of {differing}. "
            "Give another --out, or another name to the experiment."
        )
