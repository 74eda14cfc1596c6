"""What a first training step would create, made before TensorFlow traces it.

TensorFlow traces a step again if the first trace created variables, which takes as long
once more: seconds for a model with several heads.
"""

from typing import Any

import keras
import numpy as np

from keras_ser.backend.machine import makes_variables_in_graphs
from keras_ser.backend.optimizers import build_optimizers

UNKNOWN = 128  # for an axis of unknown size: frames that most networks can take


def prepare(model: keras.Model, x, y=None) -> None:
    """Creates the variables of a step on what `fit` or `evaluate` is given.

    Leaves them to the step if they cannot be created without reading a batch: a batch
    may be gone once it is read.

    Args:
        model: A compiled model.
        x: Arrays of features, or a `tf.data.Dataset` of features and labels.
        y: The labels of arrays.
    """
    batch = zeros_like(x, y) if makes_variables_in_graphs() else None
    if batch is None:
        return
    features, labels = batch
    try:
        output = model(features, training=False)
    except Exception:  # a network for other lengths, or a fault that the step will name
        return
    _create(model, features, labels, None, output)


def create_variables(model: keras.Model, features, labels, weights=None) -> None:
    """Creates the variables of optimizers, losses and metrics.

    Does nothing on a backend that does not make variables while it traces.

    Args:
        model: A compiled model.
        features: A batch of features. Its values and its number of rows do not matter.
        labels: Its labels, as `fit` takes them.
        weights: Its sample weights, as `fit` takes them.
    """
    if makes_variables_in_graphs():
        output = model(features, training=False)
        _create(model, features, labels, weights, output)


def _create(model, features, labels, weights, output):
    build_optimizers(model)
    model.compute_loss(features, labels, output, weights, training=False)
    model.compute_metrics(features, labels, output, weights)
    model.reset_metrics()


def zeros_like(x, y=None) -> tuple[Any, Any] | None:
    """A batch of one row of zeros, in the shapes of what `fit` is given.

    Args:
        x: Arrays of features, or a `tf.data.Dataset` of features and labels.
        y: The labels of arrays.

    Returns:
        Features and labels. None if they cannot be told without reading a batch.
    """
    given = getattr(x, "element_spec", (x, y))
    if not isinstance(given, tuple) or len(given) < 2:
        return None
    features, labels = given[:2]
    leaves = keras.tree.flatten((features, labels))
    if not all(_has_shape(each) for each in leaves):
        return None
    return keras.tree.map_structure(_zeros, (features, labels))


def _has_shape(value) -> bool:
    if not (hasattr(value, "shape") and hasattr(value, "dtype")):
        return False
    rank = value.shape.rank if hasattr(value.shape, "rank") else len(value.shape)
    return bool(rank)  # of a dataset, it may be None


def _zeros(value) -> np.ndarray:
    sizes = [1, *(UNKNOWN if size is None else size for size in value.shape[1:])]
    return np.zeros(sizes, keras.backend.standardize_dtype(value.dtype))
