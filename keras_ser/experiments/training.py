"""Trains a model on a fold, as an experiment does it."""

from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from keras_ser import backend, callbacks
from keras_ser.backend import devices
from keras_ser.callbacks.checkpoint import Checkpoint
from keras_ser.data import Pipeline
from keras_ser.experiments.config import Training

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
) -> dict:
    """Compiles and fits a model, which is that of the best epoch afterwards.

    Writes `history.csv`, with one row per epoch, and TensorBoard's `logs/` into
    `folder`. A training that was interrupted resumes from the checkpoint in `folder`
    and gives the same result bit for bit. Only `logs/` may then hold an epoch twice,
    with equal values.

    Args:
        model: A model with `heads` and `objective`.
        data: The pipeline of the fold, for the same heads.
        training: The schedule.
        objective: The arguments of `model.objective`.
        folder: The folder of the run, which must exist.
        seed: The seed of dropout.
        title: The title of the progress bar. If empty, there is no bar.
        watchers: Further callbacks. The checkpoint does not hold their state, so they
            must save it themselves to survive an interruption.
        monitors: Further callbacks that run after the schedule. They see the model
            that the next epoch starts from, and at the end that of the best epoch.

    Returns:
        The selected `epoch` (1-based), the number of `epochs` that were run, and
        `updates_per_epoch`.

    Raises:
        RuntimeError: If the loss becomes NaN or infinite.
        ValueError: If the checkpoint belongs to another model.
    """
    folder = Path(folder)
    optimizer = keras.optimizers.Adam(training.learning_rate)
    model.compile(optimizer, **model.objective(**objective))
    if backend.makes_variables_in_graphs():
        _make_variables(model, data)
    monitor = f"val_emotion_{training.monitor}"
    schedule = callbacks.HalveAndRestore(monitor, training.patience)
    checkpoint = Checkpoint(folder, schedule)
    first = checkpoint.resume(model)
    logs = keras.callbacks.TensorBoard(folder / "logs", write_graph=False)
    watchers = [*watchers, callbacks.ReseedEachEpoch(seed), schedule, logs]
    watchers += [*monitors, _StopWithoutLoss(), checkpoint]
    if not first:
        sample = data.unaugmented(_sample(data.fold.train, seed))
        watchers.insert(0, callbacks.InitialiseCenters(sample))
    if title:
        watchers.append(callbacks.Progress(title, monitor))
    if checkpoint.ended:
        schedule.on_train_end()  # back to the best epoch
    else:
        model.fit(
            data.train(first, training.epochs),
            steps_per_epoch=data.steps,
            initial_epoch=first,
            epochs=training.epochs,
            validation_data=devices.shortest_first(data.dev()),
            callbacks=watchers,
            shuffle=False,  # the pipeline decides the order
            verbose=0,
        )
    _check_losses(checkpoint.rows)
    return {
        "epoch": schedule.best_epoch + 1,
        "epochs": len(checkpoint.rows),
        "updates_per_epoch": data.steps,
    }


def _make_variables(model: keras.Model, data: Pipeline) -> None:
    """Creates the variables of optimizer, losses and metrics before the first step.

    A training step that creates them itself is traced twice, which takes several
    seconds.
    """
    batch = next(iter(data.unaugmented(data.fold.dev.iloc[:1])))
    features, labels, weights = batch
    output = model(features, training=False)
    model.optimizer.build(model.trainable_variables)
    model.compute_loss(features, labels, output, weights, training=False)
    model.compute_metrics(features, labels, output, weights)
    model.reset_metrics()


class _StopWithoutLoss(keras.callbacks.Callback):
    """Ends a training whose loss is not finite, without printing as Keras does."""

    def on_train_batch_end(self, batch, logs=None):
        if not np.isfinite(logs["loss"]):
            self.model.stop_training = True


def _check_losses(rows: list[dict]) -> None:
    losses = [row["loss"] for row in rows]
    if not np.isfinite(losses).all():
        raise RuntimeError(
            f"The loss must stay finite. Received: {losses[-1]} in epoch "
            f"{len(losses)}. Lower `training.learning_rate`."
        )


def _sample(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Draws at most `MAX_CENTER_UTTERANCES` rows; tables are sorted by speaker."""
    if len(table) <= MAX_CENTER_UTTERANCES:
        return table
    return table.sample(MAX_CENTER_UTTERANCES, random_state=seed)
