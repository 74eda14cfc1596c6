"""Scores over the levels of conditions, a panel each, in one picture."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from keras_ser.figures import COLOURS, MARKERS, drawing

COLUMNS = 4  # of panels
WIDEST = 26  # characters of a panel's levels that stand beside each other


@dataclasses.dataclass(frozen=True)
class Panel:
    """One condition at several levels.

    Args:
        title: above the panel.
        axis: the levels' quantity and unit.
        ticks: the levels, as they are written.
        lines: by name, `(ticks, 3)`: score and both ends of its interval, in [0, 1];
            NaN where there is none.
        clean: index of the tick at which nothing is done.
        joined: whether levels are steps of one quantity, which a line may join.
    """

    title: str
    axis: str
    ticks: tuple[str, ...]
    lines: Mapping[str, np.ndarray]
    clean: int = 0
    joined: bool = True


def draw(panels: list[Panel], path, chance: float | None = None) -> None:
    """Draws panels with one scale, a colour a line, bars for the intervals.

    Args:
        panels: from left to right; rows of four.
        path: PNG to write.
        chance: score that guessing reaches, in [0, 1]; dotted.

    Raises:
        ValueError: no panel, or a line of another length than its panel's ticks.
    """
    _check(panels)
    columns = min(COLUMNS, len(panels))
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


def _draw_panel(axes, panel: Panel, names: list[str], chance) -> None:
    places = np.arange(len(panel.ticks))
    axes.axvline(panel.clean, color="#dddddd", linewidth=8, zorder=0)
    if chance is not None:
        axes.axhline(100 * chance, color="#444444", linestyle=":", label="chance")
    for name, values in panel.lines.items():
        number = names.index(name)
        value, low, high = 100 * np.asarray(values, float).T
        shift = 0.08 * (number - (len(names) - 1) / 2)  # bars beside each other
        axes.errorbar(
            places + shift,
            value,
            yerr=[np.maximum(value - low, 0), np.maximum(high - value, 0)],
            color=COLOURS[number % len(COLOURS)],
            marker=MARKERS[number % len(MARKERS)],
            markersize=4,
            elinewidth=0.8,
            linestyle="-" if panel.joined else "none",
            label=name,
        )
    axes.set_xticks(places, panel.ticks)
    if sum(map(len, panel.ticks)) > WIDEST:
        axes.tick_params(axis="x", labelrotation=30)
    axes.set(title=panel.title, xlabel=panel.axis, xlim=(-0.5, len(places) - 0.5))
    axes.grid(axis="y")
    axes.set_axisbelow(True)


def _limits(panels: list[Panel], chance) -> tuple[float, float]:
    """From below the lowest bar to above the highest; marks at 0 and 100 are whole."""
    found = [np.ravel(line) for panel in panels for line in panel.lines.values()]
    values = 100 * np.concatenate([*found, [] if chance is None else [chance]])
    return max(-2.0, np.nanmin(values) - 5), min(102.0, np.nanmax(values) + 5)


def _legend(grid, panels: list[Panel]) -> tuple[list, list]:
    """Each line once, in the order of the panels; chance last."""
    found = {}
    for axes, _ in zip(grid.flat, panels, strict=False):
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    found = dict(sorted(found.items(), key=lambda each: each[0] == "chance"))
    return list(found.values()), list(found)


def _check(panels: list[Panel]) -> None:
    if not panels:
        raise ValueError(
            "`panels` must hold at least one. Received: none. Measure a condition "
            "beside `clean` first."
        )
    for panel in panels:
        for name, values in panel.lines.items():
            if np.shape(values) != (len(panel.ticks), 3):
                raise ValueError(
                    f"Line {name!r} of panel {panel.title!r} must have shape "
                    f"({len(panel.ticks)}, 3), a score and its interval for each "
                    f"level. Received: shape {np.shape(values)}."
                )
