"""The figure of a file: its waveform, and the probabilities of its windows."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from keras_ser.figures.style import bar_style, drawing

COLUMNS = 1000  # of the waveform, each with its lowest and highest sample


def timeline(
    wave: ArrayLike, rate: float, table: pd.DataFrame, path: Any, title: str = ""
) -> None:
    """Draw the waveform of a file above the probabilities of its windows.

    The probabilities are stacked, so that they fill the height. Those of a window are
    drawn from its start to its end. Where two windows overlap, the first one ends and
    the second one starts in the middle of what they share.

    Args:
        wave: The samples, `(samples,)`.
        rate: Samples per second.
        table: The windows of the file, as `Recogniser.predict` returns them: `start`
            and `end` in seconds, and `p_<class>`.
        path: PNG file to write, or an open binary file.
        title: Title of the figure.

    Raises:
        ValueError: If there are no windows, or no samples.
    """
    wave = np.asarray(wave, float)
    names = [each for each in table if each.startswith("p_")]
    if wave.ndim != 1 or not len(wave) or not len(table) or not names:
        raise ValueError(
            "A timeline needs samples (samples,) and windows with probabilities "
            f"p_<class>. Received: samples of shape {wave.shape} and {len(table)} "
            f"windows with {len(names)} such columns. Pass the rows of one file."
        )
    table = table.sort_values("start")
    starts, ends = table.start.to_numpy(float), table.end.to_numpy(float)
    middles = (starts[1:] + ends[:-1]) / 2
    starts, ends = (
        np.array([starts[0], *np.maximum(starts[1:], middles)]),
        np.array([*np.minimum(ends[:-1], middles), ends[-1]]),
    )
    with drawing(path, (9.0, 4.5)) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.6))
        _draw_wave(above, wave, rate)
        _draw_stack(below, starts, ends - starts, table[names].to_numpy(float), names)
        below.set(xlabel="time (s)", ylabel="probability", ylim=(0, 1))
        below.set_xlim(0, len(wave) / rate)
        below.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), reverse=True)
        if title:
            above.set_title(title)


def _draw_wave(axes: Any, wave: np.ndarray, rate: float) -> None:
    """The range of the samples in each of many short spans."""
    starts = np.unique(np.linspace(0, len(wave), COLUMNS, endpoint=False).astype(int))
    low, high = (each.reduceat(wave, starts) for each in (np.minimum, np.maximum))
    axes.fill_between(starts / rate, low, high, color="#444444", linewidth=0.3)
    axes.set(ylabel="amplitude")


def _draw_stack(axes: Any, starts, widths, values: np.ndarray, names) -> None:
    """The probabilities of each window, stacked."""
    lower = np.zeros(len(values))
    for number, name in enumerate(names):
        label = name.removeprefix("p_")
        style = bar_style(number)
        axes.bar(
            starts, values[:, number], widths, lower, align="edge", label=label, **style
        )
        lower = lower + values[:, number]
