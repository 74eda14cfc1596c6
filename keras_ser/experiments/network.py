"""Jobs with a network: it is trained on the fold and predicts its tests."""

import inspect
from pathlib import Path
from typing import Any

import pandas as pd

from keras_ser import augment, backend, evaluation
from keras_ser.data import Pipeline
from keras_ser.experiments import fold_checks, speed_probe, training
from keras_ser.experiments.config import System
from keras_ser.experiments.job import Job
from keras_ser.experiments.lookup import model_class
from keras_ser.experiments.run_folder import record_tasks
from keras_ser.features import FeatureStore
from keras_ser.inference import Recogniser
from keras_ser.models import MODELS, check_saveable


def train_and_test(
    job: Job,
    store: FeatureStore,
    folder: Path,
    title: str = "",
    monitor: bool = False,
) -> tuple[pd.DataFrame, dict]:
    """Trains the model of a job and predicts the tests of its fold.

    Writes `history.csv`, `logs/`, `model.keras` and `preprocessing.json`, and adds the
    model's `tasks` to `config.json`.

    Args:
        job: The job.
        store: The feature store. Missing entries are extracted.
        folder: The folder of the unfinished run.
        title: The title of the progress bar. If empty, there is no bar.
        monitor: Whether `logs/` also gets pictures, sound and gradients.

    Returns:
        The predictions, as `evaluation.predictions` returns them with the column
        `test`, and the entries that are added to `metrics.json`: `epoch`, `epochs`,
        `updates_per_epoch`, `parameters`, `selected_by`, and those of
        `speed_probe.score_augmentation_head`.

    Raises:
        ValueError: If the model does not fit the fold or the settings; see
            `prepare_data_and_model`.
    """
    data, model = prepare_data_and_model(job, store)
    record_tasks(folder, model.tasks, job.data.tests)
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
            ).assign(test=name)
            for name, table in data.fold.tests.items()
        ]
    )
    recogniser.save(folder / "model.keras")
    recogniser.preprocessing.save(folder / "preprocessing.json")
    probed = speed_probe.score_augmentation_head(model, data)
    found = {
        **trained,
        **probed,
        "parameters": model.count_params(),
        "selected_by": training.describe_selection(settings, data.fold),
    }
    return frame, found


def _monitors(data: Pipeline, folder: Path) -> list:
    from keras_ser.monitoring import Monitor

    return [Monitor(data, folder / "logs" / "monitor")]


def prepare_data_and_model(job: Job, store: FeatureStore) -> tuple[Pipeline, Any]:
    """Returns the pipeline of a job's fold and a new model for it.

    Args:
        job: The job.
        store: The feature store. Missing entries are extracted.

    Raises:
        ValueError: If the training speech lacks what a head learns, if `objective`
            names other heads, or if the main task lacks the score that is monitored.
            The error names the system and the fold.
    """
    config, system = job.config, job.config.systems[job.system]
    with fold_checks.naming(job):
        model = _model(job, system, store.front_end.dimensions)
        if type(model) not in MODELS.values():
            check_saveable(model)
        fold_checks.check_labels(model.tasks, job.data)
        model.objective(**system.objective)  # may not have such a head
        training.check_monitor(config.training, model.tasks[0])
    by_batch = model.mask_padding and not backend.compiles_each_shape()
    data = Pipeline(
        job.data,
        job.training_store(store),
        seconds=config.features.seconds,
        normalise=config.features.normalise,
        speech_db=config.features.speech_db,
        batch=config.training.batch,
        rows_per_utterance=config.training.rows_per_utterance,
        augment=system.augment,
        unlabelled_ratio=config.training.unlabelled_ratio,
        tasks=model.tasks,
        pad="batch" if by_batch else "window",
        denoising=system.denoising,
        steps=job.updates_per_epoch,
        seed=job.seed,
        progress=False,
    )
    return data, model


def _model(job: Job, system: System, dimensions: int):
    """Returns a new model of the job's classes, with what else its class asks for."""
    kind = model_class(system.model)
    filled = {
        "dimensions": dimensions,
        "augmentations": augment.types(system.augment),
        "labelled_rows": job.config.training.batch,
    }
    takes = inspect.signature(kind).parameters
    arguments = {name: value for name, value in filled.items() if name in takes}
    vocabularies = fold_checks.vocabularies(job)
    if vocabularies:
        arguments["vocabularies"] = vocabularies
    return kind(job.fold.classes, **arguments, **system.arguments)
