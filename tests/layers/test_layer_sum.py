"""The learned sum of the layers of a pre-trained network."""

import keras
import numpy as np
import pytest

from keras_ser.layers import LayerSum


def test_it_starts_as_the_mean_of_the_layers(rng):
    features = rng.normal(size=(2, 5, 12)).astype("float32")
    found = LayerSum(3)(features)
    expected = features.reshape(2, 5, 3, 4).mean(2)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_weights_are_a_softmax(rng):
    features = rng.normal(size=(2, 5, 12)).astype("float32")
    layer = LayerSum(3)
    layer.build(features.shape)
    logits = np.array([0.5, -1.0, 2.0], "float32")
    layer.logits.assign(logits)
    weights = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(layer.layer_weights(), weights, rtol=1e-6)
    expected = np.einsum("btlw,l->btw", features.reshape(2, 5, 3, 4), weights)
    np.testing.assert_allclose(layer(features), expected, atol=1e-6)


def test_the_padding_stays_zero(rng):
    features = rng.normal(size=(1, 6, 8)).astype("float32")
    features[:, 4:] = 0
    found = keras.ops.convert_to_numpy(LayerSum(2)(features))
    np.testing.assert_array_equal(found[:, 4:], 0)
    assert np.all(found[:, :4] != 0)


def test_the_layers_must_be_equally_wide():
    with pytest.raises(ValueError, match="3 layers must have.*Received: .* 8 values"):
        LayerSum(3)(np.zeros((1, 2, 8), "float32"))


def test_the_shape_is_known_beforehand():
    symbol = keras.KerasTensor((None, None, 12))
    assert LayerSum(3)(symbol).shape == (None, None, 4)


def test_the_weights_are_float32_in_half_precision(rng):
    layer = LayerSum(2, dtype="mixed_bfloat16")
    found = layer(rng.normal(size=(1, 3, 8)).astype("float32"))
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    assert layer.logits.dtype == "float32"
