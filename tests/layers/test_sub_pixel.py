"""Sub-pixel convolutions equal transposed ones with one filter, gradients included."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_ser.backend import autodiff
from keras_ser.layers import ConvBlock, packing, sub_pixel

CHANNELS = 5


def both(stride):
    """The transposed convolution of Keras and this one, of inputs and a kernel."""
    options = {"strides": stride, "padding": "same", "data_format": "channels_last"}
    return (
        lambda each: ops.conv_transpose(*each, **options),
        lambda each: sub_pixel.upsample(*each, stride),
    )


# Odd sizes need blocks that are filled up.
@pytest.mark.parametrize("shape", [(2, 8, 16, CHANNELS), (1, 7, 5, CHANNELS)])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 7])
def test_equals_the_transposed_convolution(width, stride, shape, rng):
    inputs = rng.normal(size=shape).astype("float32")
    kernel = rng.normal(size=(width, width, 1, CHANNELS)).astype("float32")
    expected, found = (
        ops.convert_to_numpy(function([inputs, kernel])) for function in both(stride)
    )
    assert found.shape == (shape[0], stride * shape[1], stride * shape[2], 1)
    np.testing.assert_allclose(found, expected, atol=3e-5)


@pytest.mark.parametrize("width, stride", [(7, 2), (5, 2), (2, 2), (5, 3)])
def test_gradients_are_those_of_the_transposed_convolution(width, stride, rng):
    inputs = rng.normal(size=(2, 7, 6, CHANNELS)).astype("float32")
    kernel = rng.normal(size=(width, width, 1, CHANNELS)).astype("float32")
    gradients = []
    for function in both(stride):

        def value(each, function=function):
            return ops.mean(ops.sin(function(each)))

        _, found = autodiff.value_and_gradient(value, [inputs, kernel])
        gradients.append([ops.convert_to_numpy(each) for each in found])
    for expected, found in zip(*gradients, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_an_empty_batch_has_gradients(rng):
    kernel = rng.normal(size=(7, 7, 1, CHANNELS)).astype("float32")
    inputs = np.zeros((0, 4, 6, CHANNELS), "float32")

    def value(each):
        return ops.sum(sub_pixel.upsample(*each, 2))

    _, (one, other) = autodiff.value_and_gradient(value, [inputs, kernel])
    assert tuple(one.shape) == inputs.shape
    np.testing.assert_array_equal(ops.convert_to_numpy(other), np.zeros_like(kernel))


@pytest.mark.skipif(
    not packing.is_tensorflow_on_cpu(), reason="other devices call the layer of Keras"
)
def test_the_last_block_of_a_decoder_uses_it(rng, monkeypatch):
    block = ConvBlock(1, 7, transposed=True, final=True)
    inputs = rng.normal(size=(2, 8, 16, CHANNELS)).astype("float32")
    mask = np.ones((2, 16), "float32")
    found = ops.convert_to_numpy(block(inputs, mask))
    block.convolution.bias.assign([0.5])
    shifted = ops.convert_to_numpy(block(inputs, mask))
    np.testing.assert_allclose(shifted, found + 0.5, atol=1e-6)
    np.testing.assert_allclose(
        shifted, ops.convert_to_numpy(block.convolution(inputs)), atol=1e-5
    )
    calls = []
    upsample = sub_pixel.upsample
    monkeypatch.setattr(
        sub_pixel, "upsample", lambda *each: calls.append(1) or upsample(*each)
    )
    block(inputs, mask)
    ConvBlock(2, 7, transposed=True, final=True)(inputs, mask)  # more filters
    assert len(calls) == 1


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_computes_in_the_dtype_of_the_block(dtype, rng):
    block = ConvBlock(1, 5, transposed=True, final=True, dtype=dtype)
    inputs = rng.normal(size=(1, 4, 6, CHANNELS)).astype("float32")
    output = block(inputs, np.ones((1, 8), "float32"))
    assert keras.backend.standardize_dtype(output.dtype) == dtype.removeprefix("mixed_")
