"""Global average pooling over the speech of each utterance."""

import keras
from keras import ops

from keras_ser.layers import packing, padding
from keras_ser.utils.choices import check_positive


@keras.saving.register_keras_serializable("keras_ser")
class StepMean(keras.layers.Layer):
    """The mean over unpadded steps, which keeps the bands apart.

    The sum is taken in float32 under any precision policy.

    Call arguments:
        image: Tensor `(batch, steps, bands, channels)`.
        mask: Tensor `(batch, steps)`, 1 in speech and 0 in the padding.

    Output shape:
        `(batch, bands · channels)`.
    """

    def call(self, image, mask):
        mask = ops.cast(mask, "float32")
        total = ops.sum(ops.cast(image, "float32") * mask[:, :, None, None], axis=1)
        mean = total / ops.maximum(ops.sum(mask, axis=1), 1.0)[:, None, None]
        size = image.shape[2] * image.shape[3]
        return ops.cast(ops.reshape(mean, (-1, size)), self.compute_dtype)

    def compute_output_spec(self, image, mask):
        shape = (image.shape[0], image.shape[2] * image.shape[3])
        return keras.KerasTensor(shape, self.compute_dtype)


@keras.saving.register_keras_serializable("keras_ser")
class GlobalPooling(keras.layers.Layer):
    """Global average pooling: the mean over bands and unpadded steps.

    With the T unpadded steps of an utterance and F bands,

        y = 1 / (T F) Σ_t Σ_f x_tf

    The sum is taken in float32 under any precision policy.

    Args:
        stride: Positive integer, frames per step of the image.
        unit: Positive integer, frames per unit of `layers.Pack`, a multiple of
            `stride`.

    Call arguments:
        image: Tensor `(batch, time / stride, bands, channels)`, or a packed sequence of
            it; see `layers.packing`.
        frames: int32 tensor `(batch,)`, the number of unpadded frames.
        places: Index tensors from `layers.Pack`.
        training: As for `layers.Pack`.

    Output shape:
        `(batch, channels)`.

    Raises:
        ValueError: If the numbers are not positive integers that fit each other.
    """

    def __init__(self, stride: int, unit: int, **kwargs):
        super().__init__(**kwargs)
        check_positive(stride=stride, unit=unit)
        if unit % stride:
            raise ValueError(
                f"`unit` must be a multiple of `stride`. Received: unit={unit}, "
                f"stride={stride}."
            )
        self.stride = stride
        self.unit = unit

    def call(self, image, frames, places, training=None):
        means = ops.mean(ops.cast(image, "float32"), axis=2)  # (rows, steps, channels)
        if packing.packs(training):
            packed, unpacked = places
            steps = self.unit // self.stride
            means = packing.move_units(means, unpacked, packed, steps)
        lengths = (frames + self.stride - 1) // self.stride
        mask = padding.make_mask(lengths, ops.shape(means)[1])
        total = ops.sum(means * mask[..., None], axis=1)
        mean = total / ops.cast(lengths, "float32")[:, None]
        return ops.cast(mean, self.compute_dtype)

    def compute_output_spec(self, image, frames, places, training=None):
        shape = (frames.shape[0], image.shape[-1])
        return keras.KerasTensor(shape, self.compute_dtype)

    def get_config(self):
        config = {"stride": self.stride, "unit": self.unit}
        return {**super().get_config(), **config}
