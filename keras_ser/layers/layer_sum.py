"""A learned sum of the layers of a pre-trained network."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_ser")
class LayerSum(keras.layers.Layer):
    """The weighted sum of the layers of a pre-trained network, with learned weights.

    A frame holds the values x_1, …, x_L of L layers one after the other. With a number
    a_l for each layer, which starts at 0,

        y = Σ_l w_l x_l,    w_l = exp(a_l) / Σ_k exp(a_k).

    The weights say how much a task uses each layer, as far as the layers are on the
    same scale: they should be normalised. A frame of zeros, the padding, stays one.

    Args:
        count: Positive integer L, the number of layers.

    Input shape:
        `(batch, time, L · width)`.

    Output shape:
        `(batch, time, width)`.

    Reference:
        Yang et al., "SUPERB: Speech processing universal performance benchmark",
        Interspeech 2021, section 3.

    Example:

    >>> LayerSum(3)(np.ones((1, 10, 3 * 256))).shape
    (1, 10, 256)
    """

    def __init__(self, count: int, **kwargs):
        super().__init__(**kwargs)
        self.count = count

    def build(self, features_shape):
        if features_shape[-1] % self.count:
            raise ValueError(
                f"{self.count} layers must have equally many values. Received: frames "
                f"of {features_shape[-1]} values. Give the number of layers that the "
                "front-end has."
            )
        self.logits = self.add_weight(
            shape=(self.count,), initializer="zeros", autocast=False, name="logits"
        )

    def call(self, features):
        batch, time, dimensions = ops.shape(features)
        width = dimensions // self.count
        layers = ops.reshape(features, (batch, time, self.count, width))
        weights = ops.cast(self.layer_weights(), features.dtype)
        return ops.sum(layers * weights[:, None], axis=2)

    def layer_weights(self):
        """The weight of each layer, float32 `(L,)`, which sum to 1."""
        return ops.softmax(ops.cast(self.logits, "float32"))

    def compute_output_shape(self, features_shape):
        return (*features_shape[:-1], features_shape[-1] // self.count)

    def get_config(self):
        return {**super().get_config(), "count": self.count}
