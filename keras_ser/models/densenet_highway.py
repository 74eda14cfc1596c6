"""DenseNet, LSTM and highway layers in one network.

Reference:
    Latif, Rana, Khalifa, Jurdak, Schuller, "Deep architecture enhancing robustness to
    noise, adversarial attacks, and cross-corpus setting for speech emotion
    recognition", Interspeech 2020.
"""

from collections.abc import Sequence
from typing import Any

import keras

from keras_ser import layers
from keras_ser.layers.highway import check_bias
from keras_ser.models import checks, dense_blocks, heads
from keras_ser.models.base import SpeechModel
from keras_ser.models.densenet import check_sizes, normalisation_in, sizes_of
from keras_ser.tasks import EMOTION, Classification

# As for `densenet.PRESETS`.
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {
        "depth": 6,
        "growth": 24,
        "stem_filters": 48,
        "normalisation": "batch",
        "momentum": 0.99,
    },
    "small": {
        "depth": 4,
        "growth": 12,
        "stem_filters": 16,
        "normalisation": "batch",
        "momentum": 0.9,
    },
}
BLOCKS = 2
SIZE = 128  # of the skip connections and of the highway layers


@keras.saving.register_keras_serializable("keras_ser")
class DenseNetHighway(SpeechModel):
    """DenseNet, LSTM and highway layers, with a skip connection from each block.

        features → 7×7 convolution, 3×3 max pooling → dense block → transition
                 → dense block → normalisation, ReLU → LSTM → dropout
        dense block k → global average pooling → dense layer: skip_k
        [LSTM; skip_1 + skip_2] → projection → 3 × highway layer → softmax

    The proposed network of Latif et al. 2020, section 4.4. The paper gives two blocks
    with a depth of 6 and a growth rate of 24, the dropout of 0.5, and three highway
    layers of 128 units. Its skip connections have different sizes, so each passes
    through a dense layer before they are summed. The stem, the compression and the
    number of LSTM units are ours.

    Args:
        classes: Names of the emotions, in the order of the probabilities.
        dimensions: Number of values per frame of the front-end, a multiple of 8.
        preset: Sizes and normalisation, `"small"` or `"paper"`.
        depth, growth, stem_filters, normalisation, momentum, compression: As for
            `DenseNet`.
        units: Number of units of the LSTM.
        dropout: Dropout rate behind the LSTM.
        highways: Number of highway layers.
        transform_bias: Initial bias of their gates; see `layers.Highway`.
        mask_padding: As for `DenseNet`.

    Input shape, output and raises: As for `DenseNet`.

    Example:

    >>> model = DenseNetHighway(("anger", "neutral"))
    >>> model.compile("adam", **model.objective())
    """

    recipe = "robust_densenet"
    reads_bands = True

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
        units: int = 128,
        dropout: float = 0.5,
        highways: int = 3,
        transform_bias: float = -1.0,
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
            "units": units,
            "dropout": dropout,
            "highways": highways,
            "transform_bias": transform_bias,
            "mask_padding": mask_padding,
        }
        self.check(dimensions, **arguments)
        sizes = sizes_of(PRESETS, arguments)
        arguments |= normalisation_in(sizes)
        stride = dense_blocks.stride_of(BLOCKS)
        numbers = range(1, BLOCKS + 1)

        # === Layers ===
        count_frames = layers.Frames(masked=mask_padding, name="frames")
        pad = layers.PadTime(stride, name="padded")
        count_steps = layers.OutputLengths(stride, name="length")
        pack = dense_blocks.pack_layer(BLOCKS)
        net = dense_blocks.make_layers(BLOCKS, **sizes)
        unpack = layers.Unpack(steps=1, name="sequence")
        context = layers.LSTM(units, pack=True, name="lstm")
        drop = heads.dropout(dropout, name="lstm_dropout")
        pools = [
            layers.GlobalPooling(
                dense_blocks.stride_of(number), stride, name=f"pooled_{number}"
            )
            for number in numbers
        ]
        skips = [heads.dense(SIZE, name=f"skip_{number}") for number in numbers]
        add = keras.layers.Add(name="skips")
        join = keras.layers.Concatenate(name="joined")
        project = keras.layers.Dense(SIZE, name="projection")
        gates = [
            layers.Highway(transform_bias, name=f"highway_{number}")
            for number in range(1, highways + 1)
        ]
        classify = heads.classifier(len(classes), name="emotion")

        # === Functional Model ===
        features = keras.Input((None, dimensions), name="features")
        frames = count_frames(features)
        packed, masks, places = pack(pad(features), frames)
        image, outputs = dense_blocks.encode(packed, masks, net)
        sequence = unpack(image, places)
        hidden = drop(context(sequence, count_steps(frames)))
        shortcut = add(
            [
                skip(pool(output, frames, places))
                for skip, pool, output in zip(skips, pools, outputs, strict=True)
            ]
        )
        embedding = project(join([hidden, shortcut]))
        for gate in gates:
            embedding = gate(embedding)
        super().__init__(
            inputs=features,
            outputs={"emotion": classify(embedding)},
            tasks=(Classification(EMOTION, classes),),
            embedding=embedding,
            code=sequence,
            arguments=arguments,
            **kwargs,
        )

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
        units: int = 128,
        dropout: float = 0.5,
        highways: int = 3,
        transform_bias: float = -1.0,
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
        checks.check_positive(units=units, highways=highways)
        checks.check_fraction(dropout=dropout)
        check_bias(transform_bias)
