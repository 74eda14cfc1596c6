"""The figure of several embeddings, whose points are coloured by an attribute."""

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from keras_ser.figures.style import COLOURS, DPI, MARKERS, drawing

COLUMNS = ("x", "y", "value")
MANY_ROWS, FEW_DPI = 3, 90  # rows above which a picture has fewer dots per inch
PER_ROW = 4  # panels
MAX_NAMED = 10  # values in a legend
UNKNOWN, UNKNOWN_COLOUR = "unknown", "#cccccc"
POINT = {"s": 13, "linewidths": 0, "alpha": 0.85}


def embedding_panels(
    panels: Mapping[str, pd.DataFrame], path: Any, title: str = ""
) -> None:
    """Draw one embedding per panel, with the colours of the same values in all.

    A value has a colour, and from the ninth value on also a marker. If there are more
    than ten values, there is no legend: the picture shows whether points of the same
    value lie together, and the title counts the values. Points without a value are
    grey. The order in which points cover each other is random, with a fixed seed.

    Args:
        panels: The points of each panel by its title: a table with the columns `x`,
            `y` and `value`, which is text and empty if unknown.
        path: PNG file to write, or an open binary file.
        title: Line above the figure.

    Raises:
        ValueError: If there is no panel, or if one has no point, lacks a column or has
            a coordinate that is not finite.

    Example:

    >>> points = pd.DataFrame({"x": [0, 1], "y": [0, 1], "value": ["deu", "eng"]})
    >>> embedding_panels({"mtl_aug": points}, "language.png", "language")
    """
    _check(panels)
    values = sorted({v for points in panels.values() for v in points["value"]} - {""})
    columns = min(PER_ROW, len(panels))
    rows = -(-len(panels) // columns)
    named = len(values) <= MAX_NAMED
    width = max(5.0, 2.6 * columns + (1.5 if named else 0))
    if not named:
        title = f"{title} ({len(values)} different ones)".strip()
    dpi = FEW_DPI if rows > MANY_ROWS else DPI
    with drawing(path, (width, 2.7 * rows + 0.4), dpi) as figure:
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, (name, points) in zip(grid, panels.items(), strict=False):
            _draw(axes, points, values)
            axes.set_title(_wrap(name))
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        figure.suptitle(textwrap.fill(title, int(10 * width)), fontsize=11)
        if named:
            _add_legend(figure, panels, values)


def _wrap(name: str) -> str:
    """The name of a panel in lines, which also break after an underscore."""
    return textwrap.fill(name.replace("_", "_ "), 26).replace("_ ", "_")


def _draw(axes: Any, points: pd.DataFrame, values: list[str]) -> None:
    """Draw the points of a panel, one call for all points of a marker."""
    points = points.sample(frac=1, random_state=0)
    unknown = points[points["value"] == ""]
    axes.scatter(unknown["x"], unknown["y"], color=UNKNOWN_COLOUR, **POINT)
    numbers = points["value"].map({value: n for n, value in enumerate(values)})
    for turn, marker in enumerate(MARKERS):
        own = points[numbers // len(COLOURS) % len(MARKERS) == turn]
        colours = [COLOURS[int(n) % len(COLOURS)] for n in numbers[own.index]]
        axes.scatter(own["x"], own["y"], color=colours, marker=marker, **POINT)
    axes.set(xticks=[], yticks=[])  # an embedding has no unit
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color("#bbbbbb")
    axes.margins(0.06)


def _add_legend(figure: Any, panels: Mapping[str, pd.DataFrame], values) -> None:
    from matplotlib.lines import Line2D

    looks = [
        (value, COLOURS[n % len(COLOURS)], MARKERS[n // len(COLOURS)])
        for n, value in enumerate(values)
    ]
    if any((points["value"] == "").any() for points in panels.values()):
        looks.append((UNKNOWN, UNKNOWN_COLOUR, MARKERS[0]))
    handles = [
        Line2D([], [], linestyle="", color=colour, marker=marker, label=value)
        for value, colour, marker in looks
    ]
    figure.legend(handles=handles, loc="outside right center")


def _check(panels: Mapping[str, pd.DataFrame]) -> None:
    wrong = [name for name, points in panels.items() if not _is_valid(points)]
    if not panels or wrong:
        received = f"{wrong[0]!r} without them" if wrong else "no panel"
        raise ValueError(
            f"`panels` must have tables with the columns {list(COLUMNS)}, at least one "
            f"row and finite coordinates. Received: {received}. Pass the points of "
            "`embeddings.csv`."
        )


def _is_valid(points: pd.DataFrame) -> bool:
    if not set(COLUMNS) <= set(points) or points.empty:
        return False
    return bool(np.isfinite(points[["x", "y"]].to_numpy(float)).all())
