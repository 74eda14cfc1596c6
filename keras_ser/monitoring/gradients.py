"""Gradients of the heads on the encoder that they share."""

import keras
import numpy as np

from keras_ser import backend


def shared_weights(model: keras.Model) -> list[keras.Variable]:
    """Returns the trainable weights of the encoder; none for a model without one."""
    encoder = getattr(model, "encoder", None)
    return [] if encoder is None else encoder.trainable_variables


def head_gradients(model: keras.Model, losses: dict, batch: tuple) -> dict[str, list]:
    """Computes the gradient of each head's loss with respect to the encoder's weights.

    The model runs in inference mode and stays as it is: the losses are called directly,
    so that neither the moments of batch normalisation nor class centers move. The
    losses are unweighted, because a weight λ scales a gradient but does not change its
    direction. The gradient is measured as it reaches the encoder. For a head behind a
    gradient reversal or with a negative weight, it is the reversed one.

    Args:
        model: Model with an encoder, a `models.SpeechModel`.
        losses: Loss function of each head, as in the model's `objective`.
        batch: Features, labels and sample weights of one batch of a `Pipeline`.

    Returns:
        Dictionary from each head, the main one first, to a list of tensors with the
        shapes of `shared_weights`.

    Example:

    >>> batch = next(iter(data.train(0, 1)))
    >>> found = head_gradients(model, model.objective()["loss"], batch)
    >>> norms_and_cosines(found)["gradient_cosine/reconstruction"]
    """
    features, labels, weights = batch
    variables = shared_weights(model)

    def gradient(task):
        head, sign = task.name, -1 if task.weight < 0 else 1

        def loss(values):
            mapping = list(zip(variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                output = model(features, training=False)[head]
                return sign * losses[head](labels[head], output, weights[head])

        return backend.value_and_gradient(loss, [each.value for each in variables])[1]

    return {task.name: gradient(task) for task in model.tasks}


def norms_and_cosines(found: dict[str, list]) -> dict[str, float]:
    """Measures the norm of each head's gradient and its cosine with the main head's.

        cos(g_head, g_main) = g_head · g_main / (‖g_head‖ ‖g_main‖)

    A positive cosine means that the head changes the encoder in the direction in which
    the main head changes it. The cosine is 0 if one of the gradients is 0.

    Args:
        found: Gradients of the heads, as `head_gradients` returns them. The first head
            is the main one.

    Returns:
        Dictionary with `gradient_norm/<head>` for every head, and
        `gradient_cosine/<head>` for every head except the main one.
    """
    flat = {head: _flatten(tensors) for head, tensors in found.items()}
    measured = {f"gradient_norm/{head}": _norm(flat[head]) for head in flat}
    main, *others = flat
    for head in others:
        measured[f"gradient_cosine/{head}"] = _cosine(flat[main], flat[head])
    return measured


def _flatten(tensors: list) -> np.ndarray:
    arrays = [np.ravel(keras.ops.convert_to_numpy(tensor)) for tensor in tensors]
    return np.concatenate(arrays)


def _norm(values: np.ndarray) -> float:
    return float(np.linalg.norm(values))


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    product = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / product) if product else 0.0
