"""A job whose system is a network: trained on the fold, tested on its tests."""

import inspect
from pathlib import Path

import pandas as pd

from keras_ser import augment, backend, evaluation
from keras_ser.data import Pipeline
from keras_ser.experiments import speed_probe, training
from keras_ser.experiments.config import System
from keras_ser.experiments.job import Job
from keras_ser.features import FeatureStore
from keras_ser.inference import Recogniser
from keras_ser.models import MODELS


def train_and_test(
    job: Job,
    store: FeatureStore,
    folder: Path,
    title: str = "",
    monitor: bool = False,
) -> tuple[pd.DataFrame, dict]:
    """Trains a job's model and predicts its fold's tests.

    Writes `history.csv`, `logs/`, `model.keras` and `preprocessing.json`.

    Args:
        job: what to run.
        store: feature store; absent entries are extracted.
        folder: of the unfinished run.
        title: of the progress bar; empty for none.
        monitor: whether `logs/` gets pictures, sound and gradients too.

    Returns:
        Predictions as `evaluation.predictions` gives them, and what joins
        `metrics.json`: `epoch`, `epochs`, `updates_per_epoch`, `parameters`, and
        that of `speed_probe.head_and_probe`.
    """
    data, model = prepared(job, store)
    objective = job.config.systems[job.system].objective
    settings = job.config.training
    monitors = _monitors(data, folder) if monitor else []
    trained = training.fit(
        model, data, settings, objective, folder, job.seed, title, monitors=monitors
    )
    recogniser = Recogniser(model, data.preprocessing)
    frame = pd.concat(
        [
            evaluation.predictions(
                recogniser, table, job.config.conditions, store, job.noise
            )
            for table in data.fold.tests.values()
        ]
    )
    recogniser.save(folder / "model.keras")
    recogniser.preprocessing.save(folder / "preprocessing.json")
    probed = speed_probe.head_and_probe(model, data)
    return frame, {**trained, **probed, "parameters": model.count_params()}


def _monitors(data: Pipeline, folder: Path) -> list:
    from keras_ser.monitoring import Monitor

    return [Monitor(data, folder / "logs" / "monitor")]


def prepared(job: Job, store: FeatureStore) -> tuple:
    """The pipeline of a job's fold and the model for it."""
    config, system = job.config, job.config.systems[job.system]
    model = _model(job, system, store.front_end.bands)
    by_batch = model.mask_padding and not backend.compiles_each_shape()
    data = Pipeline(
        job.data,
        job.training_store(store),
        seconds=config.features.seconds,
        normalise=config.features.normalise,
        batch=config.training.batch,
        rows=config.training.rows,
        augment=system.augment,
        unlabelled=config.training.unlabelled,
        heads=model.heads,
        pad="batch" if by_batch else "window",
        denoising=system.denoising,
        seed=job.seed,
        progress=False,
    )
    return data, model


def _model(job: Job, system: System, bands: int):
    """A new model; one with a head for them is told the types of augmentation."""
    kind = MODELS[system.model]
    arguments = {"bands": bands, **system.arguments}
    if "augmentations" in inspect.signature(kind).parameters:
        arguments["augmentations"] = augment.types(system.augment)
    return kind(job.fold.classes, **arguments)
