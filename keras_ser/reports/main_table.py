"""The main table: the scores of all systems, each compared with the reference."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping

import pandas as pd

from keras_ser import scores
from keras_ser.reports import comparison, explaining
from keras_ser.reports.blocks import Block, Table, Text
from keras_ser.reports.cells import (
    UAR,
    Measure,
    confined,
    score_title,
    with_interval,
)
from keras_ser.reports.comparison import Difference
from keras_ser.reports.fold_means import by_fold, is_by_fold
from keras_ser.reports.text import NO_VALUE, job_key, mean_and_deviation, percent
from keras_ser.reports.trainings import INTERVAL
from keras_ser.reports.trainings import explain as explain_trainings
from keras_ser.reports.units import explain, find_units

# Makes the table of a caption, predictions by system, marks by system, a reference and
# the system of a primary comparison.
Tabulate = Callable[
    [str, dict[str, pd.DataFrame], dict[str, str], str, str | None], list[Block]
]
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
    primary: str | None = None,
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
        primary: The system of the primary comparison, if one is named.
    """
    tabulate = tabulate or uar_blocks
    jobs = {name: _jobs(rows) for name, rows in by_system.items()}
    every = sorted(set().union(*jobs.values()), key=job_key)
    lacking = {name: [j for j in every if j not in jobs[name]] for name in jobs}
    marks = {name: INCOMPLETE_MARK if lacking[name] else "" for name in jobs}
    caption = f"{title}: scores{note}"
    blocks = tabulate(caption, by_system, marks, reference, primary)
    blocks += [_absent(name, reference) for name in systems if name not in jobs]
    blocks += [Text(line) for line in _describe_lacking(lacking)]
    common = set.intersection(*jobs.values())
    shared = {name: _keep_jobs(rows, common) for name, rows in by_system.items()}
    if any(lacking.values()) and common:
        caption = f"{title}: scores on the common folds{note}"
        blocks += tabulate(caption, shared, {}, reference, primary)
    elif any(lacking.values()):
        blocks.append(Text("The systems have no fold and repeat in common."))
    return blocks + _warn_of_utterances(shared)


def uar_blocks(
    caption: str,
    by_system: dict[str, pd.DataFrame],
    marks: dict[str, str],
    reference: str,
    primary: str | None = None,
) -> list[Block]:
    """A table of UAR and WA, each system compared with the reference, and its notes.

    Args:
        caption: The line above the table.
        by_system: Scored predictions by the name of the system.
        marks: What follows the names of systems.
        reference: The system that the others are compared with.
        primary: The system of the primary comparison, if one is named.
    """
    names = by_system, marks, reference, primary
    return score_blocks(caption, *names, UAR, {"WA %": _accuracy})


def score_blocks(
    caption: str,
    by_system: dict[str, pd.DataFrame],
    marks: dict[str, str],
    reference: str,
    primary: str | None,
    measure: Measure,
    others: Mapping[str, Callable[[pd.DataFrame], str]],
) -> list[Block]:
    """A table of scores, each system compared with the reference, and its notes.

    Args:
        caption, by_system, marks, reference, primary: As for `uar_blocks`.
        measure: The score that systems are compared by.
        others: What makes the cells of other scores, by their titles.
    """
    differences = comparison.compare(by_system, reference, measure)
    cells = {name: with_interval(rows, measure) for name, rows in by_system.items()}
    averaged = any(map(is_by_fold, by_system.values()))
    title = score_title(measure, cells.values())
    if not averaged and any("[" in cell for cell in cells.values()):
        title += INTERVAL
    table = Table(
        caption,
        [*COUNTED, title, *others],
        [
            [
                name + marks.get(name, ""),
                *count_cells(rows),
                cells[name],
                *(make(rows) for make in others.values()),
            ]
            for name, rows in by_system.items()
        ],
    )
    if differences:
        compared = comparison.difference_cells(differences, primary, measure)
        table = _add_columns(table, list(by_system), compared, measure)
        described = comparison.describe_reference(differences, reference)
        described = f"Δ to {reference}" if averaged else described
        table = dataclasses.replace(table, caption=f"{caption}, {described}")
    if averaged:  # `fold_means.explain` says why there is nothing to explain
        return [table]
    found = [confined(rows, measure) for rows in by_system.values()]
    found += [each.confined for each in differences.values()]
    notes = [*_as_texts(explaining.explain_confined(found))]
    notes += explaining.explain(differences, primary)
    return [table, *notes, *_explain_units(by_system, differences)]


def _add_columns(
    table: Table, systems: list[str], cells: dict[str, list[str]], measure: Measure
) -> Table:
    """The table with the cells of a comparison after those of each system."""
    header = comparison.difference_header(measure, (own[0] for own in cells.values()))
    none = [NO_VALUE] * len(header)
    rows = [
        [*row, *cells.get(name, none)]
        for name, row in zip(systems, table.rows, strict=True)
    ]
    return Table(table.caption, [*table.header, *header], rows)


def _explain_units(
    by_system: dict[str, pd.DataFrame], differences: dict[str, Difference]
) -> list[Text]:
    own = {name: find_units(rows) for name, rows in by_system.items()}
    shared = {name: each.units for name, each in differences.items()}
    tested = any(each.is_tested for each in differences.values())
    what = "Intervals and p" if tested else "Intervals"
    return _as_texts(*explain(own, what, shared), explain_trainings(own, shared))


def _as_texts(*texts: str) -> list[Text]:
    return [Text(text) for text in texts if text]


def count_cells(rows: pd.DataFrame) -> list[str]:
    """The numbers of folds, repeats and utterances, as `COUNTED` names them."""
    return [str(rows[column].nunique()) for column in ("fold", "repeat", "utterance")]


def _accuracy(rows: pd.DataFrame) -> str:
    if is_by_fold(rows):
        return mean_and_deviation(by_fold(rows, _score_accuracy))
    return percent(_score_accuracy(rows))


def _score_accuracy(rows: pd.DataFrame) -> float:
    return scores.accuracy(rows["truth"], rows["prediction"])


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
