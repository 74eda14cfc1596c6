"""Losses of one value an utterance, stateless.

All are reduced by `mean_with_sample_weight`: the mean over rows that carry weight,
so that unlabelled rows beside labelled ones do not shrink the emotion loss.
"""

import keras
from keras import ops

from keras_ser.layers import padding

REDUCTION = "mean_with_sample_weight"


@keras.saving.register_keras_serializable("keras_ser")
class CenterLoss(keras.losses.Loss):
    """Half the squared distance to the center of the utterance's own class.

        L_C = ½ ‖f(x) − c_y‖²

    Latif et al. 2022, Eq. 7, with Wen et al. 2016's factor and the mean for the
    sum over a batch.

    `y_true` is one-hot `(batch, classes)`; `y_pred` holds half the squared
    distance to every center, `layers.ClassCenters`, `(batch, classes)`. Give rows
    with soft labels (mixup) weight 0: Σ_k y_k d_k would draw the centers together.

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

    with T unpadded frames (`padding.frames` of the target) and B bands: Latif et
    al. 2022, Eq. 8, with the mean for its sum, which over some 96,000 cells would
    swamp the cross-entropy.

    `y_true` and `y_pred` are `(batch, time, bands)`.

    Args:
        mask_padding: False counts padded frames too.
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
        lengths = padding.frames(y_true)
        mask = padding.mask(lengths, ops.shape(y_true)[1], error.dtype)
        return ops.sum(error * mask, axis=-1) / ops.cast(lengths, error.dtype)

    def get_config(self):
        return {**super().get_config(), "mask_padding": self.mask_padding}


def cross_entropy(name: str) -> keras.losses.Loss:
    """Softmax cross-entropy over one-hot or soft labels, −Σ_k y_k ln p_k."""
    return keras.losses.CategoricalCrossentropy(reduction=REDUCTION, name=name)
