"""Keras metrics of the emotion head, accumulated over batches.

Both count a row if its label is hard and its weight is positive: rows of
mixup have no one true class, and unlabelled rows have weight 0. Pass them as
`weighted_metrics=`; Keras gives `metrics=` no sample weights. `scores` holds
the same figures over finished predictions.
"""

import keras
from keras import ops

HARD = 1.0 - 1e-6


class _Confusion(keras.metrics.Metric):
    """Base: a confusion matrix of the hard-labelled rows seen so far.

    `counts[i, j] = |{rows: max y_true >= 1 - 1e-6, weight > 0, argmax y_true = i,
    argmax y_pred = j}|`. A weight decides whether a row counts, not how much: a
    row of weight 0.1 counts as 1, so that the score is the one of the paper
    whatever the class weights of the loss are.

    The matrix is made at the first batch, which tells the number of classes.
    """

    def __init__(self, name, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.counts = None

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add one batch.

        Args:
            y_true: one-hot or soft labels, shape `(batch, classes)`.
            y_pred: probabilities or logits, shape `(batch, classes)`.
            sample_weight: shape `(batch,)`, or `None` for all ones.
        """
        # Counts in half precision would stop growing at 256 or 2048.
        y_true = ops.cast(ops.convert_to_tensor(y_true), "float32")
        y_pred = ops.convert_to_tensor(y_pred)
        classes = self._check_classes(y_true.shape, y_pred.shape)
        if self.counts is None:
            self.counts = self.add_weight(
                shape=(classes, classes),
                initializer="zeros",
                dtype="float32",
                name="counts",
            )
        kept = self._counted(y_true, sample_weight)
        truth = ops.one_hot(ops.argmax(y_true, axis=-1), classes, dtype="float32")
        prediction = ops.one_hot(ops.argmax(y_pred, axis=-1), classes, dtype="float32")
        # (classes, batch) @ (batch, classes)
        self.counts.assign_add(ops.matmul(ops.transpose(truth * kept), prediction))

    def reset_state(self):
        if self.counts is not None:
            self.counts.assign(ops.zeros(self.counts.shape, "float32"))

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}

    def _counted(self, y_true, sample_weight):
        """1 for rows that count, 0 for others, shape `(batch, 1)`."""
        kept = ops.max(y_true, axis=-1, keepdims=True) >= HARD
        if sample_weight is not None:
            weight = ops.reshape(ops.convert_to_tensor(sample_weight), (-1, 1))
            kept = ops.logical_and(kept, weight > 0)
        return ops.cast(kept, "float32")

    def _check_classes(self, truth, prediction):
        known = truth[-1] if self.counts is None else self.counts.shape[0]
        if len(truth) == 2 and len(prediction) == 2:
            if truth[-1] == prediction[-1] == known:
                return known
        raise ValueError(
            f"Metric `{self.name}` needs `y_true` and `y_pred` of shape (batch, "
            f"classes), the same classes in every batch. Received: {tuple(truth)} and "
            f"{tuple(prediction)}. One-hot the labels with `keras.ops.one_hot`."
        )


@keras.saving.register_keras_serializable("keras_ser")
class UAR(_Confusion):
    """Unweighted average recall of the hard-labelled rows, in [0, 1].

    `UAR = (1 / |P|) sum_{i in P} counts[i, i] / sum_j counts[i, j]`, where P
    are the classes with at least one counted row; 0 when nothing was counted.
    Over all batches it equals `keras_ser.scores.uar`.

    Rows count if their label is hard (largest entry at least 1 - 1e-6) and
    their weight is above 0, and each counts as 1.

    Args:
        name: name in the log, `val_emotion_uar` on the head `emotion`.
        dtype: type of the result.

    Example:

    >>> metric = UAR()
    >>> metric.update_state([[1, 0], [0, 1], [0, 1]], [[0.9, 0.1]] * 3)
    >>> float(metric.result())
    0.5
    """

    def __init__(self, name="uar", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def result(self):
        if self.counts is None:
            return ops.zeros((), dtype=self.dtype)
        counts = ops.convert_to_tensor(self.counts)
        true = ops.sum(counts, axis=1)
        recall = ops.diagonal(counts) / ops.maximum(true, 1.0)
        present = ops.sum(ops.cast(true > 0, "float32"))
        return ops.cast(ops.sum(recall) / ops.maximum(present, 1.0), self.dtype)


@keras.saving.register_keras_serializable("keras_ser")
class Accuracy(_Confusion):
    """Fraction of the hard-labelled rows whose class is right (WA), in [0, 1].

    `WA = sum_i counts[i, i] / sum_ij counts[i, j]`; 0 when nothing was
    counted. Which rows count is as in `UAR`; Keras's own accuracy would weight
    the rows and count those of mixup.

    Args:
        name: name in the log, `val_emotion_accuracy` on the head `emotion`.
        dtype: type of the result.
    """

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def result(self):
        if self.counts is None:
            return ops.zeros((), dtype=self.dtype)
        counts = ops.convert_to_tensor(self.counts)
        hits = ops.sum(ops.diagonal(counts))
        return ops.cast(hits / ops.maximum(ops.sum(counts), 1.0), self.dtype)
