"""Pictures of the embeddings of each system, coloured by attributes."""

import functools
from collections.abc import Iterable

import pandas as pd

from keras_ser import figures
from keras_ser.reports.blocks import Figure
from keras_ser.reports.reading import Run
from keras_ser.reports.run_files import read_table
from keras_ser.reports.text import slug, sort_systems

EMBEDDINGS = "embeddings.csv"
CAPTION = (
    "t-SNE of the embeddings of test utterances, one panel per system, coloured by "
    "{}. Each panel has a projection of its own: what counts is which points lie "
    "together, not where"
)


def embedding_figures(
    experiment: str,
    runs: list[Run],
    columns: Iterable[str],
    order: Iterable[str] = (),
    suffix: str = "",
) -> list[Figure]:
    """One figure per column, from the first run of each system that has the file.

    Args:
        experiment: Name of the experiment, for the titles.
        runs: Its runs, in their order.
        columns: Columns of the table of utterances.
        order: Systems that come first.
        suffix: End of the names of the files.

    Raises:
        ValueError: If an embeddings.csv cannot be read, or lacks a column.
    """
    columns, tables = list(columns), {}
    for run in runs:
        path = run.folder / EMBEDDINGS
        if run.system not in tables and path.is_file():
            tables[run.system] = run, read_table(path, columns, ("x", "y"))
    if not tables:
        return []
    names = {name: tables[name] for name in sort_systems(tables, order)}
    return [_figure(experiment, names, column, suffix) for column in columns]


def _figure(
    experiment: str,
    tables: dict[str, tuple[Run, pd.DataFrame]],
    column: str,
    suffix: str,
) -> Figure:
    jobs = {
        name: f"fold {run.fold}, repeat {run.repeat}"
        for name, (run, _) in tables.items()
    }
    (first, *others) = dict.fromkeys(jobs.values())
    panels = {
        (f"{name}, {jobs[name]}" if others else name): table[["x", "y"]].assign(
            value=table[column]
        )
        for name, (_, table) in tables.items()
    }
    where = experiment if others else f"{experiment}, {first}"
    draw = functools.partial(
        _draw, panels=panels, title=f"{where}: embeddings by {column}"
    )
    name = f"embeddings_{slug(column)}{suffix}.png"
    return Figure(name, f"{where}: {CAPTION.format(column)}", draw)


def _draw(path, panels: dict[str, pd.DataFrame], title: str) -> None:
    figures.embedding_panels(panels, path, title)
