"""The figure of an adversary: its accuracy, and the moments of the code, per epoch."""

import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_ser.figures.style import COLOURS, drawing
from keras_ser.figures.training import draw_curves, read_history

ACCURACY = "val_discriminator_accuracy"
MOMENTS = {
    "val_code_mean": "mean",
    "val_code_variance": "variance",
    "val_code_skewness": "skewness",
    "val_code_kurtosis": "excess kurtosis",
}
DASH = 3  # line widths
COLUMNS = (ACCURACY, *MOMENTS)


def adversary(
    runs: Iterable[pd.DataFrame | str | Path],
    path: Any,
    prior: Mapping[str, float] | None = None,
    title: str = "",
) -> None:
    """Draw how well a discriminator tells codes from the prior, and their moments.

    The upper panel has the accuracy on the codes of development speech, with its
    chance level of 50 % as a dotted line. The lower one has the moments of these
    codes. Each training is a thin line. A thick line is the mean, drawn as far as all
    trainings go.

    Args:
        runs: The trainings of a system. A training is the contents of its
            `history.csv`, or the path of that file.
        path: PNG file to write, or an open binary file.
        prior: The moments of the prior by the column that holds those of the code,
            such as `val_code_mean`. They are drawn as dashed lines.
        title: Line above the figure, for instance the name of the system.

    Raises:
        ValueError: If there is no training, if one has no epoch or lacks one of the
            columns `val_discriminator_accuracy`, `val_code_mean`,
            `val_code_variance`, `val_code_skewness` and `val_code_kurtosis`, or if
            the prior has other keys.

    Example:

    >>> folds = sorted(Path("runs/emodb/ss_aae").glob("*/history.csv"))
    >>> gaussian = {"val_code_mean": 0, "val_code_variance": 1}
    >>> adversary(folds, "adversary.png", gaussian, "ss_aae")
    """
    frames, prior = [*map(read_history, runs)], dict(prior or {})
    _check(frames, prior)
    with drawing(path, (7.0, 6.0)) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
        _draw_accuracy(upper, frames)
        _draw_moments(lower, frames, prior)
        for axes in (upper, lower):
            axes.grid(axis="y")
            axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
        lower.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        count = f"mean of {len(frames)} trainings" if len(frames) > 1 else ""
        title = ", ".join(filter(None, [title, count]))
        upper.set_title(textwrap.fill(title, 60))


def _draw_accuracy(axes: Any, frames: list[pd.DataFrame]) -> None:
    curves = [100 * frame[ACCURACY].to_numpy(float) for frame in frames]
    draw_curves(axes, curves, "discriminator", COLOURS[0])
    axes.axhline(50, color="#444444", linestyle=":", label="chance")
    axes.set(ylabel="accuracy, development (%)", ylim=(-4, 104))


def _draw_moments(
    axes: Any, frames: list[pd.DataFrame], prior: Mapping[str, float]
) -> None:
    for number, (column, label) in enumerate(MOMENTS.items()):
        curves = [frame[column].to_numpy(float) for frame in frames]
        draw_curves(axes, curves, label, COLOURS[number])
        if column in prior:
            # Dashes of equal moments stand next to each other.
            style = (DASH * number, (DASH, DASH * (len(MOMENTS) - 1)))
            axes.axhline(
                prior[column], color=COLOURS[number], linestyle=style, label="_"
            )
    if prior:
        axes.plot([], [], color="#444444", linestyle="--", label="prior")
    axes.set(xlabel="epoch", ylabel="moments of the code, development")


def _check(frames: list[pd.DataFrame], prior: Mapping[str, float]) -> None:
    wrong = [each for each in frames if not len(each) or not set(COLUMNS) <= set(each)]
    if not frames or wrong:
        shown = wrong[0] if wrong else pd.DataFrame()
        raise ValueError(
            "`runs` must have at least one training, each with at least one epoch and "
            f"the columns {list(COLUMNS)}. Received: {len(frames)} trainings, one with "
            f"{len(shown)} epochs and the columns {list(shown)}. Pass the contents of "
            "history.csv of trainings with a discriminator."
        )
    unknown = sorted(set(prior) - set(MOMENTS))
    if unknown or not np.isfinite([*prior.values()]).all():
        raise ValueError(
            f"`prior` must have finite numbers under the keys {list(MOMENTS)}. "
            f"Received: {prior}. Leave out the moments that are not known."
        )
