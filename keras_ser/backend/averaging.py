"""Moving averages of variables, with little overhead per training step."""

from collections.abc import Callable, Sequence
from typing import Any


def moving_average(model: Any, variables: Sequence, averages: Sequence) -> Callable:
    """Returns a function that moves averages towards the variables of a model.

        a ← d a + (1 − d) w

    TensorFlow runs one graph for all variables, JAX one compiled function, and PyTorch
    one call for the whole list.

    Args:
        model: The `keras.Model` that is trained. On JAX, its weights are not in its
            variables during an epoch, but in the state of its training loop.
        variables: Its floating-point variables w.
        averages: Variables a of the same shapes and dtypes.

    Returns:
        A function of the decay d, a number from 0 to 1, which changes the averages.

    Example:

    >>> update = moving_average(model, model.weights, averages)
    >>> update(0.98)  # after each step
    """
    import keras

    return _UPDATES[keras.backend.backend()](model, variables, averages)


def averaged_weights(model: Any) -> list:
    """The weights of a model that can be averaged.

    They are those with floating-point numbers, without the `alpha_variables` of a
    `models.SpeechModel`: the averaged model has their present values.

    Args:
        model: A `keras.Model`.
    """
    import keras

    others = {id(each) for each in getattr(model, "alpha_variables", ())}
    return [
        each
        for each in model.weights
        if keras.backend.is_float_dtype(each.dtype) and id(each) not in others
    ]


def _update_tensorflow(model, variables, averages):
    import tensorflow as tf

    @tf.function(autograph=False)
    def update(share):
        for average, variable in zip(averages, variables, strict=True):
            distance = average.value - variable.value
            average.value.assign_sub(distance * tf.cast(share, average.dtype))

    # A tensor, because a new number would be traced again.
    return lambda decay: update(tf.constant(1 - decay, tf.float64))


def _update_jax(model, variables, averages):
    import jax

    @jax.jit
    def update(before, values, decay):
        return [
            decay * average + (1 - decay) * value
            for average, value in zip(before, values, strict=True)
        ]

    places = _places(model, variables)

    def assign(decay):
        state = _jax_state(model)
        values = [state[place] for place in places]
        found = update([each.value for each in averages], values, decay)
        for average, value in zip(averages, found, strict=True):
            average.assign(value)

    return assign


def _places(model, variables) -> list[int]:
    """Where the variables are in the state of the training loop."""
    order = [*model.trainable_variables, *model.non_trainable_variables]
    place = {id(variable): number for number, variable in enumerate(order)}
    return [place[id(variable)] for variable in variables]


def _jax_state(model) -> list:
    """The newest values of all variables, without a synchronisation of the model.

    Keras 3 keeps the state of a running epoch in `_jax_state`. A synchronisation writes
    it to all variables and makes the next step gather it again.
    """
    state = getattr(model, "_jax_state", None)
    if state and not model._jax_state_synced:
        return [*state["trainable_variables"], *state["non_trainable_variables"]]
    order = [*model.trainable_variables, *model.non_trainable_variables]
    return [variable.value for variable in order]


def _update_torch(model, variables, averages):
    import torch

    # Keras assigns in place, so these tensors stay those of the variables.
    values = [variable.value for variable in variables]
    moved = [average.value for average in averages]

    def update(decay):
        with torch.no_grad():
            torch._foreach_lerp_(moved, values, 1 - decay)

    return update


_UPDATES = {
    "jax": _update_jax,
    "tensorflow": _update_tensorflow,
    "torch": _update_torch,
}
