"""Gradients of the heads on the encoder that they share."""

import keras
import numpy as np

from keras_ser import backend

ENCODER_PART = "encoder_"  # part of the path of every encoder weight


def shared_weights(model: keras.Model) -> list[keras.Variable]:
    """Returns the trainable weights of the encoder.

    The list is empty for a model without an encoder or without an `objective`.
    """
    if not hasattr(model, "objective"):
        return []
    return [each for each in model.trainable_variables if ENCODER_PART in each.path]


def head_gradients(model: keras.Model, losses: dict, batch: tuple) -> dict[str, list]:
    """Computes the gradient of each head's loss in the weights of the encoder.

    The model runs in inference mode. The losses are unweighted, because a weight λ
    scales a gradient but does not change its direction.

    Args:
        model: Model with `heads` and an encoder.
        losses: Loss function of each head, as in the model's `objective`.
        batch: Features, labels and sample weights of one batch of a `Pipeline`.

    Returns:
        Dictionary from each head to a list of tensors, with the shapes of
        `shared_weights`.

    Example:

    >>> batch = next(iter(data.train(0, 1)))
    >>> found = head_gradients(model, model.objective()["loss"], batch)
    >>> measures(found)["gradient_cosine/reconstruction"]
    """
    features, labels, weights = batch
    variables = shared_weights(model)

    def gradient(head):
        def loss(values):
            mapping = list(zip(variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                output = model(features, training=False)[head]
                return losses[head](labels[head], output, weights[head])

        return backend.value_and_gradient(loss, [each.value for each in variables])[1]

    return {head: gradient(head) for head in model.heads}


def norms_and_cosines(found: dict[str, list]) -> dict[str, float]:
    """Measures the norm of each head's gradient and its cosine with the emotion's.

        cos(g_head, g_emotion) = g_head · g_emotion / (‖g_head‖ ‖g_emotion‖)

    A positive cosine means that the head changes the encoder in the direction in which
    the emotion head changes it. The cosine is 0 if one of the gradients is 0.

    Args:
        found: Gradients of the heads, as `head_gradients` returns them.

    Returns:
        Dictionary with `gradient_norm/<head>` for every head, and
        `gradient_cosine/<head>` for every head except `emotion`.
    """
    flat = {head: _flatten(tensors) for head, tensors in found.items()}
    measured = {f"gradient_norm/{head}": _norm(flat[head]) for head in flat}
    for head in flat:
        if head != "emotion":
            measured[f"gradient_cosine/{head}"] = _cosine(flat["emotion"], flat[head])
    return measured


def _flatten(tensors: list) -> np.ndarray:
    arrays = [np.ravel(keras.ops.convert_to_numpy(tensor)) for tensor in tensors]
    return np.concatenate(arrays)


def _norm(values: np.ndarray) -> float:
    return float(np.linalg.norm(values))


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    product = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / product) if product else 0.0
