"""The encoder of frames whose values have no neighbours, and its mirrored decoder.

The dimensions of a spectrogram are bands, over which a kernel can slide. Those of a
pre-trained network are in no order. They are projected first, and convolutions follow
over time alone. The functions have the names and the tensors of those in
`models.blocks`, with a single band.
"""

from collections.abc import Sequence

import keras

from keras_ser import layers


def encoder_layers(
    filters: Sequence[int], kernels: Sequence[int], **normalisation
) -> list[keras.layers.Layer]:
    """A projection, and convolutions over time, each of which halves it.

    Args:
        filters: Numbers of output channels, one per stage. The projection has as many
            as the first.
        kernels: Widths of the kernels, one per stage.
        **normalisation: As for `blocks.encoder_layers`.
    """
    stages = zip(filters, kernels, strict=True)
    project = keras.layers.Dense(filters[0], use_bias=False, name="projection")
    return [
        project,
        *(
            layers.ConvBlock(
                width,
                kernel,
                over_time=True,
                name=f"encoder_{stage}",
                **normalisation,
            )
            for stage, (width, kernel) in enumerate(stages, 1)
        ),
    ]


def encode(sequence, masks, encoder):
    """Applies `encoder_layers`.

    Args:
        sequence: Tensor `(rows, time, dimensions)` from `blocks.pack_layer`.
        masks: As for `blocks.encode`.
        encoder: Layers from `encoder_layers`.

    Returns:
        The code, `(rows, time / 2 ** stages, 1, filters[-1])`.
    """
    project, *convolutions = encoder
    projected = project(sequence)
    to_image = keras.layers.Reshape((-1, 1, projected.shape[-1]), name="to_image")
    code = to_image(projected)
    for convolution, mask in zip(convolutions, masks[1:], strict=True):
        code = convolution(code, mask)
    return code


def decoder_layers(
    filters: Sequence[int],
    kernels: Sequence[int],
    dimensions: int,
    **normalisation,
) -> list[layers.ConvBlock]:
    """Transposed convolutions over time, and a linear layer to all dimensions.

    Args:
        filters, kernels: As for `encoder_layers`.
        dimensions: The number of values per frame of the input.
        **normalisation: As for `blocks.encoder_layers`.
    """
    widths = [*reversed(filters[:-1]), filters[0]]
    stages = zip(widths, reversed(kernels), strict=True)
    return [
        *(
            layers.ConvBlock(
                width,
                kernel,
                transposed=True,
                over_time=True,
                name=f"decoder_{stage}",
                **normalisation,
            )
            for stage, (width, kernel) in enumerate(stages, 1)
        ),
        layers.ConvBlock(
            dimensions,
            1,
            stride=1,
            over_time=True,
            final=True,
            dtype="float32",
            name=f"decoder_{len(widths) + 1}",
        ),
    ]


def decode(code, masks, decoder):
    """Applies `decoder_layers`.

    Args:
        code: Tensor from `encode`.
        masks: The masks that `encode` received.
        decoder: Layers from `decoder_layers`.

    Returns:
        Tensor `(rows, time, 1, dimensions)`, 0 in the padding.
    """
    *convolutions, last = decoder
    for convolution, mask in zip(convolutions, reversed(masks[:-1]), strict=True):
        code = convolution(code, mask)
    return last(code, masks[0])
