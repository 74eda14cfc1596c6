"""Updates of some weights by the gradient of a loss."""

import keras
import numpy as np
import pytest
from keras import ops
from keras.ops import convert_to_numpy

from keras_ser.backend import updates

needs_state = pytest.mark.skipif(
    keras.backend.backend() not in updates.BACKENDS, reason="needs gradients of state"
)


def variable(*values):
    return keras.Variable(np.float32(values))


def sgd(*variables):
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.build(list(variables))
    return optimizer


@needs_state
def test_weights_take_one_step_against_the_gradient():
    weight, other = variable(1, 3), variable(2)
    loss = lambda: (ops.sum(ops.square(weight)) * other[0], "handed on")  # noqa: E731
    found, others = updates.minimise(loss, sgd(weight), [weight])
    assert (float(found), others) == (20.0, "handed on")
    np.testing.assert_allclose(convert_to_numpy(weight), [-1, -3])
    np.testing.assert_array_equal(convert_to_numpy(other), [2])


@needs_state
def test_a_weight_that_the_loss_does_not_depend_on_stays():
    weight, other = variable(1), variable(2)
    loss = lambda: (ops.sum(ops.square(weight)), ())  # noqa: E731
    updates.minimise(loss, sgd(weight, other), [weight, other])
    np.testing.assert_array_equal(convert_to_numpy(other), [2])


@needs_state
def test_an_update_inside_another_changes_its_loss_but_not_its_gradient():
    """d/dw of w · v at v = 3 − 0.5 · w is v, not v − 0.5 · w."""
    weight, inner = variable(2), variable(3)
    inner_optimizer, outer_optimizer = sgd(inner), sgd(weight)

    def loss():
        fixed = ops.stop_gradient(weight * 1)
        updates.minimise(lambda: (ops.sum(inner * fixed), ()), inner_optimizer, [inner])
        return ops.sum(weight * inner), ()

    found, _ = updates.minimise(loss, outer_optimizer, [weight])
    assert float(found) == 4.0
    np.testing.assert_allclose(convert_to_numpy(inner), [2])
    np.testing.assert_allclose(convert_to_numpy(weight), [1])


def test_other_backends_are_named(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "mlx")
    words = r"\['tensorflow', 'torch'\]. Received: 'mlx'. Set KERAS_BACKEND"
    with pytest.raises(ValueError, match=words):
        updates.minimise(lambda: None, None, [])
