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
MARKERS = ("o", "s", "^", "D", "v")
STYLE = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "savefig.dpi": 150,
}


@contextlib.contextmanager
def drawing(path: Any, inches: tuple[float, float]) -> Iterator[Any]:
    """Open a matplotlib figure in the package's style, written when the block ends.

    Args:
        path: PNG file to write, or an open binary file.
        inches: Width and height of the figure.

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
        figure: Any = Figure(figsize=inches, layout="constrained")
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
