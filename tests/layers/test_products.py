"""Convolutions as matrix products equal those of Keras."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_ser.backend import stacking
from keras_ser.layers import ConvBlock, products

SHAPE = (2, 8, 16, 6)  # (batch, time, bands, channels)


@pytest.mark.parametrize("filters", [1, 5])
@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("transposed", [False, True])
def test_equals_the_layer_of_keras(width, stride, transposed, filters, rng):
    kind = keras.layers.Conv2DTranspose if transposed else keras.layers.Conv2D
    layer = kind(5, width, strides=stride, padding="same", use_bias=False)
    inputs = rng.normal(size=SHAPE).astype("float32")
    expected = ops.convert_to_numpy(layer(inputs))
    function = products.convolve_transposed if transposed else products.convolve
    found = function(ops.convert_to_tensor(inputs), layer.kernel, stride)
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, atol=2e-5)


@pytest.mark.parametrize("arguments", [{}, {"transposed": True, "final": True}])
def test_a_block_is_the_same_with_products(arguments, rng):
    block = ConvBlock(8, 5, **arguments)
    inputs = rng.normal(size=SHAPE).astype("float32")
    mask = np.ones((2, 16 if arguments else 4), "float32")
    expected = ops.convert_to_numpy(block(inputs, mask))
    if arguments:
        block.convolution.bias.assign(rng.normal(size=8))
        expected = ops.convert_to_numpy(block(inputs, mask))
    assert not stacking.uses_products()
    with stacking.stacking():
        assert stacking.is_stacking() and stacking.uses_products()
        found = ops.convert_to_numpy(block(inputs, mask))
    np.testing.assert_allclose(found, expected, atol=2e-5)
    with stacking.stacking("grouped"):
        assert stacking.is_stacking() and not stacking.uses_products()
    assert not stacking.is_stacking()
