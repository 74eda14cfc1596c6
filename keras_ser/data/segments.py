"""The windows that cover training utterances, as rows of their own, and their weights.

The windows of an utterance are those of `features.windows.window_starts`, by which
tests are scored. Nothing is kept per window: counts per utterance say the rest.
"""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from keras_ser.backend.lazy_tensorflow import tf
from keras_ser.utils.choices import check_choice

SEGMENTS = ("random", "all")
SEGMENT_WEIGHTS = ("utterance", "segment")
# The weight of a row of an utterance with n windows is n to this power.
POWERS = {
    ("random", "utterance"): 0,
    ("random", "segment"): 1,
    ("all", "utterance"): -1,
    ("all", "segment"): 0,
}


def count_windows(frames: np.ndarray, window: int) -> np.ndarray:
    """The number of windows that cover each utterance, int32 `(utterances,)`.

    Args:
        frames: The frames of each utterance, at least 1, int `(utterances,)`.
        window: The frames of a window.
    """
    return (-(-np.asarray(frames) // window)).astype(np.int32)


def check_segments(segments: str, segment_weight: str) -> None:
    """Raises ValueError if one of two arguments of `Pipeline` is unknown."""
    check_choice("segments", segments, SEGMENTS)
    check_choice("segment_weight", segment_weight, SEGMENT_WEIGHTS)


def make_row_weights(
    segments: str,
    segment_weight: str,
    count: Callable[[], np.ndarray],
    unlabelled: int,
) -> np.ndarray | None:
    """The weight of the rows of each utterance, or None if all of them weigh 1.

    Args:
        segments, segment_weight: As for `Pipeline`.
        count: Returns the result of `count_windows` for the labelled utterances. It is
            called only if the weights depend on it.
        unlabelled: The number of unlabelled utterances, which follow them. Each weighs
            1.

    Returns:
        float32 `(utterances,)`, or None.
    """
    power = POWERS[segments, segment_weight]
    if power == 0:
        return None
    own = count().astype(float) ** power
    return np.float32(np.concatenate([own, np.ones(unlabelled)]))


@dataclasses.dataclass(frozen=True, eq=False)
class Segments:
    """All covering windows of the labelled utterances, numbered one after the other.

    Args:
        counts: From `count_windows`.
    """

    counts: np.ndarray

    @functools.cached_property
    def total(self) -> int:
        """The number of windows of all utterances."""
        return int(self.counts.sum(dtype=np.int64))

    def find(self, number):
        """The utterance of a window, and which of its windows it is.

        This is a graph operation.

        Args:
            number: The number of the window, int32 scalar.

        Returns:
            The number of the utterance, and the number of the window among those of its
            utterance, int32 scalars.
        """
        ends = np.cumsum(self.counts, dtype=np.int32)
        utterance = tf.searchsorted(ends, number[None], side="right")[0]
        return utterance, number - tf.gather(ends - self.counts, utterance)


def segment_start(frames, window: int, number, count):
    """The first frame of the k-th of n windows, round(k · excess / (n − 1)).

    The excess is the number of frames beyond a window. For unaugmented speech, these
    are the numbers of `features.windows.window_starts`. Speech at another speed has as
    many windows, also evenly spaced from start to end. A single window starts at 0.

    Args:
        frames: The frames of the utterance as it is read, int32 scalar.
        window: The frames of a window.
        number: The number k, from 0, int32 scalar.
        count: The number n, int32 scalar.
    """
    excess = tf.cast(tf.maximum(frames - window, 0), tf.float64)
    step = excess / tf.cast(tf.maximum(count - 1, 1), tf.float64)
    return tf.cast(tf.round(tf.cast(number, tf.float64) * step), tf.int32)
