import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_ser")
class ClassCenters(keras.layers.Layer):
    """Half the squared distance of deep features to every class's center.

        d_k = ½ ‖f(x) − c_k‖²

    The centers are weights of this layer: they train, save and load with the
    model, and the center loss is a stateless loss over `d` (`losses.CenterLoss`).
    The optimizer moves them, in place of the running mean of Wen et al. 2016,
    which would need the labels inside the model.

    Args:
        classes: number of classes.

    Input shape: `(batch, features)`.
    Output shape: float32 `(batch, classes)`.
    """

    def __init__(self, classes, **kwargs):
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
