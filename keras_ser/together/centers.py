"""Initial class centers of models that train together."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from keras_ser.callbacks import centers
from keras_ser.tasks import Task
from keras_ser.together.development import padded_batches
from keras_ser.together.states import Layout, State


def center_tasks(tasks: Iterable[Task]) -> list[Task]:
    """The tasks whose heads have class centers."""
    return [task for task in tasks if task.kind == "centers"]


def sample_rows(samples: Sequence[np.ndarray], size: int) -> dict[str, np.ndarray]:
    """Windows at the start of utterances, for `Steps.outputs`.

    Args:
        samples: The numbers of the utterances of each model.
        size: The rows per batch.
    """
    rows = padded_batches([{"utterance": np.int32(each)} for each in samples], size)
    return {**rows, "start": np.zeros_like(rows["utterance"])}


def initialise(
    layout: Layout,
    values: State,
    number: int,
    tasks: Iterable[Task],
    table: pd.DataFrame,
    embeddings: np.ndarray,
) -> None:
    """Starts class centers as `callbacks.InitialiseCenters` does.

    The averages of the centers start there, too.

    Args:
        layout: The layout of the states.
        values: The stacked state as NumPy arrays. The arrays that change are replaced.
        number: The number of the model.
        tasks: The tasks with centers.
        table: The utterances of the sample of the model.
        embeddings: Their embeddings, `(batches, rows, units)`, with any rows after
            them.
    """
    flat = embeddings.reshape(-1, embeddings.shape[-1])[: len(table)]
    for task in tasks:
        place = layout.place(layout.model.get_layer(task.name).centers)
        (before,) = layout.pick(values, [place])
        if before[number].any():  # they have been trained before
            continue
        started = _class_means(task, table, flat)
        _replace(values, place, number, started)
        if layout.averages:
            average = "averages", layout.averaged.index(place)
            _replace(values, average, number, started)


def _class_means(task, table: pd.DataFrame, embeddings: np.ndarray) -> np.ndarray:
    labels = task.read(table)
    chosen = np.eye(task.size, dtype=embeddings.dtype)[np.maximum(labels, 0)]
    chosen = chosen * task.known(labels)[:, None]
    return centers.class_means(chosen.T @ embeddings, chosen.sum(axis=0)[:, None])


def _replace(values: State, place: tuple[str, int], number: int, value) -> None:
    group, index = place
    array = np.array(values[group][index])  # what JAX returns cannot be written to
    array[number] = value
    values[group][index] = array
