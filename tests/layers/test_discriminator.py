"""The discriminator of codes."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import layers


@pytest.fixture
def codes(rng):
    return rng.normal(size=(3, 4, 2, 3)).astype("float32")


def masks(lengths, time=4):
    before = np.float32([[t < n for t in range(time)] for n in lengths])
    after = np.float32([[2 * t < n for t in range(time // 2)] for n in lengths])
    return before, after


def dense(layer, inputs):
    weights, bias = (convert_to_numpy(each) for each in layer.weights)
    return inputs @ weights + bias


def test_a_logit_is_that_of_the_definition(codes):
    layer = layers.CodeDiscriminator(2, kernel=1, units=4)
    lengths = (4, 3, 2)
    before, after = masks(lengths)
    codes = codes * before[:, :, None, None]
    found = convert_to_numpy(layer(codes, (before, after)))
    kernel, bias = (convert_to_numpy(each) for each in layer.convolution.weights)
    image = np.maximum(codes @ kernel[0, 0] + bias, 0) * before[:, :, None, None]
    pooled = image.reshape(3, 2, 2, 1, 2, 2).max((2, 4))
    steps = after.sum(1)[:, None, None]
    mean = ((pooled * after[:, :, None, None]).sum(1) / steps).reshape(3, -1)
    hidden = np.maximum(dense(layer.dense_1, mean), 0)
    hidden = np.maximum(dense(layer.dense_2, hidden), 0)
    np.testing.assert_allclose(found, dense(layer.logit, hidden)[:, 0], atol=1e-5)


def test_padding_changes_nothing(codes):
    layer = layers.CodeDiscriminator(4)
    short = convert_to_numpy(layer(codes, masks((4, 4, 4))))
    longer = np.pad(codes, ((0, 0), (0, 4), (0, 0), (0, 0)))
    long = convert_to_numpy(layer(longer, masks((4, 4, 4), time=8)))
    np.testing.assert_allclose(long, short, atol=1e-6)


def test_only_training_drops_values(codes):
    keras.utils.set_random_seed(0)
    layer = layers.CodeDiscriminator(4, dropout=0.5)
    given = codes, masks((4, 4, 4))
    first, second = (convert_to_numpy(layer(*given)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    dropped = convert_to_numpy(layer(*given, training=True))
    assert np.abs(dropped - first).max() > 1e-4


def test_its_config_makes_the_same_layer():
    layer = layers.CodeDiscriminator(4, kernel=5, units=8, dropout=0.1)
    again = layers.CodeDiscriminator.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.dropout.seed == layer.dropout.seed
