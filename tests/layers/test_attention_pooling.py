"""Attention weights and sums against their equations."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import layers


def test_weights_are_the_softmax_of_equation_5(rng):
    sequence = rng.normal(size=(2, 5, 3)).astype("float32")
    layer = layers.AttentionWeights()
    weights = convert_to_numpy(layer(sequence, np.int32([5, 3])))
    score = np.exp(sequence @ convert_to_numpy(layer.kernel))
    score[1, 3:] = 0
    np.testing.assert_allclose(
        weights, score / score.sum(axis=1, keepdims=True), rtol=1e-5
    )


def test_padding_has_no_weight(rng):
    sequence = rng.normal(size=(1, 6, 3)).astype("float32")
    for layer in (layers.AttentionWeights(), layers.MeanWeights()):
        weights = convert_to_numpy(layer(sequence, np.int32([2])))
        assert (weights[0, 2:] == 0).all()
        np.testing.assert_allclose(weights.sum(), 1, rtol=1e-6)


def test_weighted_sum_is_equation_4(rng):
    sequence = rng.normal(size=(2, 5, 3)).astype("float32")
    weights = rng.random((2, 5)).astype("float32")
    pooled = convert_to_numpy(layers.WeightedSum()(sequence, weights))
    expected = [weights[i] @ sequence[i] for i in range(2)]
    np.testing.assert_allclose(pooled, expected, rtol=1e-5)


def test_mean_weights_give_the_mean_of_the_speech(rng):
    sequence = rng.normal(size=(1, 6, 3)).astype("float32")
    weights = layers.MeanWeights()(sequence, np.int32([4]))
    pooled = convert_to_numpy(layers.WeightedSum()(sequence, weights))
    np.testing.assert_allclose(pooled[0], sequence[0, :4].mean(axis=0), rtol=1e-5)


def test_the_masked_mean_is_that_of_the_speech(rng):
    features = rng.normal(size=(2, 6, 3)).astype("float32")
    features[1, 4:] = 0
    found = convert_to_numpy(layers.MaskedMean()(features))
    expected = [features[0].mean(axis=0), features[1, :4].mean(axis=0)]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    inputs = keras.Input((None, 3))
    assert layers.MaskedMean()(inputs).shape == (None, 3)
    assert not convert_to_numpy(layers.MaskedMean()(0 * features)).any()


def test_the_masked_mean_of_long_speech_fits_half_precision():
    """The sum of these frames is larger than any number in float16."""
    features = np.full((1, 5000, 2), 20, "float16")
    found = layers.MaskedMean(dtype="float16")(features)
    assert keras.backend.standardize_dtype(found.dtype) == "float16"
    np.testing.assert_array_equal(convert_to_numpy(found), [[20, 20]])


@pytest.mark.parametrize("kind", [layers.AttentionWeights, layers.MeanWeights])
def test_weights_are_float32_in_half_precision(kind, rng):
    sequence = rng.normal(size=(2, 5, 3)).astype("float32")
    lengths = np.int32([5, 3])
    weights = kind(dtype="mixed_bfloat16")(sequence, lengths)
    assert keras.backend.standardize_dtype(weights.dtype) == "float32"
    np.testing.assert_allclose(convert_to_numpy(weights).sum(axis=1), 1, rtol=1e-5)
    half = keras.ops.cast(sequence, "bfloat16")
    pooled = layers.WeightedSum(dtype="mixed_bfloat16")(half, weights)
    assert keras.backend.standardize_dtype(pooled.dtype) == "bfloat16"
    expected = convert_to_numpy(layers.WeightedSum()(sequence, weights))
    pooled = convert_to_numpy(keras.ops.cast(pooled, "float32"))
    np.testing.assert_allclose(pooled, expected, atol=0.05)
