"""Pictures as TensorBoard summaries."""

import io
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from keras_ser import figures, scores
from keras_ser.tasks import ColumnTask


def write_predictions(
    task: ColumnTask, labels: np.ndarray, outputs: np.ndarray
) -> None:
    """Writes a picture of what a head predicts for the speech that has a label.

    It is the summary `<head>/confusion` of a head with classes, and
    `<head>/truth_and_prediction` of one for a number. Without any label there is no
    picture.

    Args:
        task: The task of the head.
        labels: Labels from `task.read`, `(utterances,)`.
        outputs: Outputs of the head, `(utterances, size)`.
    """
    known = labels >= 0 if task.classes else np.isfinite(labels)
    if not known.any():
        return
    title = f"{task.name}, development speech"
    labels, outputs = labels[known], outputs[known]
    if task.classes:
        names = np.array(task.classes)
        predicted = names[outputs.argmax(axis=1)]
        counts = scores.confusion(names[labels], predicted, task.classes)
        draw, given = figures.confusion_matrix, (counts, task.classes)
        write_picture(f"{task.name}/confusion", draw, *given, title)
    else:
        draw, given = figures.truth_and_prediction, (labels, outputs.ravel())
        write_picture(f"{task.name}/truth_and_prediction", draw, *given, title)


def write_picture(tag: str, draw: Callable, *arguments, **options) -> None:
    """Writes what a function of `figures` draws.

    Args:
        tag: The tag of the summary.
        draw: The function. It gets `path` besides the arguments and options.
        *arguments: Its arguments.
        **options: Its options by name.
    """
    stream = io.BytesIO()
    draw(*arguments, path=stream, **options)
    picture = tf.io.decode_png(stream.getvalue(), channels=3)
    tf.summary.image(tag, picture[None])
