"""Bidirectional LSTM for right-padded batches, fast on a CPU."""

import keras
from keras import ops

from keras_ser.backend import stacking
from keras_ser.layers import packing


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
        if not isinstance(units, int) or units < 1:
            raise ValueError(
                f"`units` must be a positive integer. Received: units={units!r}."
            )
        if implementation not in ("auto", "fused", "standard"):
            raise ValueError(
                "`implementation` must be 'auto', 'fused' or 'standard'. "
                f"Received: implementation={implementation!r}."
            )
        self.units = units
        self.return_sequences = return_sequences
        self.implementation = implementation
        self.pack = pack
        if pack and _is_fused(implementation):
            self.supports_jit = not packing.packs(True)
        self.forward_layer = self._direction("forward_lstm")
        self.backward_layer = self._direction("backward_lstm")
        self.input_spec = keras.layers.InputSpec(ndim=3)

    def _direction(self, name):
        return keras.layers.LSTM(
            self.units, return_sequences=True, dtype=self.dtype_policy, name=name
        )

    def build(self, sequence_shape, lengths_shape=None):
        self.forward_layer.build(sequence_shape)
        self.backward_layer.build(sequence_shape)
        self.input_spec = keras.layers.InputSpec(ndim=3, axes={-1: sequence_shape[-1]})

    def call(self, sequence, lengths=None, training=None):
        batch, time = ops.shape(sequence)[:2]
        if lengths is None:
            lengths = ops.full((batch,), time, dtype="int32")
        # A length beyond the end would gather steps of the next sequence.
        lengths = ops.minimum(ops.convert_to_tensor(lengths, "int32"), time)
        if _is_fused(self.implementation):
            packs = self.pack and packing.packs(training)
            states = self._fused(sequence, lengths, packs)
        else:
            states = self._standard(sequence, lengths)
        # (batch, time, 2, units)
        if not self.return_sequences:
            return self._last(states, lengths)
        valid = ops.arange(time, dtype="int32")[None, :] < lengths[:, None]
        states = ops.where(valid[:, :, None, None], states, 0.0)
        return ops.reshape(states, (batch, time, 2 * self.units))

    def _last(self, states, lengths):
        last = ops.take_along_axis(states[:, :, 0], lengths[:, None, None] - 1, axis=1)
        return ops.concatenate([last[:, 0], states[:, 0, 1]], axis=-1)

    def _standard(self, sequence, lengths):
        batch, time = ops.shape(sequence)[:2]
        first_row = ops.arange(batch, dtype="int32")[:, None] * time
        order = first_row + _reversed_steps(lengths, time)
        forward = self.forward_layer(sequence)
        backward = self.backward_layer(_permute(sequence, order, order))
        # (batch, time, 2, units)
        return ops.stack([forward, _permute(backward, order, order)], axis=2)

    def _fused(self, sequence, lengths, packs):
        batch, time = ops.shape(sequence)[:2]
        cells = self.forward_layer.cell, self.backward_layer.cell
        kernel = ops.concatenate([cell.kernel for cell in cells], axis=-1)
        bias = ops.concatenate([cell.bias for cell in cells], axis=-1)
        if packs:  # the padding needs no projection
            packed, unpacked = packing.find_places(lengths, time)
            sequence = packing.move_units(sequence, packed, unpacked)
        gates = ops.matmul(sequence, kernel) + bias
        if packs:
            gates = packing.move_units(gates, unpacked, packed)
        gates = ops.reshape(gates, (batch, time, 2, 4 * self.units))
        recurrent = ops.concatenate([cell.recurrent_kernel for cell in cells], axis=0)
        recurrent = ops.reshape(recurrent, (2, self.units, 4 * self.units))
        to_loop, to_batch = _orders(lengths, time)
        hidden = _recurrence(_permute(gates, to_loop, to_batch), recurrent)
        return _permute(hidden, to_batch, to_loop)

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


def _is_fused(implementation):
    if implementation != "auto":
        return implementation == "fused"
    return packing.is_tensorflow_on_cpu() or stacking.is_stacking()


def _reversed_steps(lengths, time):
    """Indices `(batch, time)` that reverse each sequence within its length."""
    step = ops.arange(time, dtype="int32")[None, :]
    lengths = lengths[:, None]
    return ops.where(step < lengths, lengths - 1 - step, step)


def _orders(lengths, time):
    """Row numbers that translate between the layouts of the batch and the loop.

    Rows of `(batch, time, direction)` become rows of `(time, direction, batch)`
    with the backward direction reversed. One gather replaces two transpositions
    and a reversal. The reversal is its own inverse, so it gives both indices.
    """
    batch = ops.shape(lengths)[0]
    forward = ops.broadcast_to(ops.arange(time, dtype="int32"), (batch, time))
    step = ops.stack([forward, _reversed_steps(lengths, time)], axis=-1)
    row = ops.arange(batch, dtype="int32")[:, None, None]
    direction = ops.arange(2, dtype="int32")
    to_batch = (step * 2 + direction) * batch + row  # (batch, time, 2)
    to_loop = (row * time + step) * 2 + direction
    return ops.transpose(to_loop, (1, 2, 0)), to_batch


def _permute(x, order, inverse):
    """Gather the rows (all axes but the last) of `x` in a different order.

    The gradient is the gather by `inverse`. The general gradient of a gather is a
    scatter-add, which is slow on a CPU.
    """

    def gather(x, order):
        return ops.take(ops.reshape(x, (-1, ops.shape(x)[-1])), order, axis=0)

    @ops.custom_gradient
    def permute(x):
        def gradient(*args, upstream=None):
            return gather(args[0] if upstream is None else upstream, inverse)

        return gather(x, order), gradient

    return permute(x)


@ops.custom_gradient
def _recurrence(gates, recurrent):
    """Hidden states `(time, 2, batch, units)` of both directions.

    Args:
        gates: Projected inputs `(time, 2, batch, 4 * units)`.
        recurrent: Recurrent kernels `(2, units, 4 * units)`.
    """
    hidden, cell, gates = _forward(gates, recurrent)

    def gradient(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        delta = _backward(upstream, cell, gates, recurrent)
        return delta, _recurrent_gradient(hidden, delta)

    return hidden, gradient


def _forward(gates, recurrent):
    """States `h` and `c` and the activated gates `i, f, g, o` at all steps."""
    units = ops.shape(recurrent)[1]

    def step(state, projected):
        hidden, cell, _ = state
        i, f, g, o = ops.split(projected + ops.matmul(hidden, recurrent), 4, axis=-1)
        i, f, g, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)
        cell = f * cell + i * g
        state = o * ops.tanh(cell), cell, ops.concatenate([i, f, g, o], axis=-1)
        return state, state

    # The gates are part of the state because `scan` needs outputs like its state.
    first = ops.zeros_like(gates[0])
    start = first[..., :units], first[..., :units], first
    return ops.scan(step, start, gates)[1]


def _backward(upstream, cell, gates, recurrent):
    """Gradient of the gates before their activations, `(time, 2, batch, 4 * units)`.

    With the gradients `dh` and `dc` of the states at a step,

    ```
    dh = upstream + delta_{t+1} U^T        dc = dh o (1 - tanh²c) + dc_{t+1} f_{t+1}
    delta = [dc g i(1-i), dc c_{t-1} f(1-f), dc i (1-g²), dh tanh(c) o(1-o)]
    ```

    All factors that do not depend on the loop are computed for all steps at once.
    """
    i, f, g, o = ops.split(gates, 4, axis=-1)
    tanh_cell = ops.tanh(cell)
    previous = ops.concatenate([ops.zeros_like(cell[:1]), cell[:-1]], axis=0)
    inputs = [
        upstream,
        g * i * (1 - i),
        previous * f * (1 - f),
        i * (1 - g * g),
        tanh_cell * o * (1 - o),
        o * (1 - tanh_cell * tanh_cell),
        f,
    ]
    transposed = ops.transpose(recurrent, (0, 2, 1))
    units = ops.shape(recurrent)[1]

    def step(state, inputs):
        delta, carried = state
        upstream, slopes, cell_slope, forget = ops.split(
            inputs, [units, 5 * units, 6 * units], axis=-1
        )
        dh = upstream + ops.matmul(delta, transposed)
        dc = dh * cell_slope + carried
        delta = slopes * ops.concatenate([dc, dc, dc, dh], axis=-1)
        state = delta, dc * forget
        return state, state

    start = ops.zeros_like(gates[0]), ops.zeros_like(cell[0])
    # One tensor: on TensorFlow, `scan` accepts only one if `time` is unknown.
    inputs = ops.concatenate(inputs, axis=-1)
    return ops.scan(step, start, inputs, reverse=True)[1][0]


def _recurrent_gradient(hidden, delta):
    """`sum_t h_{t-1}^T delta_t` per direction, in one product."""

    def by_direction(x):  # (time, 2, batch, n) -> (2, time * batch, n)
        x = ops.transpose(x, (1, 0, 2, 3))
        return ops.reshape(x, (2, -1, ops.shape(x)[-1]))

    hidden = ops.transpose(by_direction(hidden[:-1]), (0, 2, 1))
    return ops.matmul(hidden, by_direction(delta[1:]))
