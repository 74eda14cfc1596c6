"""Global average pooling is the mean over bands and unpadded steps."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import layers
from keras_ser.layers import packing

FRAMES = np.int32([13, 40, 1, 24])


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("stride", [4, 8])
def test_it_is_the_mean_over_the_speech(stride, training, rng):
    steps = -(-FRAMES // stride)
    padded = rng.normal(size=(4, 40, 6)).astype("float32")  # 3 bands of 2 channels
    for row, each in enumerate(steps):
        padded[row, each * stride :] = 0
    sequence, _, places = layers.Pack(8, gap=1)(padded, FRAMES, training=training)
    image = keras.ops.reshape(sequence[:, ::stride], (len(sequence), -1, 3, 2))
    layer = layers.GlobalPooling(stride, unit=8)
    found = convert_to_numpy(layer(image, FRAMES, places, training=training))
    images = padded[:, ::stride].reshape(4, -1, 3, 2)
    expected = [
        image[:each].mean((0, 1)) for image, each in zip(images, steps, strict=True)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert packing.packs(training) == (len(sequence) == 1)


def test_half_precision_sums_in_float32():
    image = np.ones((1, 4096, 8, 2), "float32")
    layer = layers.GlobalPooling(1, 1, dtype="mixed_bfloat16")
    found = layer(image, np.int32([4096]), ())
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    found = convert_to_numpy(keras.ops.cast(found, "float32"))
    np.testing.assert_array_equal(found, 1)


def test_the_config_makes_the_same_layer():
    layer = layers.GlobalPooling.from_config(layers.GlobalPooling(2, 8).get_config())
    assert (layer.stride, layer.unit) == (2, 8)


@pytest.mark.parametrize(
    ("stride", "unit", "words"),
    [(0, 8, "`stride` must be"), (2, 1.5, "`unit` must be"), (3, 8, "a multiple of")],
)
def test_impossible_numbers_are_rejected(stride, unit, words):
    with pytest.raises(ValueError, match=words):
        layers.GlobalPooling(stride, unit)
