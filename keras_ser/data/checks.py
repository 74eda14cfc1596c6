"""Checks of a pipeline's arguments against each other."""

import math
import numbers
from collections.abc import Iterable

from keras_ser.tasks import Task
from keras_ser.utils.choices import check_numbers, check_positive, is_number

MAX_SEED = 2**31 - 1  # TensorFlow maps some larger ones to the same draws


def check_numbers_of(batch, rows_per_utterance, workers, seed, seconds) -> None:
    """Raises ValueError unless a pipeline can have these numbers; see `Pipeline`."""
    check_positive(batch=batch, rows_per_utterance=rows_per_utterance, workers=workers)
    is_whole = isinstance(seed, numbers.Integral) and not isinstance(seed, bool)
    if not is_whole or not 0 <= seed <= MAX_SEED:
        raise ValueError(
            f"`seed` must be an integer from 0 to {MAX_SEED}. Received: {seed!r}."
        )
    expected = "a finite number of seconds above 0"
    check_numbers(expected, lambda value: 0 < value < math.inf, seconds=seconds)


def check_types(tasks: Iterable[Task], types: tuple, trained: tuple, rows: int) -> None:
    """Raises ValueError if tasks on the type of augmentation do not fit the rows.

    Args:
        tasks: The tasks of the model.
        types: The types of the augmentations, `none` first.
        trained: Those that training rows have.
        rows: The rows per utterance and epoch.
    """
    needed = [task.types for task in tasks if hasattr(task, "types")]
    wrong = [each for each in needed if each != types]
    if wrong:
        raise ValueError(
            "A task that recognises augmentations must have the types of `augment`"
            f", {types}. Received: {wrong[0]}. Give the model "
            "`augmentations=augment.types(…)` of the same augmentations."
        )
    if needed and len(trained) < 2:
        raise ValueError(
            "A task that recognises augmentations needs training rows of two "
            f"types. Received: {trained}, because rows_per_utterance="
            f"{rows}. Raise it, add augmentations, or leave this head out of the model."
        )


def check_ratio(unlabelled_ratio: float) -> None:
    """Raises ValueError unless a ratio is a finite number of 0 or more."""
    if not is_number(unlabelled_ratio) or not 0 <= unlabelled_ratio < math.inf:
        raise ValueError(
            "`unlabelled_ratio` must be a finite number of 0 or more. Received: "
            f"{unlabelled_ratio!r}. Choose 1 for as many unlabelled rows as labelled "
            "ones."
        )


def unlabelled_rows(batch: int, unlabelled_ratio: float) -> int:
    """The number of unlabelled rows in a batch.

    Args:
        batch: The number of labelled rows per batch.
        unlabelled_ratio: The number of unlabelled rows per labelled row, which may be
            a fraction.

    Raises:
        ValueError: The ratio is not a finite number of 0 or more, or does not give a
            whole number of rows.

    Example:

    >>> unlabelled_rows(16, 0.125)
    2
    """
    check_ratio(unlabelled_ratio)
    exact = batch * unlabelled_ratio
    if not math.isclose(exact, round(exact), rel_tol=1e-9):
        least = math.floor(exact)
        near = [f"{rows / batch:.10g}" for rows in (least, least + 1)]
        raise ValueError(
            "`unlabelled_ratio` must give a whole number of unlabelled rows per batch. "
            f"Received: unlabelled_ratio={unlabelled_ratio} with batch={batch}, which "
            f"are {exact:.10g} rows. Choose {' or '.join(near)}, which give {least} or "
            f"{least + 1}, or change `training.batch`."
        )
    return round(exact)


def check_steps(
    steps: int | None, batch: int, count: int, rows: int, what: str = "utterances"
) -> None:
    """Raises ValueError if an epoch has no update.

    Args:
        steps: The number of updates per epoch; None for one pass over the rows.
        batch: The number of labelled rows per batch.
        count: The number of labelled utterances, or of their segments.
        rows: The rows per utterance or segment, and epoch.
        what: What is counted, for the message.
    """
    if steps is not None and (type(steps) is not int or steps < 1):
        raise ValueError(
            "`steps` must be a whole number of updates, 1 or more, or None for one "
            f"pass over the labelled rows. Received: {steps!r}."
        )
    if steps is None and batch > count * rows:
        raise ValueError(
            "`batch` must be at most the number of rows in an epoch: "
            f"{count} labelled training {what} times "
            f"rows_per_utterance={rows} are {count * rows}. Received: "
            f"batch={batch}. Lower `training.batch`, or raise "
            "`training.rows_per_utterance`."
        )
