"""The last stage of an encoder with a Gaussian code."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import layers

TIME, BANDS = 8, 4


@pytest.fixture
def image(rng):
    image = rng.normal(size=(3, TIME, BANDS, 2)).astype("float32")
    image[1, 5:] = 0
    return image


def masks(lengths=(8, 5, 8), time=TIME):
    before = np.float32([[t < n for t in range(time)] for n in lengths])
    after = np.float32([[2 * t < n for t in range(time // 2)] for n in lengths])
    return before, after


def test_a_code_is_the_normalised_mean_over_cells_of_speech(image):
    layer = layers.CodeBlock(3, kernel=1)
    layer.build(image.shape)
    weights = convert_to_numpy(layer.convolution.kernel)[0, 0]
    before, after = masks()
    found = convert_to_numpy(layer(image, (before, after), training=True))
    cells = (image @ weights).reshape(3, TIME // 2, 2, BANDS // 2, 2, 3)
    mask = before.reshape(3, TIME // 2, 2, 1, 1, 1)
    pooled = (cells * mask).sum((2, 4)) / np.maximum(2 * mask.sum((2, 4)), 1)
    speech = pooled[after > 0].reshape(-1, 3)
    expected = (pooled - speech.mean(0)) / np.sqrt(speech.var(0) + 1e-3)
    np.testing.assert_allclose(found[after > 0], expected[after > 0], atol=1e-5)
    assert (found < 0).any()
    assert not found[after == 0].any()


def test_padding_changes_nothing(image):
    layer = layers.CodeBlock(3, kernel=3)
    short = convert_to_numpy(layer(image, masks(), training=True))
    longer = np.pad(image, ((0, 0), (0, 4), (0, 0), (0, 0)))
    long = convert_to_numpy(layer(longer, masks(time=12), training=True))
    np.testing.assert_allclose(long[:, :4], short, atol=1e-5)
    assert not long[:, 4:].any()


def test_its_config_makes_the_same_layer():
    layer = layers.CodeBlock(3, kernel=5, momentum=0.9, labelled_rows=2)
    again = layers.CodeBlock.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.normalisation.labelled_rows == 2
    assert again.normalisation.momentum == 0.9
