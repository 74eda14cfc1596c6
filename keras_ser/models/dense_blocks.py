"""The convolutions of a DenseNet, between `layers.Pack` and `layers.Unpack`.

    7×7 convolution with stride 2, normalisation, ReLU
    3×3 max pooling with stride 2
    dense block, transition, dense block, …, dense block
    normalisation, ReLU

The stem and each transition halve time and frequency, the stem twice.
"""

import dataclasses

import keras

from keras_ser import layers
from keras_ser.layers.dense_block import GROUPS, make_normalisation

STEM_KERNEL = 7
STEM_GROUPS = layers.normalisation.GROUPS  # of `layers.ConvBlock`
STEM_STRIDE = 4


@dataclasses.dataclass(frozen=True)
class DenseLayers:
    """The layers of a DenseNet.

    Args:
        stem: The first convolution.
        pooling: The max pooling behind it.
        blocks: The dense blocks.
        transitions: One between each two blocks.
        normalisation: Normalisation and ReLU behind the last block.
    """

    stem: layers.ConvBlock
    pooling: keras.layers.MaxPooling2D
    blocks: list[layers.DenseBlock]
    transitions: list[layers.Transition]
    normalisation: layers.SpeechBatchNorm | layers.SpeechGroupNorm


def stride_of(blocks: int) -> int:
    """The total stride of a DenseNet in time and frequency.

    Args:
        blocks: The number of dense blocks.
    """
    return STEM_STRIDE * 2 ** (blocks - 1)


def pack_layer(blocks: int) -> layers.Pack:
    """The layer that packs a padded batch for a DenseNet.

    One unit between two utterances is enough. The last block reaches farthest: its
    kernels of width 3 reach one step, which is a unit.

    Args:
        blocks: The number of dense blocks.
    """
    return layers.Pack(stride_of(blocks), gap=1, name="packed")


def make_layers(
    blocks: int,
    depth: int,
    growth: int,
    stem_filters: int,
    compression: float,
    normalisation: str,
    momentum: float | None,
) -> DenseLayers:
    """The layers of a DenseNet.

    Args:
        blocks: The number of dense blocks.
        depth: The number of layers per block.
        growth: The growth rate.
        stem_filters: Output channels of the first convolution.
        compression: The output channels of a transition per channel of its input.
        normalisation: `"batch"` or `"group"`.
        momentum: Momentum of the moving moments of batch normalisation, which group
            normalisation does not have.
    """
    numbers = range(1, blocks + 1)
    options = {"normalisation": normalisation}
    if momentum is not None:
        options["momentum"] = momentum
    widths = transition_filters(blocks, depth, growth, stem_filters, compression)
    return DenseLayers(
        stem=layers.ConvBlock(stem_filters, STEM_KERNEL, name="stem", **options),
        pooling=keras.layers.MaxPooling2D(
            3, 2, "same", data_format="channels_last", name="stem_pooling"
        ),
        blocks=[
            layers.DenseBlock(depth, growth, name=f"block_{number}", **options)
            for number in numbers
        ],
        transitions=[
            layers.Transition(width, name=f"transition_{number}", **options)
            for number, width in enumerate(widths, 1)
        ],
        normalisation=make_normalisation(
            normalisation, momentum or 0.0, name="normalisation"
        ),
    )


def transition_filters(
    blocks: int, depth: int, growth: int, stem_filters: int, compression: float
) -> list[int]:
    """The output channels of each transition; arguments as for `make_layers`."""
    channels, found = stem_filters, []
    for _ in range(blocks - 1):
        channels = max(1, int((channels + depth * growth) * compression))
        found.append(channels)
    return found


def encode(sequence, masks, net: DenseLayers):
    """Applies the layers of a DenseNet.

    The output of a ReLU is at least 0, and the padding is 0. The maximum over speech
    and padding is therefore the maximum over the speech.

    Args:
        sequence: Tensor `(rows, time, dimensions)` from `pack_layer`.
        masks: Masks of the sequence from `pack_layer`, `(rows, time / 2 ** halvings)`
            after 0, 1, … halvings.
        net: From `make_layers`.

    Returns:
        The last image, `(rows, time / stride, bands / stride, channels)`, and the
        outputs of all blocks. All are 0 in the padding.
    """
    bands = sequence.shape[-1]
    image = keras.layers.Reshape((-1, bands, 1), name="to_image")(sequence)
    image = net.pooling(net.stem(image, masks[1]))
    outputs = []
    for number, (block, mask) in enumerate(zip(net.blocks, masks[2:], strict=True)):
        image = block(image, mask)
        outputs.append(image)
        if number < len(net.transitions):
            image = net.transitions[number](image, mask)
    return net.normalisation(image, masks[-1]), outputs


def check_groups(
    blocks: int, depth: int, growth: int, stem_filters: int, compression: float
) -> None:
    """Raises ValueError unless group normalisation can divide all channels.

    Args: As for `make_layers`.
    """
    widths = transition_filters(blocks, depth, growth, stem_filters, compression)
    if any(each % GROUPS for each in (growth, *widths)) or stem_filters % STEM_GROUPS:
        raise ValueError(
            f"With group normalisation, `growth` and the output channels of all "
            f"transitions must be multiples of {GROUPS}, and `stem_filters` of "
            f"{STEM_GROUPS}. Received: growth={growth}, stem_filters={stem_filters}, "
            f"compression={compression}, which gives transitions of {widths} channels. "
            "Change them, or set normalisation='batch'."
        )
