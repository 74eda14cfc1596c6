"""Figures of a training: its curves, and the embedding that it ends with."""

import re
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from keras_ser.figures.style import COLOURS, MARKERS, drawing

LOSS = re.compile(r"(?:val_)?(.+)_loss")  # a column of `history.csv`
SCORES = {"accuracy": "accuracy", "uar": "UAR", "ccc": "CCC"}
MAIN_SCORES = ("uar", "ccc")  # of heads whose predictions are scored


def history(
    frame: pd.DataFrame, path: Any, chosen: int | None = None, head: str = ""
) -> None:
    """Draw training curves of a head: loss, development scores and learning rate.

    Args:
        frame: Contents of `history.csv`, with one row per epoch. Needs the column
            `epoch`, which counts from 0 as in Keras and is drawn from 1, and
            `<head>_loss` or `loss`. The columns `val_<head>_loss`,
            `val_<head>_accuracy`, `val_<head>_uar`, `val_<head>_ccc` and
            `learning_rate` are drawn if present.
        path: PNG file to write, or an open binary file.
        chosen: Epoch whose weights were kept, counted from 1 as in `metrics.json`,
            drawn as a dotted line.
        head: Name of the head. By default, it is the one whose UAR (or CCC, if there
            is no UAR) the columns hold.

    Raises:
        ValueError: If a required column is missing, if there is no epoch, or if the
            columns hold scores of several heads and none is named.

    Example:

    >>> history(pd.read_csv("runs/emodb/mtl_aug/03-0/history.csv"), "history.png")
    """
    head = head or main_head(frame)
    training = f"{head}_loss" if head else "loss"
    if not {"epoch", training} <= set(frame) or not len(frame):
        raise ValueError(
            "`frame` must have at least one epoch, and the columns `epoch` and "
            f"`{training}`. Received: {len(frame)} epochs, columns "
            f"{list(frame)}. Pass the contents of a run's history.csv, and one of its "
            "heads."
        )
    loss = {training: "training", f"val_{training}": "development"}
    score = {f"val_{head}_{name}": text for name, text in SCORES.items()}
    is_regression = f"val_{head}_ccc" in frame
    with drawing(path, (7.0, 6.0)) as figure:
        heights = (3, 3, 1.3) if set(score) & set(frame) else (3, 1.3)
        panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        top, *middle, bottom = panels
        _curves(top, frame, loss, f"{head} loss".strip())
        unit, scale = ("", 1) if is_regression else (" (%)", 100)
        for axes in middle:
            _curves(axes, frame, score, f"development{unit}", scale)
        _rate(bottom, frame)
        bottom.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        if chosen is not None:
            top.set_title(f"dotted line: epoch {chosen}, whose weights were kept")
            for axes in panels:
                axes.axvline(chosen, color="#444444", linestyle=":", label="_")


def main_head(columns: Iterable[str]) -> str:
    """The head that the columns of `history.csv` score, or an empty text for none.

    A head with an unweighted average recall (UAR) comes before one with a concordance
    correlation coefficient (CCC), and both before one that has a loss only.

    Args:
        columns: Names of columns.

    Raises:
        ValueError: If several heads come first.
    """
    columns = set(columns)
    found = {match[1] for match in map(LOSS.fullmatch, columns) if match} - {"val"}
    for column in (*(f"val_{{}}_{score}" for score in MAIN_SCORES), "{}_loss"):
        heads = sorted(head for head in found if column.format(head) in columns)
        if len(heads) > 1:
            raise ValueError(
                "One head must be drawn. Received: a history with scores or losses of "
                f"{heads}. Name one of them with `head`, or its column with `metric`. "
                "The main head is the first in `tasks` of the run's config.json."
            )
        if heads:
            return heads[0]
    return ""


def dev_curves(
    runs: Mapping[str, Iterable[pd.DataFrame | str | Path]],
    path: Any,
    metric: str = "",
) -> None:
    """Draw a score of the development speech over the epochs of several trainings.

    Each training is a thin line. A thick line is the mean of a group, drawn as far as
    all of its trainings go. Curves of the weights and of their moving averages, for
    example, are two groups.

    Args:
        runs: The trainings of each group by the group's label. A training is the
            contents of its `history.csv`, or the path of that file.
        path: PNG file to write, or an open binary file.
        metric: Column of the histories. The default is the UAR (or the CCC, if there
            is no UAR) of the head that they score.

    Raises:
        ValueError: If there is no training, if one has no epoch or lacks the column,
            or if the histories hold scores of several heads and no column is named.

    Example:

    >>> runs = {"weights": ["a/history.csv"], "averages": ["b/history.csv"]}
    >>> dev_curves(runs, "curves.png", "val_emotion_uar")
    """
    groups = {label: [*map(read_history, frames)] for label, frames in runs.items()}
    metric = metric or _main_metric(groups)
    _check_runs(groups, metric)
    title, scale = _describe(metric)
    with drawing(path, (7.0, 4.0)) as figure:
        axes = figure.add_subplot()
        for colour, (label, frames) in zip(
            len(groups) * COLOURS, groups.items(), strict=False
        ):
            curves = [scale * frame[metric].to_numpy(float) for frame in frames]
            _draw_group(axes, curves, label, colour)
        axes.set(xlabel="epoch", ylabel=title)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.grid(axis="y")
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def read_history(history: pd.DataFrame | str | Path) -> pd.DataFrame:
    """The contents of a `history.csv`, which are given or read.

    Args:
        history: The contents, or the path of the file.
    """
    return history if isinstance(history, pd.DataFrame) else pd.read_csv(history)


def _main_metric(groups: Mapping[str, list[pd.DataFrame]]) -> str:
    """The UAR or CCC column of the head that the first history scores."""
    columns = [column for frames in groups.values() for column in frames[:1]][:1]
    columns = list(columns[0]) if columns else []
    head = main_head(columns)
    names = [f"val_{head}_{score}" for score in (*MAIN_SCORES, "loss")]
    return next((name for name in names if name in columns), names[0])


def _check_runs(groups: Mapping[str, list[pd.DataFrame]], metric: str) -> None:
    frames = [frame for group in groups.values() for frame in group]
    if not groups or not all(groups.values()):
        raise ValueError(
            "`runs` must have groups with at least one training each. Received: "
            f"{ {label: len(group) for label, group in groups.items()} }. Leave out "
            "empty groups."
        )
    wrong = [frame for frame in frames if metric not in frame or not len(frame)]
    if wrong:
        raise ValueError(
            f"Each history must have at least one epoch and the column `{metric}`. "
            f"Received: {len(wrong[0])} epochs, columns {list(wrong[0])}. Pass the "
            "contents of history.csv, and one of its columns as `metric`."
        )


def _describe(metric: str) -> tuple[str, float]:
    """The label of an axis and the factor of its values: scores are in percent."""
    head, _, kind = metric.removeprefix("val_").rpartition("_")
    text = f"{head} {SCORES.get(kind, kind)}, development".strip()
    in_percent = kind in ("accuracy", "uar")
    return (f"{text} (%)", 100.0) if in_percent else (text, 1.0)


def _draw_group(axes: Any, curves: list[np.ndarray], label: str, colour: str) -> None:
    if len(curves) > 1:
        label = f"{label}\n(mean of {len(curves)})"
    draw_curves(axes, curves, label, colour)


def draw_curves(axes: Any, curves: list[np.ndarray], label: str, colour: str) -> None:
    """Draws curves over epochs as thin lines, and their mean as a thick one.

    Epochs without a value are left out.

    Args:
        axes: Axes to draw into.
        curves: The values per epoch of each training, which may differ in length. The
            mean ends with the shortest one.
        label: The label of the mean in the legend.
        colour: The colour of all lines.
    """
    shortest = min(map(len, curves))
    mean = np.mean([curve[:shortest] for curve in curves], axis=0)
    if len(curves) > 1:
        for curve in curves:
            axes.plot(*_known(curve), color=colour, alpha=0.35, linewidth=0.8)
    marker = "." if shortest == 1 else ""
    style = {"color": colour, "linewidth": 2.5, "marker": marker}
    axes.plot(*_known(mean), label=label, **style)


def _known(curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The epochs with a value, counted from 1, and the values."""
    (known,) = np.nonzero(np.isfinite(curve))
    return known + 1, curve[known]


def _curves(
    axes: Any, frame: pd.DataFrame, columns: dict, label: str, scale: float = 1
) -> None:
    drawn = [column for column in columns if column in frame]
    for colour, column in zip(COLOURS, drawn, strict=False):
        values = scale * frame[column].to_numpy(float)
        known = np.isfinite(values)
        style = {"color": colour, "marker": ".", "label": columns[column]}
        axes.plot(frame["epoch"][known] + 1, values[known], **style)
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
        known = np.unique(rate[rate > 0])
        if not len(known):
            return
        axes.set_yscale("log")
        axes.set_ylim(known[0] / 1.5, 1.5 * known[-1])  # not at the edge
        steps = known[:: -(-len(known) // 5)]
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
