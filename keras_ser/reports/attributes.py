"""How well heads recognise attributes of speakers, such as their gender.

Nobody can recognise a speaker who was never heard. Where an experiment holds
utterances of training speakers out, these score the heads; see `protocols.with_heard`.
"""

from collections.abc import Iterable, Iterator
from itertools import product

import pandas as pd

from keras_ser import scores
from keras_ser.corpora.table import LABELS
from keras_ser.protocols import HEARD
from keras_ser.reports.blocks import Block, Heading, Table, Text
from keras_ser.reports.reading import Run
from keras_ser.reports.text import percent, sort_names, sort_systems

HEADER = [
    *("System", "Head", "Test", "Corpus", "Folds", "Utterances", "Classes"),
    *("Accuracy %", "UAR %", "Chance %", "Largest class %"),
]
COUNTS = ["utterances", "classes"]
SHARES = ["accuracy", "uar", "chance", "largest"]
GROUP = ["system", "head", "test", "corpus"]
EXPLANATION = (
    f"The test `{HEARD}` holds utterances of the training speakers that were not "
    "trained on, and the other tests hold other speakers. Only rows of the same head, "
    "test and corpus are about the same test. Labelled corpora come first: their "
    "labelled speech is the same for all systems. Of speech without emotions, the test "
    f"`{HEARD}` has the speakers that a system trains on, so that it is larger for a "
    "system with more of them. Each figure is the mean over folds of "
    "the mean over repeats, because folds have different training speakers. "
    "Utterances and classes are a range where trainings differ. Chance is 100 divided "
    "by the number of classes of the head, which is the UAR of guessing. The accuracy "
    "of always naming the largest class of a test is in the last column."
)


def attribute_blocks(runs: list[Run], order: Iterable[str] = ()) -> list[Block]:
    """A table for each experiment that holds utterances of training speakers out.

    Args:
        runs: From `reading.read_runs`.
        order: Systems that come first.
    """
    heard = {run.experiment for run in runs if run.heard is not None}
    own = [run for run in runs if run.experiment in heard]
    found = [row for run in own for row in _rows(run)]
    if not found:
        return []
    blocks: list[Block] = [Heading("Attributes", 2)]
    for name, part in pd.DataFrame(found).groupby("experiment", sort=False):
        labelled = _labelled_corpora(run for run in own if run.experiment == name)
        blocks.append(_table(str(name), part, order, labelled))
    return [*blocks, Text(EXPLANATION)]


def _rows(run: Run) -> Iterator[dict]:
    """One row of scores per head of an attribute, test and corpus of a run."""
    parts = [run.predictions] if run.heard is None else [run.heard, run.predictions]
    for head in _attributes(run):
        for table in parts:
            known = (table["condition"] == "clean") & (table["truth"] != "")
            own = table[known & (table["head"] == head)]
            classes = _count_classes(own)
            for (test, corpus), rows in own.groupby(["test", "corpus"], sort=False):
                where = {"head": head, "test": test, "corpus": corpus}
                yield {**run.identity, **where, **_scores(rows, classes)}


def _attributes(run: Run) -> list[str]:
    """The heads that recognise classes of an attribute, in the order of the tasks."""
    columns = {each["name"]: each.get("column") for each in run.config.get("tasks", [])}
    return [
        head.name
        for head in run.recorded_heads
        if not head.has_numbers and (columns.get(head.name) or head.name) not in LABELS
    ]


def _labelled_corpora(runs: Iterable[Run]) -> list[str]:
    """The names of the labelled corpora of runs, in the order of their configs."""
    given = [run.config.get("corpus", []) for run in runs]
    names = [[each] if isinstance(each, str) else each for each in given]
    return list(dict.fromkeys(name for each in names for name in each))


def _count_classes(rows: pd.DataFrame) -> int:
    """The number of classes that a head can choose from."""
    named = [name for name in rows if name.startswith("p_") and rows[name].count()]
    return len(named) or rows["truth"].nunique()


def _scores(rows: pd.DataFrame, classes: int) -> dict[str, float]:
    truth, prediction = rows["truth"], rows["prediction"]
    return {
        "utterances": len(rows),
        "classes": classes,
        "accuracy": scores.accuracy(truth, prediction),
        "uar": scores.uar(truth, prediction),
        "chance": 1 / classes,
        "largest": truth.value_counts(normalize=True).max(),
    }


def _table(
    experiment: str, table: pd.DataFrame, order: Iterable[str], labelled: list[str]
) -> Table:
    groups = dict(list(table.groupby(GROUP)))
    systems = sort_systems(table["system"], order)
    heads = list(dict.fromkeys(table["head"]))
    tests = sort_names(table["test"])
    tests.sort(key=lambda name: name != HEARD)
    corpora = sort_names(table["corpus"])
    corpora.sort(key=lambda name: (*labelled, name).index(name))
    keys = [
        (system, head, test, corpus)
        for head, test, corpus, system in product(heads, tests, corpora, systems)
    ]
    rows = [_cells(groups[key], list(key)) for key in keys if key in groups]
    return Table(f"{experiment}: attributes of speakers", HEADER, rows)


def _cells(part: pd.DataFrame, names: list[str]) -> list[str]:
    means = part.groupby("fold")[SHARES].mean().mean()
    counts = [_range(part[name]) for name in COUNTS]
    folds = str(part["fold"].nunique())
    return [*names, folds, *counts, *map(percent, means)]


def _range(values: pd.Series) -> str:
    low, high = values.min(), values.max()
    return str(low) if low == high else f"{low} to {high}"
