"""What several commands print: scores, reports, and what to do next."""

from collections.abc import Iterable
from pathlib import Path

MAX_TABLES = 4  # that `run` and `report` print


def print_experiment(folder: Path) -> None:
    """Prints the scores of an experiment that is done, and what to do next."""
    from keras_ser.experiments.next_steps import next_steps

    print_overview([folder])
    print(next_steps(folder))


def print_overview(runs: list, reference: str | None = None) -> None:
    """Prints the main scores of runs, as tables that fit on a screen."""
    from keras_ser.reports.missing import missing_texts
    from keras_ser.reports.overview import overview_of
    from keras_ser.reports.reading import read_runs
    from keras_ser.utils import terminal

    found = read_runs(runs)
    for warning in missing_texts(found):
        print(warning)
    tables = overview_of(found, reference=reference)
    for table in tables[:MAX_TABLES]:
        terminal.print_table(table.caption, table.header, table.rows)
    left = len(tables) - MAX_TABLES
    if left > 0:
        print(f"… and {left} more tables in the report\n")


def print_reports(paths: Iterable[Path]) -> None:
    """Prints reports in Markdown, then the names of all files."""
    paths = sorted(paths, key=lambda path: (path.suffix != ".md", path))
    for path in paths:
        if path.suffix == ".md":
            print(path.read_text(encoding="utf-8"))
    print("written:", *paths, sep="\n  ")
