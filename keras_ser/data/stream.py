"""Which utterance each row of the training stream contains, and in which variant.

The functions are graph operations on scalars. They have no state: what they draw
depends on their seeds alone.
"""

import dataclasses

import numpy as np

from keras_ser.backend.lazy_tensorflow import tf
from keras_ser.data.segments import Segments, segment_start
from keras_ser.data.variants import Variant, variant_ranges


@dataclasses.dataclass(frozen=True)
class Stream:
    """The training stream as a pure function of seed and position.

    A position is the number of a row, counted over all batches of all epochs. Each
    batch holds `batch` labelled rows, then `extra` unlabelled ones. A pass over the
    labelled rows is a permutation of all pairs of utterance and copy, or of all pairs
    of segment and copy.

    Args:
        labelled: The number of labelled utterances.
        unlabelled: The number of unlabelled utterances.
        batch: The number of labelled rows per batch.
        extra: The number of unlabelled rows per batch.
        rows: The rows per utterance or segment, and epoch.
        given_steps: The updates per epoch, or None for one pass per epoch.
        variants: From `list_variants`.
        seed: The seed of the order and of the variants.
        segments: The windows of the labelled utterances if each is a row, or None if
            a row is a random crop.
    """

    labelled: int
    unlabelled: int
    batch: int
    extra: int
    rows: int
    given_steps: int | None
    variants: list[Variant]
    seed: int
    segments: Segments | None = None

    @property
    def rows_per_pass(self) -> int:
        """The number of labelled rows of a pass."""
        count = self.segments.total if self.segments else self.labelled
        return count * self.rows

    @property
    def steps(self) -> int:
        """Updates per epoch: the full batches of one pass, or the given number."""
        if self.given_steps is not None:
            return self.given_steps
        return self.rows_per_pass // self.batch

    @property
    def size(self) -> int:
        """The number of rows per batch."""
        return self.batch + self.extra

    @property
    def identity(self) -> tuple:
        """What decides the stream besides the variants and the seed."""
        numbers = self.labelled, self.unlabelled, self.batch, self.extra
        segments = ("all",) if self.segments else ()
        return *numbers, self.rows, self.given_steps, *segments

    def row(self, position):
        """What a row contains.

        Args:
            position: int64 scalar.

        Returns:
            The utterance (unlabelled ones follow the labelled ones), the variant,
            whether the row is labelled, and three seeds: of the row's crop, of its
            partner and of the partner's crop. With `segments`, also which of how many
            segments it is, int32 `(2,)`; of 0 segments for a random crop.
        """
        step, slot = position // self.size, position % self.size
        seed = tf.random.experimental.stateless_fold_in([self.seed, 0], position)
        seeds = tf.unstack(tf.random.split(seed, 4))
        is_labelled = slot < self.batch
        utterance, copy, *segment = tf.cond(
            is_labelled,
            lambda: self._labelled(step, slot),
            lambda: self._unlabelled(step, slot - self.batch),
        )
        variant = self._variant(copy, seeds[0])
        return utterance, variant, is_labelled, seeds[1:], *segment

    def _labelled(self, step, slot):
        count = self.rows_per_pass
        if self.given_steps is None:  # each epoch is a pass
            number, within = step // self.steps, step % self.steps
            place = (within * self.batch + slot) % count
        else:
            place = step * self.batch + slot
            number, place = place // count, place % count
        index = self._shuffled(place, number, count, 0)
        unit, copy = index // self.rows, index % self.rows
        if self.segments is None:
            return unit, copy
        utterance, segment = self.segments.find(unit)
        own = tf.gather(self.segments.counts, utterance)
        return utterance, copy, tf.stack([segment, own])

    def _unlabelled(self, step, slot):
        count = self.unlabelled * self.rows
        place = step * self.extra + slot
        index = self._shuffled(place % count, place // count, count, 1)
        found = self.labelled + index // self.rows, index % self.rows
        return found if self.segments is None else (*found, tf.zeros([2], tf.int32))

    def _shuffled(self, place, number, count, part):
        """The index at a place of a pass over one of the two parts."""
        seed = tf.stack([tf.cast(self.seed, tf.int64), 2 * number + part])
        index = tf.random.experimental.index_shuffle(place, seed, count - 1)
        return tf.cast(index, tf.int32)

    def _variant(self, copy, seed):
        """Index into the variants; 0 is unaugmented."""
        if len(self.variants) == 1:
            return tf.zeros([], tf.int32)
        if self.rows == len(self.variants):
            return copy
        draw = tf.random.stateless_uniform([2], seed)
        first, count = variant_ranges(self.variants)
        kind = 1 + tf.cast(draw[0] * (len(first) - 1), tf.int32)
        width = tf.gather(np.float32(count), kind)
        drawn = tf.gather(first, kind) + tf.cast(draw[1] * width, tf.int32)
        if self.rows == 1:  # every row is augmented
            return drawn
        return tf.where(copy == 0, 0, drawn)


def variant_row(position, variants: int, seed: int):
    """What a row contains if each utterance appears once in each variant.

    Args:
        position: int64 scalar, `utterance · variants + variant`.
        variants: The number of variants.
        seed: The seed.

    Returns:
        As `Stream.row`.
    """
    seeds = tf.random.experimental.stateless_fold_in([seed, 0], position)
    seeds = tf.unstack(tf.random.split(seeds, 3))
    utterance, variant = position // variants, position % variants
    utterance, variant = (tf.cast(x, tf.int32) for x in (utterance, variant))
    return utterance, variant, tf.constant(True), seeds


def draw_start(frames, window: int, seed, segment=None):
    """The first frame of a crop, uniform over all crops; 0 of a short utterance.

    A segment has no random start; see `segment_start`.

    Args:
        frames: int32 scalar, the frames of the utterance.
        window: The frames of the crop.
        seed: Int `(2,)`.
        segment: From `Stream.row`; None or one of 0 segments for a random crop.
    """
    excess = tf.maximum(frames - window, 0)
    drawn = tf.random.stateless_uniform([], seed, 0, excess + 1, tf.int32)
    if segment is None:
        return drawn
    number, count = tf.unstack(segment)
    return tf.where(count > 0, segment_start(frames, window, number, count), drawn)


def draw_partner(utterance, is_labelled, labelled: int, unlabelled: int, seed):
    """Another utterance of the same part (labelled or unlabelled), uniformly.

    Args:
        utterance: int32 scalar.
        is_labelled: Bool scalar.
        labelled, unlabelled: The number of utterances of both parts.
        seed: Int `(2,)`.
    """
    first = tf.where(is_labelled, 0, labelled)
    count = tf.where(is_labelled, labelled, unlabelled)
    shift = tf.random.stateless_uniform([], seed, 1, tf.maximum(count, 2), tf.int32)
    return first + (utterance - first + shift) % tf.maximum(count, 1)
