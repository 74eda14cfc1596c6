"""Every drawing of the package: arrays in, one PNG out.

matplotlib is imported inside the functions and used without pyplot, so that
drawing touches no global figure and needs no display. Style, metadata and
fonts are fixed: equal input gives equal bytes with one matplotlib version.
Colours are those of Okabe and Ito and of cividis, which survive the common
forms of colour blindness. `path` may also be an open binary file.
"""

import contextlib
import textwrap

import numpy as np

from keras_ser import files

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")
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


def confusion_matrix(counts, classes, title: str, path) -> None:
    """Confusion matrix: counts and row percentages, coloured by row share.

    The UAR in the title is the mean recall of the classes that have a true
    utterance.

    Args:
        counts: shape `(classes, classes)`, rows are the truth.
        classes: the names, in the order of the rows.
        title: first line above the matrix.
        path: PNG to write.

    Raises:
        ValueError: if `counts` is not square or does not fit `classes`.
    """
    counts, classes = np.asarray(counts), list(classes)
    if counts.shape != (len(classes), len(classes)) or not counts.any():
        raise ValueError(
            f"`counts` must be a ({len(classes)}, {len(classes)}) matrix with at least "
            f"one count, for classes={classes}. Received: shape {counts.shape}, sum "
            f"{counts.sum()}. Build it with `scores.confusion`."
        )
    true = counts.sum(axis=1)
    share = counts / np.maximum(true, 1)[:, None]
    uar = 100 * np.diag(share)[true > 0].mean()
    size = max(3.6, 0.85 * len(classes) + 1.6)
    with drawing(path, (size + 0.9, size)) as figure:
        axes = figure.add_subplot()
        image = axes.imshow(100 * share, cmap="Blues", vmin=0, vmax=100)
        _annotate(axes, counts, share)
        names = [
            f"{name}\n({total:.0f})" for name, total in zip(classes, true, strict=True)
        ]
        axes.set_yticks(range(len(classes)), names)
        axes.set_xticks(range(len(classes)), classes, rotation=35, ha="right")
        axes.set(xlabel="predicted", ylabel="true (utterances)")
        axes.set_title(f"{textwrap.fill(title, int(9 * size))}\nUAR {uar:.1f} %")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        figure.colorbar(image, shrink=0.8, label="share of the true class (%)")


def _annotate(axes, counts, share) -> None:
    for row, column in np.ndindex(*counts.shape):
        text = f"{counts[row, column]:.0f}\n{100 * share[row, column]:.0f} %"
        axes.text(
            column,
            row,
            text if counts[row].any() else "–",
            ha="center",
            va="center",
            fontsize=9,
            color="white" if share[row, column] > 0.55 else "#222222",
        )


def speaker_bars(table, path) -> None:
    """UAR of each speaker as grouped bars, one colour a system.

    A dashed line marks each system's mean over its speakers, which is not the
    pooled UAR of the tables.

    Args:
        table: DataFrame, index speakers, columns systems, UAR in [0, 1]; NaN
            draws no bar.
        path: PNG to write.

    Raises:
        ValueError: if the table is empty.
    """
    if table.empty:
        raise ValueError(
            "`table` must hold at least one speaker and one system. Received: shape "
            f"{table.shape}. Score some predictions first."
        )
    columns = min(len(table), max(6, 60 // table.shape[1]))
    rows = -(-len(table) // columns)
    width = max(5.0, 2.0 + columns * (0.25 + 0.12 * table.shape[1]))
    with drawing(path, (width, 1.2 + 2.8 * rows)) as figure:
        panels = figure.subplots(rows, 1, squeeze=False)[:, 0]
        for row, axes in enumerate(panels):
            _bars(axes, table, slice(row * columns, (row + 1) * columns), columns)
        panels[-1].set_xlabel("speaker")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=2)


def _bars(axes, table, rows: slice, columns: int) -> None:
    """One panel: the speakers of `rows`, in `columns` places."""
    speakers = [str(name) for name in table.index[rows]]
    width = 0.8 / table.shape[1]
    for index, system in enumerate(table.columns):
        values = 100 * table[system].to_numpy(float)
        mean = 100 * table[system].mean()
        place = np.arange(len(speakers)) + (index + 0.5) * width - 0.4
        colour = COLOURS[index % len(COLOURS)]
        label = f"{system} (mean {mean:.1f} %)"
        axes.bar(place, values[rows], width, color=colour, label=label)
        axes.axhline(mean, color=colour, linestyle="--", linewidth=1)
    tilted = columns > 6 or max(map(len, speakers)) > 10
    axes.set_xticks(range(len(speakers)), speakers, rotation=60 if tilted else 0)
    axes.set(ylabel="UAR (%)", ylim=(0, 100), xlim=(-0.6, columns - 0.4))
    axes.grid(axis="y")
    axes.set_axisbelow(True)


def history(frame, path, chosen: int | None = None) -> None:
    """Training curves: emotion loss, validation scores, learning rate.

    Args:
        frame: DataFrame of `history.csv` with `epoch` (from 0, as Keras writes
            it; drawn from 1), `emotion_loss` or `loss`, and where present
            `val_emotion_loss`, `val_emotion_accuracy`, `val_emotion_uar`,
            `learning_rate`.
        path: PNG to write.
        chosen: epoch whose weights were kept, counted from 1 as in
            metrics.json; marked if given.

    Raises:
        ValueError: if a needed column is missing or there is no epoch.
    """
    training = "emotion_loss" if "emotion_loss" in frame else "loss"
    if not {"epoch", training} <= set(frame) or not len(frame):
        raise ValueError(
            "`frame` must have an epoch and the columns `epoch` and `emotion_loss` or "
            f"`loss`. Received: {len(frame)} epochs, columns {list(frame)}. Pass the "
            "run's history.csv."
        )
    loss = {training: "training", "val_emotion_loss": "development"}
    score = {"val_emotion_accuracy": "accuracy", "val_emotion_uar": "UAR"}
    with drawing(path, (7.0, 6.0)) as figure:
        top, middle, bottom = figure.subplots(
            3, 1, sharex=True, height_ratios=(3, 3, 1.3)
        )
        _curves(top, frame, loss, "emotion loss" if training != "loss" else "loss")
        _curves(middle, frame, score, "development (%)", scale=100)
        _rate(bottom, frame)
        bottom.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        if chosen is not None:
            top.set_title(f"dotted: epoch {chosen}, whose weights were kept")
            for axes in (top, middle, bottom):
                axes.axvline(chosen, color="#444444", linestyle=":", label="_")


def _curves(axes, frame, columns: dict, label: str, scale: float = 1) -> None:
    drawn = [column for column in columns if column in frame]
    for colour, column in zip(COLOURS, drawn, strict=False):
        values = scale * frame[column].to_numpy(float)
        style = {"color": colour, "marker": ".", "label": columns[column]}
        axes.plot(frame["epoch"] + 1, values, **style)
    axes.set_ylabel(label)
    axes.grid(axis="y")
    if drawn:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def _rate(axes, frame) -> None:
    axes.set(xlabel="epoch", ylabel="learning rate")
    axes.grid(axis="y")
    if "learning_rate" in frame:
        rate = frame["learning_rate"].to_numpy(float)
        axes.step(frame["epoch"] + 1, rate, where="mid", color=COLOURS[2], marker=".")
        axes.set_yscale("log")
        steps = np.unique(rate)[:: -(-len(np.unique(rate)) // 5)]
        axes.set_yticks(steps, [f"{step:.3g}" for step in steps])
        axes.set_yticks([], minor=True)


def reconstruction(features, reconstruction, path, hop: float = 0.01) -> None:
    """An encoder's input above the decoder's output, on one colour scale.

    Args:
        features: the input, shape `(frames, bands)`.
        reconstruction: the output, of the same shape.
        path: PNG to write.
        hop: seconds between frames.

    Raises:
        ValueError: if the shapes differ or are not of rank 2.
    """
    features = _spectrogram(features, "features")
    output = _spectrogram(reconstruction, "reconstruction")
    if features.shape != output.shape:
        raise ValueError(
            "`features` and `reconstruction` must have one shape. Received: "
            f"{features.shape} and {output.shape}. Cut both to the same frames."
        )
    error = np.mean((features - output) ** 2)
    scale = {"vmin": features.min(), "vmax": features.max()}
    with drawing(path, (8.0, 5.0)) as figure:
        above, below = figure.subplots(2, 1, sharex=True)
        image = _show(above, features, hop, **scale)
        _show(below, output, hop, **scale)
        above.set_title("input")
        below.set_title(f"reconstruction (mean squared error {error:.3g})")
        below.set_xlabel("time (s)")
        figure.colorbar(image, ax=[above, below], label="level (as normalised)")


def attention(features, weights, path, hop: float = 0.01) -> None:
    """Log-mel spectrogram with the attention weights over time under it.

    Args:
        features: shape `(frames, bands)`.
        weights: shape `(steps,)`; an encoder with stride has fewer steps than
            frames, and each step is drawn over its equal share of the time.
        path: PNG to write.
        hop: seconds between frames.

    Raises:
        ValueError: if a rank is wrong or there are more steps than frames.
    """
    features = _spectrogram(features, "features")
    weights = np.asarray(weights, float)
    if weights.ndim != 1 or not 0 < len(weights) <= len(features):
        raise ValueError(
            f"`weights` must have shape (steps,), 1 to {len(features)} steps. "
            f"Received: shape {weights.shape}. Pass the weights of one utterance."
        )
    edges = np.linspace(0, len(features) * hop, len(weights) + 1)
    with drawing(path, (8.0, 4.5)) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2.5, 1))
        image = _show(above, features, hop)
        below.stairs(weights, edges, fill=True, color=COLOURS[0])
        uniform = 1 / len(weights)
        below.axhline(uniform, color="#444444", linestyle=":")
        # x in axes' fractions, y in weights; there is room below the colour bar.
        at = {"transform": below.get_yaxis_transform(), "in_layout": False}
        below.text(1.01, uniform, "uniform", va="center", **at)
        below.set(xlabel="time (s)", ylabel="attention", ylim=(0, None))
        figure.colorbar(image, ax=above, label="level (as normalised)")


def deep_features(points, labels, centers, classes, title: str, path) -> None:
    """Utterances as dots in two dimensions, coloured by class; centers as stars.

    Args:
        points: shape `(utterances, 2)`.
        labels: true class of each utterance.
        centers: shape `(classes, 2)` in the order of `classes`, or `(0, 2)`.
        classes: the names.
        title: line above.
        path: PNG to write.

    Raises:
        ValueError: if a shape does not fit, or a label is none of `classes`.
    """
    points, labels = np.asarray(points, float), np.asarray(labels)
    centers, classes = np.asarray(centers, float), list(classes)
    _check_points(points, labels, centers, classes)
    with drawing(path, (7.0, 5.0)) as figure:
        axes = figure.add_subplot()
        for number, name in enumerate(classes):
            own, colour = points[labels == name], COLOURS[number % len(COLOURS)]
            style = {"color": colour, "marker": MARKERS[number % len(MARKERS)]}
            axes.scatter(*own.T, label=f"{name} ({len(own)})", s=40, **style)
        for center, colour in zip(centers, len(centers) * COLOURS, strict=False):
            axes.scatter(*center, s=260, marker="*", color=colour, edgecolors="black")
        if len(centers):
            axes.scatter([], [], s=130, marker="*", color="black", label="class center")
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
        axes.set_title(textwrap.fill(title, 60))
        axes.set_axis_off()  # an embedding has no unit


def _check_points(points, labels, centers, classes) -> None:
    fits = len(points) and points.shape == (len(labels), 2)
    fits = fits and centers.shape in {(0, 2), (len(classes), 2)}
    unknown = sorted(set(labels.tolist()) - set(classes))
    if not fits or unknown:
        raise ValueError(
            "`points` and `labels` must hold a row an utterance, `centers` one a class "
            f"of {classes} or none. Received: shapes {points.shape}, {labels.shape}, "
            f"{centers.shape}, unknown labels {unknown}. Embed all in one."
        )


def _spectrogram(values, name: str) -> np.ndarray:
    values = np.asarray(values, float)
    if values.ndim == 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 2 or values.size == 0:
        raise ValueError(
            f"`{name}` must have shape (frames, bands). Received: {values.shape}. Pass "
            "one utterance, without the batch axis."
        )
    return values


def _show(axes, features, hop: float, **scale):
    frames, bands = features.shape
    extent = (0, frames * hop, 0, bands)
    axes.set_ylabel("mel band")
    style = {"origin": "lower", "aspect": "auto", "interpolation": "nearest"}
    return axes.imshow(features.T, extent=extent, cmap="cividis", **style, **scale)


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
