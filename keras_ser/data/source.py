"""A fold's utterances as constants of a tf.data graph."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from keras_ser.augment import tensorflow_ops
from keras_ser.backend.lazy_tensorflow import tf
from keras_ser.data.batches import to_labels
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
        self._tasks = column_tasks(tasks)
        values = read_labels(self._tasks, both, len(table))
        self._values = {name: tf.constant(each) for name, each in values.items()}

    def features(self, row, variant):
        """The normalised features of a row, `(frames, dimensions)`."""
        features = tf.cast(self._reader.read(variant, row), tf.float32)
        mean, std = tf.unstack(self._moments[self._groups[row]])
        return self._normalised(features, mean, std)

    def labels(self, row) -> dict:
        """A row's labels, `(size,)`, and whether they are known, `()`, by task."""
        values = {name: each[row] for name, each in self._values.items()}
        return to_labels(tensorflow_ops(), self._tasks, values)


def _reader(store, table, transforms: list) -> EntryReader:
    """The reader of the entries `(variants, rows)`."""
    by_transform = {each: store.paths(table, each) for each in transforms}
    # Variants with the same transform read the same entries.
    summaries = {each: store.summaries(paths) for each, paths in by_transform.items()}
    paths = np.array([by_transform[each] for each in transforms])
    return EntryReader(
        store.format, paths, [one for each in transforms for one in summaries[each]]
    )


def column_tasks(tasks: Iterable[Task]) -> list[ColumnTask]:
    """The tasks whose labels are in a column."""
    return [task for task in tasks if isinstance(task, ColumnTask)]


def read_labels(
    tasks: Iterable[ColumnTask], table: pd.DataFrame, labelled: int
) -> dict[str, np.ndarray]:
    """The labels of a table by task, as `ColumnTask.read` returns them.

    Args:
        tasks: The tasks.
        table: The labelled rows, then the unlabelled ones, which lack the labels of
            the affect even if the table has them.
        labelled: The number of labelled rows.
    """
    found = {task.name: task.read(table) for task in tasks}
    for task in tasks:
        if not task.uses_unlabelled:
            values = found[task.name]
            values[labelled:] = -1 if values.dtype.kind == "i" else np.nan
    return found
