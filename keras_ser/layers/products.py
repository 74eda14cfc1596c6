"""Convolutions as matrix products of patches.

They equal the convolutions of Keras with `padding="same"` up to rounding. If the
weights of several models are stacked, the product becomes a batched one, whereas a
convolution would become one with a group per model, which is slow.

All tensors are `(batch, time, bands, channels)`.
"""

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
    padded = _pad(inputs, before, excess - before)
    _, time, bands, _ = ops.shape(inputs)
    steps, rows = time // stride, bands // stride
    places = range(width)
    patches = _patches(padded, places, places, steps, rows, stride)
    return ops.matmul(patches, ops.reshape(kernel, (width**2 * channels, filters)))


def convolve_transposed(inputs, kernel, stride: int):
    """A transposed convolution that is padded as "same".

    Each input step gives `stride` output steps per axis. The filters of all of these
    are columns of one matrix, so that the product gives every output phase at once.

    Args:
        inputs: Tensor.
        kernel: `(width, width, filters, channels)`, as in
            `keras.layers.Conv2DTranspose`.
        stride: The stride in time and frequency.
    """
    width, _, filters, channels = kernel.shape
    shifts, taps = _transposed_taps(width, stride)
    before, after = max(shifts[-1], 0), max(-shifts[0], 0)
    padded = _pad(inputs, before, after)
    batch, time, bands, _ = ops.shape(inputs)
    places = [before - shift for shift in shifts]
    patches = _patches(padded, places, places, time, bands, 1)
    matrix = _transposed_matrix(kernel, taps, width)
    product = ops.matmul(patches, matrix)
    shape = (batch, time, bands, stride, stride, filters)
    phases = ops.transpose(ops.reshape(product, shape), (0, 1, 3, 2, 4, 5))
    return ops.reshape(phases, (batch, time * stride, bands * stride, filters))


def _pad(inputs, before: int, after: int):
    return ops.pad(inputs, [[0, 0], [before, after], [before, after], [0, 0]])


def _patches(padded, in_time, in_bands, steps: int, rows: int, stride: int):
    """The inputs of each output, `(batch, steps, rows, places² · channels)`."""
    return ops.concatenate(
        [
            padded[
                :,
                first : first + stride * (steps - 1) + 1 : stride,
                second : second + stride * (rows - 1) + 1 : stride,
            ]
            for first in in_time
            for second in in_bands
        ],
        axis=-1,
    )


def _transposed_taps(width: int, stride: int) -> tuple[list[int], np.ndarray]:
    """Which tap of a kernel carries an input to an output, along one axis.

    Output `stride · q + a` gets input `q − d` through tap `stride · d + a + p`, where p
    is the padding of the convolution that is transposed.

    Returns:
        The shifts d, ascending, and the taps `(shifts, stride)`; the tap is `width`
        where there is none.
    """
    padding = max(width - stride, 0) // 2
    least = -((stride - 1 + padding) // stride)
    most = (width - 1 - padding) // stride
    shifts = list(range(least, most + 1))
    taps = stride * np.array(shifts)[:, None] + np.arange(stride) + padding
    return shifts, np.where((taps >= 0) & (taps < width), taps, width)


def _transposed_matrix(kernel, taps: np.ndarray, width: int):
    """The matrix from a patch to all output phases.

    Returns:
        `(shifts² · channels, stride² · filters)`.
    """
    shifts, stride = taps.shape
    filters, channels = kernel.shape[2:]
    padded = ops.pad(kernel, [[0, 1], [0, 1], [0, 0], [0, 0]])
    flat = ops.reshape(padded, ((width + 1) ** 2, filters, channels))
    chosen = taps[:, None, :, None] * (width + 1) + taps[None, :, None, :]
    matrix = ops.take(flat, chosen.ravel(), axis=0)
    matrix = ops.reshape(matrix, (shifts**2, stride**2, filters, channels))
    matrix = ops.transpose(matrix, (0, 3, 1, 2))
    return ops.reshape(matrix, (shifts**2 * channels, stride**2 * filters))
