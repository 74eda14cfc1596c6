"""Checks of a system against a fold: whether the training speech has its labels.

None of them builds a network, so that planning can run them.
"""

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from keras_ser.experiments.job import Job
from keras_ser.experiments.lookup import is_classical, model_class
from keras_ser.protocols import Fold

if TYPE_CHECKING:
    from keras_ser.tasks import Task


def check_job(job: Job) -> None:
    """Checks what is known of the heads of a job before its network is built.

    A network says which columns it learns the classes of. A classical system says all
    of its targets.

    Raises:
        ValueError: If the training speech has fewer than two classes or numbers of one
            of these, or fewer speakers or utterances than the settings ask for. The
            error names the system and the fold.
    """
    with naming(job):
        _check_draws(job)
        if is_classical(job.config.systems[job.system].model):
            from keras_ser.experiments import classical

            classical.target_tasks(job)
        else:
            vocabularies(job)


def _check_draws(job: Job) -> None:
    """Makes the draws of speakers and utterances, which raise if there are too few."""
    system = job.config.systems[job.system]
    if job.config.heard_fraction or system.unlabelled_speakers is not None:
        job.data.sides()


@contextlib.contextmanager
def naming(job: Job) -> Iterator[None]:
    """Adds a note to a `ValueError` of the block that names the system and the fold."""
    try:
        yield
    except ValueError as error:
        where = f"system `{job.system}` in fold `{job.fold.name}`"
        error.add_note(f"This concerns {where}.")
        raise


def vocabularies(job: Job) -> dict[str, tuple[str, ...]]:
    """Returns the classes of the columns that the network of a job learns.

    Raises:
        ValueError: If the training speech has fewer than two classes of a column.
    """
    from keras_ser.tasks import vocabulary

    system = job.config.systems[job.system]
    columns = model_class(system.model).columns(**system.arguments)
    if not columns:
        return {}
    speech = job.data.sides()["train"]
    return {column: vocabulary(speech, column) for column in columns}


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
