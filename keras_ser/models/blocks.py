"""The convolutional encoder and the decoder that mirrors it.

The functions that end with `_layers` create layers, and `encode`, `encode_with_pooling`
and `decode` apply them. Between `layers.Pack` and `layers.Unpack`, a batch may be one
long sequence (see `layers.packing`). The functions here work on both.
"""

from collections.abc import Sequence

import keras

from keras_ser import layers
from keras_ser.layers import packing


def pack_layer(kernels: Sequence[int]) -> layers.Pack:
    """The layer that packs a padded batch for an encoder.

    Args:
        kernels: Widths of the encoder's kernels, one per stage.
    """
    return layers.Pack(2 ** len(kernels), packing.find_gap(kernels), name="packed")


def encoder_layers(
    filters: Sequence[int], kernels: Sequence[int], **normalisation
) -> list[layers.ConvBlock]:
    """Strided convolutions, each of which halves time and frequency.

    Args:
        filters: Numbers of output channels, one per stage.
        kernels: Widths of the kernels, one per stage.
        **normalisation: Arguments of `layers.ConvBlock`: `momentum`, `normalisation`
            and `labelled_rows`.
    """
    stages = zip(filters, kernels, strict=True)
    return [
        layers.ConvBlock(width, kernel, name=f"encoder_{stage}", **normalisation)
        for stage, (width, kernel) in enumerate(stages, 1)
    ]


def encode(sequence, masks, convolutions):
    """Applies `encoder_layers`.

    Args:
        sequence: Tensor `(rows, time, dimensions)` from `pack_layer`.
        masks: Masks of the sequence from `pack_layer`, `(rows, time / 2 ** halvings)`
            after 0, 1, … halvings.
        convolutions: Layers from `encoder_layers`.

    Returns:
        The code, `(rows, time / 2 ** stages, bands / 2 ** stages, filters[-1])`.
    """
    code = _to_image(sequence)
    for convolution, mask in zip(convolutions, masks[1:], strict=True):
        code = convolution(code, mask)
    return code


def pooled_encoder_layers(
    filters: Sequence[int],
    kernels: Sequence[int],
    momentum: float,
    labelled_rows: int | None = None,
) -> list[tuple[layers.ConvBlock, keras.layers.MaxPooling2D]]:
    """Convolutions with max pooling, which halves time and frequency.

    Args:
        filters: Numbers of output channels, one per stage.
        kernels: Widths of the kernels, one per stage.
        momentum: Momentum of the moving moments of batch normalisation.
        labelled_rows: As for `layers.ConvBlock`.

    Returns:
        A convolution and a pooling layer per stage.
    """
    stages = zip(filters, kernels, strict=True)
    return [
        (
            layers.ConvBlock(
                width,
                kernel,
                stride=1,
                momentum=momentum,
                labelled_rows=labelled_rows,
                name=f"encoder_{stage}",
            ),
            keras.layers.MaxPooling2D(
                2, data_format="channels_last", name=f"pool_{stage}"
            ),
        )
        for stage, (width, kernel) in enumerate(stages, 1)
    ]


def encode_with_pooling(sequence, masks, stages):
    """Applies `pooled_encoder_layers`.

    The output of a ReLU is at least 0, and the padding is 0. The maximum over speech
    and padding is therefore the maximum over the speech.

    Args:
        sequence: As for `encode`.
        masks: As for `encode`.
        stages: Layers from `pooled_encoder_layers`.

    Returns:
        The code, as from `encode`, 0 in the padding.
    """
    code = _to_image(sequence)
    for (convolution, pooling), mask in zip(stages, masks[:-1], strict=True):
        code = pooling(convolution(code, mask))
    return code


def decoder_layers(
    filters: Sequence[int], kernels: Sequence[int], **normalisation
) -> list[layers.ConvBlock]:
    """Transposed convolutions that mirror `encoder_layers`; the last one is linear.

    Args:
        filters: As for `encoder_layers`.
        kernels: As for `encoder_layers`.
        **normalisation: As for `encoder_layers`.
    """
    widths = [*reversed(filters[:-1]), 1]
    stages = zip(widths, reversed(kernels), strict=True)
    return [
        layers.ConvBlock(
            width,
            kernel,
            transposed=True,
            final=stage == len(widths),
            dtype="float32" if stage == len(widths) else None,
            name=f"decoder_{stage}",
            **normalisation,
        )
        for stage, (width, kernel) in enumerate(stages, 1)
    ]


def decode(code, masks, convolutions):
    """Applies `decoder_layers`.

    Args:
        code: Tensor from `encode`.
        masks: The masks that `encode` received.
        convolutions: Layers from `decoder_layers`.

    Returns:
        Tensor `(rows, time, bands, 1)` of the size of the encoder's input, 0 in the
        padding.
    """
    for convolution, mask in zip(convolutions, reversed(masks[:-1]), strict=True):
        code = convolution(code, mask)
    return code


def _to_image(sequence):
    """The sequence with a channel axis: `(rows, time, bands, 1)`."""
    bands = sequence.shape[-1]
    return keras.layers.Reshape((-1, bands, 1), name="to_image")(sequence)
