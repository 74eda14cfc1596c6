"""Dense blocks and transitions equal their equations and do not see the padding."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import layers
from keras_ser.backend import stacking
from keras_ser.layers import padding

GROUP = {"normalisation": "group"}
LENGTHS = np.int32([8, 6])


@pytest.fixture
def speech(rng):
    speech = rng.normal(size=(2, 8, 4, 4)).astype("float32")
    speech[1, 6:] = 0
    return speech


def mask_of(speech):
    return padding.make_mask(LENGTHS, speech.shape[1])


def apply(layer, speech, **options):
    return convert_to_numpy(layer(speech, mask_of(speech), **options))


def normalise(x, layer):
    """Batch normalisation by the moments of all cells, and ReLU."""
    gamma, beta = (convert_to_numpy(w) for w in (layer.gamma, layer.beta))
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    return np.maximum((x - mean) / np.sqrt(variance + layer.epsilon) * gamma + beta, 0)


def convolve(x, kernel):
    """A convolution that is padded as "same", as sums over the taps."""
    kernel = convert_to_numpy(kernel)
    around = kernel.shape[0] // 2
    padded = np.pad(x, ((0, 0), (around,) * 2, (around,) * 2, (0, 0)))
    time, bands = x.shape[1:3]
    return sum(
        padded[:, first : first + time, second : second + bands] @ kernel[first, second]
        for first in range(kernel.shape[0])
        for second in range(kernel.shape[1])
    )


def randomise(layer, rng):
    for weight in layer.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))


def test_each_layer_reads_all_outputs_before_it(rng):
    speech = rng.normal(size=(2, 6, 4, 3)).astype("float32")
    block = layers.DenseBlock(depth=3, growth=2)
    mask = np.ones((2, 6), "float32")
    block(speech, mask)
    randomise(block, rng)
    expected = speech
    for norm, convolution in zip(block.normalisations, block.convolutions, strict=True):
        new = convolve(normalise(expected, norm), convolution.kernel)
        expected = np.concatenate([expected, new], axis=-1)
    found = convert_to_numpy(block(speech, mask, training=True))
    assert found.shape == (2, 6, 4, 3 + 3 * 2)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(found[..., :3], speech)


def test_a_transition_is_a_convolution_of_means(rng):
    speech = rng.normal(size=(2, 6, 4, 3)).astype("float32")
    layer = layers.Transition(5)
    mask = np.ones((2, 6), "float32")
    layer(speech, mask)
    randomise(layer, rng)
    active = normalise(speech, layer.normalisation)
    narrow = convolve(active, layer.convolution.kernel)  # in the order of the paper
    expected = narrow.reshape(2, 3, 2, 2, 2, 5).mean(axis=(2, 4))
    found = convert_to_numpy(layer(speech, mask, training=True))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_only_speech_counts_in_the_mean(rng):
    speech = rng.normal(size=(1, 4, 2, 3)).astype("float32")
    speech[:, 3:] = 0
    layer = layers.Transition(3)
    mask = np.float32([[1, 1, 1, 0]])
    layer(speech, mask)
    layer.convolution.set_weights([np.eye(3, dtype="float32")[None, None]])
    active = convert_to_numpy(layer.normalisation(speech, mask))
    found = convert_to_numpy(layer(speech, mask))
    np.testing.assert_allclose(found[0, 0, 0], active[0, :2].mean((0, 1)), rtol=1e-5)
    np.testing.assert_allclose(found[0, 1, 0], active[0, 2].mean(0), rtol=1e-5)


MAKERS = {
    "block": lambda: layers.DenseBlock(depth=2, growth=4),
    "transition": lambda: layers.Transition(4),
    "block, group": lambda: layers.DenseBlock(2, 4, normalisation="group"),
    "transition, group": lambda: layers.Transition(4, normalisation="group"),
}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", MAKERS)
def test_output_and_moments_ignore_the_padding(name, training, speech):
    layer = MAKERS[name]()
    apply(layer, speech)
    start = layer.get_weights()
    short = apply(layer, speech, training=training)
    moments = layer.get_weights()
    layer.set_weights(start)
    padded = np.pad(speech, ((0, 0), (0, 8), (0, 0), (0, 0)))
    long = apply(layer, padded, training=training)
    np.testing.assert_allclose(long[:, : short.shape[1]], short, atol=1e-5)
    assert not long[:, short.shape[1] :].any()
    steps = short.shape[1]
    assert not short[1, steps - steps // 4 :].any()  # a quarter is padding
    for one, other in zip(layer.get_weights(), moments, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("name", MAKERS)
def test_stacked_models_get_the_same(name, speech):
    layer = MAKERS[name]()
    expected = apply(layer, speech)
    with stacking.stacking():
        found = apply(layer, speech)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MAKERS)
def test_the_symbolic_shape_is_the_real_one(name, speech):
    layer = MAKERS[name]()
    inputs = keras.Input((None, 4, 4)), keras.Input((None,))
    symbolic = layer(*inputs)
    found = apply(layer, speech)
    assert symbolic.shape[2:] == found.shape[2:]
    fixed = layer.compute_output_spec(
        keras.KerasTensor(speech.shape), keras.KerasTensor(speech.shape[:2])
    )
    assert tuple(fixed.shape) == found.shape


@pytest.mark.parametrize("name", MAKERS)
def test_half_precision_keeps_weights_in_float32(name, speech):
    layer = MAKERS[name]()
    expected = apply(layer, speech)
    config = {**layer.get_config(), "dtype": "mixed_bfloat16"}
    half = type(layer).from_config(config)
    half(speech, mask_of(speech))
    half.set_weights(layer.get_weights())
    found = half(speech, mask_of(speech))
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    assert {weight.dtype for weight in half.weights} == {"float32"}
    found = convert_to_numpy(keras.ops.cast(found, "float32"))
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_the_config_makes_the_same_layer():
    block = layers.DenseBlock(3, 5, kernel=5, momentum=0.7)
    again = layers.DenseBlock.from_config(block.get_config())
    assert (again.depth, again.growth, again.kernel) == (3, 5, 5)
    assert again.kind == "batch"
    group = layers.DenseBlock.from_config({**block.get_config(), **GROUP})
    assert [each.groups for each in group.normalisations] == [4] * 3
    assert [each.momentum for each in again.normalisations] == [0.7] * 3
    transition = layers.Transition(6, momentum=0.7)
    again = layers.Transition.from_config(transition.get_config())
    assert (again.filters, again.normalisation.momentum) == (6, 0.7)
    group = layers.Transition.from_config({**transition.get_config(), **GROUP})
    assert group.normalisation.groups == 4


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "3", None])
def test_sizes_must_be_positive_integers(wrong):
    for name in ("depth", "growth", "kernel"):
        arguments = {"depth": 2, "growth": 2, name: wrong}
        with pytest.raises(ValueError, match=f"`{name}` must be a positive integer"):
            layers.DenseBlock(**arguments)
    with pytest.raises(ValueError, match="`filters` must be a positive integer"):
        layers.Transition(wrong)


@pytest.mark.parametrize("shape", [(1, 5, 4, 2), (1, 4, 5, 2)])
def test_a_transition_needs_even_sizes(shape):
    with pytest.raises(ValueError, match="must be even. Received: shape"):
        layers.Transition(2)(np.ones(shape, "float32"), np.ones(shape[:2], "float32"))


def test_an_unknown_normalisation_is_rejected():
    for make in (lambda **k: layers.DenseBlock(2, 2, **k), layers.Transition):
        arguments = {} if make is not layers.Transition else {"filters": 2}
        with pytest.raises(ValueError, match="`normalisation` must be one of"):
            make(**arguments, normalisation="layer")
