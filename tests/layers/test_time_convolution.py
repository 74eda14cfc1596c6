"""The convolution over time, against its equation in NumPy."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import layers
from keras_ser.backend import stacking
from keras_ser.layers import packing

LENGTHS = np.int32([12, 7, 1])
TIME = 12


@pytest.fixture
def speech(rng):
    found = rng.normal(size=(3, TIME, 4)).astype("float32")
    for row, length in enumerate(LENGTHS):
        found[row, length:] = 0
    return found


def masks_of(lengths, time):
    return tuple(
        (np.arange(time // stride) < -(-lengths[:, None] // stride)).astype("float32")
        for stride in (1, 2)
    )


def expected(layer, utterance):
    """The output of one utterance without padding, window by window."""
    kernel, bias = (convert_to_numpy(each) for each in layer.convolution.weights)
    before = (len(kernel) - 1) // 2
    around = np.pad(utterance, ((before, len(kernel) - 1 - before), (0, 0)))
    patches = [around[t : t + len(kernel)] for t in range(len(utterance))]
    convolved = np.einsum("tkc,kcf->tf", np.array(patches), kernel) + bias
    active = np.maximum(convolved, 0)
    return np.array([active[t : t + 3].max(0) for t in range(0, len(active), 2)])


def made(kernel):
    layer = layers.TimeConvBlock(5, kernel)
    layer.build((None, None, 4))
    layer.convolution.bias.assign(np.linspace(-0.5, 0.5, 5))  # above 0 in the padding
    return layer


@pytest.mark.parametrize("kernel", [5, 3, 2, 1])
def test_it_computes_the_equation(kernel, speech):
    layer = made(kernel)
    found = convert_to_numpy(layer(speech, masks_of(LENGTHS, TIME)))
    assert found.shape == (3, TIME // 2, 5)
    for row, length in enumerate(LENGTHS):
        steps = -(-length // 2)
        wanted = expected(layer, speech[row, :length])
        np.testing.assert_allclose(found[row, :steps], wanted, atol=1e-5)
        assert not found[row, steps:].any()


@pytest.mark.parametrize("kernel", [5, 2])
def test_stacked_models_compute_the_same(kernel, speech):
    layer, masks = made(kernel), masks_of(LENGTHS, TIME)
    with stacking.stacking():
        found = convert_to_numpy(layer(speech, masks))
    np.testing.assert_allclose(found, convert_to_numpy(layer(speech, masks)), atol=1e-5)


def test_padding_changes_nothing(speech):
    layer = made(5)
    short = convert_to_numpy(layer(speech, masks_of(LENGTHS, TIME)))
    longer = np.pad(speech, ((0, 0), (0, 8), (0, 0)))
    long = convert_to_numpy(layer(longer, masks_of(LENGTHS, TIME + 8)))
    np.testing.assert_allclose(long[:, : TIME // 2], short, atol=1e-6)
    assert not long[:, TIME // 2 :].any()


def test_utterances_of_a_packed_batch_do_not_touch(speech):
    """Two blocks; on other backends than TensorFlow nothing is packed."""
    blocks = [made(5), layers.TimeConvBlock(5, 5)]
    found = []
    for training in (False, True):
        pack, unpack = layers.Pack(4, packing.find_gap((5, 5))), layers.Unpack(1)
        sequence, masks, places = pack(speech, LENGTHS, training=training)
        for block, number in zip(blocks, (0, 1), strict=True):
            sequence = block(sequence, (masks[number], masks[number + 1]))
        image = sequence[:, :, None]
        found.append(convert_to_numpy(unpack(image, places, training=training)))
    np.testing.assert_allclose(found[1], found[0], atol=1e-5)


def test_the_config_makes_the_same_layer():
    config = layers.TimeConvBlock(6, 3, name="one").get_config()
    again = layers.TimeConvBlock.from_config(config)
    assert (again.filters, again.kernel, again.name) == (6, 3, "one")
