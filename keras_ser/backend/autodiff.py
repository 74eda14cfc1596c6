"""Gradients and compiled functions on each Keras backend."""

from collections.abc import Callable


def value_and_gradient(function: Callable, tensors: list) -> tuple:
    """Computes a scalar function and its gradient with respect to each tensor.

    For a function f of tensors x_1, …, x_n, it returns f and [∂f/∂x_1, …, ∂f/∂x_n]. The
    gradient with respect to a tensor that the value does not depend on is 0.

    `keras.ops` has no gradients, so this function has one implementation per backend.
    For a gradient in weights, let the function set them to the given values with
    `keras.StatelessScope`, which leaves the model unchanged.

    Args:
        function: Function from a list of tensors like `tensors` to a scalar tensor.
        tensors: Floating-point tensors or arrays of any shapes.

    Returns:
        The value, a scalar tensor, and the gradients, a list of tensors with the
        shapes and dtypes of `tensors`.

    Raises:
        ValueError: If the backend is not supported, or the value is not a scalar.

    Example:

    >>> value_and_gradient(lambda each: ops.sum(each[0] ** 2), [np.float32([1, 3])])
    (10.0, [[2.0, 6.0]])

    The gradient of a loss with respect to some weights of a model:

    >>> def loss(values):
    ...     mapping = list(zip(weights, values, strict=True))
    ...     with keras.StatelessScope(state_mapping=mapping):
    ...         return ops.mean(model(features, training=False))
    >>> value_and_gradient(loss, [weight.value for weight in weights])
    """
    import keras

    name = keras.backend.backend()
    if name not in _GRADIENTS:
        raise ValueError(
            f"Gradients need the Keras backend to be one of {sorted(_GRADIENTS)}. "
            f"Received: {name!r}. Set KERAS_BACKEND before Keras is imported."
        )
    tensors = [keras.ops.convert_to_tensor(tensor) for tensor in tensors]
    return _GRADIENTS[name](lambda each: _require_scalar(function(each)), tensors)


def compiled(function: Callable) -> Callable:
    """Compiles a function of tensors, if the backend can.

    TensorFlow runs a recurrent layer slowly without a graph. It traces one graph for
    the first shape and one for all others. JAX compiles for every shape. PyTorch runs
    the function as it is.

    Args:
        function: Function from tensors, or lists of tensors, to the same. Its control
            flow may depend on shapes but not on values.

    Returns:
        The compiled function.
    """
    import keras

    name = keras.backend.backend()
    if name == "tensorflow":
        import tensorflow as tf

        return tf.function(function, autograph=False, reduce_retracing=True)
    if name == "jax":
        import jax

        return jax.jit(function)
    return function


def _require_scalar(value):
    if len(value.shape):
        raise ValueError(
            "`function` must return a scalar, which has one gradient per tensor. "
            f"Received: shape {tuple(value.shape)}. Return a sum or a mean."
        )
    return value


def _differentiate_tensorflow(function, tensors):
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(tensors)
        value = function(tensors)
    zero = tf.UnconnectedGradients.ZERO
    gradients = tape.gradient(value, tensors, unconnected_gradients=zero)
    return value, [tf.convert_to_tensor(gradient) for gradient in gradients]


def _differentiate_jax(function, tensors):
    import jax

    # Without `jit`, each step of a recurrent layer is compiled separately.
    return jax.jit(jax.value_and_grad(function))(tensors)


def _differentiate_torch(function, tensors):
    import torch

    with torch.enable_grad():
        tensors = [tensor.detach().clone().requires_grad_() for tensor in tensors]
        value = function(tensors)
        # PyTorch has no gradient for a constant, not even 0.
        value = value + sum(0 * tensor.sum() for tensor in tensors)
    gradients = torch.autograd.grad(value, tensors)
    return value.detach(), list(gradients)


_GRADIENTS = {
    "jax": _differentiate_jax,
    "tensorflow": _differentiate_tensorflow,
    "torch": _differentiate_torch,
}
