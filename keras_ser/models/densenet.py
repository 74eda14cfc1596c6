"""DenseNet and DenseNet-LSTM.

Reference:
    Latif, Rana, Khalifa, Jurdak, Schuller, "Deep architecture enhancing robustness to
    noise, adversarial attacks, and cross-corpus setting for speech emotion
    recognition", Interspeech 2020.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keras_ser import layers
from keras_ser.models import checks, dense_blocks, heads
from keras_ser.models.base import SpeechModel
from keras_ser.models.presets import check_preset, chosen, normalisation_of
from keras_ser.tasks import EMOTION, Classification

# The paper gives depth and growth rate. The filters of the stem are ours: in `paper`,
# twice the growth rate, as in Huang et al. 2017. So are the sizes of `small`.
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {
        "depth": 6,
        "growth": 16,
        "stem_filters": 32,
        "normalisation": "batch",
        "momentum": 0.99,
    },
    "small": {
        "depth": 4,
        "growth": 8,
        "stem_filters": 16,
        "normalisation": "batch",
        "momentum": 0.9,
    },
}
BLOCKS = 3


class _DenseNet(SpeechModel):
    """Three dense blocks, pooling or an LSTM, a dense layer, softmax."""

    recipe = "robust_densenet"
    reads_bands = True

    def __init__(self, classes, dimensions, arguments, **kwargs):
        sizes = sizes_of(PRESETS, arguments)
        arguments = {**arguments, **normalisation_in(sizes)}
        stride = dense_blocks.stride_of(BLOCKS)
        units = arguments.get("units")  # None for global average pooling

        # === Layers ===
        count_frames = layers.Frames(masked=arguments["mask_padding"], name="frames")
        pad = layers.PadTime(stride, name="padded")
        count_steps = layers.OutputLengths(stride, name="length")
        pack = dense_blocks.pack_layer(BLOCKS)
        net = dense_blocks.make_layers(BLOCKS, **sizes)
        unpack = layers.Unpack(steps=1, name="sequence")
        if units:
            context = layers.LSTM(units, pack=True, name="lstm")
        else:
            pool = layers.GlobalPooling(stride, stride, name="pooled")
        embed = heads.dense(arguments["dense_units"], name="embedding")
        classify = heads.classifier(len(classes), name="emotion")

        # === Functional Model ===
        features = keras.Input((None, dimensions), name="features")
        frames = count_frames(features)
        packed, masks, places = pack(pad(features), frames)
        image, _ = dense_blocks.encode(packed, masks, net)
        sequence = unpack(image, places)
        if units:
            hidden = context(sequence, count_steps(frames))
        else:
            hidden = pool(image, frames, places)
        embedding = embed(hidden)
        super().__init__(
            inputs=features,
            outputs={"emotion": classify(embedding)},
            tasks=(Classification(EMOTION, classes),),
            embedding=embedding,
            code=sequence,
            arguments=arguments,
            **kwargs,
        )


@keras.saving.register_keras_serializable("keras_ser")
class DenseNet(_DenseNet):
    """DenseNet: three dense blocks, global average pooling, a dense layer.

        features → 7×7 convolution, 3×3 max pooling → 3 × dense block, with a
        transition between each two → normalisation, ReLU
        → global average pooling → dense layer → softmax

    A benchmark of Latif et al. 2020, section 4.4. The paper gives three blocks, their
    depth of 6, the growth rate of 16 and the 1000 units of the dense layer. The stem
    and the compression are those of Huang et al. 2017.

    Args:
        classes: Names of the emotions, in the order of the probabilities.
        dimensions: Number of values per frame of the front-end, a multiple of 16.
        preset: Sizes and normalisation, `"small"` or `"paper"`.
        depth: Number of layers per block. It replaces that of the preset, and so do the
            following four.
        growth: Growth rate, the number of output channels of each layer.
        stem_filters: Output channels of the first convolution.
        normalisation: `"batch"`, or `"group"` for moments over each utterance. The
            default is `"batch"` in both presets, as in the paper
            (docs/studies/densenet.md compares them).
        momentum: Momentum of the moving moments that batch normalisation uses in
            inference. There are none with `"group"`.
        compression: Output channels of a transition per channel of its input, above 0
            and up to 1.
        dense_units: Number of units of the dense layer.
        mask_padding: Whether all parts ignore the padding. `False` lets every part see
            it, as in papers that do not mask.

    Input shape:
        `(batch, time, dimensions)`, normalised features, 0 in the padding. Any number
        of frames.

    Output:
        `{"emotion": (batch, classes)}`, probabilities.

    Raises:
        ValueError: If no such model can have these sizes.

    Example:

    >>> model = DenseNet(("anger", "neutral"))
    >>> model.compile("adam", **model.objective())

    Reference:
        Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional
        networks", CVPR 2017.
    """

    def __init__(
        self,
        classes: Sequence[str],
        dimensions: int = 128,
        preset: str = "small",
        depth: int | None = None,
        growth: int | None = None,
        stem_filters: int | None = None,
        normalisation: str | None = None,
        momentum: float | None = None,
        compression: float = 0.5,
        dense_units: int = 1000,
        mask_padding: bool = True,
        **kwargs,
    ):
        arguments = {
            "preset": preset,
            "depth": depth,
            "growth": growth,
            "stem_filters": stem_filters,
            "normalisation": normalisation,
            "momentum": momentum,
            "compression": compression,
            "dense_units": dense_units,
            "mask_padding": mask_padding,
        }
        self.check(dimensions, **arguments)
        super().__init__(classes, dimensions, arguments, **kwargs)

    @staticmethod
    def check(
        dimensions: int = 128,
        preset: str = "small",
        depth: int | None = None,
        growth: int | None = None,
        stem_filters: int | None = None,
        normalisation: str | None = None,
        momentum: float | None = None,
        compression: float = 0.5,
        dense_units: int = 1000,
        **unchecked,
    ) -> None:
        """Checks arguments of the model without building one.

        Args: See the class. Arguments that need no check are accepted and ignored.

        Raises:
            ValueError: If a choice is unknown or a number is out of range.
        """
        check_sizes(
            PRESETS,
            BLOCKS,
            dimensions,
            preset=preset,
            depth=depth,
            growth=growth,
            stem_filters=stem_filters,
            normalisation=normalisation,
            momentum=momentum,
            compression=compression,
        )
        checks.check_positive(dense_units=dense_units)


@keras.saving.register_keras_serializable("keras_ser")
class DenseNetLSTM(_DenseNet):
    """DenseNet-LSTM: a `DenseNet` with an LSTM in place of the pooling.

        … → normalisation, ReLU → LSTM, its last state → dense layer → softmax

    A benchmark of Latif et al. 2020, section 4.4. The LSTM reads all bands and channels
    of a step as one vector. Its number of units is ours.

    Args:
        classes: Names of the emotions, in the order of the probabilities.
        dimensions: Number of values per frame of the front-end, a multiple of 16.
        preset: Sizes and normalisation, `"small"` or `"paper"`.
        depth, growth, stem_filters, normalisation, momentum, compression, dense_units:
            As for `DenseNet`.
        units: Number of units of the LSTM.
        mask_padding: As for `DenseNet`.

    Input shape, output and raises: As for `DenseNet`.

    Example:

    >>> model = DenseNetLSTM(("anger", "neutral"))
    >>> model.compile("adam", **model.objective())
    """

    def __init__(
        self,
        classes: Sequence[str],
        dimensions: int = 128,
        preset: str = "small",
        depth: int | None = None,
        growth: int | None = None,
        stem_filters: int | None = None,
        normalisation: str | None = None,
        momentum: float | None = None,
        compression: float = 0.5,
        dense_units: int = 1000,
        units: int = 128,
        mask_padding: bool = True,
        **kwargs,
    ):
        arguments = {
            "preset": preset,
            "depth": depth,
            "growth": growth,
            "stem_filters": stem_filters,
            "normalisation": normalisation,
            "momentum": momentum,
            "compression": compression,
            "dense_units": dense_units,
            "units": units,
            "mask_padding": mask_padding,
        }
        self.check(dimensions, **arguments)
        super().__init__(classes, dimensions, arguments, **kwargs)

    @staticmethod
    def check(dimensions: int = 128, units: int = 128, **arguments) -> None:
        """Checks arguments of the model without building one.

        Args: See the class. Arguments that need no check are accepted and ignored.

        Raises:
            ValueError: If a choice is unknown or a number is out of range.
        """
        DenseNet.check(dimensions, **arguments)
        checks.check_positive(units=units)


def sizes_of(presets: Mapping, arguments: dict) -> dict:
    """Returns the arguments of `dense_blocks.make_layers`.

    Args:
        presets: The sizes by the name of the preset.
        arguments: The arguments of a model, None for those of the preset.
    """
    preset, names = arguments["preset"], ("depth", "growth", "stem_filters")
    return {
        **chosen(presets[preset], **{name: arguments[name] for name in names}),
        **normalisation_of(
            preset, arguments["normalisation"], arguments["momentum"], presets
        ),
        "compression": arguments["compression"],
    }


def normalisation_in(sizes: dict) -> dict:
    """Returns the part of `sizes_of` that a saved model states, whatever its preset."""
    return {name: sizes[name] for name in ("normalisation", "momentum")}


def check_sizes(presets: Mapping, blocks: int, dimensions: int, **arguments) -> None:
    """Raises ValueError unless a DenseNet can have these arguments.

    Args:
        presets: The sizes by the name of the preset.
        blocks: The number of dense blocks.
        dimensions: The number of values per frame.
        **arguments: As for `sizes_of`.
    """
    check_preset(arguments["preset"], presets)
    halvings = dense_blocks.stride_of(blocks).bit_length() - 1
    checks.check_dimensions(dimensions, halvings)
    compression = arguments["compression"]
    if type(compression) not in (int, float) or not 0 < compression <= 1:
        raise ValueError(
            "`compression` must be a number above 0 and up to 1. "
            f"Received: {compression!r}."
        )
    if arguments["momentum"] is not None:
        checks.check_fraction(momentum=arguments["momentum"])
    sizes = sizes_of(presets, arguments)
    names = ("depth", "growth", "stem_filters")
    checks.check_positive(**{name: sizes[name] for name in names})
    kind = sizes.pop("normalisation")
    checks.check_normalisations(kind, "all", (), arguments["momentum"])
    if kind == "group":
        del sizes["momentum"]
        dense_blocks.check_groups(blocks, **sizes)
