"""Trains a model on a fold, as an experiment does it."""

from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from keras_ser import backend, callbacks
from keras_ser.backend import devices, settings
from keras_ser.backend.first_step import create_variables
from keras_ser.callbacks.checkpoint import Checkpoint
from keras_ser.data import Pipeline
from keras_ser.experiments import validation
from keras_ser.experiments.optimizers import make_optimizer
from keras_ser.experiments.settings_card import settings_card
from keras_ser.experiments.training_settings import SCHEDULES, Training
from keras_ser.monitoring import EpochLogs
from keras_ser.protocols import Fold
from keras_ser.tasks import Task

MAX_CENTER_UTTERANCES = 256  # unaugmented; they initialise the class centers


def fit(
    model: keras.Model,
    data: Pipeline,
    training: Training,
    objective: dict,
    folder: str | Path,
    seed: int,
    title: str = "",
    watchers: Iterable[keras.callbacks.Callback] = (),
    monitors: Iterable[keras.callbacks.Callback] = (),
    prepared: bool = False,
) -> dict:
    """Compiles and fits a model, which is that of the selected epoch afterwards.

    Writes `history.csv`, with one row per epoch, and TensorBoard's `logs/` into
    `folder`. A training that was interrupted resumes from the checkpoint in `folder`
    and gives the same result bit for bit. Only `logs/` may then hold an epoch twice,
    with equal values.

    Args:
        model: A model; see `models.SpeechModel`. Its first task is the one whose
            development score is monitored.
        data: The pipeline of the fold, for the tasks of the model.
        training: The settings.
        objective: The arguments of `model.objective`.
        folder: The folder of the run, which must exist.
        seed: The seed of dropout.
        title: The title of the progress bar. If empty, there is no bar.
        watchers: Further callbacks. The checkpoint does not hold their state, so they
            must save it themselves to survive an interruption.
        monitors: Further callbacks that run after the schedule. They see the model
            that the next epoch starts from, or its averages if weights are averaged,
            and at the end the model of the selected epoch. They may not change it.
        prepared: Whether the model has been through `prepare` already, and has made no
            step since.

    Returns:
        The selected `epoch` (1-based), the number of `epochs` that were run,
        `updates_per_epoch`, and for a model with attributes the `alpha` of the selected
        epoch.

    Raises:
        RuntimeError: If the loss becomes NaN or infinite, or if the development score
            is NaN in every epoch.
        ValueError: If the checkpoint belongs to another model, if the model's main
            task does not have the score that is monitored, or if the environment
            limits the epochs of Keras.
    """
    folder = Path(folder)
    settings.check_limits()
    check_monitor(training, model.tasks[0])
    check_development(model.tasks[0], data.fold)
    if not prepared:
        prepare(model, data, training, objective)
    earliest = model.first_selectable(training.epochs)
    schedule = make_schedule(training, model.tasks[0].name, first=earliest)
    averaging = schedule.averaging
    checkpoint = Checkpoint(folder, schedule)
    first = checkpoint.resume(model)
    watchers = [*watchers, callbacks.ReseedEachEpoch(seed), callbacks.SetAlpha()]
    first_only = validation.scored_windows(model, training, data.fold.dev)
    if first_only is not None:  # first: the others read its scores
        watchers.insert(0, callbacks.ScoreDevWindows(data, averaging, first_only))
    logs = EpochLogs(folder / "logs", card=settings_card(folder))
    watchers += [*_steering(schedule), logs]
    if averaging:
        monitors = [callbacks.OnAverages(averaging, monitors)]
    watchers += [*monitors, _StopWithoutLoss(), checkpoint]
    if not first:
        sample = data.unaugmented(draw_sample(data.fold.train, seed))
        watchers.insert(0, callbacks.InitialiseCenters(sample))
    if title:
        watchers.append(callbacks.Progress(title, schedule.monitor))
    if checkpoint.ended:
        for each in _steering(schedule):
            each.on_train_end()  # back to the selected epoch
    else:
        model.fit(
            data.train(first, training.epochs),
            steps_per_epoch=data.steps,
            initial_epoch=first,
            epochs=training.epochs,
            validation_data=devices.shortest_first(data.dev()),
            validation_freq=validation.validated_epochs(model, training),
            callbacks=watchers,
            shuffle=False,  # the pipeline decides the order
            verbose=0,
        )
    check_losses(checkpoint.rows)
    check_selected(schedule)
    return {
        "epoch": schedule.best_epoch + 1,
        "epochs": len(checkpoint.rows),
        "updates_per_epoch": data.steps,
        **selected_alpha(checkpoint.rows, schedule.best_epoch),
    }


def prepare(
    model: keras.Model, data: Pipeline, training: Training, objective: dict
) -> None:
    """Compiles a model, and creates all variables that its training step needs.

    Args: As for `fit`.
    """
    compile_model(model, training, objective)
    if backend.makes_variables_in_graphs():
        first = data.unaugmented(data.fold.dev.iloc[:1])
        create_variables(model, *next(iter(first)))


def selected_alpha(rows: list[dict], epoch: int) -> dict:
    """The entry `alpha` of a selected epoch, if its history has one.

    Args:
        rows: The history, one dictionary of logs per epoch.
        epoch: The index of the selected epoch.
    """
    return {name: rows[epoch][name] for name in ("alpha",) if name in rows[epoch]}


def check_monitor(training: Training, task: Task) -> None:
    """Checks that the main task of a model has the score that selects the epoch.

    Args:
        training: The settings.
        task: The main task.

    Raises:
        ValueError: If it does not, or if the predictions of the task are not scored.
    """
    if not task.is_scored:
        raise ValueError(
            "The first task of a model is its main one and must have predictions that "
            f"can be scored, such as a `tasks.Classification`. Received: `{task.name}`,"
            f" a task of the kind {task.kind}. Change the order of `tasks`."
        )
    known = [*(metric.name for metric in task.metrics()), "loss"]
    if training.monitor not in known:
        raise ValueError(
            f"`training.monitor` must be one of {known}, the development scores of "
            f"`{task.name}`, which is the main task of this model and a {task.kind}. "
            f"Received: {training.monitor!r}. Set it to one of these "
            f"(--set training.monitor={known[0]})."
        )


def check_development(task: Task, fold: Fold) -> None:
    """Checks that the development speech has labels of the main task."""
    labels = task.read(fold.dev)
    if not task.known(labels).any():
        raise ValueError(
            f"Fold `{fold.name}` needs development utterances with a {task.name} that "
            f"the training speech has, or no epoch can be selected. Received: "
            f"{len(labels)} utterances without one. Choose another protocol, or "
            "another main task."
        )


def schedule_class(training: Training) -> type[callbacks.Schedule]:
    """Returns the class of the schedule of a training."""
    return getattr(callbacks, SCHEDULES[training.schedule])


def has_patience(training: Training) -> bool:
    """Returns whether the development score decides when the rate is halved."""
    return issubclass(schedule_class(training), callbacks.Halve)


def describe_selection(training: Training, fold: Fold, first: int = 0) -> str:
    """Returns what selects the tested epoch, for the report.

    Args:
        training: The settings.
        fold: The fold, whose development speech selects the `"best"` epoch.
        first: Index of the first epoch that may be selected.
    """
    if training.select == "best" and first:
        return f"{fold.selected_by}, among epochs {first + 1} to {training.epochs}"
    if training.select == "best":
        return fold.selected_by
    if not has_patience(training) and not training.stop:
        return "nothing: the last epoch is tested"
    return f"nothing: the last epoch is tested, the schedule follows {fold.selected_by}"


def compile_model(model: keras.Model, training: Training, objective: dict) -> None:
    """Compiles a model with the optimizers of a training.

    Args:
        model: The model.
        training: The settings.
        objective: The arguments of `model.objective`.
    """
    factors = model.rate_factors
    named = {
        name: make_optimizer(training, factors.get(name, 1.0))
        for name in model.optimizer_names
    }
    (first, *others) = named.values()
    model.compile(named if others else first, **model.objective(**objective))


def _steering(schedule: callbacks.Schedule) -> list[keras.callbacks.Callback]:
    """The callbacks that set the weights, in their order."""
    return [schedule, schedule.averaging] if schedule.averaging else [schedule]


def make_schedule(
    training: Training, head: str, averages: bool = True, first: int = 0
) -> callbacks.Schedule:
    """The schedule of a training, with the averages of its weights.

    Args:
        training: The settings.
        head: The name of the main task, whose score is monitored.
        averages: Whether the schedule has the callback that averages the weights, if
            the settings ask for averages.
        first: Index of the first epoch that may be selected; see `callbacks.Schedule`.
    """
    kind, average = schedule_class(training), training.average if averages else 0
    halving: dict = {}
    if has_patience(training):
        # With `stop`, the rate has no floor that could end the training before.
        floor = 0.0 if training.stop else None
        halving = {"patience": training.patience, "floor": floor}
    return kind(
        f"val_{head}_{training.monitor}",
        **halving,
        tie=f"val_{head}_loss",
        stop=training.stop,
        select=training.select,
        averaging=callbacks.AverageWeights(average) if average else None,
        first=first,
    )


class _StopWithoutLoss(keras.callbacks.Callback):
    """Ends a training whose loss is not finite, without printing as Keras does."""

    def on_train_batch_end(self, batch, logs=None):
        if not np.isfinite(logs["loss"]):
            self.model.stop_training = True


def check_losses(rows: list[dict]) -> None:
    """Raises RuntimeError if a loss in a history is not finite."""
    losses = [row["loss"] for row in rows]
    if not np.isfinite(losses).all():
        raise RuntimeError(
            f"The loss must stay finite. Received: {losses[-1]} in epoch "
            f"{len(losses)}. Lower `training.learning_rate`."
        )


def check_selected(schedule: callbacks.Schedule) -> None:
    """Raises RuntimeError if a schedule could not select an epoch."""
    if schedule.best_epoch is None:
        raise RuntimeError(
            f"`{schedule.monitor}` must be a number in one epoch at least. Received: "
            "NaN in all of those that may be selected. Lower "
            "`training.learning_rate`, or look at the development speech."
        )


def draw_sample(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Draws at most `MAX_CENTER_UTTERANCES` rows; tables are sorted by speaker."""
    if len(table) <= MAX_CENTER_UTTERANCES:
        return table
    return table.sample(MAX_CENTER_UTTERANCES, random_state=seed)
