"""Checks of a pipeline's arguments against each other."""

from collections.abc import Iterable

from keras_ser.tasks import Task


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
