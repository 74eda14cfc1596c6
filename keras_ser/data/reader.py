"""Reads rows and batches of a source by graph operations, in tf.data."""

from collections.abc import Callable

import numpy as np

from keras_ser.augment import tensorflow_ops
from keras_ser.backend.lazy_tensorflow import tf
from keras_ser.data.batches import BatchMaker
from keras_ser.data.datasets import (
    PREFETCH_BATCHES,
    make_deterministic,
    pad_to_equal_length,
    parallel_map,
    zero_row,
)
from keras_ser.data.source import Source
from keras_ser.data.stream import draw_partner, draw_start


class Reader:
    """Batches of a source, which a description of their rows decides.

    Args:
        source: The utterances.
        maker: Makes labels and weights of a batch.
        window: The frames of the longest input.
        pads_to_window: Whether all rows are padded to the window.
        seed: The seed of the augmentations.
        weights: The weight of the augmented rows of each utterance, from
            `segments.make_row_weights`; None if all weigh 1.
    """

    def __init__(
        self,
        source: Source,
        maker: BatchMaker,
        window: int,
        pads_to_window: bool,
        seed: int,
        weights: np.ndarray | None = None,
    ):
        self.source = source
        self.maker = maker
        self.window = window
        self.pads_to_window = pads_to_window
        self.seed = seed
        self._weights = None if weights is None else tf.constant(weights)

    def augmented(
        self, places: "tf.data.Dataset", describe: Callable, size: int, first_step: int
    ) -> "tf.data.Dataset":
        """Augmented batches.

        Args:
            places: The places of the rows, int64 scalars.
            describe: What the row at a place contains; see `Stream.row`.
            size: The number of rows per batch.
            first_step: The number of the first batch, which seeds its augmentation.
        """
        rows = parallel_map(places, lambda place: self._row(*describe(place)))
        batches = rows.padded_batch(size).enumerate(first_step)
        return make_deterministic(
            parallel_map(batches, self._augment_batch, PREFETCH_BATCHES)
        )

    def unaugmented(self, rows: int, size: int) -> "tf.data.Dataset":
        """Batches of the first rows of the source, unaugmented, in their order.

        Args:
            rows: The number of rows.
            size: The number of rows per batch.
        """
        places = tf.data.Dataset.range(rows, output_type=tf.int32)
        batches = parallel_map(places, self._unaugmented_row).padded_batch(size)
        return make_deterministic(
            parallel_map(batches, self._complete_batch, PREFETCH_BATCHES)
        )

    # The methods below run inside tf.data: graph operations on scalars and batches.

    def _row(self, utterance, variant, is_labelled, seeds, segment=None):
        """One variant of an utterance, and the partner that it needs."""
        row = self._load(utterance, variant, seeds[0], segment)
        variants, source = self.maker.variants, self.source
        counts = source.labelled, source.unlabelled
        partner = draw_partner(utterance, is_labelled, *counts, seeds[1])
        needed = tf.gather([each.needs_partner for each in variants], variant)
        # Rows that need no partner do not read one.
        row["partner"] = tf.cond(
            needed, lambda: self._load(partner, 0, seeds[2]), lambda: zero_row(row)
        )
        row["type"] = tf.gather([each.type for each in variants], variant)
        if self._weights is not None:  # that of a mixture is not mixed
            row["row_weight"] = self._weights[utterance]
        return row

    def _unaugmented_row(self, row):
        return {**self._load(row, 0, None), "type": tf.zeros([], tf.int32)}

    def _load(self, utterance, variant, seed, segment=None):
        """One utterance's normalised features, cropped to the window."""
        features, window = self.source.features(utterance, variant), self.window
        start = 0
        if seed is not None:
            start = draw_start(tf.shape(features)[0], window, seed, segment)
        features = features[start : start + window]
        frames = tf.shape(features)[0]
        if self.pads_to_window:
            features = tf.pad(features, [[0, window - frames], [0, 0]])
        return {
            "features": features,
            "frames": frames,
            **self.source.labels(utterance),
        }

    def _augment_batch(self, step, batch):
        """Applies each batch augmentation to the rows of its type."""
        partner, types = batch.pop("partner"), batch.pop("type")
        weight = batch.pop("row_weight", None)
        batch, partner = pad_to_equal_length(batch, partner)

        def apply(number, augmentation, batch, partner):
            seed = tf.random.experimental.stateless_fold_in([self.seed, number], step)
            return augmentation(batch, partner, seed)

        rows = batch, partner, types
        return self.maker.augmented(tensorflow_ops(), *rows, apply, weight)

    def _complete_batch(self, batch):
        return self.maker.unaugmented(tensorflow_ops(), batch, batch.pop("type"))
