"""Convolution blocks do not see the padding."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import layers
from keras_ser.layers import padding


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("normalisation", ["batch", "group"])
def test_output_and_moments_ignore_the_padding(
    rng, transposed, training, normalisation
):
    speech = rng.normal(size=(2, 8, 4, 1)).astype("float32")
    speech[1, 6:] = 0
    lengths = np.int32([8, 6]) * 2 if transposed else np.int32([4, 3])
    padded = np.pad(speech, ((0, 0), (0, 8), (0, 0), (0, 0)))
    block = layers.ConvBlock(8, 5, transposed=transposed, normalisation=normalisation)

    def mask_of(sequence):
        time = sequence.shape[1] * 2 if transposed else sequence.shape[1] // 2
        return padding.make_mask(lengths, time)

    block(speech, mask_of(speech))
    weights = [convert_to_numpy(weight) for weight in block.weights]
    short = convert_to_numpy(block(speech, mask_of(speech), training=training))
    moments = [convert_to_numpy(weight) for weight in block.weights]
    for weight, value in zip(block.weights, weights, strict=True):
        weight.assign(value)
    long = convert_to_numpy(block(padded, mask_of(padded), training=training))
    np.testing.assert_allclose(long[:, : short.shape[1]], short, atol=1e-5)
    assert (long[:, short.shape[1] :] == 0).all()
    for weight, value in zip(block.weights, moments, strict=True):
        np.testing.assert_allclose(convert_to_numpy(weight), value, atol=1e-6)


def test_final_block_is_linear_in_its_input(rng):
    speech = rng.normal(size=(1, 4, 4, 2)).astype("float32")
    block = layers.ConvBlock(1, 3, transposed=True, final=True)
    mask = np.ones((1, 8), "float32")
    once, twice = block(speech, mask), block(2 * speech, mask)
    np.testing.assert_allclose(
        convert_to_numpy(twice), 2 * convert_to_numpy(once), rtol=1e-4
    )
    assert convert_to_numpy(once).min() < 0  # no ReLU


def test_lengths_are_rounded_up():
    lengths = layers.OutputLengths(8)(np.int32([1, 8, 9, 750]))
    assert convert_to_numpy(lengths).tolist() == [1, 1, 2, 94]


def test_the_normalisation_is_chosen_and_saved():
    block = layers.ConvBlock(8, 3, normalisation="group")
    assert isinstance(block.normalisation, layers.SpeechGroupNorm)
    block = layers.ConvBlock(8, 3, momentum=0.7, labelled_rows=4)
    again = layers.ConvBlock.from_config(block.get_config())
    assert again.normalisation.momentum == 0.7
    assert again.normalisation.labelled_rows == 4
    with pytest.raises(ValueError, match="one of .*batch.*group.*'layer'"):
        layers.ConvBlock(8, 3, normalisation="layer")
