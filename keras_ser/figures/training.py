"""Drawings of a training: its curves, and the deep features that it ends with."""

import textwrap

import numpy as np

from keras_ser.figures.style import COLOURS, MARKERS, drawing


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
