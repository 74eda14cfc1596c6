"""The convolutional encoder and its mirror image, as functions on tensors.

Between `pack` and `unpack` a batch may be one long sequence (`layers.packing`); the
functions here do not see which.
"""

import keras

from keras_ser import layers
from keras_ser.layers import packing


def pack(padded, frames, kernels):
    """A batch as convolutions take it, and where it holds speech.

    Args:
        padded: `(batch, time, bands)`, time a multiple of 2 ** stages.
        frames: int32 `(batch,)`, unpadded frames.
        kernels: of the encoder, one number a stage.

    Returns:
        The sequence, `(rows, packed time, bands)`; masks of it behind 0, 1, …
        halvings, `(rows, packed time / 2 ** halvings)`; and places, for `unpack`.
    """
    layer = layers.Pack(2 ** len(kernels), packing.gap(kernels), name="packed")
    return layer(padded, frames)


def unpack(sequence, places, steps: int, **kwargs):
    """What convolutions made of a packed sequence, as a batch of sequences again.

    Args:
        sequence: `(rows, packed time, bands, channels)`.
        places: from `pack`.
        steps: of the sequence for one of the code.

    Returns:
        `(batch, time, bands * channels)`.
    """
    return layers.Unpack(steps, **kwargs)(sequence, places)


def encoder(sequence, masks, filters, kernels):
    """Strided convolutions: time and bands shrink by 2 a stage.

    Args:
        sequence, masks: from `pack`.
        filters, kernels: one number a stage.

    Returns:
        The code, `(rows, time / 2 ** stages, bands / 2 ** stages, filters[-1])`.
    """
    code = _image(sequence)
    stages = zip(filters, kernels, masks[1:], strict=True)
    for stage, (width, kernel, mask) in enumerate(stages, 1):
        block = layers.ConvBlock(width, kernel, name=f"encoder_{stage}")
        code = block(code, mask)
    return code


def pooled_encoder(sequence, masks, filters, kernels, momentum):
    """Convolutions with max pooling: time and bands shrink by 2 a stage.

    What stands behind ReLU is at least 0, as the padding is: pooling over both gives
    the maximum of the speech.

    Args:
        sequence, masks, filters, kernels: as `encoder`.
        momentum: of the batch normalisation's moving moments.

    Returns:
        The code, as `encoder`, 0 in the padding.
    """
    code = _image(sequence)
    stages = zip(filters, kernels, masks[:-1], strict=True)
    for stage, (width, kernel, mask) in enumerate(stages, 1):
        block = layers.ConvBlock(
            width, kernel, stride=1, momentum=momentum, name=f"encoder_{stage}"
        )
        code = keras.layers.MaxPooling2D(2, name=f"pool_{stage}")(block(code, mask))
    return code


def decoder(code, masks, filters, kernels):
    """Transposed convolutions that mirror `encoder`; the last layer is linear.

    Args:
        code: the encoder's output.
        masks, filters, kernels: those given to `encoder`.

    Returns:
        `(rows, time, bands, 1)` of the encoder's input, 0 in the padding.
    """
    widths = [*reversed(filters[:-1]), 1]
    sizes = list(reversed(kernels))
    targets = list(reversed(masks[:-1]))
    for stage, (width, kernel) in enumerate(zip(widths, sizes, strict=True), 1):
        final = stage == len(widths)
        block = layers.ConvBlock(
            width,
            kernel,
            transposed=True,
            final=final,
            dtype="float32" if final else None,
            name=f"decoder_{stage}",
        )
        code = block(code, targets[stage - 1])
    return code


def _image(sequence):
    bands = sequence.shape[-1]
    return keras.layers.Reshape((-1, bands, 1), name="to_image")(sequence)
