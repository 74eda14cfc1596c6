"""The one definition of padding: trailing frames whose features are all zero.

Features are normalised, so that a frame of real speech is never zero in all
dimensions. Models, losses and attacks read the length of an utterance from its
features. Callers need not pass lengths along, and cannot pass wrong ones.
"""

import keras
from keras import ops


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
        reference: Tensor `(batch, shorter time, dimensions)`.

    Output shape:
        The shape of `reference`.
    """

    def call(self, sequence, reference):
        return sequence[:, : ops.shape(reference)[1]]

    def compute_output_spec(self, sequence, reference):
        shape = (sequence.shape[0], reference.shape[1], sequence.shape[2])
        return keras.KerasTensor(shape, dtype=sequence.dtype)
