"""Systems × protocol × folds × repeats, a job and a folder each."""

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from keras_ser import backend, corpora, files, scores
from keras_ser.config import Experiment
from keras_ser.features import FRONT_ENDS, FeatureStore
from keras_ser.protocols import PROTOCOLS, Fold

CORPORA_VARIABLE = "KERAS_SER_CORPORA"


@dataclasses.dataclass(frozen=True)
class Job:
    """One system trained and tested on one fold."""

    config: Experiment
    system: str
    fold: Fold
    repeat: int
    out: Path

    @property
    def folder(self) -> Path:
        """The folder of the finished run."""
        name = f"{self.fold.name}-{self.repeat}"
        return self.out / self.config.name / self.system / name

    @property
    def seed(self) -> int:
        """A hash of (seed, experiment, fold, repeat): systems are paired."""
        identity = (
            f"{self.config.training.seed} {self.config.name} "
            f"{self.fold.name} {self.repeat}"
        )
        digest = hashlib.blake2b(identity.encode(), digest_size=4).digest()
        return int.from_bytes(digest, "little") >> 1  # fits a signed 32-bit seed

    def describe(self) -> dict:
        """All that decides the result, as JSON."""
        config = dataclasses.asdict(self.config)
        config["systems"] = {self.system: config["systems"][self.system]}
        config.pop("repeats")
        return {**config, "fold": self.fold.name, "repeat": self.repeat}


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
    """
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
    if workers == 1:
        for number, job in enumerate(todo, 1):
            title = f"[{number}/{len(todo)}] {job.system} {job.fold.name}"
            run_job(job, cache, threads, title if progress else "")
    elif todo:
        _in_processes(todo, cache, workers, threads, progress)
    return [job.folder for job in planned]


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

    from keras_ser import training
    from keras_ser.inference import Recogniser

    if threads:
        backend.set_threads(threads)
    started = time.monotonic()
    keras.utils.set_random_seed(job.seed)
    store = feature_store(job.config, cache)
    data, model = _prepared(job, store, progress=bool(title))
    partial = job.folder.with_name(f"{job.folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    objective = job.config.systems[job.system].objective
    settings = job.config.training
    trained = training.fit(model, data, settings, objective, partial, job.seed, title)
    recogniser = Recogniser(model, data.preprocessing)
    _record(job, recogniser, store, data.fold, trained, partial)
    seconds = round(time.monotonic() - started, 1)
    environment = {**backend.describe(), "commit": _commit(), "seconds": seconds}
    files.write_json(partial / "environment.json", environment)
    partial.rename(job.folder)
    return job.folder


def _prepared(job: Job, store: FeatureStore, progress: bool):
    """The pipeline of a job's fold and the model for it."""
    from keras_ser.data import Pipeline
    from keras_ser.models import MODELS

    config, system = job.config, job.config.systems[job.system]
    unlabelled = job.fold.unlabelled if system.unlabelled else None
    data = Pipeline(
        dataclasses.replace(job.fold, unlabelled=unlabelled),
        store,
        seconds=config.features.seconds,
        normalise=config.features.normalise,
        batch=config.training.batch,
        rows=config.training.rows,
        augment=system.augment,
        seed=job.seed,
        progress=progress,
    )
    model = MODELS[system.model](
        job.fold.classes,
        augmentations=data.types,
        bands=store.front_end.bands,
        **system.arguments,
    )
    data.heads = model.heads
    return data, model


def _record(job: Job, recogniser, store, fold: Fold, trained: dict, folder) -> None:
    """Writes what a run found, and all that decided it."""
    frame = _predictions(job, recogniser, store, fold)
    frame.to_csv(folder / "predictions.csv", index=False, float_format="%.6f")
    scored = frame[frame.truth != ""]
    metrics = {
        **trained,
        "scores": scores.summary(scored.truth, scored.prediction, fold.classes),
        "selected_by": fold.selected_by,
        "speakers": fold.speakers(),
        "utterances": {side: len(rows) for side, rows in fold.sides().items()},
        "parameters": recogniser.model.count_params(),
    }
    files.write_json(folder / "metrics.json", metrics)
    files.write_json(folder / "config.json", job.describe())
    recogniser.save(folder / "model.keras")
    recogniser.preprocessing.save(folder / "preprocessing.json")


def _predictions(job: Job, recogniser, store, fold: Fold) -> pd.DataFrame:
    """Predictions on all tests, the columns that name the run in front."""
    from keras_ser import evaluation

    frame = pd.concat(
        [
            evaluation.predictions(recogniser, table, store=store)
            for table in fold.tests.values()
        ]
    )
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


def feature_store(config: Experiment, cache) -> FeatureStore:
    """The store of an experiment's front-end."""
    front_end = FRONT_ENDS[config.features.front_end](**config.features.settings)
    return FeatureStore(Path(cache) / "features", front_end)


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


def _commit() -> str:
    """The commit of the package's checkout, or empty where there is none."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
