"""Convolutions as matrix products of patches.

They equal the convolutions of Keras with `padding="same"` up to rounding. If the
weights of several models are stacked, the product becomes a batched one, whereas a
convolution would become one with a group per model, which is slow. Patches are many
times as large as their inputs, so they are made again for the gradient instead of kept.

All tensors are `(batch, time, bands, channels)`.
"""

import keras
import numpy as np
from keras import ops


def convolve(inputs, kernel, stride: int):
    """A convolution that is padded as "same".

    Args:
        inputs: Tensor whose time and bands are multiples of the stride.
        kernel: `(width, width, channels, filters)`, as in `keras.layers.Conv2D`.
        stride: The stride in time and frequency.
    """
    width, _, channels, filters = kernel.shape
    excess = max(width - stride, 0)
    before = excess // 2
    _, time, bands, _ = ops.shape(inputs)
    steps, rows = time // stride, bands // stride
    places = range(width)

    def multiply(inputs, matrix):
        padded = _pad(inputs, before, excess - before)
        return ops.matmul(_patches(padded, places, steps, rows, stride), matrix)

    matrix = ops.reshape(kernel, (width**2 * channels, filters))
    return keras.remat(multiply)(inputs, matrix)


def convolve_transposed(inputs, kernel, stride: int):
    """A transposed convolution that is padded as "same".

    Each input step gives `stride` output steps per axis. The filters of all of these
    are columns of one matrix, so that the product gives every output phase at once. If
    there are more channels than output phases and filters, each input is multiplied
    first and its contributions are shifted and summed, because patches would be larger.

    Args:
        inputs: Tensor.
        kernel: `(width, width, filters, channels)`, as in
            `keras.layers.Conv2DTranspose`.
        stride: The stride in time and frequency.
    """
    width, _, filters, channels = kernel.shape
    shifts, taps = transposed_taps(width, stride, stride)
    before = max(shifts[-1], 0)
    around = before, max(-shifts[0], 0)
    batch, time, bands, _ = ops.shape(inputs)
    places = [before - shift for shift in shifts]
    is_wide = channels > stride**2 * filters

    def multiply(inputs, matrix):
        if is_wide:
            contributions = ops.matmul(inputs, _rows_to_columns(matrix))
            return _sum_shifted(contributions, places, around)
        patches = _patches(_pad(inputs, *around), places, time, bands, 1)
        return ops.matmul(patches, matrix)

    def _rows_to_columns(matrix):  # (channels, shifts² · columns)
        matrix = ops.reshape(matrix, (len(shifts) ** 2, channels, -1))
        return ops.reshape(ops.transpose(matrix, (1, 0, 2)), (channels, -1))

    matrix = transposed_matrix(kernel, taps, width)
    product = keras.remat(multiply)(inputs, matrix)
    shape = (batch, time, bands, stride, stride, filters)
    phases = ops.transpose(ops.reshape(product, shape), (0, 1, 3, 2, 4, 5))
    return ops.reshape(phases, (batch, time * stride, bands * stride, filters))


def _sum_shifted(contributions, places, around):
    """The sum over pairs of places of the channels that belong to each pair.

    Args:
        contributions: Tensor with equally many channels for each pair.
        places: Where the sum starts in the padded contributions, along each axis.
        around: The padding before and after each axis.
    """
    _, time, bands, _ = ops.shape(contributions)
    pairs = [(first, second) for first in places for second in places]
    # Each part is padded by itself: the gradient of a slice of the whole is as large as
    # the whole.
    parts = ops.split(contributions, len(pairs), axis=-1)
    return sum(
        _pad(part, *around)[:, first : first + time, second : second + bands]
        for part, (first, second) in zip(parts, pairs, strict=True)
    )


def _pad(inputs, before: int, after: int):
    return ops.pad(inputs, [[0, 0], [before, after], [before, after], [0, 0]])


def _patches(padded, places, steps: int, rows: int, stride: int):
    """The inputs of each output, `(batch, steps, rows, places² · channels)`."""
    return ops.concatenate(
        [
            padded[
                :,
                first : first + stride * (steps - 1) + 1 : stride,
                second : second + stride * (rows - 1) + 1 : stride,
            ]
            for first in places
            for second in places
        ],
        axis=-1,
    )


def transposed_taps(
    width: int, stride: int, outputs: int
) -> tuple[list[int], np.ndarray]:
    """Which tap of a kernel carries an input to an output, along one axis.

    Output `stride · q + a` gets input `q − d` through tap `stride · d + a + p`, where p
    is the padding of the convolution that is transposed.

    Args:
        width: The width of the kernel.
        stride: The stride.
        outputs: For how many a, from 0.

    Returns:
        The shifts d, ascending, and the taps `(shifts, outputs)`; the tap is `width`
        where there is none.
    """
    padding = max(width - stride, 0) // 2
    least = -((outputs - 1 + padding) // stride)
    most = (width - 1 - padding) // stride
    shifts = list(range(least, most + 1))
    taps = stride * np.array(shifts)[:, None] + np.arange(outputs) + padding
    return shifts, np.where((taps >= 0) & (taps < width), taps, width)


def transposed_matrix(kernel, taps: np.ndarray, width: int):
    """The matrix from a patch to all output phases.

    Args:
        kernel: `(width, width, filters, channels)`.
        taps: From `transposed_taps`.
        width: The width of the kernel.

    Returns:
        `(shifts² · channels, outputs² · filters)`.
    """
    shifts, outputs = taps.shape
    filters, channels = kernel.shape[2:]
    padded = ops.pad(kernel, [[0, 1], [0, 1], [0, 0], [0, 0]])
    flat = ops.reshape(padded, ((width + 1) ** 2, filters, channels))
    chosen = taps[:, None, :, None] * (width + 1) + taps[None, :, None, :]
    matrix = ops.take(flat, chosen.ravel(), axis=0)
    matrix = ops.reshape(matrix, (shifts**2, outputs**2, filters, channels))
    matrix = ops.transpose(matrix, (0, 3, 1, 2))
    return ops.reshape(matrix, (shifts**2 * channels, outputs**2 * filters))
