"""Training a model on a fold, as an experiment does it."""

from pathlib import Path

import keras
import numpy as np
import pandas as pd

from keras_ser import callbacks
from keras_ser.config import Training
from keras_ser.data import Pipeline

CENTER_UTTERANCES = 256  # of plain training speech, to start the centers from


def fit(
    model: keras.Model,
    data: Pipeline,
    training: Training,
    objective: dict,
    folder,
    seed: int,
    title: str = "",
) -> dict:
    """Compiles and fits a model; on return it is that of the best epoch.

    Writes `history.csv`, a row an epoch, and TensorBoard's `logs/` into `folder`.

    Args:
        model: a model with `heads` and `objective`.
        data: the fold's pipeline, for the same heads.
        training: schedule.
        objective: arguments of `model.objective`.
        folder: of the run; must exist.
        seed: of dropout.
        title: of the progress bar; empty for none.

    Raises:
        RuntimeError: the loss became NaN or infinite.

    Returns:
        `epoch` (1-based) that was selected, `epochs` run and `updates_per_epoch`.
    """
    folder = Path(folder)
    optimizer = keras.optimizers.Adam(training.learning_rate)
    model.compile(optimizer, **model.objective(**objective))
    monitor = f"val_emotion_{training.monitor}"
    schedule = callbacks.HalveAndRestore(monitor, training.patience)
    watchers = [
        callbacks.InitialiseCenters(data.plain(_some(data.fold.train, seed))),
        callbacks.ReseedEachEpoch(seed),
        schedule,
        keras.callbacks.CSVLogger(folder / "history.csv"),
        keras.callbacks.TensorBoard(folder / "logs", write_graph=False),
        keras.callbacks.TerminateOnNaN(),
    ]
    if title:
        watchers.append(callbacks.Progress(title, monitor))
    fitted = model.fit(
        data.train(0, training.epochs),
        steps_per_epoch=data.steps,
        epochs=training.epochs,
        validation_data=data.dev(),
        callbacks=watchers,
        shuffle=False,  # the stream's order is its own
        verbose=0,
    )
    if not np.isfinite(fitted.history["loss"]).all():
        raise RuntimeError(
            f"The loss must stay finite. Received: {fitted.history['loss'][-1]} in "
            f"epoch {len(fitted.history['loss'])}. Lower `training.learning_rate`."
        )
    return {
        "epoch": schedule.best_epoch + 1,
        "epochs": len(pd.read_csv(folder / "history.csv")),
        "updates_per_epoch": data.steps,
    }


def _some(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """At most `CENTER_UTTERANCES` rows, at random: tables are sorted by speaker."""
    if len(table) <= CENTER_UTTERANCES:
        return table
    return table.sample(CENTER_UTTERANCES, random_state=seed)
