"""The style of every figure, and how a figure is written."""

import contextlib
from collections.abc import Iterator
from typing import Any

from keras_ser.utils import files

COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#999999",
    "#222222",
)
HATCHES = ("///", "...", "xxx")  # of bars whose colour another bar has already
MARKERS = ("o", "s", "^", "D", "v")
LINES = ("-", "--", "-.", ":")
STYLE = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "savefig.dpi": "figure",
}
DPI = 150


def line_style(number: int) -> dict[str, Any]:
    """The look of the line of one of several series, which no other one has.

    Args:
        number: The number of the series, below 32.
    """
    turn, colour = divmod(number, len(COLOURS))
    return {
        "color": COLOURS[colour],
        "marker": MARKERS[number % len(MARKERS)],
        "linestyle": LINES[turn % len(LINES)],
    }


def bar_style(number: int) -> dict[str, Any]:
    """The look of the bars of one of several series, which no other one has.

    Args:
        number: The number of the series, below 32.
    """
    turn, colour = divmod(number, len(COLOURS))
    if not turn:
        return {"color": COLOURS[colour]}
    hatch = HATCHES[(turn - 1) % len(HATCHES)]
    return {
        "facecolor": COLOURS[colour],
        "hatch": hatch,
        "edgecolor": "white",
        "linewidth": 0,
    }


@contextlib.contextmanager
def drawing(path: Any, inches: tuple[float, float], dpi: int = DPI) -> Iterator[Any]:
    """Open a matplotlib figure in the package's style, written when the block ends.

    Args:
        path: PNG file to write, or an open binary file.
        inches: Width and height of the figure.
        dpi: Dots per inch.

    Yields:
        The `matplotlib.figure.Figure` to draw into.

    Example:

    >>> with drawing("plot.png", (5.0, 3.0)) as figure:
    ...     figure.add_subplot().plot([1, 2, 3])
    """
    import matplotlib.style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # "default" comes first so that a user's matplotlibrc does not change the bytes.
    with matplotlib.style.context(["default", STYLE]):
        figure: Any = Figure(figsize=inches, layout="constrained", dpi=dpi)
        figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
        FigureCanvasAgg(figure)
        yield figure
        if hasattr(path, "write"):
            _save(figure, path)
            return
        with files.replacing(path) as temporary:
            _save(figure, temporary)


def _save(figure: Any, target: Any) -> None:
    # By default, matplotlib writes its name and version into the file.
    figure.savefig(target, format="png", metadata={"Software": None})
