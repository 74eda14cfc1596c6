"""The one definition of padding: trailing frames whose features are all zero.

Features are normalised, so that a frame of real speech is never zero in every
band. Models, losses and attacks read an utterance's length from the features
themselves; nobody has to hand it along, and nobody can hand along a wrong one.
"""

import keras
from keras import ops


def frames(features):
    """The number of unpadded frames of each utterance.

    Args:
        features: `(batch, time, bands)`, 0 in the padding.

    Returns:
        int32 `(batch,)`, at least 1: layers behind it need one frame to stand on.
    """
    is_speech = ops.any(ops.not_equal(features, 0), axis=-1)  # (batch, time)
    position = ops.arange(1, ops.shape(features)[1] + 1, dtype="int32")
    last = ops.max(ops.where(is_speech, position, 0), axis=1)
    return ops.maximum(last, 1)


def mask(lengths, time, dtype="float32"):
    """1 before an utterance's end and 0 after it: `(batch, time)`."""
    position = ops.arange(time, dtype="int32")
    return ops.cast(ops.less(position, ops.expand_dims(lengths, -1)), dtype)


@keras.saving.register_keras_serializable("keras_ser")
class Frames(keras.layers.Layer):
    """Counts the unpadded frames of each utterance.

    Args:
        masked: False counts the padding too, as a paper does that does not mask.

    Input shape: `(batch, time, bands)`.
    Output shape: int32 `(batch,)`.
    """

    def __init__(self, masked=True, **kwargs):
        super().__init__(**kwargs)
        self.masked = masked

    def call(self, features):
        if self.masked:
            return frames(features)
        shape = ops.shape(features)
        return ops.full((shape[0],), shape[1], dtype="int32")

    def compute_output_spec(self, features):
        return keras.KerasTensor((features.shape[0],), dtype="int32")

    def get_config(self):
        return {**super().get_config(), "masked": self.masked}


@keras.saving.register_keras_serializable("keras_ser")
class PadTime(keras.layers.Layer):
    """Appends zero frames until the time axis is a multiple of `multiple`.

    Strided "same" convolutions place their frames by the padded length; with
    lengths that agree modulo the total stride, an utterance's frames are the same
    however much padding follows them.

    Input shape: `(batch, time, bands)`.
    Output shape: `(batch, ceil(time / multiple) * multiple, bands)`.
    """

    def __init__(self, multiple, **kwargs):
        super().__init__(**kwargs)
        self.multiple = multiple

    def call(self, features):
        # Not the remainder of a negative number, which ONNX converters take for C's.
        beyond = ops.shape(features)[1] % self.multiple
        missing = (self.multiple - beyond) % self.multiple
        return ops.pad(features, [[0, 0], [0, missing], [0, 0]])

    def compute_output_shape(self, shape):
        batch, time, bands = shape
        padded = None if time is None else time + -time % self.multiple
        return (batch, padded, bands)

    def get_config(self):
        return {**super().get_config(), "multiple": self.multiple}


@keras.saving.register_keras_serializable("keras_ser")
class CropLike(keras.layers.Layer):
    """Cuts a sequence to the length of another one.

    Input shape: `(batch, time, bands)` and a reference `(batch, shorter, bands)`.
    Output shape: that of the reference.
    """

    def call(self, sequence, reference):
        return sequence[:, : ops.shape(reference)[1]]

    def compute_output_spec(self, sequence, reference):
        shape = (sequence.shape[0], reference.shape[1], sequence.shape[2])
        return keras.KerasTensor(shape, dtype=sequence.dtype)
