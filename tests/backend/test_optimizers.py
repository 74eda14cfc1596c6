"""Optimizers by name, of models with one and with several."""

import keras
import numpy as np
from toy_optimizers import TwoParts, two_parts

from keras_ser.backend import optimizers


def test_a_single_optimizer_is_called_main():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam(0.25)
    model.compile(optimizer, "mse")
    assert optimizers.optimizers_of(model) == {"main": optimizer}
    assert optimizers.rate_of(optimizer) == 0.25


def test_each_optimizer_is_built_once_for_its_own_variables():
    model = two_parts()
    assert list(optimizers.optimizers_of(model)) == list(TwoParts.optimizer_names)
    optimizers.build_optimizers(model)
    optimizers.build_optimizers(model)
    body, head = optimizers.optimizers_of(model).values()
    # Two moments per weight for Adam, one for SGD; further the count and the rate.
    assert len(body.variables) == 2 + 2 * 4
    assert [each.shape for each in head.variables[2:]] == [(3, 1), (1,)]


def test_the_state_of_an_optimizer_is_without_its_rate():
    optimizer = keras.optimizers.SGD(0.5, momentum=0.9)
    optimizer.build([keras.Variable(np.ones(2, "float32"))])
    state = optimizers.state_of(optimizer)
    assert len(state) == len(optimizer.variables) - 1
    assert all(each is not optimizer.learning_rate for each in state)


def test_building_scaled_losses_twice_adds_no_variables():
    """Keras itself would add their counters again."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD()), "mse")
    optimizers.build_optimizers(model)
    count = len(model.optimizer.variables)
    optimizers.build_optimizers(model)
    assert len(model.optimizer.variables) == count
