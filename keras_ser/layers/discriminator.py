"""The discriminator of an adversarial autoencoder."""

import random

import keras
from keras import ops

from keras_ser.layers.convolution import apply_convolution
from keras_ser.layers.global_pooling import StepMean


@keras.saving.register_keras_serializable("keras_ser")
class CodeDiscriminator(keras.layers.Layer):
    """Tells codes that were drawn from the prior from those of the encoder.

        h = max_pool(M · ReLU(conv(Z)))                 2 × 2 cells
        y = mean of h over the unpadded steps
        D(Z) = σ(w · dense(dropout(dense(y))) + b)

    The layer returns the logit, so that losses can take the logarithm of D and 1 − D
    without losing digits. It has the parts of a classifier of `models.SSAAE`, without
    batch normalisation: it sees drawn and encoded codes in separate batches, whose
    different moments would be removed before they could be compared.

    Args:
        filters: Positive integer, output channels of the convolution.
        kernel: Positive integer, width of the kernel in time and frequency.
        units: Positive integer, units of both dense layers.
        dropout: Dropout rate between the dense layers.
        seed: Seed of the dropout. By default, it is drawn.

    Call arguments:
        code: Tensor `(batch, time, bands, channels)`. `time` and `bands` are even.
        masks: A pair of tensors, `(batch, time)` and `(batch, time / 2)`, 1 in speech
            and 0 in the padding.
        training: Whether the dropout is active.

    Output shape:
        float32 `(batch,)`, logits.
    """

    def __init__(
        self,
        filters: int,
        kernel: int = 3,
        units: int = 128,
        dropout: float = 0.3,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel = kernel
        self.units = units
        self.rate = dropout
        self.seed = random.randint(1, 10**9) if seed is None else seed
        policy = self.dtype_policy
        self.convolution = keras.layers.Conv2D(
            filters,
            kernel,
            padding="same",
            data_format="channels_last",  # whatever Keras is set to
            dtype=policy,
            name="convolution",
        )
        self.average = StepMean(dtype=policy, name="average")
        self.dense_1 = keras.layers.Dense(
            units, activation="relu", dtype=policy, name="dense_1"
        )
        self.dropout = keras.layers.Dropout(dropout, seed=self.seed, name="dropout")
        self.dense_2 = keras.layers.Dense(
            units, activation="relu", dtype=policy, name="dense_2"
        )
        self.logit = keras.layers.Dense(1, dtype="float32", name="logit")

    def build(self, code_shape, masks_shape=None):
        self.convolution.build(code_shape)
        self.dense_1.build((None, code_shape[2] // 2 * self.filters))
        self.dropout.build((None, self.units))
        self.dense_2.build((None, self.units))
        self.logit.build((None, self.units))
        self.built = True

    def call(self, code, masks, training=None):
        mean = self._summarise(ops.cast(code, self.compute_dtype), *masks)
        hidden = self.dropout(self.dense_1(mean), training=training)
        return self.logit(self.dense_2(hidden))[:, 0]

    def _summarise(self, code, before, after):
        """The pooled image as one vector per utterance, `(batch, bands · filters)`."""
        image = ops.relu(apply_convolution(self.convolution, code))
        image = image * ops.cast(before, image.dtype)[:, :, None, None]
        pooled = ops.max_pool(image, 2, 2, "valid", data_format="channels_last")
        return self.average(pooled, after)

    def compute_output_spec(self, code, masks, training=None):
        return keras.KerasTensor((code.shape[0],), "float32")

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel": self.kernel,
            "units": self.units,
            "dropout": self.rate,
            "seed": self.seed,
        }
