"""Bidirectional LSTM for right-padded batches, fast on a CPU."""

import keras
from keras import ops

from keras_ser.layers import packing, recurrence


@keras.saving.register_keras_serializable("keras_ser")
class BLSTM(keras.layers.Layer):
    """Bidirectional LSTM that ignores the padding at the end of a sequence.

    Each direction `d` starts with `h` and `c` at zero and computes

    ```
    i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of (x_t W_d + h_{t-1} U_d + b_d)
    c_t = f * c_{t-1} + i * g        h_t = o * tanh(c_t)
    ```

    The backward direction reads each sequence from its own last valid step to
    its first. The padding is on the right. Even in the reversed sequence, no valid
    step follows a padded one. Both directions therefore run without a mask per
    step, and the result does not depend on the amount of padding. The values in
    the padding must be finite.

    The weights are those of `keras.layers.Bidirectional(keras.layers.LSTM)`, in
    the same order. Each of the two layers accepts the weights of the other:
    `blstm.set_weights(bidirectional.get_weights())`.

    Args:
        units: Positive integer, number of units of each direction.
        return_sequences: Whether to return the states at all steps. Otherwise the
            layer returns the last state that each direction computes.
        implementation: `"fused"`, `"standard"` or `"auto"`. `"fused"` projects the
            input in one product outside the loop, advances both directions in one
            loop and has a hand-written backward pass. `"standard"` runs two
            `keras.layers.LSTM`, which use cuDNN on a GPU. `"auto"` is `"fused"` on
            TensorFlow without a GPU and for stacked models (`backend.stacking`), and
            `"standard"` otherwise (`benchmarks/blstm.py` measures both).
        pack: Whether the fused implementation projects only the valid steps when
            batches are packed (see `layers.packing`). XLA cannot compile this.

    Call arguments:
        sequence: Tensor `(batch, time, features)`.
        lengths: Integer tensor `(batch,)`, the number of valid steps of each
            sequence, at least 1. A length above `time` counts as `time`. Without
            `lengths`, all steps are valid.
        training: Whether the layer runs in training mode. Only then does it pack.

    Output shape:
        `(batch, time, 2 * units)`, forward states first, exactly 0 at padded
        steps. With `return_sequences=False`: `(batch, 2 * units)`, the forward
        state at step `length - 1` followed by the backward state at step 0.

    Raises:
        ValueError: If `units` is not positive, `implementation` is unknown or
            the rank of `sequence` is not 3.

    Example:

    >>> layer = BLSTM(4)
    >>> layer(keras.random.normal((2, 7, 3)), lengths=np.array([7, 5])).shape
    (2, 7, 8)

    Reference:
        Hochreiter and Schmidhuber, "Long short-term memory", 1997; Graves and
        Schmidhuber, "Framewise phoneme classification with bidirectional LSTM
        and other neural network architectures", 2005.
    """

    def __init__(
        self,
        units: int,
        return_sequences: bool = True,
        implementation: str = "auto",
        pack: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        recurrence.check_arguments(units, implementation)
        self.units = units
        self.return_sequences = return_sequences
        self.implementation = implementation
        self.pack = pack
        if pack and recurrence.is_fused(implementation):
            self.supports_jit = not packing.packs(True)
        self.forward_layer = self._direction("forward_lstm")
        self.backward_layer = self._direction("backward_lstm")
        self.input_spec = keras.layers.InputSpec(ndim=3)

    def _direction(self, name):
        return keras.layers.LSTM(
            self.units, return_sequences=True, dtype=self.dtype_policy, name=name
        )

    @property
    def directions(self) -> tuple[keras.layers.LSTM, ...]:
        """The layers that hold the weights, forward first."""
        return self.forward_layer, self.backward_layer

    def build(self, sequence_shape, lengths_shape=None):
        self.forward_layer.build(sequence_shape)
        self.backward_layer.build(sequence_shape)
        self.input_spec = keras.layers.InputSpec(ndim=3, axes={-1: sequence_shape[-1]})

    def call(self, sequence, lengths=None, training=None):
        batch, time = ops.shape(sequence)[:2]
        lengths = recurrence.valid_lengths(sequence, lengths)
        if recurrence.is_fused(self.implementation):
            packs = self.pack and packing.packs(training)
            cells = [each.cell for each in self.directions]
            states = recurrence.run(cells, sequence, lengths, packs)
        else:
            states = self._standard(sequence, lengths)
        # (batch, time, 2, units)
        if not self.return_sequences:
            last = recurrence.take_last(states[:, :, 0], lengths)
            return ops.concatenate([last, states[:, 0, 1]], axis=-1)
        valid = ops.arange(time, dtype="int32")[None, :] < lengths[:, None]
        states = ops.where(valid[:, :, None, None], states, 0.0)
        return ops.reshape(states, (batch, time, 2 * self.units))

    def _standard(self, sequence, lengths):
        batch, time = ops.shape(sequence)[:2]
        first_row = ops.arange(batch, dtype="int32")[:, None] * time
        order = first_row + recurrence.reversed_steps(lengths, time)
        forward = self.forward_layer(sequence)
        backward = self.backward_layer(recurrence.permute(sequence, order, order))
        # (batch, time, 2, units)
        backward = recurrence.permute(backward, order, order)
        return ops.stack([forward, backward], axis=2)

    def compute_output_shape(self, sequence_shape, lengths_shape=None):
        if self.return_sequences:
            return (*sequence_shape[:2], 2 * self.units)
        return (sequence_shape[0], 2 * self.units)

    def get_config(self):
        config = {
            "units": self.units,
            "return_sequences": self.return_sequences,
            "implementation": self.implementation,
            "pack": self.pack,
        }
        return {**super().get_config(), **config}
