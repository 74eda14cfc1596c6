"""Highway layers equal their equation."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import layers


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_equals_the_equation(rng):
    x = rng.normal(size=(3, 5)).astype("float32")
    layer = layers.Highway()
    layer(x)
    for weight in layer.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))
    (w_h, w_t), (b_h, b_t) = (
        [convert_to_numpy(each) for each in pair]
        for pair in (layer.kernels, layer.biases)
    )
    gate = sigmoid(x @ w_t + b_t)
    expected = np.maximum(x @ w_h + b_h, 0) * gate + x * (1 - gate)
    np.testing.assert_allclose(convert_to_numpy(layer(x)), expected, rtol=1e-5)


def test_a_closed_gate_is_the_identity(rng):
    x = rng.normal(size=(3, 5)).astype("float32")
    layer = layers.Highway(transform_bias=-np.inf)
    np.testing.assert_array_equal(convert_to_numpy(layer(x)), x)


def test_an_open_gate_is_a_dense_layer(rng):
    x = rng.normal(size=(3, 5)).astype("float32")
    layer = layers.Highway(transform_bias=np.inf)
    found = convert_to_numpy(layer(x))
    kernel = convert_to_numpy(layer.kernels[0])
    np.testing.assert_allclose(found, np.maximum(x @ kernel, 0), atol=1e-6)


def test_the_gate_starts_at_its_bias(rng):
    x = np.zeros((1, 4), "float32")
    layer = layers.Highway(transform_bias=-2)
    layer(x)
    assert convert_to_numpy(layer.biases[1]).tolist() == [-2] * 4
    assert convert_to_numpy(layer.biases[0]).tolist() == [0] * 4
    kernels = [convert_to_numpy(each) for each in layer.kernels]
    assert np.abs(kernels[0] - kernels[1]).max() > 1e-3  # two different draws


def test_the_config_makes_the_same_layer():
    layer = layers.Highway.from_config(layers.Highway(-3.0).get_config())
    assert layer.transform_bias == -3.0


@pytest.mark.parametrize("wrong", ["-1", None, True, float("nan")])
def test_the_bias_must_be_a_number(wrong):
    with pytest.raises(ValueError, match="`transform_bias` must be a number"):
        layers.Highway(wrong)
