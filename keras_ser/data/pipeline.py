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
from keras_ser.data.datasets import (
    PREFETCH_BATCHES,
    make_deterministic,
    pad_to_equal_length,
    parallel_map,
    select_rows,
    zero_row,
)
from keras_ser.data.source import Source
from keras_ser.data.statistics import Statistics
from keras_ser.data.stream import Stream
from keras_ser.data.variants import (
    list_variants,
    type_shares,
    type_weights,
    variant_ranges,
)
from keras_ser.features import IDENTITY, FeatureStore
from keras_ser.features.preprocessing import NORMALISATIONS, Preprocessing
from keras_ser.protocols import Fold
from keras_ser.tasks import Task, mtl_aug_tasks
from keras_ser.utils.choices import check_choice


class Pipeline:
    """A fold's data for `model.fit`.

    Each training utterance gives `rows_per_utterance` rows per epoch. The first row is
    unaugmented, the remaining ones are augmented. If there are as many of these as
    variants of `augment` (four with speed 0.9, speed 1.1, SpecAugment and mixup), each
    variant is used once. Otherwise the type of each row is drawn uniformly, and then
    one of the type's variants. With one row per utterance, that row is augmented.
    Without `augment`, all rows are unaugmented copies, so that systems with and
    without augmentation make the same number of updates.

    If the fold has unlabelled speech, each batch holds `unlabelled_ratio` unlabelled
    rows per labelled row, under the same augmentations. An epoch is still one pass
    over the labelled rows.

    The `tasks` decide which labels and weights a row has. A row has weight 0 on a task
    whose label it lacks, and in development speech also if training does not know its
    class. Unlabelled rows lack the labels of the emotion, and mixtures those that one
    of the two utterances lacks. See `keras_ser.tasks`.

    Args:
        fold: The training, development and test utterances.
        store: The feature store. Entries that it lacks are extracted here.
        seconds: The length of the window in seconds. Longer training speech is
            cropped at a random position.
        normalise: How features are normalised, see `Preprocessing`.
        speech_db: The range of speech frames in dB, see `Preprocessing`.
        batch: The number of labelled rows per batch.
        rows_per_utterance: The number of rows per utterance and epoch.
        augment: Names or instances of augmentations, or a mapping from names to
            their arguments.
        unlabelled_ratio: The number of unlabelled rows per labelled row.
        tasks: The model's tasks, from `model.tasks`. The default is those of MTL-AUG.
        pad: `"batch"` pads to the longest utterance of a batch, `"window"` to
            `seconds`. The latter is for backends that compile again for each new
            shape, and for models that do not mask the padding.
        denoising: Whether the target of the reconstruction is the unaugmented input.
        steps: The number of updates per epoch. By default, an epoch is one pass over
            the labelled rows. With a number, the passes follow each other across
            epochs, for systems that have fewer labels than those they are compared
            with.
        seed: The seed of the order, the crops and the augmentations.
        workers: The number of processes that extract features.
        progress: Whether the extraction shows a progress bar.

    Raises:
        ValueError: A choice is unknown, a batch has more rows than an epoch, or the
            types of a task that recognises augmentations are not those of `augment`.

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
        speech_db: float | None = None,
        batch: int = 16,
        rows_per_utterance: int = 2,
        augment: Iterable = (),
        unlabelled_ratio: int = 1,
        tasks: Iterable[Task] | None = None,
        pad: str = "batch",
        denoising: bool = False,
        steps: int | None = None,
        seed: int = 0,
        workers: int = 1,
        progress: bool = True,
    ):
        check_choice("normalise", normalise, NORMALISATIONS)
        check_choice("pad", pad, ("batch", "window"))
        self.fold = fold
        self.store = store
        self.batch = batch
        self.rows_per_utterance = rows_per_utterance
        self.augment = augmentations.instances(augment)
        self.types = augmentations.types(self.augment)
        self._variants = list_variants(self.augment)
        if tasks is None:
            tasks = mtl_aug_tasks(fold.classes, self.types)
        self.tasks = tuple(tasks)
        self._check_types()
        self.pad = pad
        self.denoising = denoising
        self.seed = seed
        check_steps(steps, batch, len(fold.train), rows_per_utterance)
        self._extract(workers, progress)
        self._statistics = Statistics(fold, store, normalise, speech_db)
        self.preprocessing = Preprocessing(
            store.front_end,
            fold.classes,
            seconds,
            normalise,
            *self._statistics.train,
            speech_db,
        )
        self._train = self._source(fold.train, fold.unlabelled)
        self._stream = self._make_stream(unlabelled_ratio, steps)

    @property
    def steps(self) -> int:
        """Updates per epoch: the full batches of one pass over the labelled rows.

        With the argument `steps`, it is that number.
        """
        return self._stream.steps

    @property
    def trained_types(self) -> tuple[str, ...]:
        """The types of augmentation that training rows have; all of `types`, or all
        but `none` if every row is augmented."""
        shares = type_shares(self._variants, self.rows_per_utterance)
        return tuple(n for n, share in zip(self.types, shares, strict=True) if share)

    def train(self, first_epoch: int, epochs: int) -> tf.data.Dataset:
        """Batches of the epochs from `first_epoch` up to, but excluding, `epochs`.

        Returns:
            Dataset of `(features, labels, weights)`. Features have shape `(batch,
            time, dimensions)`. Labels and weights are dictionaries whose keys are the
            names of the tasks.
        """
        per_epoch = self.steps * self._stream.size
        places = tf.data.Dataset.range(first_epoch * per_epoch, epochs * per_epoch)
        rows = parallel_map(places, self._training_row)
        return self._batches(rows, self._stream.size, first_epoch * self.steps)

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
        view._train = self._source(table, None)
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

    def _check_types(self) -> None:
        """Checks that tasks on the type of augmentation fit the augmentations."""
        types = [task.types for task in self.tasks if hasattr(task, "types")]
        wrong = [each for each in types if each != self.types]
        if wrong:
            raise ValueError(
                "A task that recognises augmentations must have the types of `augment`"
                f", {self.types}. Received: {wrong[0]}. Give the model "
                "`augmentations=augment.types(…)` of the same augmentations."
            )
        if types and len(self.trained_types) < 2:
            raise ValueError(
                "A task that recognises augmentations needs training rows of two "
                f"types. Received: {self.trained_types}, because rows_per_utterance="
                f"{self.rows_per_utterance}. Raise it, add augmentations, or leave "
                "this head out of the model."
            )

    def _make_stream(self, unlabelled_ratio: int, steps: int | None) -> Stream:
        unlabelled = self._train.unlabelled
        return Stream(
            labelled=self._train.labelled,
            unlabelled=unlabelled,
            batch=self.batch,
            extra=unlabelled_ratio * self.batch if unlabelled else 0,
            rows=self.rows_per_utterance,
            given_steps=steps,
            variants=self._variants,
            seed=self.seed,
        )

    def _transforms(self) -> list:
        return list(dict.fromkeys(v.transform for v in self._variants))

    def _source(self, table, unlabelled, transforms=None) -> Source:
        transforms = transforms or [variant.transform for variant in self._variants]
        return Source(
            table, unlabelled, self.store, transforms, self.tasks, self._statistics
        )

    # The methods below run inside tf.data: graph operations on scalars and batches.

    def _training_row(self, position):
        """The row at a position of the stream, before batch augmentations."""
        return self._row(*self._stream.row(position))

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
        for each in (batch, partner):
            each["augmentation_weight"] = tf.ones_like(types, tf.float32)
        unmixed = batch["labels"], batch["known"]
        is_mixed = tf.zeros_like(types, tf.bool)
        for number, augmentation in enumerate(self.augment, 1):
            if augmentation.kind != "batch":
                continue
            chosen = types == number
            seed = tf.random.experimental.stateless_fold_in([self.seed, number], step)
            batch = select_rows(chosen, augmentation(batch, partner, seed), batch)
            if augmentation.softens:
                is_mixed |= chosen
        target = clean if self.denoising else batch["features"]
        return self._outputs(batch, types, target, unmixed, is_mixed)

    def _complete_unaugmented(self, batch):
        """Brings an unaugmented batch into the form of a training batch."""
        types = batch.pop("type")
        batch["augmentation_weight"] = tf.ones_like(types, tf.float32)
        unmixed = batch["labels"], batch["known"]
        nothing = tf.zeros_like(types, tf.bool)
        return self._outputs(batch, types, batch["features"], unmixed, nothing)

    def _outputs(self, batch, types, target, unmixed, is_mixed):
        """Features, labels and weights of a batch, as `Task.target` makes them."""
        balance = type_weights(self._variants, self.rows_per_utterance)
        weight = tf.gather(balance, types) * batch["augmentation_weight"]
        rows = {
            "features": batch["features"],
            "reconstruction": target,
            "labels": batch["labels"],
            "known": batch["known"],
            "unmixed_labels": unmixed[0],
            "unmixed_known": unmixed[1],
            "is_unmixed": tf.where(is_mixed, 0.0, 1.0),
            "type": tf.one_hot(types, len(self.types)),
            "type_weight": weight,
            "ones": tf.ones_like(weight),
        }
        targets = {task.name: task.target(rows) for task in self.tasks}
        labels = {name: label for name, (label, _) in targets.items()}
        weights = {name: weight for name, (_, weight) in targets.items()}
        return batch["features"], labels, weights


def check_steps(steps: int | None, batch: int, utterances: int, rows: int) -> None:
    """Raises ValueError if an epoch has no update.

    Args:
        steps: The number of updates per epoch; None for one pass over the rows.
        batch: The number of labelled rows per batch.
        utterances: The number of labelled utterances.
        rows: The rows per utterance and epoch.
    """
    if steps is not None and (type(steps) is not int or steps < 1):
        raise ValueError(
            "`steps` must be a whole number of updates, 1 or more, or None for one "
            f"pass over the labelled rows. Received: {steps!r}."
        )
    if steps is None and batch > utterances * rows:
        raise ValueError(
            "`batch` must be at most the number of rows in an epoch: "
            f"{utterances} labelled training utterances times "
            f"rows_per_utterance={rows} are {utterances * rows}. Received: "
            f"batch={batch}. Lower `training.batch`, or raise "
            "`training.rows_per_utterance`."
        )
