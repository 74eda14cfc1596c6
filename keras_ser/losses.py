"""Stateless losses. Rows of weight 0 do not count, as long as their labels are finite.

Most have one value per utterance and are reduced by `mean_with_sample_weight`, the
weighted mean over the rows. Unlabelled rows in a batch therefore do not shrink the
emotion loss. `CCCLoss` is a statistic of the whole batch.
"""

import keras
from keras import ops

from keras_ser.layers import class_labels, padding

REDUCTION = "mean_with_sample_weight"
EPSILON = 1e-8  # added to a sum of squares, so that 0 / 0 is never taken


@keras.saving.register_keras_serializable("keras_ser")
class CenterLoss(keras.losses.Loss):
    """Half the squared distance to the center of the utterance's own class.

        L_C = ½ ‖f(x) − c_y‖²

    This is Eq. 7 of Latif et al. 2022, with the factor ½ of Wen et al. 2016 and with
    the mean over a batch instead of the sum.

    `y_true` is one-hot, of shape `(batch, classes)`, or the number of the class, as for
    `CrossEntropy`. `y_pred` is the output of `layers.ClassCenters`, the differences
    f(x) − c_k to every center, of shape `(batch, classes, features)`. Give rows with
    soft labels (mixup) the weight 0, because they would be drawn to several centers at
    once.

    Args:
        reduction: The Keras reduction over the batch.
        name: The name of the loss.

    Reference: Wen et al., "A discriminative feature learning approach for deep
    face recognition", ECCV 2016.
    """

    def __init__(self, reduction=REDUCTION, name="center_loss", **kwargs):
        super().__init__(name=name, reduction=reduction, **kwargs)

    def __call__(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        weight = self.row_weights(y_true, y_pred, sample_weight)
        return super().__call__(y_true, y_pred, weight)

    def row_weights(self, y_true, y_pred, sample_weight=None):
        """The weight of each row; see `CrossEntropy.row_weights`."""
        return class_labels.counted(y_true, y_pred.shape[1], sample_weight)

    def call(self, y_true, y_pred):
        distance = 0.5 * ops.sum(ops.square(y_pred), axis=-1)  # (batch, classes)
        y_true = class_labels.one_hot(y_true, distance.shape[-1])
        return ops.sum(ops.cast(y_true, distance.dtype) * distance, axis=-1)


@keras.saving.register_keras_serializable("keras_ser")
class ReconstructionLoss(keras.losses.Loss):
    """Mean squared error over the unpadded frames of an utterance.

        L_rec = 1 / (T B) Σ_t Σ_b (X_tb − X̂_tb)²

    with T unpadded frames (`layers.padding.count_frames` of the target) and B values
    per frame. This is Eq. 8 of Latif et al. 2022 with the mean instead of the sum,
    which over some 96,000 cells would swamp the cross-entropy.

    `y_true` and `y_pred` have shape `(batch, time, dimensions)`.

    Args:
        mask_padding: Whether padded frames are left out. With False they count too.
        reduction: The Keras reduction over the batch.
        name: The name of the loss.
    """

    def __init__(
        self,
        mask_padding=True,
        reduction=REDUCTION,
        name="reconstruction_loss",
        **kwargs,
    ):
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.mask_padding = mask_padding

    def call(self, y_true, y_pred):
        error = ops.mean(ops.square(y_pred - y_true), axis=-1)  # (batch, time)
        if not self.mask_padding:
            return ops.mean(error, axis=-1)
        lengths = padding.count_frames(y_true)
        mask = padding.make_mask(lengths, ops.shape(y_true)[1], error.dtype)
        return ops.sum(error * mask, axis=-1) / ops.cast(lengths, error.dtype)

    def get_config(self):
        return {**super().get_config(), "mask_padding": self.mask_padding}


@keras.saving.register_keras_serializable("keras_ser")
class CCCLoss(keras.losses.Loss):
    """One minus the concordance correlation coefficient (CCC) of a batch.

        L = 1 − CCC        CCC = 2 s_xy / (s_x² + s_y² + (x̄ − ȳ)²)

    with the moments of the labels x and the predictions y under the weights w:

        x̄ = Σ_i w_i x_i / Σ_i w_i        s_xy = Σ_i w_i (x_i − x̄)(y_i − ȳ) / Σ_i w_i

    The sample weights are part of the moments, so there is no reduction. The label of
    a row of weight 0 may be NaN. The loss is 0 in a batch whose weights are all 0. It
    is 1 and has no gradient if a single row counts or all labels are equal.

    `y_true` and `y_pred` have shape `(batch, 1)` or `(batch,)`.

    Args:
        name: The name of the loss.
        dtype: The data type of the result.

    Raises:
        ValueError: If there are several values per row.

    Reference: Lin, "A concordance correlation coefficient to evaluate
    reproducibility", Biometrics, 1989.
    """

    def __init__(self, name="ccc_loss", dtype=None):
        super().__init__(name=name, reduction=None, dtype=dtype)

    def __call__(self, y_true, y_pred, sample_weight=None):
        # Keras would multiply the result by the weights.
        return self.call(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred, sample_weight=None):
        truth, prediction = self._flat(y_true), self._flat(y_pred)
        weight = ops.ones_like(truth)
        if sample_weight is not None:
            weight = self._flat(sample_weight)
        truth = ops.where(weight > 0, truth, 0.0)  # 0 · NaN is NaN
        total = ops.sum(weight)
        loss = 1 - _ccc(truth, prediction, ops.divide_no_nan(weight, total))
        return ops.where(total > 0, loss, 0.0)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}

    def _flat(self, values):
        values = ops.convert_to_tensor(values, dtype=self.dtype)
        if len(values.shape) > 1 and values.shape[-1] != 1:
            raise ValueError(
                f"Loss `{self.name}` needs one value per row, of shape (batch, 1) or "
                f"(batch,). Received: {tuple(values.shape)}. Use one head per number."
            )
        return ops.reshape(values, (-1,))


def _ccc(truth, prediction, share):
    """CCC of two vectors, given the share of each row in the sum of the weights."""
    means = ops.sum(share * truth), ops.sum(share * prediction)
    truth, prediction = truth - means[0], prediction - means[1]
    spread = ops.sum(share * (ops.square(truth) + ops.square(prediction)))
    spread = spread + ops.square(means[0] - means[1])
    return 2 * ops.sum(share * truth * prediction) / (spread + EPSILON)


@keras.saving.register_keras_serializable("keras_ser")
class CrossEntropy(keras.losses.CategoricalCrossentropy):
    """Cross-entropy of one-hot, soft or integer labels.

        L = −Σ_k y_k ln p_k

    `y_pred` holds probabilities of shape `(batch, classes)`. `y_true` has the same
    shape, or is the number of the class, of shape `(batch,)` or `(batch, 1)`. A number
    below 0 stands for no label, and the row does not count. A number that is not a
    class makes the loss NaN.

    Args:
        reduction: The Keras reduction over the batch.
        name: The name of the loss.
        **kwargs: Further arguments of `keras.losses.CategoricalCrossentropy`.

    Example:

    >>> float(CrossEntropy()([1, -1], [[0.5, 0.5], [0.1, 0.9]]))
    0.6931...
    """

    def __init__(self, reduction=REDUCTION, name="cross_entropy", **kwargs):
        super().__init__(reduction=reduction, name=name, **kwargs)

    def __call__(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        weight = self.row_weights(y_true, y_pred, sample_weight)
        return super().__call__(y_true, y_pred, weight)

    def row_weights(self, y_true, y_pred, sample_weight=None):
        """The weight of each row, 0 where a number says that there is no label.

        Labels that are vectors leave the weights as they are, which may be None.
        """
        return class_labels.counted(y_true, y_pred.shape[-1], sample_weight)

    def call(self, y_true, y_pred):
        return super().call(class_labels.one_hot(y_true, y_pred.shape[-1]), y_pred)


def cross_entropy(name: str) -> keras.losses.Loss:
    """Returns the cross-entropy of a head; see `CrossEntropy`.

    Args:
        name: The name of the loss.
    """
    return CrossEntropy(name=name)
