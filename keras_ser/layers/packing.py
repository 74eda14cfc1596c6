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

from keras_ser import padding


class _Packing(keras.layers.Layer):
    """What packing, its mask and unpacking share.

    Args:
        unit: frames of a unit.
        gap: units between two utterances; see `gap`.
    """

    def __init__(self, unit, gap, **kwargs):
        super().__init__(**kwargs)
        self.unit = unit
        self.gap = gap
        self.supports_jit = not packs(True)  # XLA knows no length that data decide

    def _places(self, padded, frames):
        """Units by their place in the packed and in the padded batch, -1 for none."""
        units = (frames + self.unit - 1) // self.unit
        return places(units, ops.shape(padded)[1] // self.unit, self.gap)

    def get_config(self):
        return {**super().get_config(), "unit": self.unit, "gap": self.gap}


class _Strided(_Packing):
    """What also stands behind strides.

    Args:
        stride: frames that a step of the sequence stands for.
    """

    def __init__(self, unit, gap, stride=1, **kwargs):
        super().__init__(unit, gap, **kwargs)
        self.stride = stride

    def get_config(self):
        return {**super().get_config(), "stride": self.stride}


@keras.saving.register_keras_serializable("keras_ser")
class Pack(_Packing):
    """A padded batch as one sequence.

    Call:
        padded: `(batch, time, features)`, time a multiple of the unit, 0 in the
            padding.
        frames: int32 `(batch,)`, unpadded frames.

    Output shape: `(1, packed time, features)` where it packs, else the input's.
    """

    def call(self, padded, frames, training=None):
        if not packs(training):
            return padded
        packed, unpacked = self._places(padded, frames)
        return moved(padded, packed, unpacked, self.unit)

    def compute_output_spec(self, padded, frames, training=None):
        return keras.KerasTensor((None, None, padded.shape[-1]), padded.dtype)


@keras.saving.register_keras_serializable("keras_ser")
class SpeechMask(_Strided):
    """1 in speech and 0 elsewhere, in the layout that `Pack` gives a sequence.

    Call:
        padded: `(batch, time, features)`, what `Pack` got.
        frames: int32 `(batch,)`, unpadded frames.

    Output shape: float32 `(1, packed time / stride)` where it packs, else
    `(batch, time / stride)`.
    """

    def call(self, padded, frames, training=None):
        # Rounded up without a negative quotient, which ONNX converters round otherwise.
        lengths = (frames + self.stride - 1) // self.stride
        mask = padding.mask(lengths, ops.shape(padded)[1] // self.stride)
        if not packs(training):
            return mask
        packed, unpacked = self._places(padded, frames)
        steps = self.unit // self.stride
        return moved(mask[..., None], packed, unpacked, steps)[..., 0]

    def compute_output_spec(self, padded, frames, training=None):
        return keras.KerasTensor((None, None), "float32")


@keras.saving.register_keras_serializable("keras_ser")
class Unpack(_Strided):
    """What convolutions made of a packed sequence, as a padded batch of sequences.

    Call:
        sequence: `(1, packed time / stride, bands, channels)`, or a padded batch
            where nothing packs.
        padded: `(batch, time, …)`, what `Pack` got.
        frames: int32 `(batch,)`, unpadded frames.

    Output shape: `(batch, time / stride, bands * channels)`, 0 in the padding.
    """

    def call(self, sequence, padded, frames, training=None):
        rows, time, bands, channels = ops.shape(sequence)
        sequence = ops.reshape(sequence, (rows, time, bands * channels))
        if not packs(training):
            return sequence
        packed, unpacked = self._places(padded, frames)
        return moved(sequence, unpacked, packed, self.unit // self.stride)

    def compute_output_spec(self, sequence, padded, frames, training=None):
        shape = (padded.shape[0], None, sequence.shape[2] * sequence.shape[3])
        return keras.KerasTensor(shape, sequence.dtype)


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

    def gathered(sequence, order):
        features = ops.shape(sequence)[-1]
        units = ops.reshape(sequence, (-1, steps * features))
        found = ops.take(units, ops.maximum(order, 0), axis=0)
        found = ops.where(order[..., None] < 0, ops.zeros_like(found), found)
        rows, time = ops.shape(order)
        return ops.reshape(found, (rows, time * steps, features))

    @ops.custom_gradient
    def move(sequence):
        def gradient(*args, upstream=None):
            return gathered(args[0] if upstream is None else upstream, inverse)

        return gathered(sequence, order), gradient

    return move(sequence)
