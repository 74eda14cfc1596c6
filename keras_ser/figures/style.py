"""The house style of every picture, and how one is written."""

import contextlib

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
def drawing(path, inches: tuple[float, float]):
    """A figure in the house style that is written when the block ends."""
    import matplotlib.style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # "default" first: a user's matplotlibrc must not change the bytes.
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=inches, layout="constrained")
        figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
        FigureCanvasAgg(figure)
        yield figure
        if hasattr(path, "write"):
            _save(figure, path)
            return
        with files.replacing(path) as temporary:
            _save(figure, temporary)


def _save(figure, target) -> None:
    # matplotlib would write its version and name into the file.
    figure.savefig(target, format="png", metadata={"Software": None})
