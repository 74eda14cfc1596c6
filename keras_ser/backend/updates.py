"""One update of some weights, for training steps with several phases."""

from collections.abc import Callable

import keras

BACKENDS = ("tensorflow", "torch")


def minimise(
    loss: Callable, optimizer: keras.optimizers.Optimizer, variables: list
) -> tuple:
    """Lowers a loss by one step of an optimizer, in these variables only.

    Another update may run inside `loss`. Its gradients stay apart if what it reads
    from the outer computation passes `ops.stop_gradient`.

    Args:
        loss: A function without arguments. It returns the loss, a scalar tensor, and
            anything else, which is handed on.
        optimizer: An optimizer whose variables were built for `variables`.
        variables: The weights to update. The gradient is 0 in those that the loss does
            not depend on.

    Returns:
        What `loss` returned.

    Raises:
        ValueError: If the backend computes gradients of functions without state only.

    Example:

    >>> def error():
    ...     outputs = model(features, training=True)
    ...     return ops.mean(ops.square(outputs - targets)), outputs
    >>> value, outputs = minimise(error, model.optimizer, model.trainable_variables)
    """
    name = keras.backend.backend()
    if name not in _UPDATES:
        raise ValueError(
            f"An update in several phases needs the Keras backend to be one of "
            f"{list(_UPDATES)}. Received: {name!r}. Set KERAS_BACKEND before Keras is "
            "imported."
        )
    return _UPDATES[name](loss, optimizer, variables)


def _update_tensorflow(loss, optimizer, variables):
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([each.value for each in variables])
        value, others = loss()
        scaled = optimizer.scale_loss(value)
    zero = tf.UnconnectedGradients.ZERO
    weights = [each.value for each in variables]
    gradients = tape.gradient(scaled, weights, unconnected_gradients=zero)
    optimizer.apply(gradients, variables)
    return value, others


def _update_torch(loss, optimizer, variables):
    import torch

    with torch.enable_grad():
        value, others = loss()
        scaled = optimizer.scale_loss(value)
    weights = [each.value for each in variables]
    gradients = torch.autograd.grad(scaled, weights, allow_unused=True)
    found = [
        torch.zeros_like(weight) if gradient is None else gradient
        for weight, gradient in zip(weights, gradients, strict=True)
    ]
    with torch.no_grad():
        optimizer.apply(found, variables)
    return value.detach(), others


_UPDATES = {"tensorflow": _update_tensorflow, "torch": _update_torch}
