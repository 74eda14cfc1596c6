"""Features of speech at another speed, guessed from those at the original speed.

The guess is what the features are compared with when they are compressed. It is made
of operations on single values, and is therefore the same on every machine.
"""

from collections.abc import Callable

import numpy as np

from keras_ser.audio import RATE, Speed
from keras_ser.features.front_ends import FilterBank, LogMel, Spectrogram

DECIMALS = 3  # of a place between two bands


def places(front_end: Callable, transform: Callable) -> list[float] | None:
    """Where the bands of speech at another speed lie among those of the original.

    A frequency of speech at α times the speed was 1 / α of it in the original.

    Args:
        front_end: The front-end.
        transform: The waveform transform of the speech.

    Returns:
        For each band its place in the original, from 0; None if the frequencies of the
        front-end's bands are not known (see `CENTERS`), or if the transform does not
        change the speed.
    """
    if type(front_end) not in CENTERS or not isinstance(transform, Speed):
        return None
    if transform.factor == 1:
        return None
    centers = CENTERS[type(front_end)](front_end)
    found = np.interp(centers / transform.factor, centers, np.arange(len(centers)))
    return np.round(found, DECIMALS).tolist()


def _mel_centers(front_end: LogMel) -> np.ndarray:
    import librosa

    count, low, high = front_end.n_mels + 2, front_end.fmin, front_end.fmax
    return librosa.mel_frequencies(count, fmin=low, fmax=high)[1:-1]


def _linear_centers(front_end: Spectrogram) -> np.ndarray:
    bins = np.arange(front_end.n_fft // 2).reshape(front_end.n_bins, -1)
    return bins.mean(axis=1) * RATE / front_end.n_fft


# The middle of each band in Hz, by the type of the front-end. A subclass, which may
# compute anything else, is not among them.
CENTERS = {
    LogMel: _mel_centers,
    FilterBank: _mel_centers,
    Spectrogram: _linear_centers,
}


def guess(
    features: np.ndarray, factor: float, bands: list[float], frames: int
) -> np.ndarray:
    """Guesses the features at another speed, by linear interpolation.

    Args:
        features: Features at the original speed, `(any, dimensions)`.
        factor: The number by which speech gets faster.
        bands: From `places`.
        frames: The number of frames.

    Returns:
        float32 `(frames, dimensions)`.
    """
    along = _interpolated(features.astype(np.float32), np.arange(frames) * factor)
    return np.ascontiguousarray(_interpolated(along.T, np.array(bands)).T)


def _interpolated(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Values at places between rows."""
    places = np.clip(places, 0, len(values) - 1)
    lower = places.astype(np.int64)
    upper = np.minimum(lower + 1, len(values) - 1)
    share = (places - lower).astype(np.float32)[:, None]
    first = values[lower] * (1 - share)
    first += values[upper] * share
    return first
