"""Training a model on a fold, as an experiment does it."""

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

CENTER_UTTERANCES = 256  # of plain training speech, to start the centers from


def fit(
    model: keras.Model,
    data: Pipeline,
    training: Training,
    objective: dict,
    folder,
    seed: int,
    title: str = "",
    watchers: Iterable[keras.callbacks.Callback] = (),
    monitors: Iterable[keras.callbacks.Callback] = (),
) -> dict:
    """Compiles and fits a model; on return it is that of the best epoch.

    Writes `history.csv`, a row an epoch, and TensorBoard's `logs/` into `folder`.
    A training that was interrupted goes on from the checkpoint in `folder`, bit for
    bit; only `logs/` may then hold an epoch twice, with equal values.

    Args:
        model: a model with `heads` and `objective`.
        data: the fold's pipeline, for the same heads.
        training: schedule.
        objective: arguments of `model.objective`.
        folder: of the run; must exist.
        seed: of dropout.
        title: of the progress bar; empty for none.
        watchers: more callbacks; what they keep is theirs to keep when a training
            is interrupted.
        monitors: the same, behind the schedule: they see the model that the next
            epoch starts from, and at the end that of the best epoch.

    Raises:
        RuntimeError: the loss became NaN or infinite.
        ValueError: the checkpoint is that of another model.

    Returns:
        `epoch` (1-based) that was selected, `epochs` run and `updates_per_epoch`.
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
        some = data.plain(_some(data.fold.train, seed))
        watchers.insert(0, callbacks.InitialiseCenters(some))
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
            validation_data=devices.short_first(data.dev()),
            callbacks=watchers,
            shuffle=False,  # the stream's order is its own
            verbose=0,
        )
    _check_losses(checkpoint.rows)
    return {
        "epoch": schedule.best_epoch + 1,
        "epochs": len(checkpoint.rows),
        "updates_per_epoch": data.steps,
    }


def _make_variables(model: keras.Model, data: Pipeline) -> None:
    """Makes the variables of optimizer, losses and metrics before the first step.

    A step that makes them itself is traced twice, which takes several seconds.
    """
    batch = next(iter(data.plain(data.fold.dev.iloc[:1])))
    features, labels, weights = batch
    output = model(features, training=False)
    model.optimizer.build(model.trainable_variables)
    model.compute_loss(features, labels, output, weights, training=False)
    model.compute_metrics(features, labels, output, weights)
    model.reset_metrics()


class _StopWithoutLoss(keras.callbacks.Callback):
    """Ends a training whose loss is no finite number; Keras's own prints it."""

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


def _some(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """At most `CENTER_UTTERANCES` rows, at random: tables are sorted by speaker."""
    if len(table) <= CENTER_UTTERANCES:
        return table
    return table.sample(CENTER_UTTERANCES, random_state=seed)
