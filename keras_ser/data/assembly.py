"""Assembles batches on a device, from a plan and from features that stay there.

This is the second reader of a training stream; the first one is tf.data. Its functions
are those of `keras.ops` on one model's arrays, to be compiled, and mapped over models.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from keras import ops

from keras_ser.data.batches import BatchMaker, to_labels
from keras_ser.data.pipeline import Pipeline
from keras_ser.data.source import column_tasks, read_labels
from keras_ser.features import FeatureStore
from keras_ser.features.speech import BY_UTTERANCE


class FeatureBank:
    """The features of many entries, end to end in one array.

    Args:
        store: The feature store.
        paths: The paths of the entries; repeated ones are read once.

    Attributes:
        frames: All frames in the type of the entries, `(frames, dimensions)`.
    """

    def __init__(self, store: FeatureStore, paths: Iterable[str]):
        paths = list(dict.fromkeys(paths))
        counts = store.frames(paths)
        starts = np.cumsum(counts) - counts
        self.frames = np.zeros(
            (counts.sum(), store.format.dimensions), np.dtype(store.format.dtype)
        )
        for path, start, count in zip(paths, starts, counts, strict=True):
            self.frames[start : start + count] = store.format.read(path)
        places = zip(starts.tolist(), counts.tolist(), strict=True)
        self._places = dict(zip(paths, places, strict=True))

    def places(self, paths: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """The first frame and the number of frames of each entry, int32."""
        found = np.array([self._places[path] for path in paths], np.int32)
        return found[:, 0], found[:, 1]

    def read(self, start: int, count: int) -> np.ndarray:
        """The features of an entry, `(count, dimensions)`."""
        return self.frames[start : start + count]


def entry_paths(data: Pipeline) -> list[str]:
    """The entries that a training reads: all variants of both sides it learns from.

    Entries of the development speech that are absent are extracted.
    """
    data.store.prepare(data.fold.dev, data.transforms(), progress=False)
    return [
        path
        for table in (data.training_table, data.fold.dev)
        for transform in data.transforms()
        for path in data.store.paths(table, transform)
    ]


def utterance_arrays(
    data: Pipeline, bank: FeatureBank, table: pd.DataFrame, labelled: int
) -> dict:
    """Where the features of a table are, how they are normalised, and the labels.

    Args:
        data: The pipeline.
        bank: The features of all variants of the table.
        table: The labelled utterances, then the unlabelled ones.
        labelled: The number of labelled utterances.

    Returns:
        A dictionary of arrays. With the V variants of the pipeline and the U
        utterances, `first` and `frames` are int32 `(V, U)`. `means` and `stds` are
        float32 `(K, dimensions)`, and `mean_of` and `std_of` say which of them an
        entry is normalised by, int32 `(V, U)`. `values` are the labels by task, as
        `ColumnTask.read` returns them, `(U,)`. If the rows of the training table do
        not all weigh 1, `row_weights` are their weights by utterance, float32 `(U,)`.
    """
    first, frames = (np.stack(x) for x in zip(*_places(data, bank, table), strict=True))
    return {
        "first": first,
        "frames": frames,
        **_moments(data, bank, table, first, frames),
        "values": read_labels(column_tasks(data.tasks), table, labelled),
        **_row_weights(data, table),
    }


def _row_weights(data: Pipeline, table: pd.DataFrame) -> dict:
    weights = data.row_weights if table is data.training_table else None
    return {} if weights is None else {"row_weights": weights}


def _places(data: Pipeline, bank: FeatureBank, table: pd.DataFrame) -> list:
    found = {t: bank.places(data.store.paths(table, t)) for t in data.transforms()}
    return [found[transform] for transform in data.variant_transforms()]


def _moments(data: Pipeline, bank: FeatureBank, table, first, frames) -> dict:
    """The means and standard deviations of a table, and the places of each entry's."""
    normalise = data.preprocessing.normalise
    if normalise in BY_UTTERANCE:
        return _own_moments(data.preprocessing, bank, first, frames)
    groups, values = data.statistics.for_table(table)
    groups = np.broadcast_to(groups, first.shape)
    return {
        "means": values[:, 0],
        "stds": values[:, 1],
        "mean_of": groups,
        "std_of": groups,
    }


def _own_moments(preprocessing, bank: FeatureBank, first, frames) -> dict:
    """The moments of each entry, once for variants that share it."""
    entries, inverse = np.unique(first, return_inverse=True)
    counts = dict(zip(first.ravel().tolist(), frames.ravel().tolist(), strict=True))
    found = [
        preprocessing.own_statistics(bank.read(start, counts[start]))
        for start in entries.tolist()
    ]
    own = inverse.reshape(first.shape).astype(np.int32)
    means, stds = (np.float32(values) for values in zip(*found, strict=True))
    if preprocessing.normalise == "utterance":  # the deviation is that of the training
        return {
            "means": means,
            "stds": np.float32(preprocessing.std)[None],
            "mean_of": own,
            "std_of": np.zeros_like(own),
        }
    return {"means": means, "stds": stds, "mean_of": own, "std_of": own}


def stacked(parts: Sequence[Mapping]) -> dict:
    """Stacks arrays of several models, padded with zeros to the same shape.

    Args:
        parts: A dictionary of arrays, which may be nested, for each model.

    Returns:
        The same dictionary with arrays `(models, …)`.
    """
    if isinstance(parts[0], Mapping):
        return {name: stacked([part[name] for part in parts]) for name in parts[0]}
    shape = np.max([part.shape for part in parts], axis=0)
    result = np.zeros((len(parts), *shape), parts[0].dtype)
    for place, part in zip(result, parts, strict=True):
        place[tuple(map(slice, part.shape))] = part
    return result


class Assembler:
    """Makes batches of one model from its arrays.

    Args:
        data: A pipeline with the settings of all models.
        time: The frames of a batch, at least those of its longest row.
    """

    def __init__(self, data: Pipeline, time: int):
        self.maker: BatchMaker = data.maker
        self.variant_maker: BatchMaker = data.variant_maker
        self.window = data.preprocessing.window
        self.time = time
        self.tasks = column_tasks(data.tasks)
        self._types = np.int32([each.type for each in data.variants])

    def training(self, bank, utterances: Mapping, rows: Mapping) -> tuple:
        """A training batch.

        Args:
            bank: `FeatureBank.frames` on the device.
            utterances: From `utterance_arrays`.
            rows: From `Plan.arrays`, each array `(rows,)`.

        Returns:
            Features, labels and weights, as from `Pipeline.train`.
        """
        weights = utterances.get("row_weights")
        own = None if weights is None else ops.take(weights, rows["utterance"])
        return self._augmented(self.maker, bank, utterances, rows, own)

    def variants(self, bank, utterances: Mapping, rows: Mapping) -> tuple:
        """A batch of `Pipeline.augmented`; arguments as for `training`."""
        return self._augmented(self.variant_maker, bank, utterances, rows)

    def unaugmented(self, bank, utterances: Mapping, numbers, counts) -> tuple:
        """A batch of `Pipeline.unaugmented`.

        Args:
            bank, utterances: As for `training`.
            numbers: The numbers of the utterances, int32 `(rows,)`.
            counts: Which rows count, 0 or 1, float32 `(rows,)`. The others get weight
                0 on every task.
        """
        zeros = ops.zeros_like(numbers)
        batch = self._read(bank, utterances, numbers, zeros, zeros)
        features, labels, weights = self.maker.unaugmented(ops, batch, zeros)
        return features, labels, {n: weight * counts for n, weight in weights.items()}

    def windows(self, bank, utterances: Mapping, numbers, starts):
        """Features of windows of unaugmented utterances, `(rows, time, dimensions)`.

        Args:
            bank, utterances: As for `training`.
            numbers: The numbers of the utterances, int32 `(rows,)`.
            starts: The first frames of the windows, int32 `(rows,)`.
        """
        batch = self._read(bank, utterances, numbers, ops.zeros_like(numbers), starts)
        return batch["features"]

    def _augmented(
        self, maker: BatchMaker, bank, utterances, rows, row_weight=None
    ) -> tuple:
        variant = rows["variant"]
        batch = self._read(bank, utterances, rows["utterance"], variant, rows["start"])
        partners = rows["partner"], ops.zeros_like(variant), rows["partner_start"]
        partner = self._read(bank, utterances, *partners)

        def apply(number, augmentation, batch, partner):
            prefix = f"{augmentation.name}:"
            drawn = {
                name.removeprefix(prefix): values
                for name, values in rows.items()
                if name.startswith(prefix)
            }
            return augmentation.apply(batch, partner, drawn, ops)

        types = ops.take(self._types, variant)
        return maker.augmented(ops, batch, partner, types, apply, row_weight)

    def _read(self, bank, utterances: Mapping, utterance, variant, start) -> dict:
        """Rows of features, cropped and normalised, with their labels."""
        frames = utterances["frames"][variant, utterance]
        frames = ops.minimum(frames - start, self.window)
        first = utterances["first"][variant, utterance] + start
        step = ops.arange(self.time, dtype="int32")
        # Frames after the end are those of another entry, and set to 0 below.
        features = ops.cast(
            ops.take(bank, first[:, None] + step, axis=0), "float32"
        )  # (rows, time, dimensions)
        mean, std = (
            utterances[values][utterances[places][variant, utterance]][:, None]
            for values, places in (("means", "mean_of"), ("stds", "std_of"))
        )
        is_speech = step < frames[:, None]
        features = ops.where(is_speech[..., None], (features - mean) / std, 0.0)
        values = {
            name: ops.take(each, utterance)
            for name, each in utterances["values"].items()
        }
        labels = to_labels(ops, self.tasks, values)
        return {"features": features, "frames": frames, **labels}
