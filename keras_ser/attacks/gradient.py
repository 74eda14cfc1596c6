"""The direction in which a model's loss rises, also where the model is sure.

Of the cross-entropy of the true class y, with logits z,

    −ln p_y = ln(1 + e^m)        m = ln Σ_{k≠y} e^{z_k} − z_y

and its gradient is (1 − p_y) ∇m. The sign is that of ∇m, but in float32 the factor is
0 as soon as p_y rounds to 1: a model that is sure would look robust. So ∇m is taken,
from the logits below a softmax layer. Of a model that ends otherwise, logits are the
logarithms of its probabilities, which rise above their type's smallest number only.
Where ∇m is 0 all the same there is no attack, and a warning says so.
"""

import functools
import warnings

import keras
import numpy as np
from keras import ops

from keras_ser import backend
from keras_ser.layers import padding

ABSENT = -1e9  # a logit that has no part in a sum


def of_margin(model, values, truth, front=None) -> np.ndarray:
    """∇m of each utterance, in the input of the model or of what stands before it.

    In inference mode. Compiled once for a model, and for a shape where the backend
    needs it; the weights are those that the model has when called.

    Args:
        model: Keras model from features to probabilities, `(batch, classes)`.
        values: array, the input of `front`, or of the model.
        truth: one-hot `(batch, classes)`.
        front: Keras model whose output the model takes.

    Returns:
        An array like `values`.

    Raises:
        ValueError: it is not finite.
    """
    found = _compiled(model, front)(values, truth)
    if not np.isfinite(found).all():
        raise ValueError(
            "Expected a finite gradient. Received: NaN or infinity. Look for them in "
            "the input and in the model's weights."
        )
    flat = int((~found.reshape(len(found), -1).any(axis=1)).sum())
    if flat:
        warnings.warn(
            f"The gradient is 0 for {flat} of {len(found)} utterances, which this step "
            "leaves as they are: how robust the model is to them is not known.",
            stacklevel=2,
        )
    return found


def margin(logits, truth):
    """m = ln Σ_{k≠y} e^{z_k} − z_y, which grows with the cross-entropy of class y.

    Args:
        logits: z, `(batch, classes)`.
        truth: one-hot, of the same shape.

    Returns:
        `(batch,)`.
    """
    truth = ops.cast(truth, logits.dtype)
    others = ops.where(truth > 0, ABSENT, logits)
    return ops.logsumexp(others, axis=-1) - ops.sum(truth * logits, axis=-1)


@functools.lru_cache(maxsize=2)  # compiling takes longer than many steps
def _compiled(model, front):
    """∇m as a function of arrays."""
    logits = logits_of(model)
    variables = [*model.variables, *(() if front is None else front.variables)]

    def slope(weights, values, truth):
        def rise(tensors):
            with keras.StatelessScope(list(zip(variables, weights, strict=True))):
                (features,) = tensors
                if front is not None:
                    features = front(features, training=False)
                return ops.sum(margin(logits(features), truth))

        return backend.value_and_gradient(rise, [values])[1][0]

    compiled = backend.compiled(slope)

    def of_arrays(values, truth):
        # Weights are handed over: JAX would compile in those of the first call.
        weights = [each.value for each in variables]
        tensors = (ops.convert_to_tensor(each) for each in (values, truth))
        return ops.convert_to_numpy(compiled(weights, *tensors))

    return of_arrays


def logits_of(model):
    """A function from features to a model's logits, in inference mode."""
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
    posterior = model(features, training=False)
    tiny = np.finfo(keras.backend.standardize_dtype(posterior.dtype)).tiny
    return ops.log(ops.maximum(posterior, float(tiny)))


def around_features(features: np.ndarray, epsilon: float) -> tuple:
    """Lowest and highest values that an attack may give to features.

    Within ε; in the padding both are 0. In the last frame of speech the loudest band
    keeps its sign: a frame of zeros would be padding.

    Args:
        features: `(batch, time, bands)`, 0 in the padding.
        epsilon: ε.

    Returns:
        Two arrays like `features`.
    """
    low, high = around(features, epsilon)
    frames = ops.convert_to_numpy(padding.frames(features))
    is_speech = np.arange(features.shape[1]) < frames[:, None]
    row, last = np.arange(len(features)), frames - 1
    band = np.abs(features[row, last]).argmax(axis=1)
    cell = row, last, band
    half = features[cell] / 2
    low[cell] = np.maximum(low[cell], np.where(half > 0, half, -np.inf))
    high[cell] = np.minimum(high[cell], np.where(half < 0, half, np.inf))
    return tuple(np.where(is_speech[:, :, None], each, 0) for each in (low, high))


def around(values: np.ndarray, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """values − ε and values + ε in the type of `values`, rounded towards them.

    No difference exceeds ε then, in exact numbers either.
    """
    exact = values.astype(np.float64)
    low = (exact - epsilon).astype(values.dtype)
    high = (exact + epsilon).astype(values.dtype)
    low = np.where(exact - low > epsilon, np.nextafter(low, values), low)
    high = np.where(high - exact > epsilon, np.nextafter(high, values), high)
    return low, high
