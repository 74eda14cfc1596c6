import keras
from keras import ops

from keras_ser.layers import padding


@keras.saving.register_keras_serializable("keras_ser")
class AttentionWeights(keras.layers.Layer):
    """Attention weights over time, Latif et al. 2022, Eq. 5.

        α_i = exp(Wᵀh_i) / Σ_j exp(Wᵀh_j)

    The sums run over unpadded steps; the padding's weights are exactly 0. The
    softmax is computed in float32 under any precision policy.

    Call:
        sequence: `(batch, time, features)`.
        lengths: int32 `(batch,)`, unpadded steps, at least 1.

    Output shape: `(batch, time)`, each row sums to 1.
    """

    def build(self, sequence_shape, lengths_shape=None):
        self.kernel = self.add_weight(
            shape=(sequence_shape[-1],), initializer="glorot_uniform", name="kernel"
        )

    def call(self, sequence, lengths):
        score = ops.cast(ops.matmul(sequence, self.kernel[:, None]), "float32")[..., 0]
        valid = padding.mask(lengths, ops.shape(sequence)[1], "bool")
        return ops.softmax(ops.where(valid, score, -1e9), axis=-1)

    def compute_output_spec(self, sequence, lengths):
        return keras.KerasTensor(sequence.shape[:2], dtype="float32")


@keras.saving.register_keras_serializable("keras_ser")
class WeightedSum(keras.layers.Layer):
    """Sum over time under given weights, Latif et al. 2022, Eq. 4: Σ_i α_i h_i.

    Call:
        sequence: `(batch, time, features)`.
        weights: `(batch, time)`.

    Output shape: `(batch, features)`.
    """

    def call(self, sequence, weights):
        weights = ops.cast(weights, sequence.dtype)
        return ops.einsum("bt,btf->bf", weights, sequence)

    def compute_output_spec(self, sequence, weights):
        shape = (sequence.shape[0], sequence.shape[2])
        return keras.KerasTensor(shape, dtype=sequence.dtype)


@keras.saving.register_keras_serializable("keras_ser")
class MeanWeights(keras.layers.Layer):
    """Equal weights over the unpadded steps: mean pooling as a kind of attention.

    Call and output shape: as `AttentionWeights`.
    """

    def call(self, sequence, lengths):
        mask = padding.mask(lengths, ops.shape(sequence)[1])
        return mask / ops.sum(mask, axis=-1, keepdims=True)

    def compute_output_spec(self, sequence, lengths):
        return keras.KerasTensor(sequence.shape[:2], dtype="float32")
