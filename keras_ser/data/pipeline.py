"""From a fold to normalised, augmented batches for `model.fit`.

The training stream has no state. The seed and the step determine which utterances a
batch holds, how each is augmented and with which partner it is mixed. A run can
therefore be repeated and resumed exactly, and it still gets different augmentations in
every epoch.
"""

import functools
from collections.abc import Iterable

import numpy as np
import pandas as pd

from keras_ser import augment as augmentations
from keras_ser.backend.lazy_tensorflow import tf
from keras_ser.data import planned
from keras_ser.data.batches import BatchMaker
from keras_ser.data.checks import (
    check_numbers_of,
    check_ratio,
    check_steps,
    check_types,
    unlabelled_rows,
)
from keras_ser.data.plan import Plan
from keras_ser.data.reader import Reader
from keras_ser.data.segments import (
    Segments,
    check_segments,
    count_windows,
    make_row_weights,
)
from keras_ser.data.source import Source, column_tasks, read_labels
from keras_ser.data.statistics import Statistics
from keras_ser.data.stream import Stream, variant_row
from keras_ser.data.variants import list_variants, type_shares, variant_places
from keras_ser.features import IDENTITY, FeatureStore, check_order
from keras_ser.features.preprocessing import NORMALISATIONS, Preprocessing
from keras_ser.protocols import Fold
from keras_ser.tasks import Task, mtl_aug_tasks
from keras_ser.utils.choices import check_choice, check_integer_from_0, check_switch
from keras_ser.utils.lists import as_list


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
    whose label it lacks, and in development speech also if its class is not in the
    training speech. Unlabelled rows lack the labels of the emotion, and mixtures those
    that one of the two utterances lacks. See `keras_ser.tasks`.

    Args:
        fold: The training, development and test utterances.
        store: The feature store. Entries that it lacks are extracted here.
        seconds: The length of the window in seconds. Longer training speech is
            cropped at a random position, or divided into `segments`.
        normalise: How features are normalised, see `Preprocessing`.
        speech_db: The range of speech frames in dB, see `Preprocessing`.
        batch: The number of labelled rows per batch.
        rows_per_utterance: The number of rows per utterance and epoch.
        augment: Names or instances of augmentations, or a mapping from names to
            their arguments.
        unlabelled_ratio: The number of unlabelled rows per labelled row. It may be a
            fraction that gives a whole number of rows per batch.
        tasks: The model's tasks, from `model.tasks`. The default is those of MTL-AUG.
        pad: `"batch"` pads to the longest utterance of a batch, `"window"` to
            `seconds`. The latter is for backends that compile again for each new
            shape, and for models that do not mask the padding.
        denoising: Whether the target of the reconstruction is the unaugmented input.
        steps: The number of updates per epoch. By default, an epoch is one pass over
            the labelled rows. With a number, the passes follow each other across
            epochs, for systems that have fewer labels than those they are compared
            with.
        segments: `"random"` takes a random crop of an utterance per row. With `"all"`,
            each of the n windows that cover an utterance gives `rows_per_utterance`
            rows per epoch, and an epoch is one pass over these. Unlabelled speech and
            the partners of mixtures keep random crops.
        segment_weight: With `"utterance"`, a labelled utterance counts once: a window
            of `segments="all"` weighs 1/n on every task, and a random crop weighs 1.
            With `"segment"`, it counts n times: they weigh 1 and n. A mixture weighs
            what its own utterance weighs, not its partner.
        seed: The seed of the order, the crops and the augmentations, from 0 to 2³¹ − 1.
        workers: The number of processes that extract features.
        progress: Whether the extraction shows a progress bar.

    Raises:
        ValueError: A choice is unknown, a number is out of range, a batch has more rows
            than an epoch or no whole number of unlabelled rows, or the types of a task
            that recognises augmentations are not those of `augment`.

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
        unlabelled_ratio: float = 1,
        tasks: Iterable[Task] | None = None,
        pad: str = "batch",
        denoising: bool = False,
        steps: int | None = None,
        segments: str = "random",
        segment_weight: str = "utterance",
        seed: int = 0,
        workers: int = 1,
        progress: bool = True,
    ):
        check_numbers_of(batch, rows_per_utterance, workers, seed, seconds)
        check_ratio(unlabelled_ratio)
        check_choice("normalise", normalise, NORMALISATIONS)
        check_choice("pad", pad, ("batch", "window"))
        check_switch(denoising=denoising)
        check_segments(segments, segment_weight)
        self.fold = fold
        self.store = store
        self.batch = batch
        self.rows_per_utterance = rows = rows_per_utterance
        self.segments, self.segment_weight = segments, segment_weight
        self.augment = augmentations.instances(augment)
        check_order(store.front_end, self.augment)
        self.types = augmentations.types(self.augment)
        self.variants = list_variants(self.augment)
        if tasks is None:
            tasks = mtl_aug_tasks(fold.classes, self.types)
        self.tasks = tasks = tuple(tasks)
        check_types(tasks, self.types, self.trained_types, rows)
        read_labels(column_tasks(tasks), fold.train, len(fold.train))  # may lack one
        self.pad = pad
        self.denoising = denoising
        self.seed = seed
        if segments == "random":  # segments are counted when there are features
            check_steps(steps, batch, len(fold.train), rows)
        has_unlabelled = len(self.training_table) > len(fold.train)
        extra = unlabelled_rows(batch, unlabelled_ratio) if has_unlabelled else 0
        self._extract(workers, progress)
        self.statistics = Statistics(fold, store, normalise, speech_db)
        self.preprocessing = Preprocessing(
            store.front_end,
            fold.classes,
            seconds,
            normalise,
            *self.statistics.train,
            speech_db,
        )
        self.stream = self._make_stream(extra, steps)

    @property
    def steps(self) -> int:
        """Updates per epoch: the full batches of one pass over the labelled rows.

        With the argument `steps`, it is that number.
        """
        return self.stream.steps

    @property
    def trained_types(self) -> tuple[str, ...]:
        """The types of augmentation that training rows have; all of `types`, or all
        but `none` if every row is augmented."""
        shares = type_shares(self.variants, self.rows_per_utterance)
        return tuple(n for n, share in zip(self.types, shares, strict=True) if share)

    def train(self, first_epoch: int, epochs: int) -> "tf.data.Dataset":
        """Batches of the epochs from `first_epoch` up to, but excluding, `epochs`.

        Returns:
            Dataset of `(features, labels, weights)`. Features have shape `(batch,
            time, dimensions)`. Labels and weights are dictionaries whose keys are the
            names of the tasks.

        Raises:
            ValueError: If `epochs` is below `first_epoch`, or one of them below 0.
        """
        check_integer_from_0(first_epoch=first_epoch, epochs=epochs)
        if epochs < first_epoch:
            raise ValueError(
                "`epochs` must be the index after the last epoch, and at least "
                f"`first_epoch`. Received: first_epoch={first_epoch}, epochs={epochs}."
            )
        per_epoch, size = self.steps * self.stream.size, self.stream.size
        places = tf.data.Dataset.range(first_epoch * per_epoch, epochs * per_epoch)
        first_step = first_epoch * self.steps
        return self._reader.augmented(places, self.stream.row, size, first_step)

    def dev(self) -> "tf.data.Dataset":
        """Batches of the development speakers, unaugmented, in the table's order."""
        return self.unaugmented(self.fold.dev)

    def test(self, name: str = "test") -> "tf.data.Dataset":
        """Batches of a test table, unaugmented, in its order."""
        check_choice("name", name, list(self.fold.tests))
        return self.unaugmented(self.fold.tests[name])

    def unaugmented(self, table: pd.DataFrame) -> "tf.data.Dataset":
        """Unaugmented batches of any table, with the first window of each utterance."""
        self.store.prepare(table, [IDENTITY], progress=False)
        reader = self._make_reader(self._source(table, None, [IDENTITY]), self.maker)
        return reader.unaugmented(len(table), self.batch)

    def augmented(
        self, table: pd.DataFrame, kinds: str | Iterable[str]
    ) -> "tf.data.Dataset":
        """Batches of any table under one type of augmentation or several.

        Each utterance appears once in each variant of a type, in the table's order. The
        types follow one another, and a batch may hold rows of two of them. The last
        batch may be smaller. Partners are utterances of the table.

        Args:
            table: The utterances.
            kinds: One of the pipeline's `types`, which include `"none"`, or several.
        """
        self.store.prepare(table, self.transforms(), progress=False)
        reader = self._make_reader(self._source(table, None), self.variant_maker)
        places = tf.data.Dataset.from_tensor_slices(self.places_of(table, kinds))
        return reader.augmented(places, self.describe_variant, self.batch, 0)

    def plan(self, first_epoch: int, epochs: int) -> Plan:
        """The rows of `train` as arrays, from which another reader makes its batches.

        A plan is computed once and kept in the folder of the feature store. It needs
        TensorFlow when it is computed, but not when it is read.

        Returns:
            The plan, with arrays `(epochs, steps, rows)`.

        Raises:
            ValueError: If a batch augmentation does not say what it draws.
            ModuleNotFoundError: If there is neither a plan nor TensorFlow.
        """
        return planned.plan_training(self, epochs)[first_epoch:]

    def plan_augmented(self, table: pd.DataFrame, kinds: str | Iterable[str]) -> Plan:
        """The rows of `augmented` as arrays `(rows,)`; see `plan`."""
        self.store.prepare(table, self.transforms(), progress=False)
        return planned.plan_variants(self, table, as_list(kinds))

    def plan_key(self) -> str:
        """The key under which `plan` keeps its result: a hash of all that decides it.

        Raises:
            ValueError: As for `plan`.
        """
        planner = planned.make_planner(self, self.training_table, self.maker)
        return planner.key("training", *self.stream.identity)

    def plan_augmented_key(
        self, table: pd.DataFrame, kinds: str | Iterable[str]
    ) -> str:
        """The key under which `plan_augmented` keeps its result; see `plan_key`."""
        planner = planned.make_planner(self, table, self.variant_maker)
        return planner.key("variants", ",".join(as_list(kinds)), self.batch)

    def _extract(self, workers, progress) -> None:
        """Extracts every variant of the training side, and the other sides as is."""
        sides = self.fold.sides()
        self.store.prepare(sides["train"], self.transforms(), workers, progress)
        for side in ("dev", "test"):
            self.store.prepare(sides[side], [IDENTITY], workers, progress)

    def _make_stream(self, extra: int, steps: int | None) -> Stream:
        labelled, segments = len(self.fold.train), None
        unlabelled = len(self.training_table) - labelled
        if self.segments == "all":
            segments = Segments(self.window_counts)
            counted = self.batch, segments.total, self.rows_per_utterance
            check_steps(steps, *counted, "segments")
        return Stream(
            labelled=labelled,
            unlabelled=unlabelled,
            batch=self.batch,
            extra=extra,
            rows=self.rows_per_utterance,
            given_steps=steps,
            variants=self.variants,
            seed=self.seed,
            segments=segments,
        )

    @functools.cached_property
    def window_counts(self) -> np.ndarray:
        """The number of windows that cover each labelled utterance, int32."""
        frames = self.frames(self.fold.train, [IDENTITY])[0]
        return count_windows(frames, self.preprocessing.window)

    @functools.cached_property
    def row_weights(self) -> np.ndarray | None:
        """The weight of the rows of each utterance of `training_table`, float32.

        It is None if all of them weigh 1.
        """
        return make_row_weights(
            self.segments,
            self.segment_weight,
            lambda: self.window_counts,
            len(self.training_table) - len(self.fold.train),
        )

    def variant_transforms(self) -> list:
        """The waveform transform of each variant."""
        return [variant.transform for variant in self.variants]

    def transforms(self) -> list:
        """The different waveform transforms, the identity first."""
        return list(dict.fromkeys(self.variant_transforms()))

    def frames(self, table: pd.DataFrame, transforms: Iterable) -> np.ndarray:
        """The frames of each entry of a table, int64 `(transforms, rows)`."""
        found = {t: self.store.frames(self.store.paths(table, t)) for t in transforms}
        return np.stack([found[transform] for transform in transforms])

    @functools.cached_property
    def maker(self) -> BatchMaker:
        """Makes the batches of `train`."""
        return self._make_maker(self.rows_per_utterance)

    @functools.cached_property
    def variant_maker(self) -> BatchMaker:
        """Makes the batches of `augmented`, which has one row per variant."""
        return self._make_maker(len(self.variants))

    def _make_maker(self, rows: int) -> BatchMaker:
        return BatchMaker(self.augment, self.variants, rows, self.tasks, self.denoising)

    @functools.cached_property
    def _reader(self) -> Reader:
        source = self._source(self.fold.train, self.fold.unlabelled)
        return self._make_reader(source, self.maker, self.row_weights)

    def _make_reader(self, source: Source, maker: BatchMaker, weights=None) -> Reader:
        window, pads = self.preprocessing.window, self.pad == "window"
        return Reader(source, maker, window, pads, self.seed, weights)

    def _source(self, table, unlabelled, transforms=None) -> Source:
        transforms = transforms or self.variant_transforms()
        return Source(
            table, unlabelled, self.store, transforms, self.tasks, self.statistics
        )

    @functools.cached_property
    def training_table(self) -> pd.DataFrame:
        """The labelled utterances of the training side, then the unlabelled ones."""
        return pd.concat([self.fold.train, self.fold.unlabelled], ignore_index=True)

    def describe_variant(self, place):
        """What the row at a place of `augmented` contains; see `stream.variant_row`."""
        return variant_row(place, len(self.variants), self.seed)

    def places_of(self, table: pd.DataFrame, kinds: str | Iterable[str]) -> np.ndarray:
        """The places of a table in all variants of types, for `describe_variant`."""
        kinds = as_list(kinds)
        for kind in kinds:
            check_choice("kinds", kind, self.types)
        numbers = [self.types.index(kind) for kind in kinds]
        return np.concatenate(
            [variant_places(self.variants, number, len(table)) for number in numbers]
        )

    def type_recalls(
        self, outputs: np.ndarray, table: pd.DataFrame, kinds: Iterable[str]
    ) -> list[float]:
        """The share of the rows of each type that a head calls by that type.

        Args:
            outputs: The outputs of the head for `augmented(table, kinds)`, with one
                column for each of the pipeline's `types`, `(rows, types)`.
            table: The utterances.
            kinds: The types.
        """
        kinds = as_list(kinds)
        counts = [len(self.places_of(table, kind)) for kind in kinds]
        parts = np.split(np.argmax(outputs, axis=-1), np.cumsum(counts)[:-1])
        return [
            float(np.mean(part == self.types.index(kind)))
            for part, kind in zip(parts, kinds, strict=True)
        ]
