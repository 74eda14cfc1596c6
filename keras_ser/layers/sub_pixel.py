"""Transposed convolutions with one filter, as fast on a CPU as those with many."""

from keras import ops

from keras_ser.backend import autodiff
from keras_ser.layers import products

BLOCK = 2  # inputs per block and axis; 1 and 4 are slower for kernels of 7 and stride 2


def upsample(inputs, kernel, stride: int):
    """A transposed convolution that is padded as "same", as a sub-pixel convolution.

    A processor computes many channels of a convolution at once. A transposed one with a
    single filter has one, so most of each instruction is idle. Here an ordinary
    convolution of stride b gives all outputs of b × b inputs as channels:

        Y[b·s·q + a] = sum_d X[b·q + d] W[a + p − s·d]   along each axis, 0 ≤ a < b·s,

    with stride s, padding p of the transposed convolution, kernel W, and W = 0 outside
    of the kernel (Shi et al. 2016, arXiv:1609.05158, for b = 1). It equals
    `keras.ops.conv_transpose` up to rounding. The gradients are convolutions of the
    upstream gradient with the kernel itself, as those of a transposed convolution are.

    Args:
        inputs: Tensor `(batch, time, bands, channels)` of any time and bands.
        kernel: Tensor `(width, width, 1, channels)`, as in
            `keras.layers.Conv2DTranspose` with one filter.
        stride: The stride in time and frequency.

    Returns:
        Tensor `(batch, time * stride, bands * stride, 1)`.
    """

    @ops.custom_gradient
    def convolve(inputs, kernel):
        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream

            def product(tensors):  # its gradient in the kernel is that of `convolve`
                back = _convolve_back(upstream, tensors[0], stride)
                return ops.sum(ops.reshape(back, ops.shape(inputs)) * inputs)

            _, (to_kernel,) = autodiff.value_and_gradient(product, [kernel])
            back = _convolve_back(upstream, kernel, stride)
            # Convolutions of an empty batch have another shape.
            return ops.reshape(back, ops.shape(inputs)), to_kernel

        return _convolve_blocks(inputs, kernel, stride), gradient

    return convolve(inputs, kernel)


def _convolve_back(upstream, kernel, stride):
    """The convolution that is transposed: from outputs to inputs."""
    return ops.conv(
        upstream, kernel, stride, padding="same", data_format="channels_last"
    )


def _convolve_blocks(inputs, kernel, stride):
    batch, time, bands, _ = ops.shape(inputs)
    matrix, before, after = _block_kernel(kernel, stride)
    spread = ((0, 0), (before, after + -time % BLOCK), (before, after + -bands % BLOCK))
    blocks = ops.conv(
        ops.pad(inputs, (*spread, (0, 0))),
        matrix,
        BLOCK,
        padding="valid",
        data_format="channels_last",
    )  # (batch, time / BLOCK, bands / BLOCK, side²)
    side = BLOCK * stride
    _, steps, rows, _ = ops.shape(blocks)
    blocks = ops.reshape(blocks, (batch, steps, rows, side, side))
    output = ops.transpose(blocks, (0, 1, 3, 2, 4))
    output = ops.reshape(output, (batch, steps * side, rows * side, 1))
    return output[:, : time * stride, : bands * stride]


def _block_kernel(kernel, stride):
    """The kernel from inputs to the outputs of a block, and its reach.

    Returns:
        `(inputs, inputs, channels, side²)`, and the number of inputs that it covers
        before a block and after it.
    """
    width, _, _, channels = kernel.shape
    shifts, taps = products.transposed_taps(width, stride, BLOCK * stride)
    # Shift d carries an input to outputs that are d inputs later.
    taps = taps[::-1]
    matrix = products.transposed_matrix(kernel, taps, width)
    matrix = ops.reshape(
        matrix, (len(shifts), len(shifts), channels, taps.shape[1] ** 2)
    )
    return matrix, shifts[-1], -shifts[0] - BLOCK + 1
