"""Checks of the labels that the tasks of a model find in the training speech."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from keras_ser.protocols import Fold

if TYPE_CHECKING:
    from keras_ser.tasks import Task


def check_labels(tasks: Iterable["Task"], fold: Fold) -> None:
    """Checks that the training side of a fold has labels of every task.

    Args:
        tasks: The tasks of a model. Those without a column are not checked.
        fold: The fold as the system uses it.

    Raises:
        ValueError: If a column has no label that the task knows, or if all labels of a
            regression are the same number.
    """
    for task in tasks:
        if task.table_column:
            unlabelled = task.uses_unlabelled
            check_task(task, fold.sides()["train"] if unlabelled else fold.train)


def check_task(task: "Task", table: pd.DataFrame) -> None:
    """Checks that the training speech has labels of a task; see `check_labels`.

    Args:
        task: A task whose labels are in a column.
        table: The utterances that may have labels.
    """
    labels = task.read(table)
    known = labels[task.known(labels)]
    if len(np.unique(known)) >= (1 if task.classes else 2):
        return
    classes = f"one of {list(task.classes)[:5]}"
    expected = classes if task.classes else "two or more different numbers"
    received = f"{len(known)} labels" + (f", all {known[0]:g}" if len(known) else "")
    raise ValueError(
        f"The head `{task.name}` needs {expected} in the column "
        f"`{task.table_column}` of the training speech. Received: {received}, in "
        f"{len(table)} utterances. Leave this head out, or train on speech with such "
        "labels."
    )
