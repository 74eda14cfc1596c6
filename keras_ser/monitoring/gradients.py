"""How the heads pull on the encoder that they share."""

import keras
import numpy as np

from keras_ser import backend

ENCODER = "encoder_"  # in the path of each of the encoder's weights


def shared_weights(model) -> list:
    """The encoder's trainable weights; none of a model without encoder or losses."""
    if not hasattr(model, "objective"):
        return []
    return [each for each in model.trainable_variables if ENCODER in each.path]


def of_heads(model, losses: dict, batch) -> dict[str, list]:
    """Gradient of each head's loss on the encoder's weights.

    In inference mode, and of unweighted losses: λ scales a gradient and does not
    turn it.

    Args:
        model: with `heads` and an encoder.
        losses: by head, those of the model's `objective`.
        batch: features, labels and weights, as a `Pipeline` gives them.

    Returns:
        By head, a list of tensors of the shapes of `shared_weights`.

    Example:

    >>> found = of_heads(model, model.objective()["loss"], next(iter(data.train(0, 1))))
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


def measures(found: dict[str, list]) -> dict[str, float]:
    """Norm of each head's gradient, and its cosine with the emotion's.

        cos(g_head, g_emotion) = g_head · g_emotion / (‖g_head‖ ‖g_emotion‖)

    Positive: the head pulls the encoder the way the emotion does. 0 where a gradient
    is 0.

    Args:
        found: from `of_heads`.

    Returns:
        `gradient_norm/<head>` of every head, `gradient_cosine/<head>` of all but the
        emotion.
    """
    flat = {head: _flat(tensors) for head, tensors in found.items()}
    measured = {f"gradient_norm/{head}": _norm(flat[head]) for head in flat}
    for head in flat:
        if head != "emotion":
            measured[f"gradient_cosine/{head}"] = _cosine(flat["emotion"], flat[head])
    return measured


def _flat(tensors: list) -> np.ndarray:
    arrays = [np.ravel(keras.ops.convert_to_numpy(tensor)) for tensor in tensors]
    return np.concatenate(arrays)


def _norm(values: np.ndarray) -> float:
    return float(np.linalg.norm(values))


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    product = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / product) if product else 0.0
