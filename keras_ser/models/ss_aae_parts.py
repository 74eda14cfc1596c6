"""The parts of an adversarial autoencoder, and the weights of its losses."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keras_ser import layers
from keras_ser.models import blocks, heads
from keras_ser.models.phases import RECONSTRUCTION
from keras_ser.models.presets import chosen
from keras_ser.tasks import EMOTION, Classification
from keras_ser.utils.choices import is_number

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {"filters": (32, 32, 16), "kernels": (3, 3, 3), "momentum": 0.99},
    "small": {"filters": (16, 16, 8), "kernels": (3, 3, 3), "momentum": 0.9},
}
PRIORS = ("gaussian", "half_normal")
ATTRIBUTES = ("speaker", "gender")
UNITS = 128
ALPHAS = {True: 0.4, False: 0.3}  # with and without the discriminator
BETA = 0.5


def loss_weights(
    attributes: Sequence[str],
    reconstruction: bool,
    adversarial: bool,
    alpha: float | None = None,
    beta: float | None = None,
) -> dict[str, float]:
    """The weight of each head in Eq. 1 to 3; see `SSAAE.objective`.

    Args:
        attributes: The heads of the speaker and the gender that a model has.
        reconstruction, adversarial: Whether it has these parts.
        alpha, beta: α and β.
    """
    _check_weight("alpha", alpha, "reconstruction", reconstruction, bool(attributes))
    _check_weight("beta", beta, "second task", bool(attributes), False)
    alpha = ALPHAS[adversarial] if alpha is None else alpha
    beta = BETA if beta is None else beta
    weights = dict.fromkeys(attributes, 1 - beta)
    weights[EMOTION] = beta if attributes else 1.0
    if reconstruction:
        weights[RECONSTRUCTION] = alpha
        if not attributes:
            weights[EMOTION] = 1 - alpha
    return weights


def _check_weight(name, value, part: str, has_part: bool, may_be_1: bool) -> None:
    """Raises ValueError if a weight is out of range or of a part that is missing."""
    if value is None:
        return
    if not has_part:
        raise ValueError(
            f"`{name}` weighs the {part}, which the model does not have. Received: "
            f"{name}={value!r}. Leave it out."
        )
    if not is_number(value) or not (0 < value < 1 or (may_be_1 and value == 1)):
        limit = "up to 1" if may_be_1 else "below 1"
        raise ValueError(
            f"`{name}` must be a number above 0 and {limit}. Received: {value!r}."
        )


def chosen_sizes(preset: str, filters, kernels, stages: int) -> dict:
    """Filters and kernels of the encoder's stages; with two, without the second."""
    sizes = chosen(PRESETS[preset], filters=filters, kernels=kernels)
    if stages == 2:
        sizes = {name: (each[0], each[-1]) for name, each in sizes.items()}
    return {name: tuple(each) for name, each in sizes.items()}


def encoder_layers(sizes: Mapping, prior: str, options: Mapping) -> tuple[list, Any]:
    """The stages of the encoder, and its last one if that is without a ReLU."""
    last = -1 if prior == "gaussian" else None
    pooled = {name: each[:last] for name, each in sizes.items()}
    stages = blocks.pooled_encoder_layers(**pooled, **options)
    if last is None:
        return stages, None
    names = sizes["filters"][-1], sizes["kernels"][-1]
    number = len(sizes["filters"])
    return stages, layers.CodeBlock(*names, **options, name=f"encoder_{number}")


def encode(padded, masks, encoder):
    """Applies `encoder_layers`.

    Args:
        padded: Tensor `(batch, time, dimensions)`.
        masks: From `layers.SpeechMasks`.
        encoder: Layers from `encoder_layers`.

    Returns:
        The code, `(batch, time / 2 ** stages, bands, channels)`, 0 in the padding.
    """
    stages, last = encoder
    used = masks[: len(stages) + 1]
    code = blocks.encode_with_pooling(padded, used, stages)
    return code if last is None else last(code, masks[-3:-1])


def classifier_layers(
    task: Classification, sizes: Mapping, dropout: float, options: Mapping
) -> list[keras.layers.Layer]:
    """The layers of a classifier: convolution, pooling, dense layers, softmax."""
    name, width, kernel = task.name, sizes["filters"][-1], sizes["kernels"][-1]
    return [
        layers.ConvBlock(
            width, kernel, stride=1, **options, name=f"{name}_convolution"
        ),
        keras.layers.MaxPooling2D(
            2, data_format="channels_last", name=f"{name}_pooling"
        ),
        layers.StepMean(name=f"{name}_mean"),
        heads.dense(UNITS, name=f"{name}_dense_1"),
        heads.dropout(dropout, name=f"{name}_dropout"),
        heads.dense(UNITS, name=f"{name}_dense_2"),
        heads.classifier(len(task.classes), name=name),
    ]


def classify(code, masks, head):
    """Applies `classifier_layers`.

    Args:
        code: Tensor from `encode`.
        masks: The masks of the code and of the code after one more pooling.
        head: Layers from `classifier_layers`.

    Returns:
        The embedding `(batch, units)`, and the probabilities `(batch, classes)`.
    """
    convolution, pooling, average, dense_1, drop, dense_2, softmax = head
    pooled = pooling(convolution(code, masks[0]))
    embedding = dense_2(drop(dense_1(average(pooled, masks[1]))))
    return embedding, softmax(embedding)


def prefix(head: str) -> str:
    """What the names of the layers of a head start with."""
    return "decoder_" if head == RECONSTRUCTION else head
