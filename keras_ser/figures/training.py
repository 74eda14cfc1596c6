"""Figures of a training: its curves, and the embedding that it ends with."""

import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from keras_ser.figures.style import COLOURS, MARKERS, drawing


def history(frame: pd.DataFrame, path: Any, chosen: int | None = None) -> None:
    """Draw training curves: emotion loss, development scores and learning rate.

    Args:
        frame: Contents of `history.csv`, with one row per epoch. Needs the column
            `epoch`, which counts from 0 as in Keras and is drawn from 1, and
            `emotion_loss` or `loss`. The columns `val_emotion_loss`,
            `val_emotion_accuracy`, `val_emotion_uar` and `learning_rate` are drawn if
            present.
        path: PNG file to write, or an open binary file.
        chosen: Epoch whose weights were kept, counted from 1 as in `metrics.json`,
            drawn as a dotted line.

    Raises:
        ValueError: If a required column is missing or there is no epoch.

    Example:

    >>> history(pd.read_csv("runs/emodb/mtl_aug/03-0/history.csv"), "history.png")
    """
    training = "emotion_loss" if "emotion_loss" in frame else "loss"
    if not {"epoch", training} <= set(frame) or not len(frame):
        raise ValueError(
            "`frame` must have at least one epoch, and the columns `epoch` and "
            f"`emotion_loss` or `loss`. Received: {len(frame)} epochs, columns "
            f"{list(frame)}. Pass the contents of a run's history.csv."
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
            top.set_title(f"dotted line: epoch {chosen}, whose weights were kept")
            for axes in (top, middle, bottom):
                axes.axvline(chosen, color="#444444", linestyle=":", label="_")


def _curves(
    axes: Any, frame: pd.DataFrame, columns: dict, label: str, scale: float = 1
) -> None:
    drawn = [column for column in columns if column in frame]
    for colour, column in zip(COLOURS, drawn, strict=False):
        values = scale * frame[column].to_numpy(float)
        style = {"color": colour, "marker": ".", "label": columns[column]}
        axes.plot(frame["epoch"] + 1, values, **style)
    axes.set_ylabel(label)
    axes.grid(axis="y")
    if drawn:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def _rate(axes: Any, frame: pd.DataFrame) -> None:
    axes.set(xlabel="epoch", ylabel="learning rate")
    axes.grid(axis="y")
    if "learning_rate" in frame:
        rate = frame["learning_rate"].to_numpy(float)
        axes.step(frame["epoch"] + 1, rate, where="mid", color=COLOURS[2], marker=".")
        axes.set_yscale("log")
        steps = np.unique(rate)[:: -(-len(np.unique(rate)) // 5)]
        axes.set_yticks(steps, [f"{step:.3g}" for step in steps])
        axes.set_yticks([], minor=True)


def embedding(
    points: ArrayLike,
    labels: ArrayLike,
    centers: ArrayLike,
    classes: Iterable[str],
    title: str,
    path: Any,
) -> None:
    """Draw an embedding: utterances as dots coloured by class, centers as stars.

    Args:
        points: The utterances in two dimensions, shape `(utterances, 2)`.
        labels: True class of each utterance, shape `(utterances,)`.
        centers: Class centers of shape `(classes, 2)`, in the order of `classes`, or
            of shape `(0, 2)` to draw none.
        classes: Class names.
        title: Line above the figure.
        path: PNG file to write, or an open binary file.

    Raises:
        ValueError: If a shape is wrong or a label is not among `classes`.
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


def _check_points(
    points: np.ndarray, labels: np.ndarray, centers: np.ndarray, classes: list[str]
) -> None:
    fits = len(points) and points.shape == (len(labels), 2)
    fits = fits and centers.shape in {(0, 2), (len(classes), 2)}
    unknown = sorted(set(labels.tolist()) - set(classes))
    if not fits or unknown:
        raise ValueError(
            "`points` and `labels` must have one row per utterance, and `centers` one "
            f"row per class in {classes} or none. Received: shapes {points.shape}, "
            f"{labels.shape}, {centers.shape}, unknown labels {unknown}. Embed points "
            "and centers together."
        )
