"""LSTMs for right-padded batches: the loop over time, with a hand-written gradient.

The loop advances one or several independent directions at once. Its arrays are
`(time, directions, batch, values)`.
"""

from collections.abc import Sequence

from keras import ops

from keras_ser.backend import stacking
from keras_ser.layers import packing

IMPLEMENTATIONS = ("auto", "fused", "standard")


def check_arguments(units: int, implementation: str) -> None:
    """Raises ValueError unless an LSTM can have these arguments."""
    if type(units) is not int or units < 1:
        raise ValueError(
            f"`units` must be a positive integer. Received: units={units!r}."
        )
    if implementation not in IMPLEMENTATIONS:
        raise ValueError(
            "`implementation` must be 'auto', 'fused' or 'standard'. "
            f"Received: implementation={implementation!r}."
        )


def is_fused(implementation: str) -> bool:
    """Whether an LSTM runs in the loop of this module instead of in that of Keras."""
    if implementation != "auto":
        return implementation == "fused"
    return packing.is_tensorflow_on_cpu() or stacking.is_stacking()


def valid_lengths(sequence, lengths):
    """The lengths as int32, at most the length of the time axis.

    Args:
        sequence: Tensor `(batch, time, features)`.
        lengths: Integer tensor `(batch,)`, or None for sequences without padding.
    """
    batch, time = ops.shape(sequence)[:2]
    if lengths is None:
        return ops.full((batch,), time, dtype="int32")
    # A length beyond the end would gather steps of the next sequence.
    return ops.minimum(ops.convert_to_tensor(lengths, "int32"), time)


def take_last(states, lengths):
    """The state at the last valid step of each sequence.

    Args:
        states: Tensor `(batch, time, units)`.
        lengths: int32 tensor `(batch,)`.
    """
    return ops.take_along_axis(states, lengths[:, None, None] - 1, axis=1)[:, 0]


def run(cells: Sequence, sequence, lengths, packs: bool):
    """The states of LSTMs that read the same sequence.

    Args:
        cells: One LSTM cell of Keras, which reads the sequence forwards, or two, of
            which the second one reads it backwards from its last valid step.
        sequence: Tensor `(batch, time, features)`.
        lengths: int32 tensor `(batch,)`, the number of valid steps.
        packs: Whether only the valid steps are projected; see `layers.packing`.

    Returns:
        Tensor `(batch, time, directions, units)`.
    """
    batch, time = ops.shape(sequence)[:2]
    directions, units = len(cells), cells[0].units
    kernel = ops.concatenate([cell.kernel for cell in cells], axis=-1)
    bias = ops.concatenate([cell.bias for cell in cells], axis=-1)
    if packs:  # the padding needs no projection
        packed, unpacked = packing.find_places(lengths, time)
        sequence = packing.move_units(sequence, packed, unpacked)
    gates = ops.matmul(sequence, kernel) + bias
    if packs:
        gates = packing.move_units(gates, unpacked, packed)
    gates = ops.reshape(gates, (batch, time, directions, 4 * units))
    recurrent = ops.concatenate([cell.recurrent_kernel for cell in cells], axis=0)
    recurrent = ops.reshape(recurrent, (directions, units, 4 * units))
    if not packs:
        to_loop, to_batch = _orders(lengths, time, directions)
        hidden = _recurrence(permute(gates, to_loop, to_batch), recurrent)
        return permute(hidden, to_batch, to_loop)
    rows = ops.argsort(-lengths)  # the longest first
    to_loop, to_batch = _orders(lengths, time, directions, rows)
    gates = permute(gates, to_loop, to_batch)
    hidden = _sorted_recurrence(gates, recurrent, *_halves(ops.take(lengths, rows)))
    return permute(hidden, to_batch, to_loop)


def reversed_steps(lengths, time):
    """Indices `(batch, time)` that reverse each sequence within its length."""
    step = ops.arange(time, dtype="int32")[None, :]
    lengths = lengths[:, None]
    return ops.where(step < lengths, lengths - 1 - step, step)


def _orders(lengths, time, directions, rows=None):
    """Row numbers that translate between the layouts of the batch and the loop.

    Rows of `(batch, time, direction)` become rows of `(time, direction, batch)`
    with the backward direction reversed. One gather replaces two transpositions
    and a reversal. The reversal is its own inverse, so it gives both indices.

    Args:
        lengths: int32 tensor `(batch,)`.
        time: The length of the time axis.
        directions: The number of directions.
        rows: The order of the batch in the loop, a permutation `(batch,)`. By default
            it is kept.
    """
    batch = ops.shape(lengths)[0]
    forward = ops.broadcast_to(ops.arange(time, dtype="int32"), (batch, time))
    steps = [forward, reversed_steps(lengths, time)][:directions]
    step = ops.stack(steps, axis=-1)
    row = ops.arange(batch, dtype="int32")[:, None, None]
    direction = ops.arange(directions, dtype="int32")
    to_loop = (row * time + step) * directions + direction  # (batch, time, 2)
    if rows is not None:
        to_loop = ops.take(to_loop, rows, axis=0)
        row = ops.cast(ops.argsort(rows), "int32")[:, None, None]
    to_batch = (step * directions + direction) * batch + row
    return ops.transpose(to_loop, (1, 2, 0)), to_batch


def _halves(lengths):
    """How many rows are in the longer half of a batch, and the longest of the others.

    Args:
        lengths: int32 tensor `(batch,)`, descending.
    """
    batch = ops.shape(lengths)[0]
    half = (batch + 1) // 2
    return half, ops.maximum(ops.max(lengths[batch // 2 :]), 1)


def permute(x, order, inverse):
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
    """Hidden states `(time, directions, batch, units)`.

    Args:
        gates: Projected inputs `(time, directions, batch, 4 * units)`.
        recurrent: Recurrent kernels `(directions, units, 4 * units)`.
    """
    zeros = _zero_states(gates, recurrent)
    hidden, cell, active = _forward(gates, recurrent, zeros, zeros)

    def gradient(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        ends = ops.zeros_like(active[0]), zeros
        delta, _ = _backward(upstream, cell, zeros, active, recurrent, *ends)
        return delta, _recurrent_gradient(hidden[:-1], delta[1:])

    return hidden, gradient


def _sorted_recurrence(gates, recurrent, half, turn):
    """As `_recurrence`, for rows whose lengths descend, in two loops.

    When the shorter half of the rows has ended, the second loop continues with the
    others. The hidden states of the shorter half are 0 from there on.

    Args:
        gates, recurrent: As for `_recurrence`.
        half: The number of rows in the second loop, at least 1.
        turn: The number of steps of the first loop, at least 1.
    """

    def split(x):
        """The steps of both loops. The second has a step of zeros at its end, because
        it may have none."""
        later = x[turn:, :, :half], ops.zeros_like(x[:1, :, :half])
        return x[:turn], ops.concatenate(later, axis=0)

    def widen(x, rows):
        """All rows, those of the second loop first, along the axis before the last."""
        shape = (*ops.shape(x)[:-2], rows - half, ops.shape(x)[-1])
        return ops.concatenate([x, ops.zeros(shape, x.dtype)], axis=-2)

    def join(first, second):
        second = widen(second[:-1], ops.shape(first)[2])
        return ops.concatenate([first, second], axis=0)

    @ops.custom_gradient
    def recur(gates, recurrent):
        rows, zeros = ops.shape(gates)[2], _zero_states(gates, recurrent)
        first, second = split(gates)
        hidden_1, cell_1, active_1 = _forward(first, recurrent, zeros, zeros)
        hidden, cell = hidden_1[-1][:, :half], cell_1[-1][:, :half]
        hidden_2, cell_2, active_2 = _forward(second, recurrent, hidden, cell)

        def gradient(*args, upstream=None):
            first, second = split(args[0] if upstream is None else upstream)
            ends = ops.zeros_like(active_2[0]), ops.zeros_like(cell)
            delta_2, carried = _backward(
                second, cell_2, cell, active_2, recurrent, *ends
            )
            ends = widen(delta_2[0], rows), widen(carried, rows)
            delta_1, _ = _backward(first, cell_1, zeros, active_1, recurrent, *ends)
            to_recurrent = _recurrent_gradient(hidden_1[:-1], delta_1[1:])
            to_recurrent += _recurrent_gradient(_shifted(hidden, hidden_2), delta_2)
            return join(delta_1, delta_2), to_recurrent

        return join(hidden_1, hidden_2), gradient

    return recur(gates, recurrent)


def _zero_states(gates, recurrent):
    """`(directions, batch, units)`."""
    return ops.zeros_like(gates[0, ..., : ops.shape(recurrent)[1]])


def _shifted(first, states):
    """The states before each step, from the one before the first step."""
    return ops.concatenate([first[None], states[:-1]], axis=0)


def _forward(gates, recurrent, hidden, cell):
    """States `h` and `c` and the activated gates `i, f, g, o` at all steps.

    Args:
        gates, recurrent: As for `_recurrence`.
        hidden, cell: The states before the first step, `(directions, batch, units)`.
    """

    def step(state, projected):
        hidden, cell, _ = state
        i, f, g, o = ops.split(projected + ops.matmul(hidden, recurrent), 4, axis=-1)
        i, f, g, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)
        cell = f * cell + i * g
        state = o * ops.tanh(cell), cell, ops.concatenate([i, f, g, o], axis=-1)
        return state, state

    # The gates are part of the state because `scan` needs outputs like its state.
    start = hidden, cell, ops.zeros_like(gates[0])
    return ops.scan(step, start, gates)[1]


def _backward(upstream, cell, previous, gates, recurrent, delta, carried):
    """Gradient of the gates before their activations.

    With the gradients `dh` and `dc` of the states at a step,

    ```
    dh = upstream + delta_{t+1} U^T        dc = dh o (1 - tanh²c) + dc_{t+1} f_{t+1}
    delta = [dc g i(1-i), dc c_{t-1} f(1-f), dc i (1-g²), dh tanh(c) o(1-o)]
    ```

    All factors that do not depend on the loop are computed for all steps at once.

    Args:
        upstream: The gradient of the hidden states.
        cell: The cell states.
        previous: The cell state before the first step.
        gates: The activated gates.
        recurrent: The recurrent kernels.
        delta: That of the step after the last, `(directions, batch, 4 * units)`.
        carried: `dc f` of the step after the last, `(directions, batch, units)`.

    Returns:
        The deltas of all steps, and `dc f` of the first step.
    """
    i, f, g, o = ops.split(gates, 4, axis=-1)
    tanh_cell = ops.tanh(cell)
    inputs = [
        upstream,
        g * i * (1 - i),
        _shifted(previous, cell) * f * (1 - f),
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

    # One tensor: on TensorFlow, `scan` accepts only one if `time` is unknown.
    inputs = ops.concatenate(inputs, axis=-1)
    (_, carried), (deltas, _) = ops.scan(step, (delta, carried), inputs, reverse=True)
    return deltas, carried


def _recurrent_gradient(before, delta):
    """`sum_t h_{t-1}^T delta_t` per direction, in one product.

    Args:
        before: The hidden states before the steps, `(time, directions, batch, units)`.
        delta: The gradient of the gates, `(time, directions, batch, 4 * units)`.
    """

    def by_direction(x):  # to (directions, time * batch, values)
        x = ops.transpose(x, (1, 0, 2, 3))
        return ops.reshape(x, (ops.shape(x)[0], -1, ops.shape(x)[-1]))

    before = ops.transpose(by_direction(before), (0, 2, 1))
    return ops.matmul(before, by_direction(delta))
