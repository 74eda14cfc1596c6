"""From a fold to normalised, augmented batches for `model.fit`.

The training stream has no state. The seed and the step determine which utterances a
batch holds, how each is augmented and with which partner it is mixed. A run can
therefore be repeated and resumed exactly, and it still gets different augmentations in
every epoch.
"""

import copy
from collections.abc import Iterable

import numpy as np
import pandas as pd
import tensorflow as tf

from keras_ser import augment as augmentations
from keras_ser.data.source import (
    PREFETCH_BATCHES,
    Source,
    check_batch,
    list_variants,
    make_deterministic,
    pad_to_equal_length,
    parallel_map,
    select_rows,
    type_weights,
    variant_ranges,
    zero_row,
)
from keras_ser.data.statistics import Statistics
from keras_ser.features import IDENTITY, FeatureStore
from keras_ser.features.preprocessing import NORMALISATIONS, Preprocessing
from keras_ser.protocols import Fold

HEADS = ("emotion", "center", "augmentation", "reconstruction")


class Pipeline:
    """A fold's data for `model.fit`.

    Each training utterance gives `rows_per_utterance` rows per epoch. The first row is
    unaugmented, the remaining ones are augmented. If there are as many of these as
    variants of `augment` (four with speed 0.9, speed 1.1, SpecAugment and mixup), each
    variant is used once. Otherwise the type of each row is drawn uniformly, and then
    one of the type's variants. Without `augment`, all rows are unaugmented copies, so
    that systems with and without augmentation make the same number of updates.

    If the fold has unlabelled speech, each batch holds `unlabelled_ratio` unlabelled
    rows per labelled row, under the same augmentations. An epoch is still one pass
    over the labelled rows. Rows without a label have weight 0 on `emotion` and
    `center`, and rows with a soft label have weight 0 on `center`. On `augmentation`,
    a type's weight is inverse to its frequency.

    Args:
        fold: The training, development and test utterances.
        store: The feature store. Entries that it lacks are extracted here.
        seconds: The length of the window in seconds. Longer training speech is
            cropped at a random position.
        normalise: `"train"` or `"speaker"`, see `Preprocessing`.
        batch: The number of labelled rows per batch.
        rows_per_utterance: The number of rows per utterance and epoch.
        augment: Names or instances of augmentations, or a mapping from names to
            their arguments.
        unlabelled_ratio: The number of unlabelled rows per labelled row.
        heads: The model's heads, which get labels and weights.
        pad: `"batch"` pads to the longest utterance of a batch, `"window"` to
            `seconds`. The latter is for backends that compile again for each new
            shape, and for models that do not mask the padding.
        denoising: Whether the target of the reconstruction is the unaugmented input.
        seed: The seed of the order, the crops and the augmentations.
        workers: The number of processes that extract features.
        progress: Whether the extraction shows a progress bar.

    Raises:
        ValueError: A choice is unknown, or a batch has more rows than an epoch.

    Example:

    >>> data = Pipeline(fold, store, augment=("speed", "specaugment", "mixup"))
    >>> model.fit(data.train(0, 60), steps_per_epoch=data.steps, epochs=60,
    ...           validation_data=data.dev())
    """

    def __init__(
        self,
        fold: Fold,
        store: FeatureStore,
        seconds: float = 7.5,
        normalise: str = "train",
        batch: int = 16,
        rows_per_utterance: int = 2,
        augment: Iterable = (),
        unlabelled_ratio: int = 1,
        heads: Iterable[str] = HEADS,
        pad: str = "batch",
        denoising: bool = False,
        seed: int = 0,
        workers: int = 1,
        progress: bool = True,
    ):
        _check_choice("normalise", normalise, NORMALISATIONS)
        _check_choice("pad", pad, ("batch", "window"))
        self.fold = fold
        self.store = store
        self.batch = batch
        self.rows_per_utterance = rows_per_utterance
        self.augment = augmentations.instances(augment)
        if self.augment and rows_per_utterance < 2:
            raise ValueError(
                "`rows_per_utterance` must be at least 2 with `augment`, because the "
                "first row of an utterance is not augmented. Received: "
                f"rows_per_utterance={rows_per_utterance}."
            )
        self.heads = tuple(heads)
        self.pad = pad
        self.denoising = denoising
        self.seed = seed
        check_batch(batch, len(fold.train), rows_per_utterance)
        self.types = augmentations.types(self.augment)
        self._variants = list_variants(self.augment)
        self._extract(workers, progress)
        self._statistics = Statistics(fold, store, normalise)
        self.preprocessing = Preprocessing(
            store.front_end,
            fold.classes,
            seconds,
            normalise,
            *self._statistics.train,
        )
        self._train = self._source(fold.train, fold.unlabelled)
        self._extra = unlabelled_ratio * batch if self._train.unlabelled else 0

    @property
    def steps(self) -> int:
        """Updates per epoch: the full batches of one pass over the labelled rows."""
        return self._train.labelled * self.rows_per_utterance // self.batch

    def train(self, first_epoch: int, epochs: int) -> tf.data.Dataset:
        """Batches of the epochs from `first_epoch` up to, but excluding, `epochs`.

        Returns:
            Dataset of `(features, labels, weights)`. Features have shape `(batch,
            time, dimensions)`. Labels and weights are dictionaries whose keys are the
            heads.
        """
        size = self.batch + self._extra
        first, last = (epoch * self.steps * size for epoch in (first_epoch, epochs))
        rows = parallel_map(tf.data.Dataset.range(first, last), self._training_row)
        return self._batches(rows, size, first_epoch * self.steps)

    def dev(self) -> tf.data.Dataset:
        """Batches of the development speakers, unaugmented, in the table's order."""
        return self.unaugmented(self.fold.dev)

    def test(self, name: str = "test") -> tf.data.Dataset:
        """Batches of a test table, unaugmented, in its order."""
        return self.unaugmented(self.fold.tests[name])

    def unaugmented(self, table: pd.DataFrame) -> tf.data.Dataset:
        """Unaugmented batches of any table, with the first window of each utterance."""
        self.store.prepare(table, [IDENTITY], progress=False)
        source = self._source(table, None, [IDENTITY])
        places = tf.data.Dataset.range(len(table))
        rows = parallel_map(
            places, lambda row: self._unaugmented_row(source, tf.cast(row, tf.int32))
        )
        batches = rows.padded_batch(self.batch)
        return make_deterministic(
            parallel_map(batches, self._complete_unaugmented, PREFETCH_BATCHES)
        )

    def augmented(self, table: pd.DataFrame, kind: str) -> tf.data.Dataset:
        """Batches of any table under one type of augmentation.

        Each utterance appears once in each variant of the type, in the table's order.
        The last batch may be smaller. Partners are utterances of the table.

        Args:
            table: The utterances.
            kind: One of the pipeline's `types`, including `"none"`.
        """
        self.store.prepare(table, self._transforms(), progress=False)
        view = copy.copy(self)
        view.rows_per_utterance = len(self._variants)
        view._train, view._extra = self._source(table, None), 0
        first, count = (
            each[self.types.index(kind)] for each in variant_ranges(self._variants)
        )
        starts = np.arange(len(table))[:, None] * view.rows_per_utterance
        places = starts + first + np.arange(count)  # (utterances, variants of the type)
        rows = tf.data.Dataset.from_tensor_slices(places.ravel())
        rows = parallel_map(rows, view._variant_row)
        return view._batches(rows, self.batch, 0)

    def _extract(self, workers, progress) -> None:
        """Extracts every variant of the training side, and the other sides as is."""
        sides = self.fold.sides()
        self.store.prepare(sides["train"], self._transforms(), workers, progress)
        for side in ("dev", "test"):
            self.store.prepare(sides[side], [IDENTITY], workers, progress)

    def _transforms(self) -> list:
        return list(dict.fromkeys(v.transform for v in self._variants))

    def _source(self, table, unlabelled, transforms=None) -> "Source":
        transforms = transforms or [variant.transform for variant in self._variants]
        return Source(
            table, unlabelled, self.store, transforms, self.fold.classes,
            self._statistics,
        )  # fmt: skip

    # The methods below run inside tf.data: graph operations on scalars and batches.

    def _training_row(self, position):
        """The row at a position of the stream, before batch augmentations."""
        size = self.batch + self._extra
        step, slot = position // size, position % size
        seed = tf.random.experimental.stateless_fold_in([self.seed, 0], position)
        seeds = tf.unstack(tf.random.split(seed, 4))
        is_labelled = slot < self.batch
        utterance, copy = tf.cond(
            is_labelled,
            lambda: self._labelled(step, slot),
            lambda: self._unlabelled(step, slot - self.batch),
        )
        variant = self._choose_variant(copy, seeds[0])
        return self._row(utterance, variant, is_labelled, seeds[1:])

    def _variant_row(self, position):
        """The row at position `utterance · variants + variant`."""
        seed = tf.random.experimental.stateless_fold_in([self.seed, 0], position)
        seeds = tf.unstack(tf.random.split(seed, 3))
        count = self.rows_per_utterance
        utterance, variant = position // count, position % count
        utterance, variant = (tf.cast(x, tf.int32) for x in (utterance, variant))
        return self._row(utterance, variant, tf.constant(True), seeds)

    def _row(self, utterance, variant, is_labelled, seeds):
        """One variant of an utterance, and the partner that it needs."""
        row = self._load(self._train, utterance, variant, seeds[0])
        partner = self._train.partner(utterance, is_labelled, seeds[1])
        needed = tf.gather([v.needs_partner for v in self._variants], variant)
        # Rows that need no partner do not read one.
        row["partner"] = tf.cond(
            needed,
            lambda: self._load(self._train, partner, 0, seeds[2]),
            lambda: zero_row(row),
        )
        row["type"] = tf.gather([v.type for v in self._variants], variant)
        return row

    def _labelled(self, step, slot):
        """Utterance and copy of a row: an epoch is a permutation of all such pairs."""
        epoch, within = step // self.steps, step % self.steps
        count = self._train.labelled * self.rows_per_utterance
        place = (within * self.batch + slot) % count
        index = self._shuffled(place, epoch, count, 0)
        return index // self.rows_per_utterance, index % self.rows_per_utterance

    def _unlabelled(self, step, slot):
        count = self._train.unlabelled * self.rows_per_utterance
        place = step * self._extra + slot
        index = self._shuffled(place % count, place // count, count, 1)
        return (
            self._train.labelled + index // self.rows_per_utterance,
            index % self.rows_per_utterance,
        )

    def _shuffled(self, place, epoch, count, stream):
        seed = tf.stack([tf.cast(self.seed, tf.int64), 2 * epoch + stream])
        index = tf.random.experimental.index_shuffle(place, seed, count - 1)
        return tf.cast(index, tf.int32)

    def _choose_variant(self, copy, seed):
        """Index into the variants; 0 is unaugmented."""
        if len(self._variants) == 1:
            return tf.zeros([], tf.int32)
        if self.rows_per_utterance == len(self._variants):
            return copy
        draw = tf.random.stateless_uniform([2], seed)
        first, count = variant_ranges(self._variants)
        kind = 1 + tf.cast(draw[0] * (len(self.types) - 1), tf.int32)
        width = tf.gather(np.float32(count), kind)
        drawn = tf.gather(first, kind) + tf.cast(draw[1] * width, tf.int32)
        return tf.where(copy == 0, 0, drawn)

    def _unaugmented_row(self, source, row):
        loaded = self._load(source, row, 0, None)
        loaded["type"] = tf.zeros([], tf.int32)
        return loaded

    def _load(self, source, utterance, variant, seed):
        """One utterance's normalised features, cropped to the window."""
        features = source.features(utterance, variant)
        window = self.preprocessing.window
        excess = tf.maximum(tf.shape(features)[0] - window, 0)
        start = 0
        if seed is not None:
            start = tf.random.stateless_uniform([], seed, 0, excess + 1, tf.int32)
        features = features[start : start + window]
        frames = tf.shape(features)[0]
        if self.pad == "window":
            features = tf.pad(features, [[0, window - frames], [0, 0]])
        return {"features": features, "frames": frames, **source.labels(utterance)}

    def _batches(self, rows, size, first_step):
        """Batches of rows, augmented by the seeds of the steps from `first_step`."""
        batches = rows.padded_batch(size).enumerate(first_step)
        return make_deterministic(
            parallel_map(batches, self._augment_batch, PREFETCH_BATCHES)
        )

    def _augment_batch(self, step, batch):
        """Applies each batch augmentation to the rows of its type."""
        partner, types = batch.pop("partner"), batch.pop("type")
        batch, partner = pad_to_equal_length(batch, partner)
        clean = batch["features"]
        batch["augmentation_weight"] = partner["augmentation_weight"] = tf.ones_like(
            batch["labelled"]
        )
        hard = batch["emotion"], batch["labelled"]
        is_soft = tf.zeros_like(types, tf.bool)
        for number, augmentation in enumerate(self.augment, 1):
            if augmentation.kind != "batch":
                continue
            chosen = types == number
            seed = tf.random.experimental.stateless_fold_in([self.seed, number], step)
            changed = augmentation(batch, partner, seed)
            batch = {
                key: select_rows(chosen, changed[key], batch[key]) for key in batch
            }
            if augmentation.softens:
                is_soft |= chosen
        target = clean if self.denoising else batch["features"]
        return self._outputs(batch, types, target, hard, is_soft)

    def _complete_unaugmented(self, batch):
        """Brings an unaugmented batch into the form of a training batch."""
        types = batch.pop("type")
        batch["augmentation_weight"] = tf.ones_like(batch["labelled"])
        hard = batch["emotion"], batch["labelled"]
        nothing = tf.zeros_like(types, tf.bool)
        return self._outputs(batch, types, batch["features"], hard, nothing)

    def _outputs(self, batch, types, target, hard, is_soft):
        emotion, labelled = hard
        by_type = tf.gather(
            type_weights(self._variants, self.rows_per_utterance), types
        )
        labels = {
            "emotion": batch["emotion"],
            "center": emotion,
            "augmentation": tf.one_hot(types, len(self.types)),
            "reconstruction": target,
        }
        weights = {
            "emotion": batch["labelled"],
            "center": labelled * tf.where(is_soft, 0.0, 1.0),
            "augmentation": by_type * batch["augmentation_weight"],
            "reconstruction": tf.ones_like(labelled),
        }
        return (
            batch["features"],
            {head: labels[head] for head in self.heads},
            {head: weights[head] for head in self.heads},
        )


def _check_choice(argument, value, known) -> None:
    if value not in known:
        raise ValueError(f"`{argument}` must be one of {known}. Received: {value!r}.")
