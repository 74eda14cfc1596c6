"""Figure of measured scores next to those that a paper published."""

import itertools
import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from keras_ser.figures.style import COLOURS, drawing

MAX_COLUMNS = 4  # panels per row


def measured_and_published(
    measured: dict, printed: dict, title: str, path: Any, notes: Iterable[str] = ()
) -> None:
    """Draw measured scores as dots and published ones as diamonds.

    There is one panel per corpus and one row per system. A panel that occurs in both
    dictionaries shows both scores. If the panels do not fit into one row, those that
    occur only in `measured` start a new row. Lines through dots are intervals; lines
    through diamonds are what the paper gives after ±.

    Args:
        measured: DataFrames by panel title, with the systems as index and the columns
            `uar` (unweighted average recall), `low` and `high` in percent. NaN draws
            nothing.
        printed: DataFrames by panel title, with the systems as index and the columns
            `value` and `spread` in percent.
        title: Line above the panels.
        path: PNG file to write, or an open binary file.
        notes: Lines below the panels, such as what a mark in a panel's title means.

    Raises:
        ValueError: If there is no panel, or the panels have different systems.
    """
    panels = _rows(printed, measured)
    tables = [*measured.values(), *printed.values()]
    if not panels or any(list(t.index) != list(tables[0].index) for t in tables):
        raise ValueError(
            "`measured` and `printed` must contain at least one panel, all with the "
            f"same systems. Received: panels {[*printed, *measured]}. Reindex all of "
            "them with the same systems."
        )
    systems = list(tables[0].index)
    rows, columns = len(panels), max(map(len, panels))
    lines = [textwrap.fill(note, 18 + 30 * columns) for note in notes]
    height = 1.2 + rows * (0.9 + 0.32 * len(systems)) + 0.25 * len(lines)
    with drawing(path, (3.4 + 2.6 * columns, height)) as figure:
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
        places = itertools.chain.from_iterable(
            itertools.zip_longest(axes, row)
            for axes, row in zip(grid, panels, strict=True)
        )
        for axes, panel in places:
            if panel is None:
                axes.set_visible(False)
                continue
            _panel(axes, measured.get(panel), printed.get(panel))
            axes.set_title(_wrap(panel))
            axes.set_xlabel("UAR (%)")
            axes.grid(axis="x")
        grid[0, 0].set_yticks(range(len(systems)), systems)
        grid[0, 0].set_ylim(len(systems) - 0.5, -0.5)
        figure.suptitle(textwrap.fill(title, 20 + 26 * columns), fontsize=11)
        if lines:
            figure.supxlabel("\n".join(lines), fontsize=8, x=0.02, ha="left")
        handles = _legend(grid[0, 0], bool(measured), bool(printed))
        figure.legend(handles=handles, loc="outside right upper")


def _wrap(panel: str) -> str:
    """The title of a panel in lines, which also break after the plus of corpora."""
    spaced = panel.replace("+", "+ ")
    return textwrap.fill(spaced, 26, break_long_words=False).replace("+ ", "+")


def _rows(printed: dict, measured: dict) -> list[list[str]]:
    """The titles of the panels, row by row."""
    own = [panel for panel in measured if panel not in printed]
    groups = [[*printed], own]
    if len(printed) + len(own) <= MAX_COLUMNS:
        groups = [[*printed, *own]]
    return [
        group[first : first + MAX_COLUMNS]
        for group in groups
        for first in range(0, len(group), MAX_COLUMNS)
    ]


def _panel(
    axes: Any, measured: pd.DataFrame | None, printed: pd.DataFrame | None
) -> None:
    """Draw one panel; a score that is `None` is left out."""
    places = np.arange(len(measured if measured is not None else printed))
    apart = 0.12 if measured is not None and printed is not None else 0.0
    if printed is not None:
        value, spread = printed.value.to_numpy(float), printed.spread.to_numpy(float)
        style = {"color": COLOURS[1], "fmt": "D", "mfc": "white", "markersize": 6}
        axes.errorbar(value, places - apart, xerr=np.nan_to_num(spread), **style)
    if measured is not None:
        uar = measured.uar.to_numpy(float)
        sides = [
            uar - measured.low.to_numpy(float),
            measured.high.to_numpy(float) - uar,
        ]
        style = {"color": COLOURS[0], "fmt": "o", "markersize": 6}
        axes.errorbar(uar, places + apart, xerr=np.nan_to_num(sides), **style)


def _legend(axes: Any, measured: bool, printed: bool) -> list:
    """Handles that explain the marks of the scores that are drawn."""
    styles = {
        "measured": {"color": COLOURS[0], "marker": "o"},
        "published": {"color": COLOURS[1], "marker": "D", "mfc": "white"},
    }
    shown = {"measured": measured, "published": printed}
    return [
        axes.plot([], [], linestyle="", label=name, **styles[name])[0]
        for name in styles
        if shown[name]
    ]
