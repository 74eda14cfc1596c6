"""A fold's utterances as constants of a tf.data graph."""

import dataclasses
from collections.abc import Callable

import joblib
import numpy as np
import pandas as pd
import tensorflow as tf

from keras_ser.features import PLAIN

AHEAD = 2  # batches in the making, and as many that wait for their reader


@dataclasses.dataclass(frozen=True)
class Variant:
    """One way in which an utterance enters training."""

    type: int  # label of the augmentation head
    transform: Callable  # of the waveform
    needs_partner: bool


class Source:
    """Utterances as constants of a tf.data graph: labelled rows, then unlabelled."""

    def __init__(self, table, unlabelled, store, transforms, classes, statistics):
        extra = table.iloc[:0] if unlabelled is None else unlabelled
        both = pd.concat([table, extra], ignore_index=True)
        self.labelled, self.unlabelled = len(table), len(extra)
        self.bands = store.front_end.bands
        paths = {transform: store.paths(both, transform) for transform in transforms}
        self._paths = tf.constant([paths[t] for t in transforms])  # (variants, rows)
        groups, values = statistics.of(both)
        self._groups, self._moments = tf.constant(groups), tf.constant(values)
        numbers = both.emotion.map({name: i for i, name in enumerate(classes)})
        numbers = numbers.fillna(-1).astype(np.int32).to_numpy(copy=True)
        numbers[len(table) :] = -1  # whatever an unlabelled table says
        self._emotion = tf.constant(numbers)
        self._classes = len(classes)

    def features(self, row, variant):
        """Normalised features of a row, `(frames, bands)`."""
        raw = tf.io.decode_raw(tf.io.read_file(self._paths[variant, row]), tf.float16)
        features = tf.cast(tf.reshape(raw, (-1, self.bands)), tf.float32)
        mean, deviation = tf.unstack(self._moments[self._groups[row]])
        return (features - mean) / deviation

    def labels(self, row):
        emotion = self._emotion[row]
        return {
            "emotion": tf.one_hot(emotion, self._classes),  # zeros where −1
            "labelled": tf.cast(emotion >= 0, tf.float32),
        }

    def partner(self, row, is_labelled, seed):
        """Another row of the same part, uniformly."""
        first = tf.where(is_labelled, 0, self.labelled)
        count = tf.where(is_labelled, self.labelled, self.unlabelled)
        ahead = tf.random.stateless_uniform([], seed, 1, tf.maximum(count, 2), tf.int32)
        return first + (row - first + ahead) % tf.maximum(count, 1)


def variants_of(augment) -> list[Variant]:
    """Plain, then every variant of every type."""
    variants = [Variant(0, PLAIN, False)]
    for number, augmentation in enumerate(augment, 1):
        if augmentation.kind == "waveform":
            variants += [Variant(number, t, False) for t in augmentation.transforms]
        else:
            variants.append(Variant(number, PLAIN, augmentation.needs_partner))
    return variants


def balance(variants, rows: int) -> np.ndarray:
    """Weights a type, inverse to its share of the rows, of mean 1 over the rows."""
    kinds = np.bincount([variant.type for variant in variants])
    if len(kinds) == 1:
        return np.float32([1.0])
    if rows == len(variants):
        share = kinds / len(variants)
    else:
        drawn = np.full(len(kinds) - 1, (rows - 1) / rows / (len(kinds) - 1))
        share = np.concatenate([[1 / rows], drawn])
    return np.float32(1 / (len(kinds) * share))


def ranges(variants) -> tuple[np.ndarray, np.ndarray]:
    """Place of the first variant and number of variants of each type, int32."""
    types = [variant.type for variant in variants]
    _, first, count = np.unique(types, return_index=True, return_counts=True)
    return first.astype(np.int32), count.astype(np.int32)


def refuse_batch(batch: int, utterances: int, rows: int) -> None:
    """Raises ValueError if an epoch does not fill one batch."""
    if batch > utterances * rows:
        raise ValueError(
            f"`batch` must be at most the rows of an epoch: {utterances} labelled "
            f"training utterances times rows={rows} are {utterances * rows}. "
            f"Received: batch={batch}. Lower `training.batch`, or raise "
            "`training.rows`."
        )


def blank(row) -> dict:
    """A row of zeros, as a partner that is not needed."""
    return {
        "features": tf.zeros_like(row["features"]),
        "frames": row["frames"],
        "emotion": tf.zeros_like(row["emotion"]),
        "labelled": tf.zeros_like(row["labelled"]),
    }


def equally_long(batch, partner):
    """Both padded to the longer of the two."""
    time = tf.maximum(tf.shape(batch["features"])[1], tf.shape(partner["features"])[1])

    def padded(part):
        missing = time - tf.shape(part["features"])[1]
        features = tf.pad(part["features"], [[0, 0], [0, missing], [0, 0]])
        return {**part, "features": features}

    return padded(batch), padded(partner)


def select(chosen, changed, original):
    """The changed rows where chosen, the original ones elsewhere."""
    shape = [-1] + [1] * (original.shape.rank - 1)
    return tf.where(tf.reshape(chosen, shape), changed, original)


def mapped(dataset, function, parallel: int | None = None):
    """The dataset of a function of its elements, which are computed in parallel.

    As many at a time as said, or one a thread that TensorFlow may use. The function is
    made of graph operations alone, so that TensorFlow need not rewrite its source,
    which is most of the time that a pipeline takes to start.
    """
    function = tf.autograph.experimental.do_not_convert(function)
    return dataset.map(function, num_parallel_calls=parallel or _threads())


def deterministic(dataset):
    """The dataset, in one order whatever the threads do, and ahead of its reader.

    TensorFlow does not tune its parallelism: the thread that does may sleep for a
    minute when the dataset is dropped, and a training waits for it when it ends.
    """
    options = tf.data.Options()
    options.deterministic = True
    options.autotune.enabled = False
    return dataset.with_options(options).prefetch(AHEAD)


def _threads() -> int:
    chosen = tf.config.threading.get_intra_op_parallelism_threads()
    return chosen or joblib.cpu_count()
