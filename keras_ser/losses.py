"""Stateless losses with one value per utterance.

All are reduced by `mean_with_sample_weight`, the weighted mean over the rows. Rows of
weight 0 do not count, so unlabelled rows in a batch do not shrink the emotion loss.
"""

import keras
from keras import ops

from keras_ser.layers import padding

REDUCTION = "mean_with_sample_weight"


@keras.saving.register_keras_serializable("keras_ser")
class CenterLoss(keras.losses.Loss):
    """Half the squared distance to the center of the utterance's own class.

        L_C = ½ ‖f(x) − c_y‖²

    This is Eq. 7 of Latif et al. 2022, with the factor ½ of Wen et al. 2016 and with
    the mean over a batch instead of the sum.

    `y_true` is one-hot, of shape `(batch, classes)`. `y_pred` is the output of
    `layers.ClassCenters`, half the squared distance to every center, of shape
    `(batch, classes)`. Give rows with soft labels (mixup) the weight 0, because
    Σ_k y_k d_k would draw the centers together.

    Args:
        reduction: The Keras reduction over the batch.
        name: The name of the loss.

    Reference: Wen et al., "A discriminative feature learning approach for deep
    face recognition", ECCV 2016.
    """

    def __init__(self, reduction=REDUCTION, name="center_loss", **kwargs):
        super().__init__(name=name, reduction=reduction, **kwargs)

    def call(self, y_true, y_pred):
        return ops.sum(ops.cast(y_true, y_pred.dtype) * y_pred, axis=-1)


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


def cross_entropy(name: str) -> keras.losses.Loss:
    """Returns the cross-entropy of one-hot or soft labels, −Σ_k y_k ln p_k.

    `y_true` and the probabilities `y_pred` have shape `(batch, classes)`.

    Args:
        name: The name of the loss.
    """
    return keras.losses.CategoricalCrossentropy(reduction=REDUCTION, name=name)
