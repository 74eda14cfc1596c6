"""The main result of runs in a few lines, for a terminal."""

from collections.abc import Iterable

import pandas as pd

from keras_ser.reports import comparison
from keras_ser.reports.blocks import Table
from keras_ser.reports.cells import measure_of, score_title, with_interval
from keras_ser.reports.reading import (
    Paths,
    Run,
    collect_heads,
    collect_settings,
    read_runs,
)
from keras_ser.reports.tasks import Head
from keras_ser.reports.test_sets import add_test_sets, format_test_set
from keras_ser.reports.text import NO_VALUE, counted, p_value, sort_systems


def overview(
    paths: Paths,
    systems: Iterable[str] = (),
    reference: str | None = None,
) -> list[Table]:
    """The scores of the main head on each clean test set, without any breakdown.

    Args:
        paths: As for `reports.read`.
        systems: Systems that come first, as for `reports.write`.
        reference: The system that the others are compared with, as for
            `reports.write`.

    Returns:
        One table per experiment and test set: each system with its score and, next to
        the reference, the difference with its t interval and its unadjusted p. Marks
        mean what `report.md` says.

    Raises:
        FileNotFoundError: As `reports.read`.
        ValueError: As `reports.read`.
    """
    return overview_of(read_runs(paths), systems, reference)


def overview_of(
    runs: list[Run], systems: Iterable[str] = (), reference: str | None = None
) -> list[Table]:
    """The same of runs that have been read; see `overview`."""
    settings, heads = collect_settings(runs), collect_heads(runs)
    table = add_test_sets(runs, settings)
    rows = table[(table["truth"] != "") & (table["condition"] == "clean")]
    tables = []
    for (experiment, test_set), part in rows.groupby(["experiment", "test_set"]):
        head = heads[experiment][0]
        part = part[part["head"] == head.name]
        if part.empty:
            continue
        order = sort_systems(part["system"], list(systems))
        named = reference or settings[experiment].get("reference")
        base = comparison.choose_reference(order, named)
        by_system = {name: part[part["system"] == name] for name in order}
        title = f"{experiment}: {format_test_set(test_set)}, {_chance(part, head)}"
        tables.append(_table(title, by_system, base, head))
    return tables


def _chance(rows: pd.DataFrame, head: Head) -> str:
    """The number of speakers, and what a guess would score."""
    speakers = counted(rows["speaker"].nunique(), "speaker")
    if head.has_numbers:
        return speakers
    return f"{speakers}, chance {100 / rows['truth'].nunique():.1f}"


def _table(
    title: str, by_system: dict[str, pd.DataFrame], reference: str, head: Head
) -> Table:
    measure = measure_of(head)
    cells = {name: with_interval(rows, measure) for name, rows in by_system.items()}
    differences = comparison.compare(by_system, reference, measure)
    header = ["System", score_title(measure, cells.values())]
    compared: dict[str, list[str]] = {}
    if differences:
        header += [f"Δ to {reference}", "p"]
        compared = {
            name: [each.cells(measure)[0], p_value(each.p)]
            for name, each in differences.items()
        }
    none = [NO_VALUE] * (len(header) - 2)
    rows = [[name, cells[name], *compared.get(name, none)] for name in by_system]
    return Table(title, header, rows)
