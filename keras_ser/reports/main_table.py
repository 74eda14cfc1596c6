"""The main table: the scores of all systems, each compared with the reference."""

from collections.abc import Callable, Iterable

import pandas as pd

from keras_ser import scores
from keras_ser.reports import comparison
from keras_ser.reports.blocks import Block, Table, Text
from keras_ser.reports.cells import uar_with_interval
from keras_ser.reports.text import NO_VALUE, job_key, percent

# Makes the table of a caption, predictions by system, marks by system and a reference.
Tabulate = Callable[[str, dict[str, pd.DataFrame], dict[str, str], str], list[Block]]
COUNTED = ["System", "Folds", "Repeats", "Utterances"]
INCOMPLETE_MARK = " †"  # after a system that lacks runs which another one has
Job = tuple[str, int]  # fold and repeat


def main_table_blocks(
    title: str,
    systems: Iterable[str],
    by_system: dict[str, pd.DataFrame],
    reference: str,
    note: str = "",
    tabulate: Tabulate | None = None,
) -> list[Block]:
    """The main table, what systems lack, and a table on what they have in common.

    The second table follows only if the systems have different folds or repeats.

    Args:
        title: Test set, condition, and the head if there are several.
        systems: Names of all systems of the experiment that have the head.
        by_system: Scored predictions of those systems that have any here.
        reference: The system that the others are compared with.
        note: Addition to the captions.
        tabulate: Makes a table of scores; default: `uar_blocks`.
    """
    tabulate = tabulate or uar_blocks
    jobs = {name: _jobs(rows) for name, rows in by_system.items()}
    every = sorted(set().union(*jobs.values()), key=job_key)
    lacking = {name: [j for j in every if j not in jobs[name]] for name in jobs}
    marks = {name: INCOMPLETE_MARK if lacking[name] else "" for name in jobs}
    blocks = tabulate(f"{title}: scores{note}", by_system, marks, reference)
    blocks += [_absent(name, reference) for name in systems if name not in jobs]
    blocks += [Text(line) for line in _describe_lacking(lacking)]
    common = set.intersection(*jobs.values())
    shared = {name: _keep_jobs(rows, common) for name, rows in by_system.items()}
    if any(lacking.values()) and common:
        caption = f"{title}: scores on the common folds{note}"
        blocks += tabulate(caption, shared, {}, reference)
    elif any(lacking.values()):
        blocks.append(Text("The systems have no fold and repeat in common."))
    return blocks + _warn_of_utterances(shared)


def uar_blocks(
    caption: str,
    by_system: dict[str, pd.DataFrame],
    marks: dict[str, str],
    reference: str,
) -> list[Block]:
    """A table of UAR and WA, each system compared with the reference, and its notes.

    Args:
        caption: The line above the table.
        by_system: Scored predictions by the name of the system.
        marks: What follows the names of systems.
        reference: The system that the others are compared with.
    """
    differences = comparison.compare(by_system, reference)
    header = [*COUNTED, "UAR % [95 % interval]", "WA %"]
    rows = [
        [name + marks.get(name, ""), *count_cells(rows), *_scores(rows)]
        for name, rows in by_system.items()
    ]
    if differences:
        header += comparison.DIFFERENCE_HEADER
        none = [NO_VALUE] * len(comparison.DIFFERENCE_HEADER)
        cells = comparison.difference_cells(differences)
        rows = [
            [*row, *cells.get(name, none)]
            for name, row in zip(by_system, rows, strict=True)
        ]
        caption += f", {comparison.describe_reference(differences, reference)}"
    table = Table(caption, header, rows)
    return [table, *comparison.explain(differences, reference)]


def count_cells(rows: pd.DataFrame) -> list[str]:
    """The numbers of folds, repeats and utterances, as `COUNTED` names them."""
    return [str(rows[column].nunique()) for column in ("fold", "repeat", "utterance")]


def _scores(rows: pd.DataFrame) -> list[str]:
    accuracy = scores.accuracy(rows["truth"], rows["prediction"])
    return [uar_with_interval(rows), percent(accuracy)]


def _absent(name: str, reference: str) -> Text:
    compared = " No system can be compared with it." if name == reference else ""
    return Text(f"{name} has no scored predictions here.{compared}")


def _describe_lacking(lacking: dict[str, list[Job]]) -> list[str]:
    """What systems lack; those that lack the same share a line."""
    alike: dict[tuple, list[str]] = {}
    for name, jobs in lacking.items():
        alike.setdefault(tuple(jobs), []).append(name)
    return [
        f"† {', '.join(names)} lack{'s' if len(names) == 1 else ''}: "
        + ", ".join(f"fold {fold} repeat {repeat}" for fold, repeat in jobs)
        + "."
        for jobs, names in alike.items()
        if jobs
    ]


def _warn_of_utterances(shared: dict[str, pd.DataFrame]) -> list[Block]:
    """A warning if the systems were not scored on the same utterances and labels."""
    columns = ["fold", "repeat", "utterance", "truth"]
    sets = [set(rows[columns].itertuples(index=False)) for rows in shared.values()]
    if all(each == sets[0] for each in sets):
        return []
    sizes = ", ".join(
        f"{name} {len(rows)}" for name, rows in zip(shared, sets, strict=True)
    )
    return [
        Text(
            "WARNING: on the common folds, the systems differ in the utterances or "
            f"true labels on which they were scored ({sizes} rows)."
        )
    ]


def _jobs(rows: pd.DataFrame) -> set[Job]:
    return set(zip(rows["fold"], rows["repeat"], strict=True))


def _keep_jobs(rows: pd.DataFrame, jobs: set[Job]) -> pd.DataFrame:
    pairs = zip(rows["fold"], rows["repeat"], strict=True)
    return rows[[pair in jobs for pair in pairs]]
