import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_ser")
class SpeechBatchNorm(keras.layers.BatchNormalization):
    """Batch normalisation and ReLU over the unpadded frames of a batch.

    With the mask M of unpadded frames, of which there are N, and F frequencies,

        μ = 1 / (N F) Σ M X        σ² = 1 / (N F) Σ M X² − μ²
        Y = M · ReLU(γ (X − μ) / √(σ² + ε) + β)

    a channel in training; in inference with the moving moments. Weights are those
    of `keras.layers.BatchNormalization`, and a batch of padding alone leaves them as
    they are. Keras's masked moments pass over the data several times, and their
    gradient again; here each sum is one matrix product and the gradient is written
    by hand (`benchmarks/normalisation.py` measures both).

    Call:
        inputs: `(batch, time, bands, channels)`.
        mask: `(batch, time)`, 1 in speech and 0 in the padding.

    Output shape: the inputs'; exactly 0 in the padding.

    Reference: Ioffe and Szegedy, "Batch normalization: accelerating deep network
    training by reducing internal covariate shift", ICML 2015.
    """

    def call(self, inputs, mask, training=None):
        wide = ops.cast(inputs, "float32")
        mask = ops.cast(mask, "float32")
        weights = (self.gamma, self.beta, self.moving_mean, self.moving_variance)
        gamma, beta, mean, variance = (ops.cast(w, "float32") for w in weights)
        if training and self.trainable:
            mean, variance = _moments(ops.stop_gradient(wide), mask)
            self._follow(mean, variance, ops.any(mask > 0))
            deviation = ops.sqrt(variance + self.epsilon)
            output = _normalised(wide, gamma, beta, mean, deviation, mask)
        else:
            scale = gamma / ops.sqrt(variance + self.epsilon)
            output = _scaled(wide, scale, beta - mean * scale, mask)
        return ops.cast(output, self.compute_dtype)

    def _follow(self, mean, variance, any_speech):
        pairs = ((self.moving_mean, mean), (self.moving_variance, variance))
        for moving, new in pairs:
            old = ops.convert_to_tensor(moving)  # JAX selects between tensors alone
            new = ops.where(any_speech, ops.cast(new, moving.dtype), old)
            moving.assign(old * self.momentum + new * (1.0 - self.momentum))


def _scaled(inputs, scale, shift, mask):
    return ops.relu(inputs * scale + shift) * mask[:, :, None, None]


def _moments(inputs, mask):
    """Mean and variance a channel over the cells of unpadded frames."""
    cells = _cells(mask, inputs)
    mean = _total(inputs, mask) / cells
    # Of what is centred: E X² − μ² cancels where the mean is large.
    return mean, _total(ops.square(inputs - mean), mask) / cells


def _cells(mask, inputs):
    """Cells of unpadded frames, at least 1: sums over none are 0, not NaN."""
    return ops.maximum(ops.sum(mask) * ops.shape(inputs)[2], 1.0)


def _total(values, weights):
    """Weighted sum over all but channels, as one matrix product."""
    batch, time, bands, channels = ops.shape(values)
    rows = ops.reshape(values, (batch * time, bands * channels))
    sums = ops.matmul(ops.reshape(weights, (1, batch * time)), rows)
    return ops.sum(ops.reshape(sums, (bands, channels)), axis=0)


@ops.custom_gradient
def _normalised(inputs, gamma, beta, mean, deviation, mask):
    """The output; its gradient to the inputs includes the way through the moments."""
    scale = gamma / deviation
    output = _scaled(inputs, scale, beta - mean * scale, mask)

    def gradient(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        through = ops.where(output > 0, upstream, 0.0)  # 0 in the padding
        everywhere = ops.ones_like(mask)
        cells = _cells(mask, inputs)
        to_beta = _total(through, everywhere)
        to_gamma = (_total(through * inputs, everywhere) - mean * to_beta) / deviation
        slope = scale * to_gamma / (cells * deviation)
        offset = scale * to_beta / cells - slope * mean
        past = mask[:, :, None, None] * (inputs * slope + offset)
        constants = (ops.zeros_like(x) for x in (mean, deviation, mask))
        return (scale * through - past, to_gamma, to_beta, *constants)

    return output, gradient
