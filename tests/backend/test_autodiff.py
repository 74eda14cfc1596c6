"""Gradients on the backend of KERAS_BACKEND."""

import keras
import numpy as np
import pytest

import keras_ser as ser
from keras_ser import backend


def arrays(tensors):
    return [keras.ops.convert_to_numpy(tensor) for tensor in tensors]


def test_value_and_gradient_equal_the_closed_form(rng):
    a, b, other = (rng.normal(size=shape).astype("float32") for shape in [3, (2, 3), 4])

    def function(tensors):
        first, second, _ = tensors
        return keras.ops.sum(first**3) + keras.ops.sum(second * first)

    value, gradients = backend.value_and_gradient(function, [a, b, other])
    np.testing.assert_allclose(float(value), (a**3).sum() + (b * a).sum(), rtol=1e-5)
    expected = [3 * a**2 + b.sum(axis=0), np.broadcast_to(a, (2, 3)), np.zeros(4)]
    for found, right in zip(arrays(gradients), expected, strict=True):
        assert found.dtype == np.float32 and found.shape == right.shape
        np.testing.assert_allclose(found, right, rtol=1e-5)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"


def test_gradient_in_weights_leaves_the_model_as_it_is(rng):
    """In inference, y = γ (x W − μ) / √(σ² + ε) + β without dropout; L = mean y²."""
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(2, use_bias=False)
    norm = keras.layers.BatchNormalization(epsilon=1e-3)
    model = keras.Sequential(
        [keras.Input((3,)), dense, norm, keras.layers.Dropout(0.5)]
    )
    norm.set_weights(np.float32([[2.0, 0.5], [0.1, -0.3], [0.2, 0.4], [1.5, 0.7]]))
    x = rng.normal(size=(5, 3)).astype("float32")
    before = arrays(model.variables)  # includes the seed of dropout

    def loss(values):
        with keras.StatelessScope(state_mapping=[(dense.kernel, values[0])]):
            return keras.ops.mean(keras.ops.square(model(x, training=False)))

    value, gradients = backend.value_and_gradient(loss, [dense.kernel.value])
    gamma, beta, mean, variance = norm.get_weights()
    scale = gamma / np.sqrt(variance + 1e-3)
    y = (x @ dense.get_weights()[0] - mean) * scale + beta
    np.testing.assert_allclose(float(value), np.mean(y**2), rtol=1e-5)
    expected = x.T @ (2 * y * scale / y.size)
    np.testing.assert_allclose(arrays(gradients)[0], expected, rtol=1e-4, atol=1e-6)
    for one, other in zip(before, arrays(model.variables), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_gradient_in_the_input_is_its_slope(rng):
    """Along its gradient g, the output of a network rises at the rate ‖g‖."""
    keras.utils.set_random_seed(0)
    features = keras.Input((None, 3))
    lengths = ser.layers.Frames()(features)
    hidden = ser.layers.BLSTM(2)(features, lengths)
    weights = ser.layers.AttentionWeights()(hidden, lengths)
    model = keras.Model(features, ser.layers.WeightedSum()(hidden, weights))
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    x[1, 4:] = 0  # padding

    def score(tensors):
        return model(tensors[0], training=False)[0, 0]

    slope = arrays(backend.value_and_gradient(score, [x])[1])[0]
    norm = np.linalg.norm(slope)
    up, down = (score([x + sign * 0.01 * slope / norm]) for sign in (1, -1))
    np.testing.assert_allclose(arrays([up - down])[0] / 0.02, norm, rtol=0.01)
    assert not slope[1].any()  # rows do not depend on each other


def test_a_value_that_is_not_a_scalar_is_rejected():
    with pytest.raises(ValueError, match=r"must return a scalar.*shape \(2,\)"):
        backend.value_and_gradient(lambda each: each[0], [np.ones(2, "float32")])
