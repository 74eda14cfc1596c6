"""The groups of utterances that pictures of a training tell apart."""

import numpy as np
import pandas as pd

from keras_ser.tasks import ColumnTask

THIRDS = ("low", "middle", "high")


def group_names(task: ColumnTask) -> tuple[str, ...]:
    """The classes of a task, or `low`, `middle` and `high` for a task on numbers."""
    return task.classes or THIRDS


def assign_groups(task: ColumnTask, table: pd.DataFrame) -> np.ndarray:
    """The group of each row as text, which is empty where the task has no label.

    Numbers are divided into thirds, each with as many rows as the others, except for
    equal numbers.

    Args:
        task: A task with a column of the table.
        table: Utterances.
    """
    labels = task.read(table)
    if task.classes:
        return np.array([*task.classes, ""])[labels]  # −1 is the last entry
    known = np.isfinite(labels)
    if not known.any():
        return np.full(len(labels), "")
    edges = np.quantile(labels[known], (1 / 3, 2 / 3))
    return np.where(known, np.array(THIRDS)[np.searchsorted(edges, labels)], "")
