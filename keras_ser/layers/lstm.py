"""LSTM for right-padded batches, fast on a CPU."""

import keras
from keras import ops

from keras_ser.layers import packing, recurrence


@keras.saving.register_keras_serializable("keras_ser")
class LSTM(keras.layers.Layer):
    """LSTM that ignores the padding at the end of a sequence.

    With `h` and `c` at zero before the first step, it computes

    ```
    i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of (x_t W + h_{t-1} U + b)
    c_t = f * c_{t-1} + i * g        h_t = o * tanh(c_t)
    ```

    The padding is on the right, so no valid step follows a padded one, and the result
    does not depend on the amount of padding. The values in the padding must be finite.

    The weights are those of `keras.layers.LSTM`, in the same order.

    Args:
        units: Positive integer, number of units.
        return_sequences: Whether to return the states at all steps. By default the
            layer returns the state at the last valid step.
        implementation: `"fused"`, `"standard"` or `"auto"`, as for `layers.BLSTM`.
        pack: As for `layers.BLSTM`.

    Call arguments:
        sequence: Tensor `(batch, time, features)`.
        lengths: Integer tensor `(batch,)`, the number of valid steps of each
            sequence, at least 1. A length above `time` counts as `time`. Without
            `lengths`, all steps are valid.
        training: Whether the layer runs in training mode. Only then does it pack.

    Output shape:
        `(batch, units)`. With `return_sequences=True`: `(batch, time, units)`, exactly
        0 at padded steps.

    Raises:
        ValueError: If `units` is not positive, `implementation` is unknown or
            the rank of `sequence` is not 3.

    Example:

    >>> layer = LSTM(4)
    >>> layer(keras.random.normal((2, 7, 3)), lengths=np.array([7, 5])).shape
    (2, 4)

    Reference:
        Hochreiter and Schmidhuber, "Long short-term memory", 1997.
    """

    def __init__(
        self,
        units: int,
        return_sequences: bool = False,
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
        self.layer = keras.layers.LSTM(
            units, return_sequences=True, dtype=self.dtype_policy, name="lstm"
        )
        self.input_spec = keras.layers.InputSpec(ndim=3)

    @property
    def directions(self) -> tuple[keras.layers.LSTM, ...]:
        """The only layer that holds the weights, as for `layers.BLSTM`."""
        return (self.layer,)

    def build(self, sequence_shape, lengths_shape=None):
        self.layer.build(sequence_shape)
        self.input_spec = keras.layers.InputSpec(ndim=3, axes={-1: sequence_shape[-1]})

    def call(self, sequence, lengths=None, training=None):
        lengths = recurrence.valid_lengths(sequence, lengths)
        if recurrence.is_fused(self.implementation):
            packs = self.pack and packing.packs(training)
            states = recurrence.run([self.layer.cell], sequence, lengths, packs)
            states = states[:, :, 0]
        else:
            states = self.layer(sequence)
        # (batch, time, units)
        if not self.return_sequences:
            return recurrence.take_last(states, lengths)
        step = ops.arange(ops.shape(sequence)[1], dtype="int32")
        return ops.where((step < lengths[:, None])[..., None], states, 0.0)

    def compute_output_shape(self, sequence_shape, lengths_shape=None):
        if self.return_sequences:
            return (*sequence_shape[:2], self.units)
        return (sequence_shape[0], self.units)

    def get_config(self):
        config = {
            "units": self.units,
            "return_sequences": self.return_sequences,
            "implementation": self.implementation,
            "pack": self.pack,
        }
        return {**super().get_config(), **config}
