"""What a model holds: its parameters, the shapes of its outputs, and its layers."""

import dataclasses
import itertools
import math
from collections.abc import Iterable

import keras
import numpy as np

from keras_ser.models import checks
from keras_ser.models.base import SpeechModel

FRAMES = 256


@dataclasses.dataclass(frozen=True)
class LayerSummary:
    """A layer of a model.

    Args:
        name: The name of the layer.
        kind: The name of its class.
        shape: The shape of its output for one utterance, without the batch axis.
        parameters: The number of its weights, trained or not.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int


@dataclasses.dataclass(frozen=True)
class Summary:
    """The parameters, shapes and layers of a model.

    Args:
        frames: The length of the utterance that the shapes are for.
        trained: The number of parameters that an optimizer updates.
        untrained: The number of the others: the moving moments of batch normalisation,
            and class centers that follow a running mean.
        code: The shape of the output of the encoder, `(steps, features)`; None if the
            model has no encoder.
        stride: The number of frames per step of the code, rounded if `frames` is not a
            multiple of it; None without a code.
        embedding: The shape of the embedding, `(units,)`.
        layers: The layers of the model in order. Those without weights that leave the
            shape as it is are left out, and so are masks, lengths and indices. Last
            come those that no head depends on, without a shape.
    """

    frames: int
    trained: int
    untrained: int
    code: tuple[int, ...] | None
    stride: int | None
    embedding: tuple[int, ...]
    layers: tuple[LayerSummary, ...]


def summarise(model: SpeechModel, frames: int = FRAMES) -> Summary:
    """Counts the parameters of a model, and finds the shapes of its outputs.

    Args:
        model: The model. It runs once, on an utterance of noise.
        frames: The length of that utterance.

    Raises:
        ValueError: If `frames` is not a positive integer.

    Example:

    >>> summary = models.summarise(models.CNNAttention(("anger", "neutral")))
    >>> summary.code, summary.stride, summary.embedding
    ((16, 512), 16, (512,))
    """
    checks.check_positive(frames=frames)
    features = _noise(frames, model.dimensions)
    code = _shape(model.encoder(features)) if model.encoder else None
    return Summary(
        frames=frames,
        trained=_count(model.trainable_weights),
        untrained=_count(model.non_trainable_weights) - len(model.alpha_variables),
        code=code,
        stride=round(frames / code[0]) if code else None,
        embedding=_shape(model.embedding_model(features)),
        layers=tuple(_layers(model, features)),
    )


def _noise(frames: int, dimensions: int) -> np.ndarray:
    """Features of an utterance without padding, which is where all features are 0."""
    shape = (1, frames, dimensions)
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def _layers(model: SpeechModel, features: np.ndarray) -> Iterable[LayerSummary]:
    """The layers that have weights or change the shape of their input."""
    is_input = keras.layers.InputLayer
    own = [each for each in model.layers if not isinstance(each, is_input)]
    symbols = [_flat(each.output) for each in own]
    outputs = _flat(keras.Model(model.input, symbols)(features))
    shapes = {id(model.input): _shape(features)}
    for symbol, output in zip(itertools.chain(*symbols), outputs, strict=True):
        shapes[id(symbol)] = _shape(output)
    for layer, (first, *others) in zip(own, symbols, strict=True):
        size, shape = _count(layer.weights), shapes[id(first)]
        is_new = shape not in [shapes[id(each)] for each in _flat(layer.input)]
        is_features = not others and keras.backend.is_float_dtype(first.dtype)
        if size or (is_features and is_new):
            yield LayerSummary(layer.name, type(layer).__name__, shape, size)
    for layer in _apart(model):
        yield LayerSummary(layer.name, type(layer).__name__, (), _count(layer.weights))


def _apart(model: SpeechModel) -> list[keras.layers.Layer]:
    """The layers that no head depends on, such as a discriminator of codes."""
    every = model._flatten_layers(include_self=False, recursive=False)
    return [layer for layer in every if layer not in model.layers]


def _flat(structure) -> list:
    return keras.tree.flatten(structure)


def _shape(tensor) -> tuple[int, ...]:
    """The shape of a tensor of one utterance, without the batch axis."""
    return tuple(int(size) for size in tensor.shape[1:])


def _count(weights: Iterable[keras.Variable]) -> int:
    return sum(math.prod(each.shape) for each in weights)
