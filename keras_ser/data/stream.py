"""Which utterance stands in each row of the training stream, and in which variant."""

import dataclasses

import numpy as np
import tensorflow as tf

from keras_ser.data.variants import Variant, variant_ranges


@dataclasses.dataclass(frozen=True)
class Stream:
    """The training stream as a pure function of seed and position.

    A position is the number of a row, counted over all batches of all epochs. Each
    batch holds `batch` labelled rows, then `extra` unlabelled ones. A pass over the
    labelled rows is a permutation of all pairs of utterance and copy.

    Args:
        labelled: The number of labelled utterances.
        unlabelled: The number of unlabelled utterances.
        batch: The number of labelled rows per batch.
        extra: The number of unlabelled rows per batch.
        rows: The rows per utterance and epoch.
        given_steps: The updates per epoch, or None for one pass per epoch.
        variants: From `list_variants`.
        seed: The seed of the order and of the variants.
    """

    labelled: int
    unlabelled: int
    batch: int
    extra: int
    rows: int
    given_steps: int | None
    variants: list[Variant]
    seed: int

    @property
    def steps(self) -> int:
        """Updates per epoch: the full batches of one pass, or the given number."""
        if self.given_steps is not None:
            return self.given_steps
        return self.labelled * self.rows // self.batch

    @property
    def size(self) -> int:
        """The number of rows per batch."""
        return self.batch + self.extra

    def row(self, position):
        """What stands in a row, as graph operations on scalars.

        Args:
            position: int64 scalar.

        Returns:
            The utterance (unlabelled ones follow the labelled ones), the variant,
            whether the row is labelled, and three seeds for the row.
        """
        step, slot = position // self.size, position % self.size
        seed = tf.random.experimental.stateless_fold_in([self.seed, 0], position)
        seeds = tf.unstack(tf.random.split(seed, 4))
        is_labelled = slot < self.batch
        utterance, copy = tf.cond(
            is_labelled,
            lambda: self._labelled(step, slot),
            lambda: self._unlabelled(step, slot - self.batch),
        )
        return utterance, self._variant(copy, seeds[0]), is_labelled, seeds[1:]

    def _labelled(self, step, slot):
        count = self.labelled * self.rows
        if self.given_steps is None:  # each epoch is a pass
            number, within = step // self.steps, step % self.steps
            place = (within * self.batch + slot) % count
        else:
            place = step * self.batch + slot
            number, place = place // count, place % count
        index = self._shuffled(place, number, count, 0)
        return index // self.rows, index % self.rows

    def _unlabelled(self, step, slot):
        count = self.unlabelled * self.rows
        place = step * self.extra + slot
        index = self._shuffled(place % count, place // count, count, 1)
        return self.labelled + index // self.rows, index % self.rows

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
