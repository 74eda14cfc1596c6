"""Differences of embeddings to the centers of their classes."""

import keras
from keras import ops

from keras_ser.layers import class_labels
from keras_ser.utils.choices import check_positive, is_number

UPDATES = ("mean", "optimizer")


@keras.saving.register_keras_serializable("keras_ser")
class ClassCenters(keras.layers.Layer):
    """Difference of an embedding to the center of every class.

        d_k = f(x) − c_k

    The center loss is half the squared length of d_k for the class of the utterance
    (`losses.CenterLoss`). The centers c_k are weights of this layer, so they are saved
    and loaded with the model.

    With `update="mean"` the centers follow their classes. After the loss of a training
    batch, each center moves towards the mean of the embeddings of its class,

        c_k ← c_k − rate · Σ_i y_ik (c_k − f(x_i)) / (1 + n_k)        n_k = Σ_i y_ik

    The sum runs over the rows with a hard label and a weight above 0. A class without
    such a row keeps its center. `models.SpeechModel` calls `move_centers` for this.

    With `update="optimizer"` they are trained like any other weight. An optimizer whose
    steps are small, such as Adam, then leaves the centers behind their classes, and the
    loss pulls all embeddings to one point.

    Args:
        classes: Positive integer, number of classes.
        update: `"mean"` or `"optimizer"`.
        rate: Float above 0 and up to 1, how far the centers move with `"mean"`.

    Input shape:
        `(batch, features)`, the embeddings f(x).

    Output shape:
        float32 `(batch, classes, features)`.

    Raises:
        ValueError: If `update` is unknown, or `classes` or `rate` is out of range.

    Reference:
        Wen et al., "A discriminative feature learning approach for deep face
        recognition", ECCV 2016, Eq. 3 and 4.
    """

    def __init__(self, classes: int, update: str = "mean", rate: float = 0.5, **kwargs):
        kwargs.setdefault("dtype", "float32")  # differences of large numbers
        super().__init__(**kwargs)
        check_positive(classes=classes)
        check_update(update, rate)
        self.classes = classes
        self.update = update
        self.rate = float(rate)

    def build(self, shape):
        self.centers = self.add_weight(
            shape=(self.classes, shape[-1]),
            initializer="zeros",
            trainable=self.update == "optimizer",
            name="centers",
        )

    def call(self, features):
        return features[:, None] - self.centers

    def move_centers(self, difference, labels, weights=None) -> None:
        """Moves the centers with `update="mean"`, otherwise does nothing.

        Args:
            difference: The output of the layer, `(batch, classes, features)`.
            labels: One-hot labels, `(batch, classes)`, or numbers of classes, as for
                `losses.CenterLoss`. Soft labels do not count.
            weights: Sample weights, `(batch,)`. Rows of weight 0 do not count.
        """
        if self.update != "mean" or not self.trainable:
            return
        labels = ops.cast(class_labels.one_hot(labels, self.classes), self.dtype)
        counts = ops.max(labels, axis=-1) >= class_labels.MIN_HARD_LABEL
        if weights is not None:
            weights = ops.reshape(ops.convert_to_tensor(weights), (-1,))
            counts = ops.logical_and(counts, weights > 0)
        chosen = labels * ops.cast(counts, labels.dtype)[:, None]
        pull = ops.einsum("bk,bkf->kf", chosen, ops.stop_gradient(difference))
        number = ops.sum(chosen, axis=0)[:, None]
        self.centers.assign_add(self.rate * pull / (1 + number))

    def compute_output_shape(self, shape):
        return (shape[0], self.classes, shape[-1])

    def get_config(self):
        return {
            **super().get_config(),
            "classes": self.classes,
            "update": self.update,
            "rate": self.rate,
        }


def check_update(update: str, rate: float) -> None:
    """Raises ValueError unless `ClassCenters` takes these arguments."""
    if update not in UPDATES:
        raise ValueError(
            f"The update of class centers must be one of {list(UPDATES)}. "
            f"Received: {update!r}."
        )
    if not is_number(rate) or not 0 < rate <= 1:
        raise ValueError(
            "The rate of class centers must be a number above 0 and up to 1. "
            f"Received: {rate!r}."
        )
