"""The direction in which a model's loss rises, even if the model is certain.

With logits z, the cross-entropy of the true class y is

    −ln p_y = ln(1 + e^m)        m = ln Σ_{k≠y} e^{z_k} − z_y

and its gradient is (1 − p_y) ∇m. Its sign is that of ∇m. In float32, however, the
factor is 0 as soon as p_y rounds to 1, and a model that is certain would look robust.
The attacks therefore use ∇m, which is computed from the logits of the final softmax
layer. If a model ends with a different layer, the logits are the logarithms of its
probabilities. These have a gradient only above the smallest number of their type. Where
∇m is 0 nevertheless, there is no attack, and a warning reports it.
"""

import functools
import warnings
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from keras_ser import backend
from keras_ser.layers import padding

MASKED_LOGIT = -1e9  # contributes nothing to a sum of exponentials


def margin_gradient(
    model: keras.Model, values, truth, front: keras.Model | None = None
) -> np.ndarray:
    """∇m of each utterance with respect to the input of the model, or of its front-end.

    The model runs in inference mode. The gradient is compiled once per model and, if
    the backend needs it, once per shape. It uses the weights that the model has when
    this function is called.

    Args:
        model: Keras model from features to probabilities, `(batch, classes)`.
        values: Array, the input of `front` if there is one, otherwise of `model`.
        truth: One-hot array `(batch, classes)`.
        front: Keras model whose output is the input of `model`, such as a front-end.

    Returns:
        Array of the shape of `values`.

    Raises:
        ValueError: If the gradient is not finite.

    Warns:
        UserWarning: If the gradient of an utterance is 0.
    """
    result = _compiled_gradient(model, front)(values, truth)
    if not np.isfinite(result).all():
        raise ValueError(
            "Expected a finite gradient. Received: NaN or infinity. Look for them in "
            "the input and in the model's weights."
        )
    zeros = int((~result.reshape(len(result), -1).any(axis=1)).sum())
    if zeros:
        warnings.warn(
            f"The gradient is 0 for {zeros} of {len(result)} utterances. This step "
            "leaves them unchanged, so the model's robustness on them is unknown.",
            stacklevel=2,
        )
    return result


def margin(logits, truth):
    """m = ln Σ_{k≠y} e^{z_k} − z_y, which grows with the cross-entropy of class y.

    Args:
        logits: Tensor `(batch, classes)`, the logits z.
        truth: One-hot tensor `(batch, classes)`.

    Returns:
        Tensor `(batch,)`.
    """
    truth = ops.cast(truth, logits.dtype)
    others = ops.where(truth > 0, MASKED_LOGIT, logits)
    return ops.logsumexp(others, axis=-1) - ops.sum(truth * logits, axis=-1)


@functools.lru_cache(maxsize=2)  # compiling takes longer than many steps
def _compiled_gradient(model, front):
    """∇m as a function of arrays."""
    logits = logits_function(model)
    variables = [*model.variables, *(() if front is None else front.variables)]

    def gradient(weights, values, truth):
        def total_margin(tensors):
            with keras.StatelessScope(list(zip(variables, weights, strict=True))):
                (features,) = tensors
                if front is not None:
                    features = front(features, training=False)
                return ops.sum(margin(logits(features), truth))

        return backend.value_and_gradient(total_margin, [values])[1][0]

    compiled = backend.compiled(gradient)

    def compute(values, truth):
        # Weights are arguments: JAX would compile those of the first call as constants.
        weights = [each.value for each in variables]
        tensors = (ops.convert_to_tensor(each) for each in (values, truth))
        return ops.convert_to_numpy(compiled(weights, *tensors))

    return compute


def logits_function(model: keras.Model) -> Callable:
    """Function from features to the model's logits, in inference mode."""
    last = model.layers[-1]
    if not (
        isinstance(last, keras.layers.Dense)
        and last.activation is keras.activations.softmax
        and last.output is model.outputs[0]
    ):
        return functools.partial(_log_probabilities, model)
    hidden = keras.Model(model.input, last.input)

    def logits(features):
        below = ops.cast(hidden(features, training=False), last.compute_dtype)
        product = ops.matmul(below, last.kernel)
        return product if last.bias is None else product + last.bias

    return logits


def _log_probabilities(model, features):
    probabilities = model(features, training=False)
    tiny = np.finfo(keras.backend.standardize_dtype(probabilities.dtype)).tiny
    return ops.log(ops.maximum(probabilities, float(tiny)))


def feature_bounds(
    features: np.ndarray, epsilon: float
) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest values that an attack may give to features.

    The values lie within ε of the features, and both are 0 in the padding. In the last
    frame of speech, the value of largest magnitude keeps its sign, because a frame of
    zeros would be padding.

    Args:
        features: Array `(batch, time, dimensions)`, 0 in the padding.
        epsilon: ε, in the unit of the features.

    Returns:
        Two arrays of the shape of `features`.
    """
    low, high = bounds(features, epsilon)
    frames = ops.convert_to_numpy(padding.count_frames(features))
    is_speech = np.arange(features.shape[1]) < frames[:, None]
    row, last = np.arange(len(features)), frames - 1
    largest = np.abs(features[row, last]).argmax(axis=1)
    cell = row, last, largest
    half = features[cell] / 2
    low[cell] = np.maximum(low[cell], np.where(half > 0, half, -np.inf))
    high[cell] = np.minimum(high[cell], np.where(half < 0, half, np.inf))
    return tuple(np.where(is_speech[:, :, None], each, 0) for each in (low, high))


def bounds(values: np.ndarray, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """values − ε and values + ε in the type of `values`, rounded towards `values`.

    After this rounding no difference exceeds ε, even in exact arithmetic.
    """
    exact = values.astype(np.float64)
    low = (exact - epsilon).astype(values.dtype)
    high = (exact + epsilon).astype(values.dtype)
    low = np.where(exact - low > epsilon, np.nextafter(low, values), low)
    high = np.where(high - exact > epsilon, np.nextafter(high, values), high)
    return low, high
