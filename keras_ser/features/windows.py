"""Windows that cover an utterance, and batches of windows for inference."""

import numpy as np

from keras_ser import backend

MULTIPLE = 64  # of the number of frames in a batch, so that few lengths occur


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
        batch has more pieces than the first one.
    """
    order = np.argsort(lengths, kind="stable")
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
