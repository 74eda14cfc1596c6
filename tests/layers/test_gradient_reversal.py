"""Gradient reversal: the value is the input's, the gradient is its opposite."""

import keras
import numpy as np
import pytest
from keras import ops
from keras.ops import convert_to_numpy

from keras_ser import backend, layers

# The fourth number is lost in 2x − x, and the last two are in x + (x − x).
NUMBERS = [0.0, -0.0, 1 / 3, 3e38, -1e-45, np.inf, np.nan]
BITS = {"float64": "uint64", "float32": "uint32", "float16": "uint16"}


@pytest.mark.parametrize("kind", BITS)
@pytest.mark.parametrize("factor", [0, 1.0, 0.3])
def test_the_output_has_the_bits_of_the_input(kind, factor):
    if kind == "float64" and keras.backend.backend() == "jax":
        pytest.skip("JAX has no float64 by default")
    with np.errstate(over="ignore"):
        numbers = np.array(NUMBERS).astype(kind)
    found = convert_to_numpy(layers.GradientReversal(factor, dtype=kind)(numbers))
    assert found.dtype == numbers.dtype
    np.testing.assert_array_equal(found.view(BITS[kind]), numbers.view(BITS[kind]))


@pytest.mark.parametrize("factor", [1.0, 0.3, 0])
def test_the_gradient_is_the_opposite_times_the_factor(factor, rng):
    x, weights = rng.normal(size=(2, 4, 3)).astype("float32")
    layer = layers.GradientReversal(factor)

    def value(tensors):
        return ops.sum(ops.square(layer(tensors[0])) * weights)

    found, (gradient,) = backend.value_and_gradient(value, [x])
    assert float(found) == pytest.approx((x**2 * weights).sum(), rel=1e-5)
    upstream = 2 * x * weights
    expected = -np.float32(factor) * upstream
    if factor == 1:
        np.testing.assert_array_equal(convert_to_numpy(gradient), -upstream)
    np.testing.assert_allclose(convert_to_numpy(gradient), expected, rtol=1e-6)


def test_two_reversals_are_none(rng):
    x = rng.normal(size=(4, 3)).astype("float32")
    one, two = layers.GradientReversal(2.0), layers.GradientReversal(0.5)
    _, (gradient,) = backend.value_and_gradient(
        lambda tensors: ops.sum(ops.square(two(one(tensors[0])))), [x]
    )
    np.testing.assert_array_equal(convert_to_numpy(gradient), 2 * x)


def test_half_precision_has_a_gradient_of_its_own_kind(rng):
    x = rng.normal(size=(4, 3)).astype("float16")
    layer = layers.GradientReversal(0.5, dtype="float16")
    _, (gradient,) = backend.value_and_gradient(
        lambda tensors: ops.sum(layer(tensors[0])), [x]
    )
    assert keras.backend.standardize_dtype(gradient.dtype) == "float16"
    np.testing.assert_array_equal(convert_to_numpy(gradient), np.full((4, 3), -0.5))


def test_a_layer_in_front_of_it_learns_the_opposite(rng):
    """By `fit`, which computes gradients in the way of each backend."""
    x = rng.normal(size=(8, 3)).astype("float32")
    y = rng.normal(size=(8, 1)).astype("float32")
    steps = {}
    for name, between in (
        ("plain", keras.layers.Identity()),
        ("reversed", layers.GradientReversal()),
    ):
        keras.utils.set_random_seed(0)
        body, head = keras.layers.Dense(4), keras.layers.Dense(1)
        model = keras.Sequential([keras.Input((3,)), body, between, head])
        start = [each[0].copy() for each in (body.get_weights(), head.get_weights())]
        model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
        model.fit(x, y, batch_size=8, verbose=0)
        end = [each[0] for each in (body.get_weights(), head.get_weights())]
        steps[name] = [b - a for a, b in zip(start, end, strict=True)]
    np.testing.assert_allclose(steps["reversed"][0], -steps["plain"][0], atol=1e-7)
    np.testing.assert_allclose(steps["reversed"][1], steps["plain"][1], atol=1e-7)
    assert np.abs(steps["plain"][0]).max() > 1e-3


def test_the_config_makes_the_same_layer():
    layer = layers.GradientReversal(0.3, name="back")
    again = layers.GradientReversal.from_config(layer.get_config())
    assert (again.factor, again.name) == (0.3, "back")
    assert again.compute_output_shape((2, None, 3)) == (2, None, 3)


@pytest.mark.parametrize("factor", [-1, np.inf, np.nan, "1", True, None])
def test_an_impossible_factor_is_rejected(factor):
    with pytest.raises(ValueError, match="`factor` must be a finite number"):
        layers.GradientReversal(factor)
