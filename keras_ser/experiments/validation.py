"""When the heads of a model are validated in a training, and by what."""

import keras
import pandas as pd

from keras_ser.experiments.training_settings import Training


def validated_epochs(model: keras.Model, training: Training) -> list[int]:
    """The epochs with development scores of all heads, counted from 1.

    Args:
        model: The model. If all of its heads are scored, or an evaluation measures more
            than its heads, all epochs are validated.
        training: The settings.
    """
    every = training.validate_every
    if model.validates_each_epoch or all(task.is_scored for task in model.tasks):
        every = 1
    epochs = range(1, training.epochs + 1)
    return [n for n in epochs if n in (1, training.epochs) or n % every == 0]


def scored_windows(
    model: keras.Model, training: Training, dev: pd.DataFrame
) -> bool | None:
    """Whether `callbacks.ScoreDevWindows` scores the first windows of utterances only.

    It is None if it is not needed, because each epoch has the same scores from Keras.

    Args:
        model: The model.
        training: The settings.
        dev: The development speech.
    """
    if training.dev_windows != "first":
        return False
    is_complete = len(validated_epochs(model, training)) == training.epochs
    return None if is_complete and validates_exactly(model, dev) else True


def validates_exactly(model: keras.Model, dev: pd.DataFrame) -> bool:
    """Returns whether the scores of Keras are those of all development utterances.

    Keras averages losses over batches. That is not the mean over utterances if some
    have no label, and the correlation of a batch is not that of all utterances.
    """
    scored = [task for task in model.tasks if task.is_scored]
    return all(task.classes and task.known(task.read(dev)).all() for task in scored)
