"""Utterances laid end to end, so that convolutions work on speech alone.

A batch is as long as its longest utterance: on EMO-DB, four cells in ten of a batch
are padding. The convolutions of a training step therefore run over one long sequence,
in which each utterance is followed by zero frames as far as any of the kernels
reaches; blocks set what they put into these to zero again, as they do with padding.
All outputs are those of the padded batch, up to rounding.

    padded   aaaaa...      packed   aaaaa..bbb..cccccccc..
             bbb.....
             cccccccc

Only TensorFlow takes sequences whose length depends on the data. On other backends,
on a GPU, which would search for the best kernels anew for each length, and in
inference, whose graphs are exported, the layers here hand on what they get.

Indices count units: as many frames as one step of the code, the total stride.
"""

import keras
from keras import ops

from keras_ser.layers import padding


@keras.saving.register_keras_serializable("keras_ser")
class Pack(keras.layers.Layer):
    """A padded batch as one sequence, and where that holds speech.

    Args:
        unit: frames of a unit, a power of 2.
        gap: units between two utterances; see `gap`.

    Call:
        padded: `(batch, time, features)`, time a multiple of the unit, 0 in the
            padding.
        frames: int32 `(batch,)`, unpadded frames.

    Returns:
        sequence: `(1, packed time, features)` where it packs, else `padded`.
        masks: float32, 1 in speech and 0 elsewhere, of the sequence behind strides of
            1, 2, 4, … unit frames.
        places: for `Unpack`, from `places`; empty where nothing packs.
    """

    def __init__(self, unit, gap, **kwargs):
        super().__init__(**kwargs)
        self.unit = unit
        self.gap = gap
        self.strides = [2**stage for stage in range(unit.bit_length())]
        self.supports_jit = not packs(True)  # XLA knows no length that data decide

    def call(self, padded, frames, training=None):
        masks = [self._mask(padded, frames, stride) for stride in self.strides]
        if not packs(training):
            return padded, masks, (ops.zeros((0, 0), "int32"),) * 2
        units = (frames + self.unit - 1) // self.unit
        found = places(units, ops.shape(padded)[1] // self.unit, self.gap)
        masks = [
            _gathered(mask[..., None], found[0], self.unit // stride)[..., 0]
            for mask, stride in zip(masks, self.strides, strict=True)
        ]
        return _gathered(padded, found[0], self.unit), masks, found

    @staticmethod
    def _mask(padded, frames, stride):
        # Rounded up without a negative quotient, which ONNX converters round otherwise.
        lengths = (frames + stride - 1) // stride
        return padding.mask(lengths, ops.shape(padded)[1] // stride)

    def compute_output_spec(self, padded, frames, training=None):
        sequence = keras.KerasTensor((None, None, padded.shape[-1]), padded.dtype)
        masks = [keras.KerasTensor((None, None), "float32") for _ in self.strides]
        found = [keras.KerasTensor((None, None), "int32") for _ in range(2)]
        return sequence, masks, tuple(found)

    def get_config(self):
        return {**super().get_config(), "unit": self.unit, "gap": self.gap}


@keras.saving.register_keras_serializable("keras_ser")
class Unpack(keras.layers.Layer):
    """What convolutions made of a packed sequence, as a padded batch of sequences.

    Args:
        steps: of the sequence, in a unit.

    Call:
        sequence: `(1, packed time, bands, channels)`, or a padded batch where nothing
            packs.
        places: from `Pack`.

    Output shape: `(batch, time, bands * channels)`, 0 in the padding.
    """

    def __init__(self, steps, **kwargs):
        super().__init__(**kwargs)
        self.steps = steps

    def call(self, sequence, places, training=None):
        rows, time, bands, channels = ops.shape(sequence)
        sequence = ops.reshape(sequence, (rows, time, bands * channels))
        if not packs(training):
            return sequence
        packed, unpacked = places
        return moved(sequence, unpacked, packed, self.steps)

    def compute_output_spec(self, sequence, places, training=None):
        shape = (None, None, sequence.shape[2] * sequence.shape[3])
        return keras.KerasTensor(shape, sequence.dtype)

    def get_config(self):
        return {**super().get_config(), "steps": self.steps}


def packs(training) -> bool:
    """Whether batches are packed: in training, on TensorFlow without a GPU."""
    return bool(training) and is_tensorflow_on_cpu()


def is_tensorflow_on_cpu() -> bool:
    if keras.backend.backend() != "tensorflow":
        return False
    return keras.distribution.list_devices()[0].startswith("cpu")


def gap(kernels) -> int:
    """Units between utterances that keep each out of the others' kernels.

    Args:
        kernels: widths of "same" padded convolutions, one a halving, or of
            transposed ones that mirror them.
    """
    reach = max(width // 2 * 2**stage for stage, width in enumerate(kernels))  # frames
    return -(-reach // 2 ** len(kernels))


def places(units, time, gap=0):
    """Where each unit comes from.

    Args:
        units: `(batch,)`, of each utterance.
        time: units of the padded batch.
        gap: units between utterances.

    Returns:
        For each unit of the packed sequence, `(1, total)`, its number in the padded
        batch, and for each of the padded batch, `(batch, time)`, its number in the
        packed sequence; -1 where there is only padding.
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


def moved(sequence, order, inverse, steps=1):
    """The units of a sequence in another order, 0 where the order has none.

    The gradient moves them back; that of a gather is a scatter-add, which is slow on
    a CPU.

    Args:
        sequence: `(rows, time, features)`.
        order, inverse: from `places`.
        steps: of a unit.
    """

    @ops.custom_gradient
    def move(sequence):
        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            return _gathered(upstream, inverse, steps)

        return _gathered(sequence, order, steps), gradient

    return move(sequence)


def _gathered(sequence, order, steps):
    features = ops.shape(sequence)[-1]
    units = ops.reshape(sequence, (-1, steps * features))
    found = ops.take(units, ops.maximum(order, 0), axis=0)
    found = ops.where(order[..., None] < 0, ops.zeros_like(found), found)
    rows, time = ops.shape(order)
    return ops.reshape(found, (rows, time * steps, features))
