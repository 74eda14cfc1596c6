"""Scores over the levels of test conditions, with one panel per condition."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_ser.figures import drawing
from keras_ser.figures.style import line_style

MAX_COLUMNS = 4  # panels per row
MAX_LEVEL_CHARACTERS = 26  # of a panel's tick labels that fit without rotation


@dataclasses.dataclass(frozen=True)
class Panel:
    """One condition at several levels.

    Args:
        title: Title above the panel.
        axis: Label of the x axis: the quantity of the levels and its unit.
        ticks: Tick labels of the levels.
        lines: Arrays of shape `(ticks, 3)` by name: the score and both ends of its
            interval, in [0, 1]. NaN draws nothing.
        clean: Index of the tick at which the speech is unchanged.
        joined: Whether a line joins the levels, because they are steps of one
            quantity.
    """

    title: str
    axis: str
    ticks: tuple[str, ...]
    lines: Mapping[str, np.ndarray]
    clean: int = 0
    joined: bool = True


def draw(panels: list[Panel], path: Any, chance: float | None = None) -> None:
    """Draw panels of scores with a common scale, one colour per name.

    Scores are unweighted average recall (UAR); error bars show the intervals.

    Args:
        panels: Panels from left to right, four per row.
        path: PNG file to write, or an open binary file.
        chance: Score that guessing reaches, in [0, 1], drawn as a dotted line.

    Raises:
        ValueError: If there is no panel, or a line's length differs from the number
            of its panel's ticks.
    """
    _check(panels)
    columns = min(MAX_COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    names = list(dict.fromkeys(name for panel in panels for name in panel.lines))
    with drawing(path, (1.0 + 3.1 * columns, 0.9 + 2.6 * rows)) as figure:
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
        for place, axes in enumerate(grid.flat):
            axes.set_visible(place < len(panels))
        for axes, panel in zip(grid.flat, panels, strict=False):
            _draw_panel(axes, panel, names, chance)
        grid[0, 0].set_ylim(*_limits(panels, chance))
        for axes in grid[:, 0]:
            axes.set_ylabel("UAR (%)")
        handles, labels = _legend(grid, panels)
        figure.legend(handles, labels, loc="outside upper left", ncols=columns)


def _draw_panel(
    axes: Any, panel: Panel, names: list[str], chance: float | None
) -> None:
    places = np.arange(len(panel.ticks))
    axes.axvline(panel.clean, color="#dddddd", linewidth=8, zorder=0)
    if chance is not None:
        axes.axhline(100 * chance, color="#444444", linestyle=":", label="chance")
    for name, values in panel.lines.items():
        number = names.index(name)
        value, low, high = 100 * np.asarray(values, float).T
        shift = 0.08 * (number - (len(names) - 1) / 2)  # error bars next to each other
        axes.errorbar(
            places + shift,
            value,
            yerr=[np.maximum(value - low, 0), np.maximum(high - value, 0)],
            markersize=4,
            elinewidth=0.8,
            label=name,
            **line_style(number) | ({} if panel.joined else {"linestyle": "none"}),
        )
    axes.set_xticks(places, panel.ticks)
    if sum(map(len, panel.ticks)) > MAX_LEVEL_CHARACTERS:
        axes.tick_params(axis="x", labelrotation=30)
    axes.set(title=panel.title, xlabel=panel.axis, xlim=(-0.5, len(places) - 0.5))
    axes.grid(axis="y")
    axes.set_axisbelow(True)


def _limits(panels: list[Panel], chance: float | None) -> tuple[float, float]:
    """Limits below the lowest and above the highest bar, with room at 0 and 100."""
    found = [np.ravel(line) for panel in panels for line in panel.lines.values()]
    values = 100 * np.concatenate([*found, [] if chance is None else [chance]])
    return max(-2.0, np.nanmin(values) - 5), min(102.0, np.nanmax(values) + 5)


def _legend(grid: Any, panels: list[Panel]) -> tuple[list, list]:
    """Each name once, in the order of the panels, with chance last."""
    found: dict[str, Any] = {}
    for axes, _ in zip(grid.flat, panels, strict=False):
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    found = dict(sorted(found.items(), key=lambda each: each[0] == "chance"))
    return list(found.values()), list(found)


def _check(panels: list[Panel]) -> None:
    if not panels:
        raise ValueError(
            "`panels` must contain at least one panel. Received: none. Evaluate a "
            "condition besides `clean` first."
        )
    for panel in panels:
        for name, values in panel.lines.items():
            if np.shape(values) != (len(panel.ticks), 3):
                raise ValueError(
                    f"Line {name!r} of panel {panel.title!r} must have shape "
                    f"({len(panel.ticks)}, 3): a score and its interval for each "
                    f"level. Received: shape {np.shape(values)}. Use NaN for missing "
                    "scores."
                )
