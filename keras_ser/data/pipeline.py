"""From a fold to batches: normalisation, and a pipeline that is a function of the step.

The training stream has no state. Which utterances the batch of a step holds, how
each is augmented, with whom it is mixed: all follows from (seed, step), so that a
run repeats, resumes, and sees other augmentations in every epoch.
"""

import copy
from collections.abc import Iterable

import numpy as np
import pandas as pd
import tensorflow as tf

from keras_ser import augment as augmentations
from keras_ser.data.source import (
    AHEAD,
    Source,
    balance,
    blank,
    deterministic,
    equally_long,
    mapped,
    ranges,
    refuse_batch,
    select,
    variants_of,
)
from keras_ser.data.statistics import Statistics
from keras_ser.features import PLAIN, FeatureStore
from keras_ser.features.preprocessing import NORMALISATIONS, Preprocessing
from keras_ser.protocols import Fold

HEADS = ("emotion", "center", "augmentation", "reconstruction")


class Pipeline:
    """A fold's data for `model.fit`.

    Each training utterance gives `rows` rows an epoch: the first unaugmented, the
    others augmented. If there are as many others as variants of `augment` (speed
    0.9, speed 1.1, SpecAugment, mixup: four), each variant comes once; else a row's
    type is drawn uniformly, and then its variant. Without `augment` all rows are
    plain copies, so that systems with and without it see as many updates.

    Unlabelled speech, where the fold has any, adds `unlabelled` rows to each
    labelled one in every batch, under the same augmentations; an epoch stays one
    pass over the labelled rows. Rows without label have weight 0 on `emotion` and
    `center`, rows of soft label on `center`. Types weigh inversely to their
    frequency on `augmentation`.

    Args:
        fold: train, dev and tests.
        store: the feature store; absent entries are extracted here.
        seconds: window; longer training speech is cropped at random.
        normalise: `"train"` or `"speaker"`, see `Preprocessing`.
        batch: labelled rows a batch.
        rows: rows of an utterance an epoch.
        augment: names or instances of augmentations, or a mapping from names to
            their arguments.
        unlabelled: rows without label a labelled row.
        heads: heads that get labels and weights; those of the model.
        pad: `"batch"` pads to the longest utterance of a batch, `"window"` to
            `seconds`: for backends that compile anew for each shape, and for
            models that do not mask the padding.
        denoising: whether the reconstruction's target is the unaugmented input.
        seed: of order, crops and augmentations.
        workers: processes for extraction.
        progress: whether extraction shows a bar.

    Raises:
        ValueError: an unknown choice, or a batch of more rows than an epoch has.

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
        rows: int = 2,
        augment: Iterable = (),
        unlabelled: int = 1,
        heads: Iterable[str] = HEADS,
        pad: str = "batch",
        denoising: bool = False,
        seed: int = 0,
        workers: int = 1,
        progress: bool = True,
    ):
        _one_of("normalise", normalise, NORMALISATIONS)
        _one_of("pad", pad, ("batch", "window"))
        self.fold = fold
        self.store = store
        self.batch = batch
        self.rows = rows
        self.augment = augmentations.instances(augment)
        if self.augment and rows < 2:
            raise ValueError(
                "`rows` must be at least 2 with `augment`: the first row of an "
                f"utterance is plain. Received: rows={rows}."
            )
        self.heads = tuple(heads)
        self.pad = pad
        self.denoising = denoising
        self.seed = seed
        refuse_batch(batch, len(fold.train), rows)
        self.types = augmentations.types(self.augment)
        self._variants = variants_of(self.augment)
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
        self._extra = unlabelled * batch if self._train.unlabelled else 0

    @property
    def steps(self) -> int:
        """Updates an epoch: whole batches of one pass over the labelled rows."""
        return self._train.labelled * self.rows // self.batch

    def train(self, first_epoch: int, epochs: int) -> tf.data.Dataset:
        """Batches of the epochs from `first_epoch` to before `epochs`.

        Returns:
            Dataset of (features, labels, weights): features `(batch, time, bands)`,
            labels and weights dictionaries of the heads.
        """
        size = self.batch + self._extra
        first, last = (epoch * self.steps * size for epoch in (first_epoch, epochs))
        rows = mapped(tf.data.Dataset.range(first, last), self._training_row)
        return self._batches(rows, size, first_epoch * self.steps)

    def dev(self) -> tf.data.Dataset:
        """Batches of the development speakers, unaugmented, in the table's order."""
        return self.plain(self.fold.dev)

    def test(self, name: str = "test") -> tf.data.Dataset:
        """Batches of a test table, unaugmented, in its order."""
        return self.plain(self.fold.tests[name])

    def plain(self, table: pd.DataFrame) -> tf.data.Dataset:
        """Unaugmented batches of any table, each utterance's first window."""
        self.store.prepare(table, [PLAIN], progress=False)
        source = self._source(table, None, [PLAIN])
        places = tf.data.Dataset.range(len(table))
        rows = mapped(
            places, lambda row: self._plain_row(source, tf.cast(row, tf.int32))
        )
        batches = rows.padded_batch(self.batch)
        return deterministic(mapped(batches, self._as_trained, AHEAD))

    def augmented(self, table: pd.DataFrame, kind: str) -> tf.data.Dataset:
        """Any table under one type of augmentation, `"none"` included.

        Each utterance comes once in each variant of the type, in the table's order;
        the last batch may be smaller. Partners are utterances of the table.
        """
        self.store.prepare(table, self._transforms(), progress=False)
        view = copy.copy(self)
        view.rows = len(self._variants)
        view._train, view._extra = self._source(table, None), 0
        first, count = (each[self.types.index(kind)] for each in ranges(self._variants))
        places = np.arange(len(table))[:, None] * view.rows + first + np.arange(count)
        rows = tf.data.Dataset.from_tensor_slices(places.ravel())
        rows = mapped(rows, view._variant_row)
        return view._batches(rows, self.batch, 0)

    def _extract(self, workers, progress) -> None:
        """Every variant of what trains; plain features of what is scored."""
        sides = self.fold.sides()
        self.store.prepare(sides["train"], self._transforms(), workers, progress)
        for side in ("dev", "test"):
            self.store.prepare(sides[side], [PLAIN], workers, progress)

    def _transforms(self) -> list:
        return list(dict.fromkeys(v.transform for v in self._variants))

    def _source(self, table, unlabelled, transforms=None) -> "Source":
        transforms = transforms or [variant.transform for variant in self._variants]
        return Source(
            table, unlabelled, self.store, transforms, self.fold.classes,
            self._statistics,
        )  # fmt: skip

    # What follows runs inside tf.data: graph operations on scalars and batches.

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
        variant = self._variant(copy, seeds[0])
        return self._row(utterance, variant, is_labelled, seeds[1:])

    def _variant_row(self, position):
        """The row of an utterance and variant, by utterance · variants + variant."""
        seed = tf.random.experimental.stateless_fold_in([self.seed, 0], position)
        seeds = tf.unstack(tf.random.split(seed, 3))
        utterance, variant = position // self.rows, position % self.rows
        utterance, variant = (tf.cast(x, tf.int32) for x in (utterance, variant))
        return self._row(utterance, variant, tf.constant(True), seeds)

    def _row(self, utterance, variant, is_labelled, seeds):
        """One variant of an utterance, and the partner that it needs."""
        row = self._load(self._train, utterance, variant, seeds[0])
        partner = self._train.partner(utterance, is_labelled, seeds[1])
        needed = tf.gather([v.needs_partner for v in self._variants], variant)
        # A plain read of nothing where no partner is needed.
        row["partner"] = tf.cond(
            needed,
            lambda: self._load(self._train, partner, 0, seeds[2]),
            lambda: blank(row),
        )
        row["type"] = tf.gather([v.type for v in self._variants], variant)
        return row

    def _labelled(self, step, slot):
        """Utterance and copy: epochs are permutations of all (utterance, copy)."""
        epoch, within = step // self.steps, step % self.steps
        count = self._train.labelled * self.rows
        place = (within * self.batch + slot) % count
        index = self._shuffled(place, epoch, count, 0)
        return index // self.rows, index % self.rows

    def _unlabelled(self, step, slot):
        count = self._train.unlabelled * self.rows
        place = step * self._extra + slot
        index = self._shuffled(place % count, place // count, count, 1)
        return self._train.labelled + index // self.rows, index % self.rows

    def _shuffled(self, place, epoch, count, stream):
        seed = tf.stack([tf.cast(self.seed, tf.int64), 2 * epoch + stream])
        index = tf.random.experimental.index_shuffle(place, seed, count - 1)
        return tf.cast(index, tf.int32)

    def _variant(self, copy, seed):
        """Index into the variants: 0 is plain."""
        if len(self._variants) == 1:
            return tf.zeros([], tf.int32)
        if self.rows == len(self._variants):
            return copy
        draw = tf.random.stateless_uniform([2], seed)
        first, count = ranges(self._variants)
        kind = 1 + tf.cast(draw[0] * (len(self.types) - 1), tf.int32)
        width = tf.gather(np.float32(count), kind)
        drawn = tf.gather(first, kind) + tf.cast(draw[1] * width, tf.int32)
        return tf.where(copy == 0, 0, drawn)

    def _plain_row(self, source, row):
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
        return deterministic(mapped(batches, self._augmented, AHEAD))

    def _augmented(self, step, batch):
        """Batch augmentations, each on the rows of its type."""
        partner, types = batch.pop("partner"), batch.pop("type")
        batch, partner = equally_long(batch, partner)
        clean = batch["features"]
        batch["certainty"] = partner["certainty"] = tf.ones_like(batch["labelled"])
        hard = batch["emotion"], batch["labelled"]
        is_soft = tf.zeros_like(types, tf.bool)
        for number, augmentation in enumerate(self.augment, 1):
            if augmentation.kind != "batch":
                continue
            chosen = types == number
            seed = tf.random.experimental.stateless_fold_in([self.seed, number], step)
            changed = augmentation(batch, partner, seed)
            batch = {key: select(chosen, changed[key], batch[key]) for key in batch}
            if augmentation.softens:
                is_soft |= chosen
        target = clean if self.denoising else batch["features"]
        return self._outputs(batch, types, target, hard, is_soft)

    def _as_trained(self, batch):
        """A plain batch in the form of a training batch."""
        types = batch.pop("type")
        batch["certainty"] = tf.ones_like(batch["labelled"])
        hard = batch["emotion"], batch["labelled"]
        nothing = tf.zeros_like(types, tf.bool)
        return self._outputs(batch, types, batch["features"], hard, nothing)

    def _outputs(self, batch, types, target, hard, is_soft):
        emotion, labelled = hard
        by_type = tf.gather(balance(self._variants, self.rows), types)
        labels = {
            "emotion": batch["emotion"],
            "center": emotion,
            "augmentation": tf.one_hot(types, len(self.types)),
            "reconstruction": target,
        }
        weights = {
            "emotion": batch["labelled"],
            "center": labelled * tf.where(is_soft, 0.0, 1.0),
            "augmentation": by_type * batch["certainty"],
            "reconstruction": tf.ones_like(labelled),
        }
        return (
            batch["features"],
            {head: labels[head] for head in self.heads},
            {head: weights[head] for head in self.heads},
        )


def _one_of(argument, value, known) -> None:
    if value not in known:
        raise ValueError(f"`{argument}` must be one of {known}. Received: {value!r}.")
