"""Probabilities at another temperature."""

import math

import keras
from keras import ops

from keras_ser.utils.choices import check_numbers

TINY = 1e-7  # what a probability counts as, at least


@keras.saving.register_keras_serializable("keras_ser")
class Temperature(keras.layers.Layer):
    """Probabilities at another temperature.

        q_k = p_k^(1/T) / Σ_j p_j^(1/T)

    For the probabilities of a softmax, this is the softmax of its inputs divided by T.

    Args:
        temperature: Float above 0, T.

    Input shape:
        `(…, classes)`, probabilities.

    Output shape:
        The shape of the input.

    Raises:
        ValueError: If `temperature` is not a number above 0.

    Example:

    >>> Temperature(2.0)(np.array([[0.8, 0.2]], "float32"))
    [[0.667, 0.333]]

    Reference:
        Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks",
        ICML 2017, section 4.2. `scores.scaled` is the same on arrays.
    """

    def __init__(self, temperature: float, **kwargs):
        super().__init__(**kwargs)
        expected = "a finite number above 0, where 1 leaves probabilities as they are"
        check_numbers(
            expected, lambda value: 0 < value < math.inf, temperature=temperature
        )
        self.temperature = float(temperature)

    def call(self, probabilities):
        logs = ops.log(ops.maximum(probabilities, TINY))
        return ops.softmax(logs / self.temperature, axis=-1)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "temperature": self.temperature}
