"""Figures over time: reconstructed features and attention weights."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from keras_ser.figures.style import COLOURS, drawing

ROUND_HERTZ = (100, 250, 500, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000)
MAX_TICKS = 8


def reconstruction(
    features: ArrayLike,
    reconstruction: ArrayLike,
    path: Any,
    hop_seconds: float = 0.01,
    title: str = "",
    frequencies: ArrayLike | None = None,
) -> None:
    """Draw a model's input above its reconstruction, on one colour scale.

    Args:
        features: Input features of shape `(frames, dimensions)`.
        reconstruction: Output of the decoder, of the same shape.
        path: PNG file to write, or an open binary file.
        hop_seconds: Time between frames in seconds.
        title: Title of the figure.
        frequencies: The centre of each band in Hz, for the axis. Without it, the axis
            counts bands.

    Raises:
        ValueError: If the shapes differ or the rank is not 2, or there are not as many
            frequencies as bands.
    """
    features = _spectrogram(features, "features")
    output = _spectrogram(reconstruction, "reconstruction")
    if features.shape != output.shape:
        raise ValueError(
            "`features` and `reconstruction` must have the same shape. Received: "
            f"{features.shape} and {output.shape}. Cut both to the same frames."
        )
    error = np.mean((features - output) ** 2)
    scale = {"vmin": features.min(), "vmax": features.max()}
    with drawing(path, (8.0, 5.0)) as figure:
        above, below = figure.subplots(2, 1, sharex=True)
        image = _show(above, features, hop_seconds, frequencies, **scale)
        _show(below, output, hop_seconds, frequencies, **scale)
        above.set_title("input")
        below.set_title(f"reconstruction (mean squared error {error:.3g})")
        below.set_xlabel("time (s)")
        figure.colorbar(image, ax=[above, below], label="normalised level")
        if title:
            figure.suptitle(title)


def attention(
    features: ArrayLike,
    weights: ArrayLike,
    path: Any,
    hop_seconds: float = 0.01,
    title: str = "",
    frequencies: ArrayLike | None = None,
) -> None:
    """Draw features above the attention weights over time.

    Args:
        features: Features of shape `(frames, dimensions)`.
        weights: Attention weights of shape `(steps,)`. A strided encoder has fewer
            steps than frames; each step is drawn over an equal share of the time.
        path: PNG file to write, or an open binary file.
        hop_seconds: Time between frames in seconds.
        title: Title of the figure.
        frequencies: As for `reconstruction`.

    Raises:
        ValueError: If a rank is wrong, if there are more steps than frames, or if there
            are not as many frequencies as bands.
    """
    features = _spectrogram(features, "features")
    weights = np.asarray(weights, float)
    if weights.ndim != 1 or not 0 < len(weights) <= len(features):
        raise ValueError(
            f"`weights` must have shape (steps,), with 1 to {len(features)} steps. "
            f"Received: shape {weights.shape}. Pass the weights of one utterance."
        )
    edges = np.linspace(0, len(features) * hop_seconds, len(weights) + 1)
    with drawing(path, (8.0, 4.5)) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2.5, 1))
        image = _show(above, features, hop_seconds, frequencies)
        below.stairs(weights, edges, fill=True, color=COLOURS[0])
        uniform = 1 / len(weights)
        below.axhline(uniform, color="#444444", linestyle=":")
        # x is a fraction of the axes, y a weight. There is room below the colour bar.
        at = {"transform": below.get_yaxis_transform(), "in_layout": False}
        below.text(1.01, uniform, "uniform", va="center", **at)
        below.set(xlabel="time (s)", ylabel="attention", ylim=(0, None))
        figure.colorbar(image, ax=above, label="normalised level")
        if title:
            above.set_title(title)


def _spectrogram(values: ArrayLike, name: str) -> np.ndarray:
    values = np.asarray(values, float)
    if values.ndim == 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 2 or values.size == 0:
        raise ValueError(
            f"`{name}` must have shape (frames, dimensions). Received: {values.shape}. "
            "Pass one utterance, without the batch axis."
        )
    return values


def _show(
    axes: Any, features: np.ndarray, hop_seconds: float, frequencies=None, **scale
) -> Any:
    """Draw features over time; returns the image, for a colour bar."""
    frames, bands = features.shape
    extent = (0, frames * hop_seconds, 0, bands)
    if frequencies is None:
        axes.set_ylabel("frequency band")
    else:
        axes.set_yticks(*_ticks(np.asarray(frequencies, float), bands))
        axes.set_ylabel("frequency (Hz)")
    style = {"origin": "lower", "aspect": "auto", "interpolation": "nearest"}
    return axes.imshow(features.T, extent=extent, cmap="cividis", **style, **scale)


def _ticks(frequencies: np.ndarray, bands: int) -> tuple[list[float], list[str]]:
    """Where ticks are on an axis that counts bands, and their labels in Hz."""
    if frequencies.shape != (bands,):
        raise ValueError(
            f"`frequencies` must hold one frequency per band, {bands}. Received: shape "
            f"{frequencies.shape}. Leave it out if the features are not bands."
        )
    centres = np.arange(bands) + 0.5
    round_ones = [
        hertz for hertz in ROUND_HERTZ if frequencies[0] <= hertz <= frequencies[-1]
    ]
    places = np.interp(round_ones, frequencies, centres)
    kept, lowest = [], -np.inf
    for place, hertz in zip(places, round_ones, strict=True):
        if place - lowest >= bands / MAX_TICKS:
            kept.append((float(place), f"{hertz:,}"))
            lowest = place
    return [place for place, _ in kept], [label for _, label in kept]
