"""Moving averages of variables on the backend of KERAS_BACKEND."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser.backend import averaging

SHAPES = ((3, 2), (2,), (2,), (2,), (2,))  # a dense layer and batch normalisation


@pytest.fixture
def model():
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(2),
            keras.layers.BatchNormalization(center=False),
        ]
    )


def variables_like(model, rng):
    values = [rng.normal(size=each.shape).astype("float32") for each in model.weights]
    return [keras.Variable(value, trainable=False) for value in values]


def values_of(variables):
    return [convert_to_numpy(each) for each in variables]


def test_averages_follow_the_equation(model, rng):
    averages = variables_like(model, rng)
    assert tuple(tuple(each.shape) for each in averages) == SHAPES
    update = averaging.moving_average(model, model.weights, averages)
    expected = values_of(averages)
    for decay in (0.1, 0.98, 0.0, 0.5, 1.0):
        values = [rng.normal(size=shape).astype("float32") for shape in SHAPES]
        model.set_weights(values)
        update(decay)
        expected = [
            decay * average + (1 - decay) * value
            for average, value in zip(expected, values, strict=True)
        ]
        for one, other in zip(values_of(averages), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
        for one, other in zip(values_of(model.weights), values, strict=True):
            np.testing.assert_array_equal(one, other)


def test_averages_keep_the_dtype_of_their_variables():
    half = keras.layers.Dense(2, dtype="float16")
    model = keras.Sequential([keras.Input((3,)), half])
    averages = [
        keras.Variable(np.zeros(each.shape), dtype=each.dtype, trainable=False)
        for each in model.weights
    ]
    averaging.moving_average(model, model.weights, averages)(0.5)
    for average, weight in zip(averages, model.weights, strict=True):
        assert average.dtype == weight.dtype == "float16"
        expected = convert_to_numpy(weight) / 2
        np.testing.assert_array_equal(convert_to_numpy(average), expected)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow traces")
def test_the_decay_is_not_traced_again(model, rng, monkeypatch):
    import tensorflow as tf

    made, original = [], tf.function
    monkeypatch.setattr(
        tf, "function", lambda **options: lambda call: made.append(
            original(call, **options)) or made[-1]
    )  # fmt: skip
    averages = variables_like(model, rng)
    update = averaging.moving_average(model, model.weights, averages)
    for decay in (0.1, 0.5, 0.98):
        update(decay)
    (function,) = made
    assert function.experimental_get_tracing_count() == 1


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="state of JAX's loop")
def test_values_of_a_running_epoch_are_found(model, rng):
    averages = variables_like(model, rng)
    update = averaging.moving_average(model, model.weights, averages)
    before = values_of(averages)
    state = {
        "trainable_variables": [each.value + 1 for each in model.trainable_variables],
        "non_trainable_variables": [
            each.value + 2 for each in model.non_trainable_variables
        ],
    }
    model._jax_state, model._jax_state_synced = state, False
    update(0.5)
    model._jax_state_synced = True
    shift = [1 if each.trainable else 2 for each in model.weights]
    for one, other, weight, more in zip(
        values_of(averages), before, values_of(model.weights), shift, strict=True
    ):
        np.testing.assert_allclose(one, (other + weight + more) / 2, rtol=1e-5)
