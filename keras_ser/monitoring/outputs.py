"""What a model outputs for the speech that a monitor shows."""

from collections.abc import Iterable, Iterator

import keras
import numpy as np


def dev_model(model) -> keras.Model:
    """A model from features to the outputs of the scored heads and the embedding."""
    outputs = {"heads": model.prediction_model.output}
    if model.embedding_model is not None:
        outputs["embedding"] = model.embedding_model.output
    return keras.Model(model.input, outputs)


def example_model(model) -> keras.Model | None:
    """A model from features to attention and decoders; None if there are none."""
    outputs = {}
    decoders = [task.name for task in model.tasks if task.kind == "reconstruction"]
    if decoders:
        outputs["decoders"] = {head: model.output[head] for head in decoders}
    if model.attention_model is not None:
        outputs["attention"] = model.attention_model.output
    return keras.Model(model.input, outputs) if outputs else None


def predict(model: keras.Model, batches: Iterable) -> Iterator[tuple[np.ndarray, dict]]:
    """Features and outputs of each batch, as arrays."""
    for features, _, _ in batches:
        features = np.array(features)
        yield features, model.predict_on_batch(features)


def concatenate(outputs: Iterable) -> dict:
    """Outputs of all batches as float32 arrays, in the same structure."""

    def join(*parts):
        return np.concatenate(parts).astype(np.float32)

    return keras.tree.map_structure(join, *(batch for _, batch in outputs))


def drop_padding(weights: np.ndarray) -> np.ndarray:
    """The attention weights of the speech; the weights of padding are exactly 0."""
    return weights[: np.flatnonzero(weights)[-1] + 1]


def class_centers(model) -> np.ndarray:
    """The centers of the main head's classes, `(classes, units)`; `(0, units)` if none.

    Centers of another column belong to no colour of the picture.
    """
    main = model.tasks[0]
    for task in model.tasks:
        if task.kind == "centers" and task.table_column == main.table_column:
            return keras.ops.convert_to_numpy(model.get_layer(task.name).centers)
    return np.zeros((0, model.embedding_model.output.shape[-1]), np.float32)
