"""A fold's utterances as constants of a tf.data graph."""

import dataclasses
from collections.abc import Callable

import joblib
import numpy as np
import pandas as pd
import tensorflow as tf

from keras_ser.features import IDENTITY

PREFETCH_BATCHES = 2  # batches computed in parallel, and as many that are buffered


@dataclasses.dataclass(frozen=True)
class Variant:
    """One way in which an utterance enters training.

    Args:
        type: The label of the augmentation head; 0 is unaugmented.
        transform: The waveform transform whose features are read.
        needs_partner: Whether the augmentation mixes in a second utterance.
    """

    type: int
    transform: Callable
    needs_partner: bool


class Source:
    """Utterances as constants of a tf.data graph: labelled rows, then unlabelled ones.

    Args:
        table: The labelled utterances.
        unlabelled: The unlabelled utterances, or None.
        store: The feature store, which holds the entries of all utterances.
        transforms: The waveform transform of each variant.
        classes: The emotions in the order of their labels.
        statistics: The means and standard deviations, a `Statistics`.
    """

    def __init__(self, table, unlabelled, store, transforms, classes, statistics):
        extra = table.iloc[:0] if unlabelled is None else unlabelled
        both = pd.concat([table, extra], ignore_index=True)
        self.labelled, self.unlabelled = len(table), len(extra)
        self.dimensions = store.front_end.dimensions
        paths = {transform: store.paths(both, transform) for transform in transforms}
        self._paths = tf.constant([paths[t] for t in transforms])  # (variants, rows)
        groups, values = statistics.for_table(both)
        self._groups, self._moments = tf.constant(groups), tf.constant(values)
        numbers = both.emotion.map({name: i for i, name in enumerate(classes)})
        numbers = numbers.fillna(-1).astype(np.int32).to_numpy(copy=True)
        numbers[len(table) :] = -1  # even if an unlabelled table has emotions
        self._emotion = tf.constant(numbers)
        self._classes = len(classes)

    def features(self, row, variant):
        """The normalised features of a row, `(frames, dimensions)`."""
        raw = tf.io.decode_raw(tf.io.read_file(self._paths[variant, row]), tf.float16)
        features = tf.cast(tf.reshape(raw, (-1, self.dimensions)), tf.float32)
        mean, std = tf.unstack(self._moments[self._groups[row]])
        return (features - mean) / std

    def labels(self, row):
        """A row's one-hot emotion, `(classes,)`, and whether it has one, `()`."""
        emotion = self._emotion[row]
        return {
            "emotion": tf.one_hot(emotion, self._classes),  # zeros for −1
            "labelled": tf.cast(emotion >= 0, tf.float32),
        }

    def partner(self, row, is_labelled, seed):
        """Draws another row of the same part (labelled or unlabelled) uniformly."""
        first = tf.where(is_labelled, 0, self.labelled)
        count = tf.where(is_labelled, self.labelled, self.unlabelled)
        shift = tf.random.stateless_uniform([], seed, 1, tf.maximum(count, 2), tf.int32)
        return first + (row - first + shift) % tf.maximum(count, 1)


def list_variants(augment) -> list[Variant]:
    """Lists the unaugmented variant, then every variant of every augmentation."""
    variants = [Variant(0, IDENTITY, False)]
    for number, augmentation in enumerate(augment, 1):
        if augmentation.kind == "waveform":
            variants += [Variant(number, t, False) for t in augmentation.transforms]
        else:
            variants.append(Variant(number, IDENTITY, augmentation.needs_partner))
    return variants


def type_weights(variants: list[Variant], rows: int) -> np.ndarray:
    """One weight per type, inverse to the type's share of the rows.

    The weights have mean 1 over the rows.

    Args:
        variants: From `list_variants`.
        rows: The rows per utterance and epoch.

    Returns:
        float32 array of shape `(types,)`.
    """
    kinds = np.bincount([variant.type for variant in variants])
    if len(kinds) == 1:
        return np.float32([1.0])
    if rows == len(variants):
        share = kinds / len(variants)
    else:
        drawn = np.full(len(kinds) - 1, (rows - 1) / rows / (len(kinds) - 1))
        share = np.concatenate([[1 / rows], drawn])
    return np.float32(1 / (len(kinds) * share))


def variant_ranges(variants: list[Variant]) -> tuple[np.ndarray, np.ndarray]:
    """The index of the first variant of each type, and the number of its variants.

    Returns:
        Two int32 arrays of shape `(types,)`.
    """
    types = [variant.type for variant in variants]
    _, first, count = np.unique(types, return_index=True, return_counts=True)
    return first.astype(np.int32), count.astype(np.int32)


def check_batch(batch: int, utterances: int, rows: int) -> None:
    """Raises ValueError if an epoch has fewer rows than one batch."""
    if batch > utterances * rows:
        raise ValueError(
            "`batch` must be at most the number of rows in an epoch: "
            f"{utterances} labelled training utterances times "
            f"rows_per_utterance={rows} are {utterances * rows}. Received: "
            f"batch={batch}. Lower `training.batch`, or raise "
            "`training.rows_per_utterance`."
        )


def zero_row(row: dict) -> dict:
    """A row of zeros, in place of a partner that is not needed."""
    return {
        "features": tf.zeros_like(row["features"]),
        "frames": row["frames"],
        "emotion": tf.zeros_like(row["emotion"]),
        "labelled": tf.zeros_like(row["labelled"]),
    }


def pad_to_equal_length(batch: dict, partner: dict) -> tuple[dict, dict]:
    """Pads the features of both to the longer of the two."""
    time = tf.maximum(tf.shape(batch["features"])[1], tf.shape(partner["features"])[1])

    def pad(part):
        missing = time - tf.shape(part["features"])[1]
        features = tf.pad(part["features"], [[0, 0], [0, missing], [0, 0]])
        return {**part, "features": features}

    return pad(batch), pad(partner)


def select_rows(chosen, changed, original):
    """The changed rows where `chosen` is true, the original rows elsewhere."""
    shape = [-1] + [1] * (original.shape.rank - 1)
    return tf.where(tf.reshape(chosen, shape), changed, original)


def parallel_map(
    dataset: tf.data.Dataset, function: Callable, parallel: int | None = None
) -> tf.data.Dataset:
    """Maps a function over a dataset, several elements at a time.

    The function must consist of graph operations only. TensorFlow then need not
    rewrite its source, which would take most of the time that a pipeline needs to
    start.

    Args:
        dataset: The elements.
        function: From one element to the new one.
        parallel: How many elements are computed at a time. The default is one per
            thread that TensorFlow may use.
    """
    function = tf.autograph.experimental.do_not_convert(function)
    return dataset.map(function, num_parallel_calls=parallel or _threads())


def make_deterministic(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Fixes the order of a dataset, and prefetches its elements.

    The order then does not depend on the threads. TensorFlow's autotuning is off: its
    thread may sleep for a minute when the dataset is dropped, and the end of a
    training would wait for it.
    """
    options = tf.data.Options()
    options.deterministic = True
    options.autotune.enabled = False
    return dataset.with_options(options).prefetch(PREFETCH_BATCHES)


def _threads() -> int:
    chosen = tf.config.threading.get_intra_op_parallelism_threads()
    return chosen or joblib.cpu_count()
