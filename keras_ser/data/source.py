"""A fold's utterances as constants of a tf.data graph."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import tensorflow as tf

from keras_ser.data.decoding import EntryReader
from keras_ser.data.statistics import Statistics
from keras_ser.features import FeatureStore
from keras_ser.tasks import ColumnTask, Task


class Source:
    """Utterances as constants of a tf.data graph: labelled rows, then unlabelled ones.

    Args:
        table: The labelled utterances.
        unlabelled: The unlabelled utterances, or None.
        store: The feature store, which holds the entries of all utterances.
        transforms: The waveform transform of each variant.
        tasks: The tasks, whose labels are read from the tables.
        statistics: The means and standard deviations.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        unlabelled: pd.DataFrame | None,
        store: FeatureStore,
        transforms: Iterable[Callable],
        tasks: Iterable[Task],
        statistics: Statistics,
    ):
        extra = table.iloc[:0] if unlabelled is None else unlabelled
        both = pd.concat([table, extra], ignore_index=True)
        self.labelled, self.unlabelled = len(table), len(extra)
        self._reader = _reader(store, both, list(transforms))
        groups, values = statistics.for_table(both)
        self._groups, self._moments = tf.constant(groups), tf.constant(values)
        self._normalised = statistics.normalised
        columns = [task for task in tasks if isinstance(task, ColumnTask)]
        self._sizes = {task.name: task.size for task in columns}
        self._labels = {
            task.name: tf.constant(_read_labels(task, both, len(table)))
            for task in columns
        }

    def features(self, row, variant):
        """The normalised features of a row, `(frames, dimensions)`."""
        features = tf.cast(self._reader.read(variant, row), tf.float32)
        mean, std = tf.unstack(self._moments[self._groups[row]])
        return self._normalised(features, mean, std)

    def labels(self, row) -> dict:
        """A row's labels, `(size,)`, and whether they are known, `()`, by task."""
        found = {
            name: _to_label(values[row], self._sizes[name])
            for name, values in self._labels.items()
        }
        return {
            "labels": {name: label for name, (label, _) in found.items()},
            "known": {name: known for name, (_, known) in found.items()},
        }

    def partner(self, row, is_labelled, seed):
        """Draws another row of the same part (labelled or unlabelled) uniformly."""
        first = tf.where(is_labelled, 0, self.labelled)
        count = tf.where(is_labelled, self.labelled, self.unlabelled)
        shift = tf.random.stateless_uniform([], seed, 1, tf.maximum(count, 2), tf.int32)
        return first + (row - first + shift) % tf.maximum(count, 1)


def _reader(store, table, transforms: list) -> EntryReader:
    """The reader of the entries `(variants, rows)`."""
    by_transform = {each: store.paths(table, each) for each in transforms}
    # Variants with the same transform read the same entries.
    summaries = {each: store.summaries(paths) for each, paths in by_transform.items()}
    paths = np.array([by_transform[each] for each in transforms])
    return EntryReader(
        store.format, paths, [one for each in transforms for one in summaries[each]]
    )


def _read_labels(task: ColumnTask, table: pd.DataFrame, labelled: int) -> np.ndarray:
    """The task's labels of a table; unlabelled rows lack those of the affect."""
    values = task.read(table)
    if not task.uses_unlabelled:
        # even if an unlabelled table has emotions
        values[labelled:] = -1 if values.dtype.kind == "i" else np.nan
    return values


def _to_label(value, size: int):
    """One label from a class number or a float; −1 and NaN are unknown."""
    if value.dtype.is_integer:
        return tf.one_hot(value, size), tf.cast(value >= 0, tf.float32)
    known = tf.math.is_finite(value)
    return tf.where(known, value, 0.0)[None], tf.cast(known, tf.float32)
