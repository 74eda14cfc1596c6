"""Mean and standard deviation of features, over speech frames or over all frames."""

from collections.abc import Iterable

import numpy as np

from keras_ser.features.speech import BY_UTTERANCE, speech_frames, speech_range

MIN_STD = 1e-3  # lower bound, for values that never change


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
    count, total, squares = 0, 0.0, 0.0
    for features in utterances:
        features = features.astype(np.float64)
        count += len(features)
        total = total + features.sum(axis=0)
        squares = squares + np.square(features).sum(axis=0)
    mean = total / max(count, 1)
    variance = np.maximum(squares / max(count, 1) - np.square(mean), 0.0)
    if not (variance > MIN_STD**2).any():
        raise ValueError(
            "Normalisation expects features that change from frame to frame. "
            f"Received: {count} frames that are all the same. Leave this speech out, "
            "because it is too short or silent."
        )
    return mean, np.maximum(np.sqrt(variance), MIN_STD)


def utterance_moments(speech: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Computes the mean and the standard deviation of one utterance's frames.

    The standard deviation is at least 1e-3. Unlike `moments`, frames that are all the
    same are no error, because a silent utterance must not end an evaluation.

    Args:
        speech: The speech frames, `(frames, dimensions)`.

    Returns:
        Two float64 arrays of shape `(dimensions,)`.
    """
    speech = speech.astype(np.float64)
    return speech.mean(axis=0), np.maximum(speech.std(axis=0), MIN_STD)


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
