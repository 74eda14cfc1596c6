"""Keras metrics of the emotion head, accumulated over batches.

They are the unweighted average recall (UAR) and the accuracy. Both count a row if its
label is hard and its weight is positive: a row of mixup has no single true class, and
an unlabelled row has weight 0. Pass them as `weighted_metrics=`, because Keras does not
hand sample weights to `metrics=`. The package `scores` computes the same figures from
finished predictions.
"""

import keras
from keras import ops

MIN_HARD_LABEL = 1.0 - 1e-6  # largest entry of a label that counts as hard


class _Confusion(keras.metrics.Metric):
    """Base class: a confusion matrix of the hard-labelled rows seen so far.

    `counts[i, j] = |{rows: max y_true >= 1 - 1e-6, weight > 0, argmax y_true = i,
    argmax y_pred = j}|`. A weight decides whether a row counts, not how much: a
    row of weight 0.1 counts as 1, so that the score is the one of the paper
    whatever the class weights of the loss are.

    The matrix is created at the first batch, which shows the number of classes.
    """

    def __init__(self, name, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.counts = None

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds one batch.

        Args:
            y_true: One-hot or soft labels, shape `(batch, classes)`.
            y_pred: Probabilities or logits, shape `(batch, classes)`.
            sample_weight: Weights, shape `(batch,)`. `None` stands for all ones.

        Raises:
            ValueError: The shapes differ from these, or from earlier batches.
        """
        # In half precision, counts would stop growing at 256 or 2048.
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
        """1 for rows that count and 0 for the rest, shape `(batch, 1)`."""
        kept = ops.max(y_true, axis=-1, keepdims=True) >= MIN_HARD_LABEL
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
            f"classes), with the same classes in every batch. Received: {tuple(truth)} "
            f"and {tuple(prediction)}. One-hot the labels with `keras.ops.one_hot`."
        )


@keras.saving.register_keras_serializable("keras_ser")
class UAR(_Confusion):
    """Unweighted average recall (UAR) of the hard-labelled rows, in [0, 1].

        UAR = (1 / |P|) Σ_{i in P} counts[i, i] / Σ_j counts[i, j],

    where P is the set of classes with at least one counted row. The result is 0 if
    nothing was counted. Over all batches it equals `keras_ser.scores.uar`.

    A row counts if its label is hard (its largest entry is at least 1 - 1e-6) and its
    weight is above 0. Each such row counts as 1.

    Args:
        name: The name in the log, which is `val_emotion_uar` on the head `emotion`.
        dtype: The data type of the result.

    Example:

    >>> metric = UAR()
    >>> metric.update_state([[1, 0], [0, 1], [0, 1]], [[0.9, 0.1]] * 3)
    >>> float(metric.result())
    0.5
    """

    def __init__(self, name: str = "uar", dtype: str | None = None):
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
    """Fraction of the hard-labelled rows that are classified correctly, in [0, 1].

        WA = Σ_i counts[i, i] / Σ_ij counts[i, j],

    or 0 if nothing was counted. It is also called weighted accuracy (WA). The same
    rows count as for `UAR`; the accuracy metric of Keras would weight the rows and
    count those of mixup.

    Args:
        name: The name in the log, which is `val_emotion_accuracy` on the head
            `emotion`.
        dtype: The data type of the result.
    """

    def __init__(self, name: str = "accuracy", dtype: str | None = None):
        super().__init__(name=name, dtype=dtype)

    def result(self):
        if self.counts is None:
            return ops.zeros((), dtype=self.dtype)
        counts = ops.convert_to_tensor(self.counts)
        hits = ops.sum(ops.diagonal(counts))
        return ops.cast(hits / ops.maximum(ops.sum(counts), 1.0), self.dtype)
