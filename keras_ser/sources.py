"""A fold's utterances as constants of a tf.data graph."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import tensorflow as tf

from keras_ser.features import PLAIN
from keras_ser.preprocessing import moments, warn_of_single_emotions


@dataclasses.dataclass(frozen=True)
class Variant:
    """One way in which an utterance enters training."""

    type: int  # label of the augmentation head
    transform: Callable  # of the waveform
    needs_partner: bool


class Statistics:
    """Mean and deviation for each row of a fold's tables."""

    def __init__(self, fold, store, normalise):
        self._store = store
        self._by_speaker = normalise == "speaker"
        self.train = moments(map(store.read, store.paths(fold.train)))
        if self._by_speaker:
            warn_of_single_emotions([fold.train, fold.dev, *fold.tests.values()])

    def of(self, table) -> tuple[np.ndarray, np.ndarray]:
        """Group of each row `(rows,)`, and groups' statistics `(groups, 2, bands)`."""
        if not self._by_speaker:
            return np.zeros(len(table), np.int32), np.float32([self.train])
        groups, names = pd.factorize(table.speaker)
        paths = np.array(self._store.paths(table))
        stacked = [
            moments(map(self._store.read, paths[groups == number]))
            for number in range(len(names))
        ]
        return groups.astype(np.int32), np.float32(stacked)


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
