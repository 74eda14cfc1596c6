"""Distances of embeddings to the centers of their classes."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_ser")
class ClassCenters(keras.layers.Layer):
    """Half the squared distance of an embedding to the center of every class.

        d_k = ½ ‖f(x) − c_k‖²

    The centers c_k are weights of this layer. They are trained, saved and loaded
    with the model, and the center loss is a stateless loss over `d`
    (`losses.CenterLoss`). The optimizer updates the centers. Wen et al. 2016 use
    a running mean instead, which would need the labels inside the model.

    Args:
        classes: Positive integer, number of classes.

    Input shape:
        `(batch, features)`, the embeddings f(x).

    Output shape:
        float32 `(batch, classes)`.

    Reference:
        Wen et al., "A discriminative feature learning approach for deep face
        recognition", ECCV 2016.
    """

    def __init__(self, classes: int, **kwargs):
        kwargs.setdefault("dtype", "float32")  # differences of large numbers
        super().__init__(**kwargs)
        self.classes = classes

    def build(self, shape):
        self.centers = self.add_weight(
            shape=(self.classes, shape[-1]), initializer="zeros", name="centers"
        )

    def call(self, features):
        difference = features[:, None] - self.centers  # (batch, classes, features)
        return 0.5 * ops.sum(ops.square(difference), axis=-1)

    def compute_output_shape(self, shape):
        return (shape[0], self.classes)

    def get_config(self):
        return {**super().get_config(), "classes": self.classes}
