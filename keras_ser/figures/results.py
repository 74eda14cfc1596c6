"""Figures of results: confusion matrices, numbers, scores of systems and speakers."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from keras_ser import scores
from keras_ser.figures.style import COLOURS, bar_style, drawing


def confusion_matrix(
    counts: ArrayLike, classes: Iterable[str], title: str, path: Any
) -> None:
    """Draw a confusion matrix with counts and row percentages.

    Cells are coloured by their share of the row. The title shows the unweighted
    average recall (UAR): the mean recall of the classes that have a true utterance.

    Args:
        counts: Counts of shape `(classes, classes)`. Rows are the true classes.
        classes: Class names, in the order of the rows.
        title: First line above the matrix.
        path: PNG file to write, or an open binary file.

    Raises:
        ValueError: If `counts` is empty, is not square or does not match `classes`.

    Example:

    >>> counts = scores.confusion(frame.truth, frame.prediction, classes)
    >>> confusion_matrix(counts, classes, "mtl_aug, EMO-DB", "confusion.png")
    """
    counts, classes = np.asarray(counts), list(classes)
    if counts.shape != (len(classes), len(classes)) or not counts.any():
        raise ValueError(
            f"`counts` must be a ({len(classes)}, {len(classes)}) matrix with at least "
            f"one count for classes={classes}. Received: shape {counts.shape}, sum "
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
        axes.set(xlabel="predicted", ylabel="true (predictions)")
        axes.set_title(f"{textwrap.fill(title, int(9 * size))}\nUAR {uar:.1f} %")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        figure.colorbar(image, shrink=0.8, label="share of the true class (%)")


def _annotate(axes: Any, counts: np.ndarray, share: np.ndarray) -> None:
    """Write the count and the percentage into each cell."""
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


def truth_and_prediction(
    truth: ArrayLike, prediction: ArrayLike, title: str, path: Any
) -> None:
    """Draw predicted numbers over true ones, with a line where both are equal.

    The title shows the concordance correlation coefficient (CCC) of `scores.ccc`.

    Args:
        truth: True number of each utterance, `(utterances,)`.
        prediction: Predicted numbers, `(utterances,)`.
        title: First line above the figure.
        path: PNG file to write, or an open binary file.

    Raises:
        ValueError: Under the same conditions as `scores.ccc`.

    Example:

    >>> truth_and_prediction([0.1, 0.9], [0.3, 0.8], "valence", "valence.png")
    """
    ccc = scores.ccc(truth, prediction)
    both = np.asarray([truth, prediction], float)
    margin = 0.05 * (np.ptp(both) or 1.0)
    ends = both.min() - margin, both.max() + margin
    with drawing(path, (4.6, 4.6)) as figure:
        axes = figure.add_subplot()
        axes.plot(ends, ends, color="#444444", linestyle=":")
        axes.scatter(*both, color=COLOURS[0], s=18, alpha=0.6)
        axes.set(xlabel="true", ylabel="predicted", xlim=ends, ylim=ends, aspect=1)
        axes.set_title(f"{textwrap.fill(title, 40)}\nCCC {ccc:.2f}")
        axes.grid()
        axes.set_axisbelow(True)


def system_scores(
    table: pd.DataFrame,
    speakers: Mapping[str, Sequence[float]],
    path: Any,
    chance: float,
    title: str = "",
) -> None:
    """Draw the UAR of each system with its interval, the best one on top.

    Args:
        table: UAR in [0, 1], with one row per system and the columns `uar`, `low` and
            `high`. The ends of an interval are NaN if there is none. A further column
            `mark` holds text that follows the score.
        speakers: The UAR of each speaker by system, drawn as grey lines.
        path: PNG file to write, or an open binary file.
        chance: The UAR of guessing, drawn as a dotted line.
        title: What the scores are of.

    Raises:
        ValueError: If the table is empty.
    """
    if table.empty:
        raise ValueError(
            "`table` must contain at least one system. Received: none. Score some "
            "predictions first."
        )
    table = table.sort_values("uar", kind="stable")
    texts = table.get("mark", pd.Series("", table.index))
    table = 100 * table[["uar", "low", "high"]]
    with drawing(path, (7.5, 1.3 + 0.38 * len(table))) as figure:
        axes = figure.add_subplot()
        for place, row in enumerate(table.itertuples()):
            marks = [100 * each for each in speakers.get(row.Index, ())]
            axes.plot(marks, [place] * len(marks), "|", color=COLOURS[6], ms=9)
            ends = [row.low, row.high]
            axes.plot(ends, [place, place], color=COLOURS[0], linewidth=2.5)
            axes.plot([row.uar], [place], "o", color=COLOURS[0], ms=6)
            text = f"{row.uar:.1f}{texts[row.Index]}"
            axes.text(101, place, text, va="center", color=COLOURS[0])
        axes.axvline(100 * chance, color=COLOURS[7], linestyle=":")
        axes.set_yticks(range(len(table)), map(str, table.index))
        axes.set(
            xlabel="UAR (%) with 95 % t interval; grey: each speaker; dotted: chance",
            xlim=(0, 100),
            ylim=(-0.6, len(table) - 0.4),
        )
        if title:
            axes.set_title(textwrap.fill(title, 70))
        axes.grid(axis="x")
        axes.set_axisbelow(True)


def speaker_bars(table: pd.DataFrame, path: Any) -> None:
    """Draw the UAR of each speaker as grouped bars, with one colour per system.

    From the ninth system on, colours are used again, with a pattern.

    A dashed line marks each system's mean over its speakers. It differs from the UAR
    in tables, which pools the utterances of all speakers.

    Args:
        table: Unweighted average recall (UAR) in [0, 1], with one row per speaker and
            one column per system. NaN draws no bar.
        path: PNG file to write, or an open binary file.

    Raises:
        ValueError: If the table is empty.
    """
    if table.empty:
        raise ValueError(
            "`table` must contain at least one speaker and one system. Received: "
            f"shape {table.shape}. Score some predictions first."
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


def _bars(axes: Any, table: pd.DataFrame, rows: slice, columns: int) -> None:
    """Draw one panel: the speakers in `rows`, with room for `columns` speakers."""
    speakers = [str(name) for name in table.index[rows]]
    width = 0.8 / table.shape[1]
    for index, system in enumerate(table.columns):
        values = 100 * table[system].to_numpy(float)
        mean = 100 * table[system].mean()
        place = np.arange(len(speakers)) + (index + 0.5) * width - 0.4
        colour, line = (
            COLOURS[index % len(COLOURS)],
            "--" if index < len(COLOURS) else "-.",
        )
        label = f"{system} (mean {mean:.1f} %)"
        axes.bar(place, values[rows], width, label=label, **bar_style(index))
        axes.axhline(mean, color=colour, linestyle=line, linewidth=1)
    tilted = columns > 6 or max(map(len, speakers)) > 10
    axes.set_xticks(range(len(speakers)), speakers, rotation=60 if tilted else 0)
    axes.set(ylabel="UAR (%)", ylim=(0, 100), xlim=(-0.6, columns - 0.4))
    axes.grid(axis="y")
    axes.set_axisbelow(True)
