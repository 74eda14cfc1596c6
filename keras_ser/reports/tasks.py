"""The heads that runs predict: their kinds and their order, from `config.json`.

The key `tasks` lists what each head of a run's model learns; see `keras_ser.tasks`. The
first is the main one: it selects the epoch, and attacks follow it.
"""

import collections
import dataclasses
from collections.abc import Iterable

import pandas as pd

from keras_ser.reports.run_files import RunPath, invalid_file

UNLEARNED, NUMBERS = "adversarial", "regression"
KINDS = ("classification", UNLEARNED, NUMBERS)


@dataclasses.dataclass(frozen=True)
class Head:
    """A head whose predictions are scored.

    Args:
        name: The name of the head.
        has_numbers: Whether it predicts numbers instead of classes.
        unlearned_by: The systems whose encoder unlearns its classes.
    """

    name: str
    has_numbers: bool = False
    unlearned_by: tuple[str, ...] = ()


UNRECORDED = (Head("emotion"),)  # the heads of a run that does not record its tasks


def read_heads(folder: RunPath, config: dict, system: str) -> tuple[Head, ...]:
    """The heads that a run predicts, main head first.

    Args:
        folder: The run's folder, for messages.
        config: The object in its `config.json`.
        system: The name of its system.

    Raises:
        ValueError: If `tasks` is not a list of tasks, or if none of them is scored.
    """
    if "tasks" not in config:
        return UNRECORDED
    tasks, path = config["tasks"], folder / "config.json"
    if not isinstance(tasks, list) or not all(map(_is_task, tasks)):
        expected = "`tasks` as a list of objects with `name`, `kind` and `scored`"
        raise invalid_file(path, expected, tasks)
    kinds = {task["name"]: task["kind"] for task in tasks if task["scored"]}
    if not kinds or not set(kinds.values()) <= set(KINDS):
        expected = f"`tasks` of which one or more are scored, each one of {list(KINDS)}"
        raise invalid_file(path, expected, tasks)
    return tuple(
        Head(name, kind == NUMBERS, (system,) if kind == UNLEARNED else ())
        for name, kind in kinds.items()
    )


def check_heads(
    folder: RunPath, predictions: pd.DataFrame, heads: Iterable[Head]
) -> None:
    """Rejects predictions of heads that the run does not record, and words as numbers.

    Args:
        folder: The run's folder.
        predictions: The rows of its `predictions.csv`.
        heads: From `read_heads`.

    Raises:
        ValueError: If a head is not recorded, or if a head of numbers has other text.
    """
    kinds, path = {head.name: head for head in heads}, folder / "predictions.csv"
    unknown = sorted(set(predictions["head"]) - set(kinds))
    if unknown:
        expected = f"only the heads in `tasks` of its config.json, {list(kinds)}"
        raise invalid_file(path, expected, unknown)
    for name, rows in predictions.groupby("head"):
        if kinds[name].has_numbers:
            given = pd.concat([rows["truth"][rows["truth"] != ""], rows["prediction"]])
            numbers = pd.to_numeric(given, errors="coerce").abs()
            wrong = given[~(numbers < float("inf"))]
            if len(wrong):
                expected = f"finite numbers of the head `{name}`"
                raise invalid_file(path, expected, repr(wrong.iloc[0]))


def merge_heads(each: Iterable[tuple[RunPath, tuple[Head, ...]]]) -> tuple[Head, ...]:
    """The heads of several runs, each once: main heads, then the order of the tasks.

    The head that is the main one in most runs comes first.

    Args:
        each: Folder and heads of each run.

    Raises:
        ValueError: If a head has classes in one run and numbers in another.
    """
    found: dict[str, tuple[Head, RunPath]] = {}
    mains: collections.Counter[str] = collections.Counter()
    for folder, heads in each:
        mains[heads[0].name] += 1
        for head in heads:
            known, other = found.get(head.name, (head, folder))
            if known.has_numbers != head.has_numbers:
                raise ValueError(
                    f"The head `{head.name}` must predict either classes or numbers in "
                    f"all runs of an experiment. Received: both, in {other} and "
                    f"{folder}. Report them separately."
                )
            names = dict.fromkeys([*known.unlearned_by, *head.unlearned_by])
            known = dataclasses.replace(known, unlearned_by=tuple(names))
            found[head.name] = known, other
    order = sorted(found, key=lambda name: -mains[name])  # keeps the order of others
    return tuple(found[name][0] for name in order)


def _is_task(task) -> bool:
    return (
        isinstance(task, dict)
        and isinstance(task.get("name"), str)
        and isinstance(task.get("kind"), str)
        and isinstance(task.get("scored"), bool)
    )
