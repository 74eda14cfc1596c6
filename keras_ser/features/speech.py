"""The speech frames of an utterance: those not far below its loudest frame."""

import math
from collections.abc import Iterator

import numpy as np

BY_UTTERANCE = ("utterance", "utterance_std")  # normalisations, see `Preprocessing`
SPEECH_DB = 60.0  # of these normalisations, unless another range is given
BLOCK_FRAMES = 2**14  # that are copied at a time, 16 MB as float64


def levels(front_end, features: np.ndarray) -> np.ndarray:
    """Computes the level of each frame from its log spectrum.

        L_t = 10 log10 Σ_b 10^(d x_tb / 10)

    with the values x_tb of frame t and d dB per unit of a value, which is the
    attribute `db_per_unit` of the front-end.

    Args:
        front_end: A front-end whose values are logarithms of power.
        features: Unnormalised features, `(frames, dimensions)`.

    Returns:
        Levels in dB, float32 `(frames,)`.

    Raises:
        ValueError: The values of the front-end are no log spectrum.
    """
    unit = _db_per_unit(front_end) / 10
    return np.concatenate(
        [
            _sum_bands(unit * features[rows].astype(np.float32))
            for rows in row_blocks(len(features))
        ]
    )


def _sum_bands(bels: np.ndarray) -> np.ndarray:
    largest = bels.max(axis=1, keepdims=True)  # powers of ten stay finite
    power = np.sum(10 ** (bels - largest), axis=1)
    return 10 * (np.log10(power) + largest[:, 0])


def row_blocks(count: int) -> Iterator[slice]:
    """Yields the slices of at most `BLOCK_FRAMES` rows that make up `count` rows."""
    for first in range(0, count, BLOCK_FRAMES):
        yield slice(first, first + BLOCK_FRAMES)


def speech_frames(
    front_end, features: np.ndarray, speech_db: float | None
) -> np.ndarray:
    """Returns the frames whose level is at most `speech_db` below the largest one.

    Args:
        front_end: A front-end whose values are logarithms of power.
        features: Unnormalised features of one utterance, `(frames, dimensions)`.
        speech_db: The range in dB. None returns all frames.
    """
    if speech_db is None:
        return features
    return features[speech_mask(front_end, features, speech_db)]


def speech_mask(front_end, features: np.ndarray, speech_db: float) -> np.ndarray:
    """Tells which frames `speech_frames` returns, bool `(frames,)`."""
    found = levels(front_end, features)
    return found >= found.max() - speech_db


def speech_range(front_end, normalise: str, speech_db: float | None) -> float | None:
    """Returns the range of speech frames in dB; None if all frames count.

    Args:
        front_end: The front-end.
        normalise: The normalisation, see `Preprocessing`.
        speech_db: The range that was asked for. With None, normalisation by utterance
            takes 60 dB, and the other normalisations take all frames.

    Raises:
        ValueError: The range is not a number above 0, or the front-end has no levels.
    """
    if speech_db is None:
        if normalise not in BY_UTTERANCE:
            return None
        speech_db = SPEECH_DB
    is_number = type(speech_db) in (int, float) and math.isfinite(speech_db)
    if not (is_number and speech_db > 0):
        raise ValueError(
            "`speech_db` must be a finite number of dB above 0, or None. Received: "
            f"{speech_db!r}. Choose {SPEECH_DB:g}, or a larger number to count more "
            "frames as speech."
        )
    _db_per_unit(front_end)
    return float(speech_db)


def _db_per_unit(front_end) -> float:
    """How many dB one unit of the front-end's values is.

    Raises:
        ValueError: The values are no log spectrum.
    """
    found = getattr(front_end, "db_per_unit", None)
    if found is None:
        raise ValueError(
            "Normalisation by utterance, and `speech_db`, need a front-end whose "
            "frames have levels: its values are logarithms of power, and its attribute "
            "`db_per_unit` says how many dB one unit is. Received: "
            f"`{type(front_end).__name__}`, whose values are no log spectrum. Choose "
            "`LogMel`, `FilterBank` or `Spectrogram`, or normalise='train' without "
            "`speech_db`."
        )
    return found
