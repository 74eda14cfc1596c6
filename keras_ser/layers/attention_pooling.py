"""Attention over time: weights of the steps, their weighted sum, and the mean."""

import keras
from keras import ops

from keras_ser.layers import padding


@keras.saving.register_keras_serializable("keras_ser")
class AttentionWeights(keras.layers.Layer):
    """Attention weights over time, Latif et al. 2022, Eq. 5.

        α_i = exp(Wᵀh_i) / Σ_j exp(Wᵀh_j)

    The sums run over the unpadded steps only. The weights of the padding are
    exactly 0. The softmax is computed in float32 under any precision policy.

    Call arguments:
        sequence: Tensor `(batch, time, features)`, the states h.
        lengths: int32 tensor `(batch,)`, the number of unpadded steps of each
            sequence, at least 1.

    Output shape:
        float32 `(batch, time)`. Each row sums to 1.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # Keras layers draw the seed of an initializer when they are created.
        self.kernel_initializer = keras.initializers.get("glorot_uniform")

    def build(self, sequence_shape, lengths_shape=None):
        self.kernel = self.add_weight(
            shape=(sequence_shape[-1],),
            initializer=self.kernel_initializer,
            name="kernel",
        )

    def call(self, sequence, lengths):
        score = ops.matmul(sequence, self.kernel[:, None])  # (batch, time, 1)
        score = ops.cast(score, "float32")[..., 0]
        valid = padding.make_mask(lengths, ops.shape(sequence)[1], "bool")
        return ops.softmax(ops.where(valid, score, -1e9), axis=-1)

    def compute_output_spec(self, sequence, lengths):
        return keras.KerasTensor(sequence.shape[:2], dtype="float32")


@keras.saving.register_keras_serializable("keras_ser")
class WeightedSum(keras.layers.Layer):
    """Weighted sum over time, Latif et al. 2022, Eq. 4: Σ_i α_i h_i.

    Call arguments:
        sequence: Tensor `(batch, time, features)`, the states h.
        weights: Tensor `(batch, time)`, the weights α.

    Output shape:
        `(batch, features)`.
    """

    def call(self, sequence, weights):
        weights = ops.cast(weights, sequence.dtype)
        return ops.einsum("bt,btf->bf", weights, sequence)

    def compute_output_spec(self, sequence, weights):
        shape = (sequence.shape[0], sequence.shape[2])
        return keras.KerasTensor(shape, dtype=sequence.dtype)


@keras.saving.register_keras_serializable("keras_ser")
class MeanWeights(keras.layers.Layer):
    """Equal weights for all unpadded steps, so that `WeightedSum` is the mean.

    Call arguments:
        sequence: Tensor `(batch, time, features)`.
        lengths: int32 tensor `(batch,)`, the number of unpadded steps of each
            sequence, at least 1.

    Output shape:
        float32 `(batch, time)`. Each row sums to 1.
    """

    def call(self, sequence, lengths):
        mask = padding.make_mask(lengths, ops.shape(sequence)[1])
        return mask / ops.sum(mask, axis=-1, keepdims=True)

    def compute_output_spec(self, sequence, lengths):
        return keras.KerasTensor(sequence.shape[:2], dtype="float32")


@keras.saving.register_keras_serializable("keras_ser")
class MaskedMean(keras.layers.Layer):
    """The mean over the unpadded frames, (1 / T) Σ_t x_t.

    The sum is taken in float32 under any precision policy. `MeanWeights` and
    `WeightedSum` do the same after an encoder, whose padding need not be 0.

    Input shape:
        `(batch, time, dimensions)`: features, 0 in the padding.

    Output shape:
        `(batch, dimensions)`.
    """

    def call(self, features):
        frames = ops.cast(padding.count_frames(features), "float32")
        total = ops.sum(ops.cast(features, "float32"), axis=1)
        return ops.cast(total / frames[:, None], features.dtype)

    def compute_output_spec(self, features):
        shape = (features.shape[0], features.shape[2])
        return keras.KerasTensor(shape, dtype=features.dtype)
