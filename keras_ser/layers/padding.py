"""The one definition of padding: trailing frames whose features are all zero.

Features are normalised, so that a frame of real speech is never zero in all
dimensions. Models, losses and attacks read the length of an utterance from its
features. Callers need not pass lengths along, and cannot pass wrong ones.
"""

import keras
from keras import ops

from keras_ser.utils.choices import check_integer_from_0, check_positive


def count_frames(features):
    """Number of unpadded frames of each utterance.

    Args:
        features: Tensor `(batch, time, dimensions)`, 0 in the padding.

    Returns:
        int32 `(batch,)`, at least 1, because the layers that use it need one frame.
    """
    is_speech = ops.any(ops.not_equal(features, 0), axis=-1)  # (batch, time)
    position = ops.arange(1, ops.shape(features)[1] + 1, dtype="int32")
    last = ops.max(ops.where(is_speech, position, 0), axis=1)
    return ops.maximum(last, 1)


def make_mask(lengths, time, dtype: str = "float32"):
    """Mask that is 1 before the end of each utterance and 0 after it.

    Args:
        lengths: Integer tensor `(batch,)`, the number of unpadded steps.
        time: Length of the time axis.
        dtype: Type of the mask.

    Returns:
        Tensor `(batch, time)`.
    """
    position = ops.arange(time, dtype="int32")
    return ops.cast(ops.less(position, ops.expand_dims(lengths, -1)), dtype)


def average_pool(image, mask):
    """The mean over 2 × 2 cells, of which those of the padding do not count.

    Args:
        image: Tensor `(batch, time, bands, channels)`, 0 in the padding. `time` and
            `bands` are even.
        mask: Tensor `(batch, time)`, 1 in speech and 0 in the padding.

    Returns:
        Tensor `(batch, time / 2, bands / 2, channels)`, 0 in the padding.
    """
    mean = ops.average_pool(image, 2, 2, "valid", data_format="channels_last")
    rows, time = ops.shape(mask)
    pairs = ops.sum(ops.reshape(mask, (rows, time // 2, 2)), axis=2)
    scale = ops.where(pairs > 0, 2 / ops.maximum(pairs, 1), 0)  # (rows, time / 2)
    return mean * ops.cast(scale, mean.dtype)[:, :, None, None]


@keras.saving.register_keras_serializable("keras_ser")
class Frames(keras.layers.Layer):
    """Counts the unpadded frames of each utterance.

    Args:
        masked: Whether to exclude the padding. `False` counts all frames, as in
            papers that do not mask.

    Input shape:
        `(batch, time, dimensions)`.

    Output shape:
        int32 `(batch,)`.
    """

    def __init__(self, masked: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.masked = masked

    def call(self, features):
        if self.masked:
            return count_frames(features)
        shape = ops.shape(features)
        return ops.full((shape[0],), shape[1], dtype="int32")

    def compute_output_spec(self, features):
        return keras.KerasTensor((features.shape[0],), dtype="int32")

    def get_config(self):
        return {**super().get_config(), "masked": self.masked}


@keras.saving.register_keras_serializable("keras_ser")
class SpeechMasks(keras.layers.Layer):
    """Masks of the unpadded steps of an encoder that halves the time.

    A step that holds any unpadded frame counts.

    Args:
        halvings: Positive integer, the number of halvings.

    Call arguments:
        padded: Tensor `(batch, time, dimensions)`. `time` is a multiple of
            2 ** `halvings`.
        frames: int32 tensor `(batch,)`, the number of unpadded frames.

    Returns:
        float32 masks `(batch, time / 2 ** n)` for n = 0, 1, …, `halvings`.
    """

    def __init__(self, halvings: int, **kwargs):
        super().__init__(**kwargs)
        check_integer_from_0(halvings=halvings)
        self.halvings = halvings

    def call(self, padded, frames):
        time, strides = ops.shape(padded)[1], self._strides()
        return [
            make_mask((frames + stride - 1) // stride, time // stride)
            for stride in strides
        ]

    def compute_output_spec(self, padded, frames):
        batch, time = padded.shape[:2]
        return [
            keras.KerasTensor((batch, None if time is None else time // stride))
            for stride in self._strides()
        ]

    def get_config(self):
        return {**super().get_config(), "halvings": self.halvings}

    def _strides(self):
        return [2**number for number in range(self.halvings + 1)]


@keras.saving.register_keras_serializable("keras_ser")
class PadTime(keras.layers.Layer):
    """Appends zero frames until the time axis is a multiple of `multiple`.

    Strided convolutions that are padded as "same" align their frames with the
    padded length. If all lengths agree modulo the total stride, the frames of an
    utterance do not depend on the amount of padding.

    Args:
        multiple: Positive integer, the total stride of the convolutions.

    Input shape:
        `(batch, time, dimensions)`.

    Output shape:
        `(batch, ceil(time / multiple) * multiple, dimensions)`.
    """

    def __init__(self, multiple: int, **kwargs):
        super().__init__(**kwargs)
        check_positive(multiple=multiple)
        self.multiple = multiple

    def call(self, features):
        # No remainder of a negative number: ONNX converters use C's definition.
        excess = ops.shape(features)[1] % self.multiple
        missing = (self.multiple - excess) % self.multiple
        return ops.pad(features, [[0, 0], [0, missing], [0, 0]])

    def compute_output_shape(self, shape):
        batch, time, dimensions = shape
        padded = None if time is None else time + -time % self.multiple
        return (batch, padded, dimensions)

    def get_config(self):
        return {**super().get_config(), "multiple": self.multiple}


@keras.saving.register_keras_serializable("keras_ser")
class CropLike(keras.layers.Layer):
    """Crops a sequence to the length of a shorter one.

    Call arguments:
        sequence: Tensor `(batch, time, dimensions)`.
        reference: Tensor `(batch, shorter time, …)`.

    Output shape:
        `(batch, shorter time, dimensions)`.
    """

    def call(self, sequence, reference):
        # Not by an index: the gradient of TensorFlow's strided slice is slow on a CPU.
        batch, _, dimensions = ops.shape(sequence)
        shape = (batch, ops.shape(reference)[1], dimensions)
        return ops.slice(sequence, (0, 0, 0), shape)

    def compute_output_spec(self, sequence, reference):
        shape = (sequence.shape[0], reference.shape[1], sequence.shape[2])
        return keras.KerasTensor(shape, dtype=sequence.dtype)
