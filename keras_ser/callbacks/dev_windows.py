"""Development scores of utterances, over all of their windows or the first."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd

from keras_ser.features import windows


class ScoreDevWindows(keras.callbacks.Callback):
    """Replaces the development scores by those of utterances instead of batches.

    The validation of `fit` sees the first window of each utterance only, and averages
    losses over batches: a batch without a known label counts as 0, and the concordance
    correlation coefficient of a batch is not that of all utterances. This callback
    computes at the end of each epoch what `Recogniser.posteriors` computes for the
    tests: with the outputs f(x_w) for the W_i windows that cover utterance i,

        ŷ_i = 1 / W_i Σ_w f(x_w)

    From these, it writes the scores of every scored task of the model into the logs,
    under the names that Keras gives them: `val_<head>_accuracy`, `val_<head>_uar` and
    `val_<head>_loss` (the mean of −ln ŷ_i over the true classes), and for a
    regression `val_<head>_ccc` and `val_<head>_loss` (1 − CCC). An utterance without a
    label of a task does not count. The total `val_loss` stays that of Keras. The heads
    that are not scored are not computed, so that an epoch without a validation by
    `fit` (`validation_freq`) has its scores in a fraction of the time.

    It has to come before callbacks that read the scores, such as the schedule. It has
    no state, so that an interrupted training resumes exactly. Windows are read from the
    feature store in batches of similar length, so it needs little memory.

    Args:
        data: The `Pipeline` of the training. The development utterances of its fold are
            scored.
        averaging: An `AverageWeights`, whose averaged weights are scored. By default,
            the weights are those of the model.
        first_only: Whether only the first window of each utterance counts, W_i = 1, as
            in the validation of `fit`.

    Example:

    >>> model.fit(data.train(0, 20), steps_per_epoch=data.steps, epochs=20,
    ...           validation_data=data.dev(),
    ...           callbacks=[ScoreDevWindows(data), HalveAndRestore()])
    """

    def __init__(self, data, averaging=None, first_only: bool = False):
        super().__init__()
        self.data = data
        self.averaging = averaging
        self.first_only = first_only
        self._speech = None
        self._scored = []

    def on_train_begin(self, logs=None):
        masked = getattr(self.model, "mask_padding", True)
        self._speech = _DevSpeech(self.data, masked, self.first_only)
        self._scored = scored_tasks(self.model.tasks, self.data.fold.dev)

    def on_epoch_end(self, epoch, logs=None):
        averaging = self.averaging
        with averaging.averaged() if averaging else contextlib.nullcontext():
            outputs = self._speech.outputs(self.model.prediction_model)
        score(self._scored, outputs, logs)


class ScoredTask(NamedTuple):
    """How a task is scored on development utterances.

    Args:
        name: The name of the task.
        metrics: Its metrics and its loss, named as Keras names them in validation.
        labels: Its labels, `(utterances, size)`.
        weights: 1 where they are known, else 0, `(utterances,)`.
    """

    name: str
    metrics: list[keras.metrics.Metric]
    labels: np.ndarray
    weights: np.ndarray


def scored_tasks(tasks: Iterable, table: pd.DataFrame) -> list[ScoredTask]:
    """The tasks that are scored, with the labels of the development speech."""
    return [
        ScoredTask(task.name, _metrics(task), *_labels(task, table))
        for task in tasks
        if task.is_scored
    ]


def score(tasks: Iterable[ScoredTask], outputs: Mapping, logs: dict) -> None:
    """Writes the scores of outputs into logs.

    Args:
        tasks: From `scored_tasks`.
        outputs: The outputs for the utterances by task, `(utterances, size)`.
        logs: The logs of an epoch, which are changed.
    """
    for task in tasks:
        for metric in task.metrics:
            metric.reset_state()
            metric.update_state(task.labels, outputs[task.name], task.weights)
            logs[metric.name] = float(keras.ops.convert_to_numpy(metric.result()))


class _DevSpeech:
    """The windows of the development utterances, read from the feature store.

    Args:
        data: The `Pipeline`.
        masked: Whether the model ignores the padding. Otherwise windows are padded as
            in training.
        first_only: Whether to leave out all windows but the first.
    """

    def __init__(self, data, masked: bool, first_only: bool = False):
        table, self._store = data.fold.dev, data.store
        self._preprocessing = data.preprocessing
        self._window = data.preprocessing.window
        self._padded_frames = None if masked else self._window
        self._paths = data.store.paths(table)
        self._statistics = self._statistics_of(table.speaker)
        frames = data.store.frames(self._paths)
        starts = [windows.window_starts(count, self._window) for count in frames]
        starts = [each[:1] for each in starts] if first_only else starts
        self._owners = np.repeat(np.arange(len(table)), [*map(len, starts)])
        self._starts = np.concatenate(starts)
        lengths = np.minimum(frames[self._owners], self._window)
        self._batches = windows.batches_by_length(lengths, data.batch)

    def outputs(self, model: keras.Model) -> dict[str, np.ndarray]:
        """The mean outputs over the windows of each utterance, by head.

        Args:
            model: Model from features to a dictionary of outputs.

        Returns:
            float64 arrays `(utterances, size)`.
        """
        result = {}
        for chosen, batch in self._read():
            for name, values in model.predict_on_batch(batch).items():
                values = np.array(values)[: len(chosen)].reshape(len(chosen), -1)
                every = np.zeros((len(self._owners), values.shape[1]))
                result.setdefault(name, every)[chosen] = values
        return {
            name: windows.mean_over_windows(values, self._owners)
            for name, values in result.items()
        }

    def _read(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The numbers of the windows in a batch, and the padded windows."""
        for chosen in self._batches:
            owners = self._owners[chosen]
            # Windows of an utterance are neighbours, so that most are read once.
            read = {owner: self._utterance(owner) for owner in np.unique(owners)}
            pieces = [
                read[owner][start : start + self._window]
                for owner, start in zip(owners, self._starts[chosen], strict=True)
            ]
            rows = len(self._batches[0])
            yield chosen, windows.pad(pieces, rows, self._padded_frames)

    def _utterance(self, index: int) -> np.ndarray:
        features = self._store.read(self._paths[index])
        return self._preprocessing.normalised(features, self._statistics[index])

    def _statistics_of(self, speakers) -> list:
        """The statistics of each utterance, from all utterances of its speaker."""
        result = [None] * len(speakers)
        for rows in speakers.groupby(speakers.to_numpy()).indices.values():
            entries = (self._store.read(self._paths[row]) for row in rows)
            found = self._preprocessing.statistics(entries)
            for row in rows:
                result[row] = found
        return result


def _metrics(task) -> list[keras.metrics.Metric]:
    """The metrics of a task and its loss, named as Keras names them in validation."""
    prefix = f"val_{task.name}_"
    return [*task.metrics(prefix), task.loss_metric(f"{prefix}loss")]


def _labels(task, table) -> tuple[np.ndarray, np.ndarray]:
    """The labels `(utterances, size)` of a task, and 1 where they are known, else 0."""
    values = task.read(table)
    known = task.known(values)
    if task.classes:
        return np.eye(task.size, dtype=np.float32)[values], np.float32(known)
    return np.where(known, values, 0)[:, None].astype(np.float32), np.float32(known)
