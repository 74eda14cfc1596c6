"""Batch normalisation that takes its moments over speech, not over padding."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_ser")
class SpeechBatchNorm(keras.layers.BatchNormalization):
    """Batch normalisation and ReLU over the unpadded frames of a batch.

    With the mask M of unpadded frames, their number N and F frequencies, each
    channel is normalised as

        μ = 1 / (N F) Σ M X        σ² = 1 / (N F) Σ M X² − μ²
        Y = M · ReLU(γ (X − μ) / √(σ² + ε) + β)

    In inference, the moving moments take the place of μ and σ². The weights are
    those of `keras.layers.BatchNormalization`. A batch of nothing but padding
    leaves them unchanged.

    The masked moments of Keras pass over the data several times, and so does their
    gradient. Here each sum is one matrix product, and the gradient is written by
    hand (`benchmarks/normalisation.py` measures both).

    Call arguments:
        inputs: Tensor `(batch, time, bands, channels)`.
        mask: Tensor `(batch, time)`, 1 in speech and 0 in the padding.
        training: Whether to use the moments of the batch and update the moving
            moments.

    Output shape:
        The shape of the inputs. The output is exactly 0 in the padding.

    Reference:
        Ioffe and Szegedy, "Batch normalization: accelerating deep network training
        by reducing internal covariate shift", ICML 2015.
    """

    def call(self, inputs, mask, training=None):
        inputs = ops.cast(inputs, "float32")
        mask = ops.cast(mask, "float32")
        weights = (self.gamma, self.beta, self.moving_mean, self.moving_variance)
        gamma, beta, mean, variance = (ops.cast(w, "float32") for w in weights)
        if training and self.trainable:
            mean, variance = _moments(ops.stop_gradient(inputs), mask)
            self._update_moving_moments(mean, variance, ops.any(mask > 0))
            std = ops.sqrt(variance + self.epsilon)
            output = _normalised(inputs, gamma, beta, mean, std, mask)
        else:
            scale = gamma / ops.sqrt(variance + self.epsilon)
            output = _scaled(inputs, scale, beta - mean * scale, mask)
        return ops.cast(output, self.compute_dtype)

    def _update_moving_moments(self, mean, variance, has_speech):
        pairs = ((self.moving_mean, mean), (self.moving_variance, variance))
        for moving, new in pairs:
            old = ops.convert_to_tensor(moving)  # JAX needs tensors
            new = ops.where(has_speech, ops.cast(new, moving.dtype), old)
            moving.assign(old * self.momentum + new * (1.0 - self.momentum))


def _scaled(inputs, scale, shift, mask):
    return ops.relu(inputs * scale + shift) * mask[:, :, None, None]


def _moments(inputs, mask):
    """Mean and variance per channel over the cells of unpadded frames."""
    cells = _cells(mask, inputs)
    mean = _total(inputs, mask) / cells
    # The inputs are centred first: E X² − μ² loses digits if the mean is large.
    return mean, _total(ops.square(inputs - mean), mask) / cells


def _cells(mask, inputs):
    """Number of cells in unpadded frames, at least 1 so that 0 / 0 is never taken."""
    return ops.maximum(ops.sum(mask) * ops.shape(inputs)[2], 1.0)


def _total(values, weights):
    """Weighted sum over all axes but the channels, as one matrix product."""
    batch, time, bands, channels = ops.shape(values)
    rows = ops.reshape(values, (batch * time, bands * channels))
    # (1, bands * channels)
    sums = ops.matmul(ops.reshape(weights, (1, batch * time)), rows)
    return ops.sum(ops.reshape(sums, (bands, channels)), axis=0)


@ops.custom_gradient
def _normalised(inputs, gamma, beta, mean, std, mask):
    """Normalised output. Its gradient includes the path through the moments."""
    scale = gamma / std
    output = _scaled(inputs, scale, beta - mean * scale, mask)

    def gradient(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        active = ops.where(output > 0, upstream, 0.0)  # 0 in the padding
        all_frames = ops.ones_like(mask)
        cells = _cells(mask, inputs)
        to_beta = _total(active, all_frames)
        to_gamma = (_total(active * inputs, all_frames) - mean * to_beta) / std
        slope = scale * to_gamma / (cells * std)
        offset = scale * to_beta / cells - slope * mean
        by_moments = mask[:, :, None, None] * (inputs * slope + offset)
        constants = (ops.zeros_like(x) for x in (mean, std, mask))
        return (scale * active - by_moments, to_gamma, to_beta, *constants)

    return output, gradient
