"""Jobs with a network: it is trained on the fold and predicts its tests."""

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from keras_ser import augment, backend, evaluation, scores
from keras_ser.data import Pipeline
from keras_ser.data.segments import count_windows
from keras_ser.experiments import (
    fold_checks,
    kept_models,
    label_checks,
    probing,
    speed_probe,
    training,
)
from keras_ser.experiments.front_end_arguments import front_end_arguments
from keras_ser.experiments.job import Job
from keras_ser.experiments.lookup import model_class
from keras_ser.experiments.probe_checks import check_embedding
from keras_ser.experiments.run_folder import record_tasks
from keras_ser.features import IDENTITY, FeatureStore, FrontEnd
from keras_ser.features.familiarity import Familiarity
from keras_ser.inference import Recogniser, about
from keras_ser.models import MODELS, check_saveable
from keras_ser.protocols import HEARD
from keras_ser.reports import calibration
from keras_ser.tasks import Task


def train_and_test(
    job: Job,
    store: FeatureStore,
    folder: Path,
    title: str = "",
    monitor: bool = False,
) -> tuple[pd.DataFrame, dict]:
    """Trains the model of a job and predicts the tests of its fold.

    Writes `history.csv`, `logs/`, `model.keras` and `preprocessing.json`, and adds the
    model's `tasks` to `config.json`. If the experiment names probes, it also writes
    `probes.csv` and `embeddings.csv`.

    Args:
        job: The job.
        store: The feature store. Missing entries are extracted.
        folder: The folder of the unfinished run.
        title: The title of the progress bar. If empty, there is no bar.
        monitor: Whether `logs/` also gets pictures, sound and gradients.

    Returns:
        The predictions, as `evaluation.predictions` returns them with the column
        `test`, and the entries that are added to `metrics.json`: `epoch`, `epochs`,
        `updates_per_epoch`, `parameters`, `selected_by`, the `temperature` of its
        probabilities, `alpha` for a model with attributes, `layer_weights` for one that
        reads a sum of layers, and those of `speed_probe.score_augmentation_head`.

    Raises:
        ValueError: If the model does not fit the fold or the settings; see
            `prepare_data_and_model`.
    """
    data, model = prepare_data_and_model(job, store)
    record_tasks(folder, model.tasks, job.data)
    objective = job.config.systems[job.system].objective
    settings = job.config.training
    with kept_models.prepared(model, data, settings, objective) as model:
        trained = training.fit(
            model,
            data,
            settings,
            objective,
            folder,
            job.seed,
            title,
            monitors=_monitors(data, folder) if monitor else [],
            prepared=True,
        )
        probed = speed_probe.score_augmentation_head(model, data)
        return test(job, store, folder, data, model, {**trained, **probed})


def test(
    job: Job,
    store: FeatureStore,
    folder: Path,
    data: Pipeline,
    model: Any,
    found: dict,
) -> tuple[pd.DataFrame, dict]:
    """Predicts the tests of a fold with a trained model, probes it, and saves it.

    Args:
        job, store, folder: As for `train_and_test`.
        data: The pipeline of the training.
        model: The model of the selected epoch.
        found: The first entries that are added to `metrics.json`.

    Returns:
        As `train_and_test`.
    """
    recogniser = Recogniser(model, data.preprocessing)
    temperature = _fit_temperature(recogniser, data, store)
    parts = [
        evaluation.predictions(
            recogniser, table, job.config.conditions, store, job.noise
        ).assign(test=name)
        for name, table in data.fold.tests.items()
    ]
    if data.fold.heard is not None:
        speech = data.fold.sides()["train"]
        parts.append(
            evaluation.heard_predictions(
                recogniser, data.fold.heard, speech, store
            ).assign(test=HEARD)
        )
    frame = pd.concat(parts)
    probing.write(job, store, folder, recogniser, make_model)
    if temperature is not None:
        found = {**found, calibration.KEY: temperature}
        recogniser.temperature = temperature
    recogniser.familiar = _fit_familiarity(data, store)
    recogniser.about = about.describe(data.fold.train, data.fold.unlabelled)
    recogniser.save(folder / "model.keras")
    recogniser.preprocessing.save(folder / "preprocessing.json")
    settings = job.config.training
    if model.layer_weights is not None:
        found = {**found, "layer_weights": model.layer_weights}
    found = {
        **found,
        "parameters": model.count_params(),
        "selected_by": training.describe_selection(
            settings, data.fold, model.first_selectable(settings.epochs)
        ),
    }
    return frame, found


def _fit_temperature(
    recogniser: Recogniser, data: Pipeline, store: FeatureStore
) -> float | None:
    """The temperature of the development speech; None for a head without classes.

    None, too, where the development speakers are tested: it must not be fitted to them.
    """
    fold = data.fold
    if not recogniser.classes or fold.test_speakers_select:
        return None
    frame = evaluation.predictions(recogniser, fold.dev, store=store)
    frame = frame[frame["head"] == recogniser.task.name]
    frame = frame[frame.truth.isin(recogniser.classes)]
    if frame.empty:
        return None
    values = frame[[f"p_{name}" for name in recogniser.classes]]
    return round(scores.fit_temperature(frame.truth, values, recogniser.classes), 4)


def _fit_familiarity(data: Pipeline, store: FeatureStore) -> Familiarity | None:
    """What training and development speech are like."""
    parts = []
    for table in (data.fold.train, data.fold.dev):
        store.prepare(table, [IDENTITY], progress=False)
        parts.append([store.sums(path) for path in store.paths(table)])
    return Familiarity.fit(*parts)


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
        model = make_model(job, store.front_end)
        if type(model) not in MODELS.values():
            check_saveable(model)
        check_embedding(config, model)
        label_checks.check_labels(model.tasks, job.data)
        model.objective(**system.objective)  # may not have such a head
        training.check_monitor(config.training, model.tasks[0])
    by_batch = model.mask_padding and not backend.compiles_each_shape()
    pad = "batch" if by_batch else "window"
    return make_pipeline(job, store, model.tasks, pad), model


def make_pipeline(
    job: Job, store: FeatureStore, tasks: Iterable[Task], pad: str = "batch"
) -> Pipeline:
    """Returns the pipeline of a job's fold, without building a model.

    Args:
        job: The job.
        store: The feature store. Missing entries are extracted.
        tasks: The tasks of its model. Plans of the stream do not depend on them.
        pad: As for `Pipeline`.
    """
    config, system = job.config, job.config.systems[job.system]
    return Pipeline(
        job.data,
        job.training_store(store),
        seconds=config.features.seconds,
        normalise=config.features.normalise,
        speech_db=config.features.speech_db,
        batch=config.training.batch,
        rows_per_utterance=config.training.rows_per_utterance,
        augment=system.augment,
        unlabelled_ratio=config.training.unlabelled_ratio,
        tasks=tasks,
        pad=pad,
        denoising=system.denoising,
        steps=_updates_per_epoch(job, store),
        segments=config.training.segments,
        segment_weight=config.training.segment_weight,
        seed=job.seed,
        progress=False,
    )


def _updates_per_epoch(job: Job, store: FeatureStore) -> int | None:
    """`Job.updates_per_epoch`, or the same number for rows of segments.

    Segments are counted in all labelled speech of the fold, also in utterances that
    lost their label.
    """
    training, features = job.config.training, job.config.features
    if job.updates_per_epoch is None or training.segments == "random":
        return job.updates_per_epoch
    table, own = job.whole.train, job.training_store(store)
    own.prepare(table, [IDENTITY], progress=False)
    window = own.front_end.frames(features.seconds)
    counts = count_windows(own.frames(own.paths(table)), window)
    return int(counts.sum()) * training.rows_per_utterance // training.batch


def make_model(job: Job, front_end: FrontEnd) -> Any:
    """Returns a new model of the job's classes, with what else its class asks for.

    Args:
        job: The job.
        front_end: The front-end whose features it reads.
    """
    system = job.config.systems[job.system]
    kind = model_class(system.model)
    filled = {
        **front_end_arguments(front_end),
        "augmentations": augment.types(system.augment),
        "labelled_rows": job.config.training.batch,
    }
    takes = inspect.signature(kind).parameters
    arguments = {name: value for name, value in filled.items() if name in takes}
    vocabularies = fold_checks.vocabularies(job)
    if vocabularies:
        arguments["vocabularies"] = vocabularies
    return kind(job.fold.classes, **{**arguments, **system.arguments})
