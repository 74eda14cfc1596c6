"""Gradient reversal, for heads whose classes the layers below are to unlearn."""

import math

import keras
from keras import ops

from keras_ser.utils.choices import check_numbers


@keras.saving.register_keras_serializable("keras_ser")
class GradientReversal(keras.layers.Layer):
    """Returns its input, and reverses the gradient.

        R(x) = x,    dR/dx = −factor · I

    A head behind this layer learns its classes, while the layers in front of it learn
    to hide them. The output has the bits of the input, whatever its numbers.

    Args:
        factor: What the gradient is multiplied by, besides −1: a finite number of at
            least 0. With 0, no gradient passes.

    Input shape:
        Any.

    Output shape:
        That of the input.

    Raises:
        ValueError: If the factor is negative or no finite number.

    Example:

    >>> hidden = keras.layers.Dense(64, activation="relu")(features)
    >>> speaker = keras.layers.Dense(10, "softmax")(GradientReversal()(hidden))

    Reference:
        Ganin, Ustinova, Ajakan, Germain, Larochelle, Laviolette, Marchand and
        Lempitsky, "Domain-adversarial training of neural networks", Journal of Machine
        Learning Research 17, 2016.
    """

    def __init__(self, factor: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        expected = "a finite number of at least 0, which the layer negates"
        check_numbers(expected, lambda value: 0 <= value < math.inf, factor=factor)
        self.factor = float(factor)
        self._reverse = _reversal(self.factor)

    def call(self, inputs):
        return self._reverse(inputs)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def _reversal(factor: float):
    """The function R of this factor."""

    @ops.custom_gradient
    def reverse(inputs):
        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            return upstream * -factor

        return inputs, gradient

    return reverse
