"""The layer is the function of `scores` in a graph."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import layers, scores


@pytest.mark.parametrize("temperature", [0.5, 1, 1.0, 3.0])
def test_equals_the_function_on_arrays(rng, temperature):
    values = rng.dirichlet(np.ones(4), size=6).astype("float32")
    found = convert_to_numpy(layers.Temperature(temperature)(values))
    np.testing.assert_allclose(found, scores.scaled(values, temperature), rtol=1e-5)


def test_is_the_softmax_of_scaled_inputs(rng):
    logits = rng.normal(size=(5, 3)).astype("float32")
    found = layers.Temperature(2.0)(keras.ops.softmax(logits))
    expected = convert_to_numpy(keras.ops.softmax(logits / 2))
    np.testing.assert_allclose(convert_to_numpy(found), expected, rtol=1e-5)


def test_certainty_stays_finite():
    found = convert_to_numpy(layers.Temperature(0.1)(np.array([[1.0, 0.0]], "float32")))
    np.testing.assert_allclose(found, [[1, 0]], atol=1e-6)


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "1", None])
def test_other_values_are_rejected(value):
    with pytest.raises(ValueError, match=r"above 0.*Received"):
        layers.Temperature(value)


def test_its_config_makes_it_again():
    layer = layers.Temperature(1.5)
    assert layers.Temperature.from_config(layer.get_config()).temperature == 1.5
