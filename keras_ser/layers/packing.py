"""Utterances laid end to end, so that convolutions run on speech only.

A batch is as long as its longest utterance. On EMO-DB, four in ten cells of a batch
are padding. In a training step the convolutions therefore run over one long sequence.
In it, each utterance is followed by as many zero frames as the kernels reach. The
convolution blocks set their outputs in these frames to zero again, as they do in the
padding. All outputs equal those of the padded batch, up to rounding.

    padded   aaaaa...      packed   aaaaa..bbb..cccccccc..
             bbb.....
             cccccccc

Batches are packed only in training, and only on TensorFlow without a GPU. In all
other cases the layers of this module pass the padded batch through:

- Of the backends, only TensorFlow supports sequences whose length depends on the data.
- A GPU would search for the best kernels again for each new length.
- The graph of inference is exported.

Indices count units. A unit is as many frames as one step of the code, that is, the
total stride of the encoder.
"""

from collections.abc import Sequence

import keras
from keras import ops

from keras_ser.layers import padding


@keras.saving.register_keras_serializable("keras_ser")
class Pack(keras.layers.Layer):
    """Packs a padded batch into one sequence, and reports where it holds speech.

    Args:
        unit: Positive integer, frames per unit, a power of 2.
        gap: Integer, number of units between two utterances; see `find_gap`.

    Call arguments:
        padded: Tensor `(batch, time, features)`, 0 in the padding. `time` is a
            multiple of `unit`.
        frames: int32 tensor `(batch,)`, the number of unpadded frames.
        training: Whether the layer runs in training mode. Only then does it pack.

    Returns:
        sequence: `(1, packed time, features)` if the batch is packed, otherwise
            `padded`.
        masks: float32 masks of the sequence after strides of 1, 2, 4, … `unit`
            frames, 1 in speech and 0 elsewhere.
        places: Index tensors for `Unpack`, as `find_places` returns them; empty if
            the batch is not packed.
    """

    def __init__(self, unit: int, gap: int, **kwargs):
        super().__init__(**kwargs)
        self.unit = unit
        self.gap = gap
        self.strides = [2**stage for stage in range(unit.bit_length())]
        self.supports_jit = not packs(True)  # XLA has no dynamic lengths

    def call(self, padded, frames, training=None):
        masks = [self._mask(padded, frames, stride) for stride in self.strides]
        if not packs(training):
            return padded, masks, (ops.zeros((0, 0), "int32"),) * 2
        units = (frames + self.unit - 1) // self.unit
        places = find_places(units, ops.shape(padded)[1] // self.unit, self.gap)
        packed = places[0]
        masks = [
            _gather(mask[..., None], packed, self.unit // stride)[..., 0]
            for mask, stride in zip(masks, self.strides, strict=True)
        ]
        return _gather(padded, packed, self.unit), masks, places

    @staticmethod
    def _mask(padded, frames, stride):
        # No negative quotient: ONNX converters round these differently.
        lengths = (frames + stride - 1) // stride
        return padding.make_mask(lengths, ops.shape(padded)[1] // stride)

    def compute_output_spec(self, padded, frames, training=None):
        sequence = keras.KerasTensor((None, None, padded.shape[-1]), padded.dtype)
        masks = [keras.KerasTensor((None, None), "float32") for _ in self.strides]
        places = [keras.KerasTensor((None, None), "int32") for _ in range(2)]
        return sequence, masks, tuple(places)

    def get_config(self):
        return {**super().get_config(), "unit": self.unit, "gap": self.gap}


@keras.saving.register_keras_serializable("keras_ser")
class Unpack(keras.layers.Layer):
    """Turns the convolutions' output on a packed sequence into a padded batch.

    Args:
        steps: Positive integer, steps of the sequence per unit.

    Call arguments:
        sequence: Tensor `(1, packed time, bands, channels)`, or a padded batch if
            nothing is packed.
        places: Index tensors from `Pack`.
        training: As for `Pack`.

    Output shape:
        `(batch, time, bands * channels)`, 0 in the padding.
    """

    def __init__(self, steps: int, **kwargs):
        super().__init__(**kwargs)
        self.steps = steps

    def call(self, sequence, places, training=None):
        rows, time, bands, channels = ops.shape(sequence)
        sequence = ops.reshape(sequence, (rows, time, bands * channels))
        if not packs(training):
            return sequence
        packed, unpacked = places
        return move_units(sequence, unpacked, packed, self.steps)

    def compute_output_spec(self, sequence, places, training=None):
        shape = (None, None, sequence.shape[2] * sequence.shape[3])
        return keras.KerasTensor(shape, sequence.dtype)

    def get_config(self):
        return {**super().get_config(), "steps": self.steps}


def packs(training: bool | None) -> bool:
    """Whether batches are packed: in training, on TensorFlow without a GPU."""
    return bool(training) and is_tensorflow_on_cpu()


def is_tensorflow_on_cpu() -> bool:
    """Whether the backend is TensorFlow and sees no accelerator."""
    if keras.backend.backend() != "tensorflow":
        return False
    return keras.distribution.list_devices()[0].startswith("cpu")


def find_gap(kernels: Sequence[int]) -> int:
    """Number of units between utterances that keeps them out of each other's kernels.

    It is at least 1, so that utterances can be told apart in a mask.

    Args:
        kernels: Widths of convolutions that are padded as "same", one per halving
            of the time axis, or of the transposed convolutions that mirror them.
    """
    reach = max(width // 2 * 2**stage for stage, width in enumerate(kernels))  # frames
    return max(1, -(-reach // 2 ** len(kernels)))


def find_places(units, time, gap=0):
    """Indices from the packed sequence to the padded batch, and back.

    Args:
        units: int32 `(batch,)`, number of units of each utterance.
        time: Number of units along the time axis of the padded batch.
        gap: Number of units between two utterances.

    Returns:
        packed: int32 `(1, total)`. For each unit of the packed sequence, its index
            in the padded batch, or -1 in a gap.
        unpacked: int32 `(batch, time)`. For each unit of the padded batch, its index
            in the packed sequence, or -1 in the padding.
    """
    ends = ops.cumsum(units + gap)
    starts = ends - units - gap
    place = ops.arange(ends[-1], dtype="int32")
    row = ops.cast(ops.searchsorted(ends, place, side="right"), "int32")
    within = place - ops.take(starts, row)
    packed = ops.where(within < ops.take(units, row), row * time + within, -1)
    within = ops.arange(time, dtype="int32")
    unpacked = ops.where(within < units[:, None], starts[:, None] + within, -1)
    return packed[None], unpacked


def number_utterances(mask):
    """Numbers the utterances of a padded batch or of a packed sequence.

    Args:
        mask: Mask `(rows, time)`, 1 in speech and 0 elsewhere. Two utterances are in
            different rows, or there is a gap between them.

    Returns:
        int32 `(rows, time)`. It is 1, 2, 3, … in the speech of the first, second,
        third, … utterance, and of no use elsewhere.
    """
    is_speech = ops.cast(mask > 0, "int32")
    before = ops.pad(is_speech[:, :-1], [[0, 0], [1, 0]])
    within = ops.cumsum(is_speech * (1 - before), axis=1)
    last = ops.cumsum(within[:, -1:], axis=0)
    return last - within[:, -1:] + within


def move_units(sequence, order, inverse, steps=1):
    """Reorders the units of a sequence, with zeros where `order` is -1.

    The gradient moves the units back. The general gradient of a gather is a
    scatter-add, which is slow on a CPU.

    Args:
        sequence: Tensor `(rows, time, features)`.
        order: Index tensor `(new rows, new time)` from `find_places`: the unit that
            goes to each place, or -1.
        inverse: The other index tensor from `find_places`.
        steps: Number of steps per unit.

    Returns:
        Tensor `(new rows, new time * steps, features)`.
    """

    @ops.custom_gradient
    def move(sequence):
        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            return _gather(upstream, inverse, steps)

        return _gather(sequence, order, steps), gradient

    return move(sequence)


def _gather(sequence, order, steps):
    features = ops.shape(sequence)[-1]
    units = ops.reshape(sequence, (-1, steps * features))
    taken = ops.take(units, ops.maximum(order, 0), axis=0)
    taken = ops.where(order[..., None] < 0, ops.zeros_like(taken), taken)
    rows, time = ops.shape(order)
    # (rows, time, steps * features) -> (rows, time * steps, features)
    return ops.reshape(taken, (rows, time * steps, features))
