"""One system trained and tested on one fold, and the folder that it leaves."""

import dataclasses
import hashlib
import shutil
import subprocess
import time
from pathlib import Path

import pandas as pd

from keras_ser import backend, files, scores
from keras_ser.config import Experiment
from keras_ser.features import FRONT_ENDS, FeatureStore
from keras_ser.protocols import Fold


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
        """All that decides the result, as JSON: settings and data."""
        config = dataclasses.asdict(self.config)
        config["systems"] = {self.system: config["systems"][self.system]}
        config.pop("repeats")
        return {
            **config,
            "fold": self.fold.name,
            "repeat": self.repeat,
            "data": self.fold.fingerprints(),
        }


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
    data, model = _prepared(job, store)
    partial = job.folder.with_name(f"{job.folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    files.write_json(partial / "config.json", job.describe())
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


def _prepared(job: Job, store: FeatureStore):
    """The pipeline of a job's fold and the model for it."""
    from keras_ser import augment
    from keras_ser.data import Pipeline
    from keras_ser.models import MODELS

    config, system = job.config, job.config.systems[job.system]
    model = MODELS[system.model](
        job.fold.classes,
        augmentations=augment.types(system.augment),
        bands=store.front_end.bands,
        **system.arguments,
    )
    unlabelled = job.fold.unlabelled if system.unlabelled else None
    data = Pipeline(
        dataclasses.replace(job.fold, unlabelled=unlabelled),
        store,
        seconds=config.features.seconds,
        normalise=config.features.normalise,
        batch=config.training.batch,
        rows=config.training.rows,
        augment=system.augment,
        unlabelled=config.training.unlabelled,
        heads=model.heads,
        pad="batch" if model.mask_padding else "window",
        denoising=system.denoising,
        seed=job.seed,
        progress=False,
    )
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
