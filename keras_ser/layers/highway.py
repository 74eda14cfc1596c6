"""Highway layer."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_ser")
class Highway(keras.layers.Layer):
    """Highway layer: a gate mixes a dense layer with its own input.

        H = ReLU(W_H x + b_H)        T = σ(W_T x + b_T)
        y = H · T + x · (1 − T)

    This is Eq. 2 of Latif et al. 2020 with the carry gate C = 1 − T of Srivastava et
    al. 2015. With the bias b_T at −∞, the layer is the identity. It starts negative, so
    that a stack of layers passes its input on until it learns to change it.

    Args:
        transform_bias: Float, initial value of b_T.

    Input shape:
        `(…, units)`.

    Output shape:
        The shape of the input.

    Raises:
        ValueError: If `transform_bias` is not a number.

    Example:

    >>> Highway()(np.ones((2, 128), "float32")).shape
    (2, 128)

    Reference:
        Srivastava, Greff and Schmidhuber, "Highway networks", 2015.
        Latif, Rana, Khalifa, Jurdak and Schuller, "Deep architecture enhancing
        robustness to noise, adversarial attacks, and cross-corpus setting for speech
        emotion recognition", Interspeech 2020.
    """

    def __init__(self, transform_bias: float = -1.0, **kwargs):
        super().__init__(**kwargs)
        check_bias(transform_bias)
        self.transform_bias = transform_bias
        # Keras layers draw the seeds of their initializers when they are created.
        self.initializers = [keras.initializers.get("glorot_uniform") for _ in "HT"]

    def build(self, input_shape):
        units = input_shape[-1]
        biases = (0.0, self.transform_bias)
        self.kernels, self.biases = [], []
        for name, initializer, bias in zip(
            ("dense", "transform"), self.initializers, biases, strict=True
        ):
            kernel = self.add_weight((units, units), initializer, name=f"{name}_kernel")
            constant = keras.initializers.Constant(bias)
            self.kernels.append(kernel)
            self.biases.append(self.add_weight((units,), constant, name=f"{name}_bias"))

    def call(self, inputs):
        dense, transform = (
            ops.matmul(inputs, kernel) + bias
            for kernel, bias in zip(self.kernels, self.biases, strict=True)
        )
        gate = ops.sigmoid(transform)
        return ops.relu(dense) * gate + inputs * (1 - gate)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "transform_bias": self.transform_bias}


def check_bias(transform_bias: float) -> None:
    """Raises ValueError unless the gate can start with this bias."""
    is_number = type(transform_bias) in (int, float)
    if not is_number or math.isnan(transform_bias):
        raise ValueError(
            f"`transform_bias` must be a number. Received: {transform_bias!r}."
        )
