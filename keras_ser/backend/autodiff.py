"""Values with their gradients, and compiled functions, on each Keras backend."""

from collections.abc import Callable


def value_and_gradient(function: Callable, tensors: list) -> tuple:
    """A scalar function's value, and its gradient in each tensor.

    `keras.ops` has no gradients; this is the one place where backends differ. The
    gradient in a tensor that the value does not depend on is 0. In weights, it is
    taken by handing the function other values for them with
    `keras.StatelessScope`, which leaves the model as it is.

    Args:
        function: from a list of tensors like `tensors` to a scalar tensor.
        tensors: floating-point tensors or arrays of any shapes.

    Returns:
        The value, a scalar tensor, and the gradients, a list of tensors of the
        shapes and types of `tensors`.

    Raises:
        ValueError: another backend, or a value that is no scalar.

    Example:

    >>> value_and_gradient(lambda each: ops.sum(each[0] ** 2), [np.float32([1, 3])])
    (10.0, [[2.0, 6.0]])

    of a loss in some weights of a model:

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
    return _GRADIENTS[name](lambda each: _scalar(function(each)), tensors)


def compiled(function: Callable) -> Callable:
    """A function of tensors, compiled for each shape where the backend can.

    TensorFlow runs a recurrent layer slowly without a graph; it draws one for the
    first shape, and one for all others. JAX compiles for every shape. PyTorch runs
    the function as it is.

    Args:
        function: from tensors and lists of them to the like; the shapes decide which
            way it takes, not the values.
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


def _scalar(value):
    if len(value.shape):
        raise ValueError(
            "`function` must return a scalar, to have one gradient. Received: shape "
            f"{tuple(value.shape)}. Take a sum or a mean."
        )
    return value


def _by_tensorflow(function, tensors):
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(tensors)
        value = function(tensors)
    zero = tf.UnconnectedGradients.ZERO
    gradients = tape.gradient(value, tensors, unconnected_gradients=zero)
    return value, [tf.convert_to_tensor(gradient) for gradient in gradients]


def _by_jax(function, tensors):
    import jax

    # Compiled: without, each step of a recurrent layer is compiled apart.
    return jax.jit(jax.value_and_grad(function))(tensors)


def _by_torch(function, tensors):
    import torch

    with torch.enable_grad():
        tensors = [tensor.detach().clone().requires_grad_() for tensor in tensors]
        value = function(tensors)
        # torch knows no gradient of a constant, not even 0.
        value = value + sum(0 * tensor.sum() for tensor in tensors)
    gradients = torch.autograd.grad(value, tensors)
    return value.detach(), list(gradients)


_GRADIENTS = {"jax": _by_jax, "tensorflow": _by_tensorflow, "torch": _by_torch}
