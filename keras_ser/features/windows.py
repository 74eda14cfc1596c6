"""Windows that cover an utterance, and batches of windows for inference."""

import math

import numpy as np

from keras_ser import backend

MULTIPLE = 64  # of the number of frames in a batch, so that few lengths occur
MIN_REST = 0.1  # of a window; less sound at the end is no window of its own
ROUNDING = 1e-6  # of a hop; sums of decimal fractions are not exact
MARGIN_SECONDS = 1e-3  # for a length in samples that was rounded up
MAX_LACK_SECONDS = 0.1  # of frames at the end, which some front-ends leave out


def time_spans(
    seconds: float, window: float | None, hop: float | None = None
) -> list[tuple[float, float]]:
    """The start and the end of the windows that move over a sound.

    Windows start at 0, `hop`, 2 · `hop`, … and are `window` long. The last window ends
    with the sound, so it may be shorter. A rest of at most a tenth of `window` is no
    window of its own: it lengthens the window before it. Every window is therefore 0.1
    to 1.1 times as long as `window`, unless the whole sound is shorter. All of the
    sound is in at least one window, unless `hop` is greater than `window`. Then there
    are gaps between the windows, and such a rest is part of a gap.

    Args:
        seconds: The length of the sound, above 0.
        window: The length of a window in seconds. None stands for the whole sound.
        hop: Seconds from the start of one window to the start of the next. The default
            is `window`.

    Returns:
        Pairs of seconds with 0 <= start < end <= `seconds`.

    Example:

    >>> time_spans(2.25, 1.0)
    [(0.0, 1.0), (1.0, 2.0), (2.0, 2.25)]
    >>> time_spans(3.05, 1.0)
    [(0.0, 1.0), (1.0, 2.0), (2.0, 3.05)]
    """
    if window is None:
        return [(0.0, float(seconds))]
    window, hop = float(window), float(hop or window)
    rest = MIN_REST * window
    covered = seconds - rest - max(0.0, window - hop)
    count = max(1, math.ceil(covered / hop - ROUNDING))
    spans = [(number * hop, number * hop + window) for number in range(count)]
    start, end = spans[-1]
    reaches_end = hop <= window or end >= seconds - rest
    return [*spans[:-1], (start, seconds if reaches_end else end)]


def frame_span(
    span: tuple[float, float], seconds: float, frames: int, front_end
) -> tuple[int, int]:
    """The first frame of a window and the one after its last.

    A window has the frames from the one nearest to its start up to the one nearest to
    its end. A window that ends with the sound has all frames up to the last one.

    Args:
        span: A pair of `time_spans`.
        seconds: The length of the sound.
        frames: The number of frames of the sound.
        front_end: A front-end with `hop_seconds`.

    Raises:
        ValueError: The front-end gave no frames for this part of the sound.
    """
    hop = front_end.hop_seconds
    first, last = (nearest_frame(each, hop) for each in span)
    if (first - frames) * hop > MAX_LACK_SECONDS:
        raise ValueError(
            f"Windows expect one frame per {hop:g} s, the `hop_seconds` of the "
            f"front-end. Received: {frames} frames from {seconds:.3f} s of sound. "
            f"Correct `hop_seconds` of `{type(front_end).__name__}`, or predict whole "
            "files."
        )
    first = min(first, frames - 1)
    last = frames if span[1] == seconds else min(last, frames)
    return first, max(last, first + 1)


def nearest_frame(seconds: float, hop_seconds: float) -> int:
    """The number of the frame that is nearest to a time, or of the later one of two."""
    return math.floor(seconds / hop_seconds + 0.5 + ROUNDING)


def complete_window(number: int, seconds: float, window: float, hop: float | None):
    """The span of a window of which it is certain that it is not the last one.

    Args:
        number: The number of the window, from 0.
        seconds: The length of the sound so far; more may follow.
        window, hop: As for `time_spans`.

    Returns:
        The pair that `time_spans` gives for the whole sound, or None if that depends on
        how the sound goes on.
    """
    start = number * float(hop or window)
    end = start + window
    return (start, end) if end + MIN_REST * window + MARGIN_SECONDS < seconds else None


def window_starts(frames: int, window: int) -> np.ndarray:
    """The first frames of the windows that cover an utterance.

    There are as few windows as possible, evenly spaced from start to end. An utterance
    that is not longer than a window is one window.

    Args:
        frames: The length of the utterance, at least 1.
        window: The length of a window in frames.

    Returns:
        int64 `(windows,)`.
    """
    count = -(-frames // window)
    starts = np.linspace(0, frames - window, count).round().astype(int)
    return np.maximum(starts, 0)


def cover_with_windows(features: np.ndarray, window: int) -> list[np.ndarray]:
    """Cuts features `(frames, dimensions)` into the windows that cover them."""
    starts = window_starts(len(features), window)
    return [features[start : start + window] for start in starts]


def mean_over_windows(values: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """The mean output over the windows of each utterance.

    Args:
        values: The outputs for windows, `(windows, size)`.
        owners: The number of each window's utterance, `(windows,)`.

    Returns:
        float64 `(utterances, size)`.
    """
    count = np.bincount(owners)[:, None]
    total = np.zeros((len(count), values.shape[1]))
    np.add.at(total, owners, values)
    return total / count


def batches_by_length(lengths: np.ndarray, batch: int) -> list[np.ndarray]:
    """Divides pieces of speech into batches of similar length.

    Similar lengths need little padding. The pieces are divided evenly among the
    batches, except on a backend that compiles for each shape: there, all batches but
    the last have `batch` pieces, so that few shapes occur.

    Args:
        lengths: The number of frames of each piece.
        batch: The maximum number of pieces per batch.

    Returns:
        The indices of the pieces of each batch, from the shortest to the longest. No
        batch has more pieces than the first one. Without pieces, there is no batch.
    """
    order = np.argsort(lengths, kind="stable")
    if not len(order):
        return []
    rows = min(batch, len(order))
    if not backend.compiles_each_shape():
        rows = -(-len(order) // -(-len(order) // batch))
    return [order[first : first + rows] for first in range(0, len(order), rows)]


def pad(pieces: list[np.ndarray], rows: int, time: int | None = None) -> np.ndarray:
    """Stacks pieces of speech and pads them with zeros.

    Args:
        pieces: Normalised features, `(frames, dimensions)` each.
        rows: The number of rows, at least that of the pieces.
        time: The number of frames. By default, it is the smallest multiple of 64 that
            holds all pieces or, on a backend that compiles for each shape, one of the
            few numbers 64, 128, 256, …

    Returns:
        float32 `(rows, time, dimensions)`.
    """
    if time is None:
        longest = max(len(piece) for piece in pieces)
        time = -(-longest // MULTIPLE) * MULTIPLE
        if backend.compiles_each_shape():
            time = max(MULTIPLE, 2 ** (longest - 1).bit_length())
    batch = np.zeros((rows, time, pieces[0].shape[1]), np.float32)
    for row, piece in enumerate(pieces):
        batch[row, : len(piece)] = piece
    return batch
