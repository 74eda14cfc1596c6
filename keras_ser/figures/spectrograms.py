"""Figures over time: reconstructed features and attention weights."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from keras_ser.figures.style import COLOURS, drawing


def reconstruction(
    features: ArrayLike, reconstruction: ArrayLike, path: Any, hop_seconds: float = 0.01
) -> None:
    """Draw a model's input above its reconstruction, on one colour scale.

    Args:
        features: Input features of shape `(frames, dimensions)`.
        reconstruction: Output of the decoder, of the same shape.
        path: PNG file to write, or an open binary file.
        hop_seconds: Time between frames in seconds.

    Raises:
        ValueError: If the shapes differ or the rank is not 2.
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
        image = _show(above, features, hop_seconds, **scale)
        _show(below, output, hop_seconds, **scale)
        above.set_title("input")
        below.set_title(f"reconstruction (mean squared error {error:.3g})")
        below.set_xlabel("time (s)")
        figure.colorbar(image, ax=[above, below], label="normalised level")


def attention(
    features: ArrayLike, weights: ArrayLike, path: Any, hop_seconds: float = 0.01
) -> None:
    """Draw features above the attention weights over time.

    Args:
        features: Features of shape `(frames, dimensions)`.
        weights: Attention weights of shape `(steps,)`. A strided encoder has fewer
            steps than frames; each step is drawn over an equal share of the time.
        path: PNG file to write, or an open binary file.
        hop_seconds: Time between frames in seconds.

    Raises:
        ValueError: If a rank is wrong, or there are more steps than frames.
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
        image = _show(above, features, hop_seconds)
        below.stairs(weights, edges, fill=True, color=COLOURS[0])
        uniform = 1 / len(weights)
        below.axhline(uniform, color="#444444", linestyle=":")
        # x is a fraction of the axes, y a weight. There is room below the colour bar.
        at = {"transform": below.get_yaxis_transform(), "in_layout": False}
        below.text(1.01, uniform, "uniform", va="center", **at)
        below.set(xlabel="time (s)", ylabel="attention", ylim=(0, None))
        figure.colorbar(image, ax=above, label="normalised level")


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


def _show(axes: Any, features: np.ndarray, hop_seconds: float, **scale: float) -> Any:
    """Draw features over time; returns the image, for a colour bar."""
    frames, bands = features.shape
    extent = (0, frames * hop_seconds, 0, bands)
    axes.set_ylabel("frequency band")
    style = {"origin": "lower", "aspect": "auto", "interpolation": "nearest"}
    return axes.imshow(features.T, extent=extent, cmap="cividis", **style, **scale)
