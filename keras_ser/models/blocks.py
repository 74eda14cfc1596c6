"""The convolutional encoder and its mirror image, as functions on tensors."""

import keras

from keras_ser import layers


def encoder(sequence, lengths, filters, kernels):
    """Strided convolutions: time and bands shrink by 2 a stage.

    Args:
        sequence: `(batch, time, bands)`, time and bands multiples of 2 ** stages.
        lengths: list of the unpadded frames behind each stage, input first.
        filters, kernels: one number a stage.

    Returns:
        The code, `(batch, time / 2 ** stages, bands / 2 ** stages, filters[-1])`.
    """
    bands = sequence.shape[-1]
    code = keras.layers.Reshape((-1, bands, 1), name="to_image")(sequence)
    stages = zip(filters, kernels, lengths[1:], strict=True)
    for stage, (width, kernel, length) in enumerate(stages, 1):
        block = layers.ConvBlock(width, kernel, name=f"encoder_{stage}")
        code = block(code, length)
    return code


def pooled_encoder(sequence, lengths, filters, kernels):
    """Convolutions with max pooling: time and bands shrink by 2 a stage.

    What stands behind ReLU is at least 0, as the padding is: pooling over both gives
    the maximum of the speech.

    Args:
        sequence, lengths, filters, kernels: as `encoder`.

    Returns:
        `(batch, time / 2 ** stages, bands / 2 ** stages * filters[-1])`, 0 in the
        padding.
    """
    code = keras.layers.Reshape((-1, sequence.shape[-1], 1), name="to_image")(sequence)
    stages = zip(filters, kernels, lengths[:-1], strict=True)
    for stage, (width, kernel, length) in enumerate(stages, 1):
        block = layers.ConvBlock(width, kernel, stride=1, name=f"encoder_{stage}")
        code = keras.layers.MaxPooling2D(2, name=f"pool_{stage}")(block(code, length))
    features = code.shape[2] * code.shape[3]
    return keras.layers.Reshape((-1, features), name="sequence")(code)


def decoder(code, lengths, filters, kernels):
    """Transposed convolutions that mirror `encoder`; the last layer is linear.

    Args:
        code: the encoder's output.
        lengths, filters, kernels: those given to `encoder`.

    Returns:
        `(batch, time, bands)` of the encoder's input, 0 in the padding.
    """
    widths = [*reversed(filters[:-1]), 1]
    sizes = list(reversed(kernels))
    targets = list(reversed(lengths[:-1]))
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
    return keras.layers.Reshape((-1, code.shape[2]), name="to_sequence")(code)


def stage_lengths(lengths, stages: int):
    """Unpadded frames behind 0, 1, … `stages` halvings."""
    halved = [
        layers.OutputLengths(2**stage, name=f"lengths_{stage}")(lengths)
        for stage in range(1, stages + 1)
    ]
    return [lengths, *halved]
