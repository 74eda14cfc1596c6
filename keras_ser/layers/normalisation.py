"""Normalisation that takes its moments over speech, not over padding."""

import contextlib
import threading
from collections.abc import Collection, Iterator

import keras
from keras import ops

from keras_ser.layers import packing

# Groups of channels of `SpeechGroupNorm`. They divide all widths of the presets, and
# leave at least two channels per group.
GROUPS = 8
_state = threading.local()


@contextlib.contextmanager
def fixed_moments(layers: Collection[keras.layers.Layer]) -> Iterator[None]:
    """Context in which training passes leave moving moments of layers unchanged.

    The layers still normalise with the moments of the batch. A training step that
    passes the same batch several times follows its moments in one pass only.

    Args:
        layers: Layers of batch normalisation.
    """
    before = getattr(_state, "fixed", ())
    _state.fixed = tuple(map(id, layers))
    try:
        yield
    finally:
        _state.fixed = before


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

    Args:
        labelled_rows: Number of utterances at the start of a batch whose frames make
            up the moments in training. The others are normalised with them. The
            default is all. A batch of labelled and unlabelled speech can thus be
            normalised as labelled speech is in inference.
        relu: Whether a ReLU follows. Without it, Y = M · (γ (X − μ) / √(σ² + ε) + β).
        **kwargs: As for `keras.layers.BatchNormalization`.

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

    def __init__(self, labelled_rows: int | None = None, relu: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.labelled_rows = labelled_rows
        self.relu = relu

    def call(self, inputs, mask, training=None):
        inputs = ops.cast(inputs, "float32")
        mask = ops.cast(mask, "float32")
        weights = (self.gamma, self.beta, self.moving_mean, self.moving_variance)
        gamma, beta, mean, variance = (ops.cast(w, "float32") for w in weights)
        if training and self.trainable:
            counted = self._counted(mask)
            mean, variance = _moments(ops.stop_gradient(inputs), counted)
            if id(self) not in getattr(_state, "fixed", ()):
                self._update_moving_moments(mean, variance, ops.any(counted > 0))
            std = ops.sqrt(variance + self.epsilon)
            normalise = _normalised if self.relu else _normalised_linearly
            output = normalise(inputs, gamma, beta, mean, std, mask, counted)
        else:
            scale = gamma / ops.sqrt(variance + self.epsilon)
            output = _scaled(inputs, scale, beta - mean * scale, mask, self.relu)
        return ops.cast(output, self.compute_dtype)

    def get_config(self):
        config = {"labelled_rows": self.labelled_rows, "relu": self.relu}
        return {**super().get_config(), **config}

    def _counted(self, mask):
        """The mask of the frames that make up the moments."""
        if self.labelled_rows is None:
            return mask
        is_first = packing.number_utterances(mask) <= self.labelled_rows
        return mask * ops.cast(is_first, mask.dtype)

    def _update_moving_moments(self, mean, variance, has_speech):
        pairs = ((self.moving_mean, mean), (self.moving_variance, variance))
        for moving, new in pairs:
            old = ops.convert_to_tensor(moving)  # JAX needs tensors
            new = ops.where(has_speech, ops.cast(new, moving.dtype), old)
            moving.assign(old * self.momentum + new * (1.0 - self.momentum))


@keras.saving.register_keras_serializable("keras_ser")
class SpeechGroupNorm(keras.layers.Layer):
    """Group normalisation and ReLU over the unpadded frames of each utterance.

    With the mask M of unpadded frames and the N cells of utterance u in the channels
    of group g, that is, frames × frequencies × channels,

        μ_ug = 1 / N Σ M X        σ²_ug = 1 / N Σ M (X − μ_ug)²
        Y = M · ReLU(γ (X − μ_ug) / √(σ²_ug + ε) + β)

    with a scale γ and a shift β per channel. An utterance depends neither on the
    others of its batch nor on whether the model trains, and there are no moving
    moments. If a batch is packed (see `layers.packing`), the sums run over the frames
    of one utterance, so that the result is that of the padded batch.

    As in `SpeechBatchNorm`, the gradient is written by hand. In a packed sequence, one
    matrix product takes a sum over the frames of each utterance.

    Args:
        groups: Positive integer that divides the number of channels.
        epsilon: Number that is added to the variance.

    Call arguments: As for `SpeechBatchNorm`.

    Output shape:
        The shape of the inputs. The output is exactly 0 in the padding.

    Raises:
        ValueError: If the groups do not divide the channels.

    Reference:
        Wu and He, "Group normalization", ECCV 2018.
    """

    def __init__(self, groups: int = GROUPS, epsilon: float = 1e-3, **kwargs):
        super().__init__(**kwargs)
        self.groups = groups
        self.epsilon = epsilon

    def build(self, inputs_shape, mask_shape=None):
        channels = inputs_shape[-1]
        if channels % self.groups:
            raise ValueError(
                f"The channels must be a multiple of the {self.groups} groups of "
                f"group normalisation. Received: {channels} channels. Change the "
                "number of channels, or use batch normalisation."
            )
        options = {"shape": (channels,), "autocast": False}  # float32 in any policy
        self.gamma = self.add_weight(initializer="ones", name="gamma", **options)
        self.beta = self.add_weight(initializer="zeros", name="beta", **options)

    def call(self, inputs, mask, training=None):
        inputs, mask = ops.cast(inputs, "float32"), ops.cast(mask, "float32")
        gamma, beta = ops.cast(self.gamma, "float32"), ops.cast(self.beta, "float32")
        if packing.packs(training):
            shape = (1, -1, *ops.shape(inputs)[2:])
            frames, members = ops.reshape(inputs, shape), _members(mask)
        else:
            frames, members = inputs, mask[:, None]  # one utterance per row
        normalise = _normalise_groups(self.groups, self.epsilon)
        output = normalise(frames, gamma, beta, members)
        output = ops.reshape(output, ops.shape(inputs))
        return ops.cast(output, self.compute_dtype)

    def compute_output_spec(self, inputs, mask, training=None):
        return keras.KerasTensor(inputs.shape, self.compute_dtype)

    def get_config(self):
        config = {"groups": self.groups, "epsilon": self.epsilon}
        return {**super().get_config(), **config}


def _scaled(inputs, scale, shift, mask, relu=True):
    output = inputs * scale + shift
    return (ops.relu(output) if relu else output) * mask[:, :, None, None]


def _scaled_rows(inputs, scale, shift, mask, relu):
    """As `_scaled`, in training. Exporters to ONNX confuse the shapes of its rows."""
    rows = _rows(inputs)
    output = rows * _wide(scale, rows) + _wide(shift, rows)
    output = (ops.relu(output) if relu else output) * ops.reshape(mask, (-1, 1))
    return ops.reshape(output, ops.shape(inputs))


def _rows(values):
    """One row `bands * channels` per frame.

    TensorFlow repeats a vector over such rows faster on a CPU than over the few
    channels of each cell.
    """
    _, _, bands, channels = ops.shape(values)
    return ops.reshape(values, (-1, bands * channels))


def _wide(values, rows):
    """The values per channel, repeated for each band of a row."""
    return ops.tile(values, rows.shape[1] // values.shape[0])


def _active(output, upstream):
    """The upstream gradient where ReLU let its input through, and 0 elsewhere."""
    return upstream * ops.sign(output)  # `where` takes twice as long on a CPU


def _moments(inputs, mask):
    """Mean and variance per channel over the cells of unpadded frames."""
    rows, channels = _rows(inputs), inputs.shape[-1]
    cells = _cells(mask, inputs)
    mean = _total(rows, mask, channels) / cells
    # The inputs are centred first: E X² − μ² loses digits if the mean is large.
    squares = ops.square(rows - _wide(mean, rows))
    return mean, _total(squares, mask, channels) / cells


def _cells(mask, inputs):
    """Number of cells in unpadded frames, at least 1 so that 0 / 0 is never taken."""
    return ops.maximum(ops.sum(mask) * ops.shape(inputs)[2], 1.0)


def _total(rows, weights, channels):
    """Weighted sum of rows and of their bands, as one matrix product."""
    sums = ops.matmul(ops.reshape(weights, (1, -1)), rows)
    return ops.sum(ops.reshape(sums, (-1, channels)), axis=0)


def _normaliser(relu):
    """The function from the inputs to the output of `SpeechBatchNorm` in training.

    Its gradient includes the path through the moments, which are those of the frames
    in the mask `counted`.
    """

    @ops.custom_gradient
    def normalised(inputs, gamma, beta, mean, std, mask, counted):
        scale = gamma / std
        output = _scaled_rows(inputs, scale, beta - mean * scale, mask, relu)

        def gradient(*args, upstream=None):
            upstream = _rows(args[0] if upstream is None else upstream)
            rows, channels = _rows(inputs), inputs.shape[-1]
            if relu:
                active = _active(_rows(output), upstream)
            else:
                active = upstream * ops.reshape(mask, (-1, 1))
            all_frames = ops.ones_like(mask)
            cells = _cells(counted, inputs)
            to_beta = _total(active, all_frames, channels)
            to_gamma = _total(active * rows, all_frames, channels)
            to_gamma = (to_gamma - mean * to_beta) / std
            slope = scale * to_gamma / (cells * std)
            offset = scale * to_beta / cells - slope * mean
            by_moments = rows * _wide(slope, rows) + _wide(offset, rows)
            by_moments = ops.reshape(counted, (-1, 1)) * by_moments
            to_inputs = _wide(scale, rows) * active - by_moments
            to_inputs = ops.reshape(to_inputs, ops.shape(inputs))
            constants = (ops.zeros_like(x) for x in (mean, std, mask, counted))
            return (to_inputs, to_gamma, to_beta, *constants)

        return output, gradient

    return normalised


_normalised, _normalised_linearly = _normaliser(True), _normaliser(False)


# === Sums over each utterance ===
#
# `members` is `(rows, utterances, time)`, 1 in the frames of each utterance.


def _normalise_groups(groups, epsilon):
    """The function from the inputs to the output of `SpeechGroupNorm`."""

    @ops.custom_gradient
    def normalise(inputs, gamma, beta, members):
        frames = ops.maximum(ops.sum(members, axis=2), 1.0)  # never 0 / 0
        cells = (frames * ops.shape(inputs)[2])[..., None]  # of one channel

        def sum_up(values):
            return _sum_frames(values, members)

        def spread(values):
            return _spread(values, members)

        mean = _mean_of_groups(sum_up(inputs) / cells, groups)
        # The inputs are centred first, as in `_moments`.
        squares = sum_up(ops.square(inputs - spread(mean)))
        std = ops.sqrt(_mean_of_groups(squares / cells, groups) + epsilon)
        scale = gamma / std
        output = ops.relu(inputs * spread(scale) + spread(beta - mean * scale))

        def gradient(*args, upstream=None):
            active = _active(output, args[0] if upstream is None else upstream)
            to_shift = sum_up(active)
            to_scale = (sum_up(active * inputs) - mean * to_shift) / std
            slope = _mean_of_groups(gamma * to_scale / cells, groups) / std**2
            offset = _mean_of_groups(gamma * to_shift / cells, groups) / std
            by_moments = inputs * spread(slope) + spread(offset - slope * mean)
            to_inputs = active * spread(scale) - by_moments
            to_gamma, to_beta = (ops.sum(x, (0, 1)) for x in (to_scale, to_shift))
            return to_inputs, to_gamma, to_beta, ops.zeros_like(members)

        return output, gradient

    return normalise


def _mean_of_groups(values, groups):
    """Gives each channel of `(rows, utterances, channels)` the mean of its group."""
    rows, _, channels = ops.shape(values)
    width = channels // groups
    means = ops.mean(ops.reshape(values, (rows, -1, groups, width)), axis=3)
    return ops.repeat(means, width, axis=2)


def _members(mask):
    """Members `(1, utterances, rows * time)` of packed utterances."""
    numbers = ops.reshape(packing.number_utterances(mask), (1, 1, -1))
    utterance = ops.arange(1, ops.max(numbers) + 1, dtype="int32")
    is_member = ops.cast(utterance[None, :, None] == numbers, mask.dtype)
    return is_member * ops.reshape(mask, (1, 1, -1))


def _sum_frames(values, members):
    """Sums `(rows, utterances, channels)` over the frames and bands of utterances."""
    sums = ops.sum(values, axis=2)  # (rows, time, channels)
    if members.shape[1] == 1:  # not by a product, which some GPUs round to TF32
        frames = ops.transpose(members, (0, 2, 1))
        return ops.sum(sums * frames, axis=1, keepdims=True)
    return ops.matmul(members, sums)


def _spread(values, members):
    """Gives each frame the values `(rows, utterances, channels)` of its utterance.

    The result `(rows, time, 1, channels)` is 0 in the frames of no utterance.
    """
    frames = ops.transpose(members, (0, 2, 1))
    is_alone = members.shape[1] == 1  # as in `_sum_frames`
    spread = frames * values if is_alone else ops.matmul(frames, values)
    return spread[:, :, None]
