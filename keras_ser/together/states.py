"""The variables of a model as a tree of arrays, and those of several models stacked."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from keras_ser.backend import averaging
from keras_ser.backend.optimizers import state_of

State = dict[str, Any]


class Layout:
    """Where the variables of a model are in a state.

    A state is a dictionary of lists of arrays: `trainable` and `non_trainable` hold the
    variables of the model in the order of Keras, `optimizer` those of its optimizer,
    and `averages` the averages of its float weights, if weights are averaged. `updates`
    counts the updates of the averages. A state is stacked if all of its arrays have a
    first axis for the models.

    Args:
        model: A compiled model whose variables all exist.
        averages: Whether the states have averages.
    """

    def __init__(self, model: keras.Model, averages: bool):
        self.model = model
        self.averages = averages
        self._groups = {
            "trainable": list(model.trainable_variables),
            "non_trainable": list(model.non_trainable_variables),
            "optimizer": list(model.optimizer.variables),
        }
        place = {
            id(variable): (group, number)
            for group, variables in self._groups.items()
            for number, variable in enumerate(variables)
        }
        self.weights = [place[id(each)] for each in model.weights]
        self.averaged = [place[id(each)] for each in averaging.averaged_weights(model)]
        self.rate = place[id(model.optimizer.learning_rate)]
        self.optimizer_state = [place[id(each)] for each in state_of(model.optimizer)]
        self._place = place

    def place(self, variable: keras.Variable) -> tuple[str, int]:
        """The group and the number of a variable."""
        return self._place[id(variable)]

    def pick_variables(self, places: Sequence[tuple[str, int]]) -> list:
        """The variables at these places."""
        return self.pick(self._groups, places)

    def initial(self, weights: State) -> State:
        """The state at the start of a training, with averages equal to the weights.

        Args:
            weights: From `read_weights`, of a new model of the same architecture.
        """
        optimizer = self._groups["optimizer"]
        state: State = {**weights, "optimizer": [*map(_to_numpy, optimizer)]}
        averages = self.pick(state, self.averaged) if self.averages else []
        state["averages"] = [each.copy() for each in averages]
        state["updates"] = np.float32(0)
        return state

    def write(self, state: State) -> None:
        """Gives the model the variables of a state; see `tested` for its averages."""
        for group, variables in self._groups.items():
            for variable, value in zip(variables, state[group], strict=True):
                variable.assign(value)

    def tested(self, state: State) -> State:
        """The state that is validated and tested: with the averages as its weights."""
        return self.replaced(state, self.averaged, state["averages"] or None)

    @staticmethod
    def pick(state: State, places: Sequence[tuple[str, int]]) -> list:
        """The arrays at these places."""
        return [state[group][number] for group, number in places]

    @staticmethod
    def replaced(state: State, places: Sequence, values: Sequence | None) -> State:
        """A state with other arrays at these places; the same state without values."""
        if values is None:
            return state
        found = {
            name: list(part) if isinstance(part, list | tuple) else part
            for name, part in state.items()
        }
        for (group, number), value in zip(places, values, strict=True):
            found[group][number] = value
        return found


def read_weights(model: keras.Model) -> State:
    """The variables of a model, `trainable` and `non_trainable`, as NumPy arrays."""
    return {
        "trainable": [*map(_to_numpy, model.trainable_variables)],
        "non_trainable": [*map(_to_numpy, model.non_trainable_variables)],
    }


def _to_numpy(variable: keras.Variable) -> np.ndarray:
    return np.array(keras.ops.convert_to_numpy(variable))


def stack(states: Sequence[State]) -> State:
    """Stacks the states of several models, as NumPy arrays."""
    return jax.tree.map(lambda *arrays: np.stack(arrays), *states)


def take(state: State, number: int) -> State:
    """The state of one of several models."""
    return jax.tree.map(lambda array: array[number], state)


def select(chosen, changed: State, original: State) -> State:
    """The changed arrays of the chosen models, and the original ones of the others.

    Args:
        chosen: Booleans, `(models,)`.
        changed, original: Stacked states.
    """

    def choose(new, old):
        shape = (-1,) + (1,) * (old.ndim - 1)
        return jnp.where(jnp.reshape(chosen, shape), new, old)

    return jax.tree.map(choose, changed, original)
