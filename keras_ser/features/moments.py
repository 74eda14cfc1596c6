"""Mean and standard deviation of features, over speech frames or over all frames."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from keras_ser.features.speech import (
    BY_UTTERANCE,
    row_blocks,
    speech_frames,
    speech_range,
)

MIN_STD = 1e-3  # lower bound, for values that never change


class Sums(NamedTuple):
    """What the moments of an utterance's frames are computed from.

    Args:
        frames: The number of frames.
        total, squares: The sum of each value over the frames, and of its square,
            float64 `(dimensions,)`.
    """

    frames: int
    total: np.ndarray
    squares: np.ndarray


def sums(features: np.ndarray) -> Sums:
    """Sums features `(frames, dimensions)` over their frames."""
    features = features.astype(np.float64)
    return Sums(len(features), features.sum(axis=0), np.square(features).sum(axis=0))


def moments(utterances: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Computes the mean and the standard deviation over all frames.

    Each value of a frame has its own mean and standard deviation. The latter is at
    least 1e-3, so that a value that never changes stays finite when it is normalised.

    Args:
        utterances: Features, each of shape `(frames, dimensions)`.

    Returns:
        Two float64 arrays of shape `(dimensions,)`.

    Raises:
        ValueError: No value changes over the frames. Once normalised, such features
            would look like padding.
    """
    return moments_of_sums(map(sums, utterances))


def moments_of_sums(parts: Iterable[Sums]) -> tuple[np.ndarray, np.ndarray]:
    """Computes what `moments` computes, from the sums of each utterance.

    Args:
        parts: The sums over the frames of each utterance.

    Returns:
        Two float64 arrays of shape `(dimensions,)`.

    Raises:
        ValueError: As for `moments`.
    """
    count, total, squares = 0, 0.0, 0.0
    for part in parts:
        count += part.frames
        total = total + part.total
        squares = squares + part.squares
    mean = total / max(count, 1)
    variance = np.maximum(squares / max(count, 1) - np.square(mean), 0.0)
    if not (variance > MIN_STD**2).any():
        raise ValueError(
            "Normalisation expects features that change from frame to frame. "
            f"Received: {count} frames that are all the same. Leave this speech out, "
            "because it is too short or silent."
        )
    return mean, np.maximum(np.sqrt(variance), MIN_STD)


def utterance_moments(
    speech: np.ndarray, keep: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Computes the mean and the standard deviation of one utterance's frames.

    The standard deviation is at least 1e-3. Unlike `moments`, frames that are all the
    same are no error, because a silent utterance must not end an evaluation.

    Args:
        speech: The frames, `(frames, dimensions)`. There may be many of them, because
            few at a time are copied.
        keep: Which frames count, bool `(frames,)` with at least one True. The default
            is all of them.

    Returns:
        Two float64 arrays of shape `(dimensions,)`.
    """
    keep = np.ones(len(speech), bool) if keep is None else keep

    def mean_of(function):
        parts = (
            function(speech[rows][keep[rows]].astype(np.float64)).sum(axis=0)
            for rows in row_blocks(len(speech))
        )
        return sum(parts) / keep.sum()

    mean = mean_of(lambda frames: frames)
    std = np.sqrt(mean_of(lambda frames: np.square(frames - mean)))
    return mean, np.maximum(std, MIN_STD)


def training_moments(
    front_end, normalise: str, speech_db: float | None, utterances: Iterable[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Computes the mean and the standard deviation of a `Preprocessing`.

    With normalisation by utterance, the mean is 0, because each utterance subtracts its
    own. The standard deviation is that of the centred utterances or, if each utterance
    has its own, 1.

    Args:
        front_end, normalise, speech_db: As for `Preprocessing`.
        utterances: The training utterances, each of shape `(frames, dimensions)`.

    Returns:
        Two float64 arrays of shape `(dimensions,)`.

    Raises:
        ValueError: As for `moments`.
    """
    speech_db = speech_range(front_end, normalise, speech_db)
    if normalise == "utterance_std":
        return np.zeros(front_end.dimensions), np.ones(front_end.dimensions)
    speech = (speech_frames(front_end, each, speech_db) for each in utterances)
    if normalise not in BY_UTTERANCE:
        return moments(speech)
    _, std = moments(each - each.mean(axis=0, dtype=np.float64) for each in speech)
    return np.zeros(front_end.dimensions), std
