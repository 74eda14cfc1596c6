"""Keras metrics, accumulated over batches.

The unweighted average recall (UAR) and the accuracy count a row if its label is hard
and its weight is positive: a row of mixup has no single true class, and an unlabelled
row has weight 0. `CCC` scores numbers, and `LossValue` is the value of any loss. Pass
them as `weighted_metrics=`, because Keras does not hand sample weights to `metrics=`.
The package `scores` computes UAR and accuracy from finished predictions.
"""

import keras
from keras import ops

from keras_ser.layers import class_labels


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
            y_true: One-hot or soft labels, shape `(batch, classes)`, or numbers of
                classes, `(batch,)` or `(batch, 1)`; one below 0 stands for no label. A
                number that is not a class makes the result NaN.
            y_pred: Probabilities or logits, shape `(batch, classes)`, of at least two
                classes.
            sample_weight: Weights, shape `(batch,)`. `None` stands for all ones.

        Raises:
            ValueError: The shapes differ from these, or from earlier batches.
        """
        # In half precision, counts would stop growing at 256 or 2048.
        y_pred = ops.convert_to_tensor(y_pred)
        if len(y_pred.shape) == 2 and y_pred.shape[-1] == 1:
            raise ValueError(
                f"Metric `{self.name}` needs one output per class, of shape (batch, "
                f"classes). Received: {tuple(y_pred.shape)}. Give the head two outputs "
                "and a softmax, and use `losses.CrossEntropy`."
            )
        y_true = class_labels.one_hot(y_true, y_pred.shape[-1])
        y_true = ops.cast(y_true, "float32")
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
        """1 for rows that count and 0 for the rest, shape `(batch, 1)`.

        It is NaN for a label that is not a class, so that the score shows it.
        """
        largest = ops.max(y_true, axis=-1, keepdims=True)
        kept = ops.cast(largest >= class_labels.MIN_HARD_LABEL, "float32")
        is_unknown = ops.any(ops.isnan(y_true), axis=-1, keepdims=True)
        kept = ops.where(is_unknown, float("nan"), kept)
        if sample_weight is not None:
            weight = ops.reshape(ops.convert_to_tensor(sample_weight), (-1, 1))
            kept = ops.where(weight > 0, kept, 0.0)
        return kept

    def _check_classes(self, truth, prediction):
        known = truth[-1] if self.counts is None else self.counts.shape[0]
        if len(truth) == 2 and len(prediction) == 2:
            if truth[-1] == prediction[-1] == known:
                return known
        raise ValueError(
            f"Metric `{self.name}` needs `y_true` and `y_pred` of shape (batch, "
            f"classes), with the same classes in every batch, or numbers of classes "
            f"as `y_true`. Received: {tuple(truth)} and {tuple(prediction)}. Correct "
            "the labels."
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


@keras.saving.register_keras_serializable("keras_ser")
class MeanCrossEntropy(keras.metrics.CategoricalCrossentropy):
    """Mean cross-entropy of the weighted rows, as `losses.CrossEntropy`.

    Args:
        name: The name in the log.
        **kwargs: Further arguments of `keras.metrics.CategoricalCrossentropy`.
    """

    def __init__(self, name: str = "cross_entropy", **kwargs):
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true, y_pred, sample_weight=None):
        classes = ops.convert_to_tensor(y_pred).shape[-1]
        vectors = class_labels.one_hot(y_true, classes)
        weight = class_labels.counted(y_true, classes, sample_weight)
        return super().update_state(vectors, y_pred, weight)


@keras.saving.register_keras_serializable("keras_ser")
class CCC(keras.metrics.Metric):
    """Concordance correlation coefficient (CCC) of the weighted rows, in [−1, 1].

        CCC = 2 s_xy / (s_x² + s_y² + (x̄ − ȳ)²)

    with the weighted means x̄ and ȳ, variances s_x² and s_y² and covariance s_xy of
    labels and predictions. It is 0 if nothing was counted, or if labels and
    predictions are all the same number.

    The state is the sum n of the weights, the means m and the centred products M of
    z = (x, y). Chan's equations merge a batch b with the rows a before it:

        δ = m_b − m_a        m = m_a + δ n_b / n        n = n_a + n_b
        M = M_a + M_b + δδᵀ n_a n_b / n

    The result therefore does not depend on how the rows are divided into batches, and
    means far from zero cost no digits. Weights are weights: a row of weight 2 counts
    as two rows. The label of a row of weight 0 may be NaN.

    Args:
        name: The name in the log.
        dtype: The data type of the result.

    Example:

    >>> metric = CCC()
    >>> metric.update_state([[0.0], [1.0]], [[0.0], [1.0]])
    >>> float(metric.result())
    1.0

    Reference:
        Lin, "A concordance correlation coefficient to evaluate reproducibility",
        Biometrics, 1989; Chan, Golub and LeVeque, "Updating formulae and a pairwise
        algorithm for computing sample variances", 1979.
    """

    def __init__(self, name: str = "ccc", dtype: str | None = None):
        super().__init__(name=name, dtype=dtype)
        self.total = self._add_zeros((), "total")
        self.means = self._add_zeros((2,), "means")
        self.products = self._add_zeros((2, 2), "products")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds one batch.

        Args:
            y_true: Numbers, shape `(batch, 1)` or `(batch,)`.
            y_pred: Predicted numbers, of either shape.
            sample_weight: Weights, shape `(batch,)`. `None` stands for all ones.

        Raises:
            ValueError: There are several values per row.
        """
        pair = ops.stack([self._flat(y_true), self._flat(y_pred)])  # (2, batch)
        weight = ops.ones_like(pair[0])
        if sample_weight is not None:
            weight = self._flat(sample_weight)
        pair = ops.where(weight > 0, pair, 0.0)  # 0 · NaN is NaN
        total = ops.sum(weight)
        means = ops.divide_no_nan(ops.sum(weight * pair, axis=1), total)
        centred = pair - means[:, None]
        self._merge(total, means, ops.matmul(weight * centred, ops.transpose(centred)))

    def result(self):
        means, products = (
            ops.convert_to_tensor(each) for each in (self.means, self.products)
        )
        bias = self.total * ops.square(means[0] - means[1])
        spread = products[0, 0] + products[1, 1] + bias
        return ops.cast(ops.divide_no_nan(2 * products[0, 1], spread), self.dtype)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}

    def _merge(self, total, means, products):
        before = ops.convert_to_tensor(self.total)
        share = ops.divide_no_nan(total, before + total)
        shift = means - ops.convert_to_tensor(self.means)
        between = before * share * shift[:, None] * shift[None, :]
        self.products.assign_add(products + between)
        self.means.assign_add(share * shift)
        self.total.assign_add(total)

    def _add_zeros(self, shape, name):
        # In half precision, sums would stop growing.
        return self.add_weight(
            shape=shape, initializer="zeros", dtype="float32", name=name
        )

    def _flat(self, values):
        values = ops.cast(ops.convert_to_tensor(values), "float32")
        if len(values.shape) > 1 and values.shape[-1] != 1:
            raise ValueError(
                f"Metric `{self.name}` needs one value per row, of shape (batch, 1) "
                f"or (batch,). Received: {tuple(values.shape)}. Use one head per "
                "number."
            )
        return ops.reshape(values, (-1,))


@keras.saving.register_keras_serializable("keras_ser")
class LossValue(keras.metrics.Mean):
    """Value of a loss, averaged over batches with the sums of their weights.

        V = Σ_b L_b W_b / Σ_b W_b        W_b = Σ_i w_i

    with the loss L_b of batch b and its sample weights w_i. For a loss that is a
    weighted mean over rows, V is the weighted mean over all rows.

    Args:
        loss: The loss.
        name: The name in the log.
        dtype: The data type of the result.

    Example:

    >>> metric = LossValue(keras.losses.MeanSquaredError(), name="valence_loss")
    """

    def __init__(self, loss, name: str = "loss", dtype: str | None = None):
        super().__init__(name=name, dtype=dtype)
        self.loss = loss

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds one batch.

        Args:
            y_true: Labels as the loss takes them.
            y_pred: Outputs as the loss takes them.
            sample_weight: Weights, shape `(batch,)`. `None` stands for all ones.
        """
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        value = self.loss(y_true, y_pred, sample_weight)
        weight = sample_weight
        if hasattr(self.loss, "row_weights"):  # some rows may have no label
            weight = self.loss.row_weights(y_true, y_pred, weight)
        if weight is None:
            weight = ops.ones((ops.shape(y_true)[0],), "float32")
        total = ops.sum(ops.cast(ops.convert_to_tensor(weight), "float32"))
        super().update_state(value, sample_weight=total)

    def get_config(self):
        loss = keras.saving.serialize_keras_object(self.loss)
        return {"loss": loss, "name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        loss = keras.saving.deserialize_keras_object(config["loss"])
        return cls(**{**config, "loss": loss})


@keras.saving.register_keras_serializable("keras_ser")
class CodeMoments(keras.metrics.Metric):
    """Moments of the aggregated code of an autoencoder: of all its cells in speech.

    With the mean E over the cells z of the codes of all utterances,

        mean μ = E z, variance σ² = E (z − μ)²,
        skewness = E (z − μ)³ / σ³, excess kurtosis = E (z − μ)⁴ / σ⁴ − 3.

    A standard normal distribution has 0, 1, 0 and 0. The state is the number n of
    cells, their mean and the sums M_k of the powers k = 2, 3, 4 of z − μ, which
    Pébay's equations merge batch by batch. A mean far from zero costs no digits. The
    result is a dictionary with the keys `<name>_mean`, `<name>_variance`,
    `<name>_skewness` and `<name>_kurtosis`.

    Args:
        name: What the names in the log start with.

    Example:

    >>> metric = CodeMoments()
    >>> metric.update_state(np.ones((1, 2, 2, 1)), np.ones((1, 2)))
    >>> float(metric.result()["code_mean"])
    1.0

    Reference:
        Pébay, "Formulas for robust, one-pass parallel computation of covariances and
        arbitrary-order statistical moments", Sandia report 2008-6212, 2008.
    """

    def __init__(self, name: str = "code", dtype: str | None = None):
        super().__init__(name=name, dtype=dtype)
        # The number of cells, their mean, and M2, M3 and M4.
        self.moments = self.add_variable((5,), initializer="zeros", name="moments")

    def update_state(self, code, mask):
        """Adds the cells of codes.

        Args:
            code: Tensor `(batch, steps, bands, channels)`.
            mask: Tensor `(batch, steps)`, 1 in speech and 0 in the padding.
        """
        code = ops.cast(code, self.dtype)
        weights = ops.cast(mask, self.dtype)[:, :, None, None] * ops.ones_like(code)
        count = ops.sum(weights)
        mean = ops.sum(weights * code) / ops.maximum(count, 1)
        powers = [ops.sum(weights * (code - mean) ** power) for power in (2, 3, 4)]
        before = ops.unstack(ops.convert_to_tensor(self.moments))
        self.moments.assign(ops.stack(_merged(before, (count, mean, *powers))))

    def result(self):
        count, mean, *sums = ops.unstack(ops.convert_to_tensor(self.moments))
        second, third, fourth = (each / ops.maximum(count, 1) for each in sums)
        std = ops.maximum(ops.sqrt(second), 1e-12)
        return {
            f"{self.name}_mean": mean,
            f"{self.name}_variance": second,
            f"{self.name}_skewness": third / std**3,
            f"{self.name}_kurtosis": fourth / std**4 - 3,
        }


def _merged(one, other) -> tuple:
    """The number, mean and M2, M3, M4 of two sets of cells, from those of each."""
    count, mean, second, third, fourth = one
    more, mean_b, second_b, third_b, fourth_b = other
    total = ops.maximum(count + more, 1)
    a, b, shift = count / total, more / total, mean_b - mean
    product = count * b  # na nb / n
    return (
        count + more,
        mean + b * shift,
        second + second_b + product * shift**2,
        third
        + third_b
        + product * (a - b) * shift**3
        + 3 * shift * (a * second_b - b * second),
        fourth
        + fourth_b
        + product * (a * a - a * b + b * b) * shift**4
        + 6 * shift**2 * (a * a * second_b + b * b * second)
        + 4 * shift * (a * third_b - b * third),
    )
