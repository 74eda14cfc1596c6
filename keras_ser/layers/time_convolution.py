"""A convolution over time with pooling, which keeps the padding at zero."""

import keras
from keras import ops

from keras_ser.backend import stacking

POOL = 3  # steps


@keras.saving.register_keras_serializable("keras_ser")
class TimeConvBlock(keras.layers.Layer):
    """Convolution over time, ReLU and max pooling that ignore the padding.

    With the masks M of unpadded steps before the pooling and M' after it,

        Y = M' · max_pool(M · ReLU(X * W + b))

    where a window of the pooling has 3 steps and the next one starts 2 steps later. The
    output of a ReLU is at least 0, so that the maximum over speech and padding is that
    over the speech. The output of an utterance depends neither on the amount of padding
    nor on the other utterances of its batch.

    Args:
        filters: Positive integer, number of output features.
        kernel: Positive integer, width of the kernel. The convolution is padded as
            "same".

    Call arguments:
        sequence: Tensor `(batch, time, features)`, 0 in the padding. `time` is even.
        masks: A pair of tensors, `(batch, time)` and `(batch, time / 2)`, 1 in speech
            and 0 in the padding.

    Output shape:
        `(batch, time / 2, filters)`, 0 in the padding.

    Example:

    >>> masks = np.ones((2, 8)), np.ones((2, 4))
    >>> TimeConvBlock(16, 5)(keras.random.normal((2, 8, 40)), masks).shape
    (2, 4, 16)
    """

    def __init__(self, filters: int, kernel: int, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel = kernel
        self.convolution = keras.layers.Conv1D(
            filters,
            kernel,
            padding="same",
            data_format="channels_last",  # whatever Keras is set to
            dtype=self.dtype_policy,
            name="convolution",
        )

    def build(self, sequence_shape, masks_shape=None):
        self.convolution.build(sequence_shape)
        self.built = True

    def call(self, sequence, masks):
        before, after = masks
        output = ops.relu(self._convolve(sequence))
        output = output * ops.cast(before, output.dtype)[:, :, None]
        # The last window starts 2 steps before the end.
        output = ops.pad(output, [[0, 0], [0, POOL - 2], [0, 0]])
        pooled = ops.max_pool(output, POOL, 2, "valid", data_format="channels_last")
        return pooled * ops.cast(after, pooled.dtype)[:, :, None]

    def _convolve(self, sequence):
        """The convolution; for stacked models as one product (`backend.stacking`)."""
        layer = self.convolution
        if not stacking.uses_products():
            return layer(sequence)
        kernel = ops.cast(layer.kernel, layer.compute_dtype)
        patches = _patches(ops.cast(sequence, layer.compute_dtype), self.kernel)
        output = ops.matmul(patches, ops.reshape(kernel, (-1, self.filters)))
        return output + ops.cast(layer.bias, output.dtype)

    def compute_output_spec(self, sequence, masks):
        batch, time, _ = sequence.shape
        time = None if time is None else time // 2
        return keras.KerasTensor((batch, time, self.filters), self.compute_dtype)

    def get_config(self):
        config = {"filters": self.filters, "kernel": self.kernel}
        return {**super().get_config(), **config}


def _patches(sequence, width: int):
    """The inputs of each output of a convolution that is padded as "same".

    Returns:
        `(batch, time, width · features)`.
    """
    time, before = ops.shape(sequence)[1], (width - 1) // 2
    padded = ops.pad(sequence, [[0, 0], [before, width - 1 - before], [0, 0]])
    shifted = [padded[:, first : first + time] for first in range(width)]
    return ops.concatenate(shifted, axis=-1)
