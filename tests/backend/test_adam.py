"""Adam in one kernel against Keras's own."""

import keras
import numpy as np
import pytest

from keras_ser.backend import adam

PAIRS = [(adam.Adam, keras.optimizers.Adam), (adam.AdamW, keras.optimizers.AdamW)]
both = pytest.mark.parametrize(("own", "other"), PAIRS)
on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="a kernel of TensorFlow"
)


def trained(kind, rng, steps=25, **arguments):
    """Weights and moments after some steps, and the optimizer."""
    optimizer = kind(0.05, **arguments)
    shapes = (3, 4), (5,)
    weights = [keras.Variable(rng.normal(size=n).astype("float32")) for n in shapes]
    optimizer.build(weights)
    for _ in range(steps):
        gradients = [rng.normal(size=n).astype("float32") for n in shapes]
        optimizer.apply(list(map(keras.ops.convert_to_tensor, gradients)), weights)
    arrays = [*weights, *optimizer.variables]
    return [keras.ops.convert_to_numpy(each) for each in arrays], optimizer


@both
@pytest.mark.parametrize(
    "arguments", [{}, {"beta_1": 0.5, "epsilon": 1e-3}, {"amsgrad": True}]
)
def test_weights_and_moments_are_those_of_keras(own, other, arguments):
    found, expected = (
        trained(kind, np.random.default_rng(0), **arguments)[0] for kind in (own, other)
    )
    assert len(found) == len(expected)
    for one, two in zip(found, expected, strict=True):
        # The kernel takes 1 - β₂ in float32, which is 5e-5 off.
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)


@both
@on_tensorflow
def test_a_weight_is_updated_by_one_kernel(own, other):
    import tensorflow as tf

    def operations(kind, **arguments):
        optimizer = kind(0.1, **arguments)
        weights = [keras.Variable(np.ones(3, "float32")) for _ in range(8)]
        optimizer.build(weights)

        @tf.function
        def step():
            optimizer.apply([tf.ones(3)] * 8, weights)

        return [
            each.type for each in step.get_concrete_function().graph.get_operations()
        ]

    found = operations(own)
    assert found.count("ResourceApplyAdam") == 8
    assert found.count("Pow") == 2  # for all weights
    assert len(found) < len(operations(other)) / 3
    assert "ResourceApplyAdam" not in operations(own, amsgrad=True)


@on_tensorflow
def test_a_sparse_gradient_is_added_as_by_keras():
    import tensorflow as tf

    found = []
    for kind in PAIRS[0]:
        optimizer, weights = kind(0.1), [keras.Variable(np.ones((4, 2), "float32"))]
        optimizer.build(weights)
        gradient = tf.IndexedSlices(tf.ones((1, 2)), tf.constant([1]), (4, 2))
        for _ in range(3):
            optimizer.apply([gradient], weights)
        found.append(keras.ops.convert_to_numpy(weights[0]))
    np.testing.assert_array_equal(*found)
    assert (found[0][1] != 1).all()


@both
def test_a_trained_optimizer_is_saved_with_its_settings(own, other, tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(own(0.1, beta_1=0.8, clipnorm=1.0), "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").optimizer
    assert type(again) is own
    assert again.get_config() == model.optimizer.get_config()
    for one, two in zip(again.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (one, two)))


@on_tensorflow
def test_it_skips_a_step_that_overflows_in_half_precision():
    inner = adam.Adam(0.1)
    optimizer = keras.optimizers.LossScaleOptimizer(inner)
    weight = keras.Variable(np.ones(2, "float32"))
    optimizer.build([weight])
    optimizer.apply([keras.ops.full((2,), np.inf)], [weight])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), 1)
    optimizer.apply([keras.ops.full((2,), 1e6)], [weight])
    np.testing.assert_allclose(keras.ops.convert_to_numpy(weight), 0.9, rtol=1e-4)


@both
@pytest.mark.parametrize(
    "arguments",
    [
        {"gradient_accumulation_steps": 2},
        {"use_ema": True, "ema_momentum": 0.9},
        {"weight_decay": 0.01, "global_clipnorm": 0.5},
        {"gradient_accumulation_steps": 3, "clipvalue": 0.1},
    ],
)
def test_training_is_that_of_keras_with_its_other_arguments(own, other, arguments):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32, 3)), rng.normal(size=(32, 1))
    found = []
    for kind in (own, other):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile(kind(0.05, **arguments), "mse")
        model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
        found.append(model.get_weights())
    for one, two in zip(*found, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)
