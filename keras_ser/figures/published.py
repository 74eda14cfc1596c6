"""Drawing of measured scores beside those that a paper printed."""

import itertools
import textwrap
from collections.abc import Iterable

import numpy as np

from keras_ser.figures.style import COLOURS, drawing

COLUMNS = 4  # of panels


def beside_published(
    measured: dict, printed: dict, title: str, path, notes: Iterable[str] = ()
) -> None:
    """Systems in rows, a panel a corpus: dots measured, diamonds published.

    A panel that both have holds both; those that only `measured` has begin a row of
    their own where one row cannot hold all. Lines through dots are intervals; through
    diamonds, what the paper has after ±.

    Args:
        measured: by the panel's title, a DataFrame of `uar, low, high` in percent,
            index systems; NaN draws nothing.
        printed: by the panel's title, a DataFrame of `value, spread` in percent.
        title: line above.
        path: PNG to write.
        notes: lines below, such as what a mark in a panel's title means.

    Raises:
        ValueError: no panel, or panels with different systems.
    """
    panels = _rows(printed, measured)
    tables = [*measured.values(), *printed.values()]
    if not panels or any(list(t.index) != list(tables[0].index) for t in tables):
        raise ValueError(
            "`measured` and `printed` must hold at least one panel, all with the same "
            f"systems. Received: panels {[*printed, *measured]}. Reindex them alike."
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
            axes.set_title(textwrap.fill(panel, 26, break_long_words=False))
            axes.set_xlabel("UAR (%)")
            axes.grid(axis="x")
        grid[0, 0].set_yticks(range(len(systems)), systems)
        grid[0, 0].set_ylim(len(systems) - 0.5, -0.5)
        figure.suptitle(textwrap.fill(title, 20 + 26 * columns), fontsize=11)
        if lines:
            figure.supxlabel("\n".join(lines), fontsize=8, x=0.02, ha="left")
        handles = _legend(grid[0, 0], bool(measured), bool(printed))
        figure.legend(handles=handles, loc="outside right upper")


def _rows(printed: dict, measured: dict) -> list[list[str]]:
    """The titles of panels, row by row."""
    own = [panel for panel in measured if panel not in printed]
    groups = [[*printed], own]
    if len(printed) + len(own) <= COLUMNS:
        groups = [[*printed, *own]]
    return [
        group[first : first + COLUMNS]
        for group in groups
        for first in range(0, len(group), COLUMNS)
    ]


def _panel(axes, measured, printed) -> None:
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


def _legend(axes, measured: bool, printed: bool) -> list:
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
