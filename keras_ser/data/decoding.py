"""Reads entries of the feature cache by graph operations, and verifies them."""

import numpy as np

from keras_ser.backend.lazy_tensorflow import tf
from keras_ser.features.checksum import (
    BLOCK_WORDS,
    HALF,
    block_multipliers,
    multipliers,
)
from keras_ser.features.entries import WORD, Format, Summary

REMEDY = (
    "Received: other bytes. Run `keras-ser features CONFIG --verify`, which extracts "
    "damaged features again, or delete the file and run again."
)


class EntryReader:
    """Reads entries inside a tf.data graph.

    The headers are read and verified beforehand. In the graph, the size of the file and
    the checksum of the features are compared with what the header said. This happens at
    every reading, and costs a small part of it.

    Args:
        form: The format of the entries.
        paths: The path of each entry, text of any shape.
        summaries: What the header of each entry says, as many as there are paths.
    """

    def __init__(self, form: Format, paths: np.ndarray, summaries: list[Summary]):
        self.form = form
        self._paths = tf.constant(paths)
        numbers = [(each.size, each.checksum, each.frames) for each in summaries]
        numbers = np.array(numbers, np.int64).reshape(*paths.shape, 3)
        self._expected = tf.constant(numbers)
        self._first_word = form.header_bytes // WORD
        words = numbers[..., 0].max(initial=0) // WORD - self._first_word
        self._blocks = -(-words // BLOCK_WORDS)  # of the longest entry
        # Products of signed and of unsigned numbers are the same modulo 2⁶⁴.
        factors = multipliers(BLOCK_WORDS)
        factors = factors if self._blocks > 1 else factors[: max(words, 0)]
        self._factors = tf.constant(factors.view(np.int64))
        self._outer = tf.constant(block_multipliers(self._blocks).view(np.int64))

    def read(self, *place):
        """Reads the entry at a place of `paths`.

        Args:
            *place: One index per axis of `paths`, scalars.

        Returns:
            `(frames, dimensions)` in the type of the entries.

        Raises:
            tf.errors.InvalidArgumentError: The entry is damaged. This is raised when
                the graph runs.
        """
        path = self._paths[place]
        size, checksum, frames = tf.unstack(self._expected[place])
        content = tf.io.read_file(path)
        is_complete = tf.cast(tf.strings.length(content), tf.int64) == size
        with _require(is_complete, path):
            words = tf.io.decode_raw(content, tf.int64)[self._first_word :]
        with _require(self._checksum(words) == checksum, path):
            return self._features(words, frames)

    def _features(self, words, frames):
        """The features in the words of an entry, without the zeros at its end."""
        dtype = np.dtype(self.form.dtype)
        values = tf.bitcast(words, tf.as_dtype(dtype))
        if self.form.dimensions * dtype.itemsize % WORD:
            values = tf.reshape(values, [-1])[: frames * self.form.dimensions]
        return tf.reshape(values, (-1, self.form.dimensions))

    def _checksum(self, words):
        """The checksum of 64-bit words, as `features.checksum` computes it."""
        unsigned = tf.bitcast(words, tf.uint64)
        upper = tf.bitwise.right_shift(unsigned, tf.constant(HALF, tf.uint64))
        mixed = tf.bitcast(tf.bitwise.bitwise_xor(unsigned, upper), tf.int64)
        count = tf.size(mixed)
        if self._blocks <= 1:
            return tf.reduce_sum(mixed * self._factors[:count])
        blocks = -(-count // BLOCK_WORDS)
        mixed = tf.pad(mixed, [[0, blocks * BLOCK_WORDS - count]])
        products = tf.reshape(mixed, (-1, BLOCK_WORDS)) * self._factors
        return tf.reduce_sum(tf.reduce_sum(products, axis=1) * self._outer[:blocks])


def _require(condition, path):
    """Operations in this context run only if the entry is as expected."""
    text = ["Expected unchanged features in", path, REMEDY]
    check = tf.raw_ops.Assert(condition=condition, data=text)
    return tf.control_dependencies([check] if check is not None else [])
