"""CNN and CNN-LSTM: the convolutional encoder of MTL-AUG with a simple end.

Latif et al. 2020 compare their DenseNet with a CNN-LSTM, whose sizes they take from
Satt et al. 2017, and with a CNN that has a dense layer in place of the LSTM. That paper
was not available. The encoder here is that of `MTLAug`.

Reference:
    Latif, Rana, Khalifa, Jurdak, Schuller, "Deep architecture enhancing robustness to
    noise, adversarial attacks, and cross-corpus setting for speech emotion
    recognition", Interspeech 2020.
    Satt, Rozenberg and Hoory, "Efficient emotion recognition from speech using deep
    learning on spectrograms", Interspeech 2017.
"""

from collections.abc import Sequence

import keras

from keras_ser import layers
from keras_ser.models import blocks, checks, heads
from keras_ser.models.base import SpeechModel
from keras_ser.models.presets import (
    PRESETS,
    check_preset,
    normalisation_of,
    sizes_of,
)
from keras_ser.tasks import EMOTION, Classification


class _EncoderModel(SpeechModel):
    """The encoder, an LSTM or a mean with a dense layer, softmax."""

    recipe = "robust_densenet"
    has_lstm = False

    def __init__(
        self,
        classes: Sequence[str],
        dimensions: int = 128,
        preset: str = "small",
        filters: Sequence[int] | None = None,
        kernels: Sequence[int] | None = None,
        units: int = 128,
        normalisation: str | None = None,
        momentum: float | None = None,
        mask_padding: bool = True,
        **kwargs,
    ):
        arguments = {
            "preset": preset,
            "filters": filters,
            "kernels": kernels,
            "units": units,
            "normalisation": normalisation,
            "momentum": momentum,
            "mask_padding": mask_padding,
        }
        self.check(dimensions, **arguments)
        sizes = sizes_of(preset, filters, kernels)
        options = normalisation_of(preset, normalisation, momentum)
        arguments |= options
        options = {name: each for name, each in options.items() if each is not None}
        stride = 2 ** len(sizes["filters"])

        # === Layers ===
        count_frames = layers.Frames(masked=mask_padding, name="frames")
        pad = layers.PadTime(stride, name="padded")
        count_steps = layers.OutputLengths(stride, name="length")
        pack = blocks.pack_layer(sizes["kernels"])
        encoder = blocks.encoder_layers(**sizes, **options)
        unpack = layers.Unpack(steps=1, name="sequence")
        if self.has_lstm:
            context = layers.LSTM(units, pack=True, name="lstm")
        else:
            attend = layers.MeanWeights(name="weights")
            pool = layers.WeightedSum(name="pooled")
            embed = heads.dense(units, name="embedding")
        classify = heads.classifier(len(classes), name="emotion")

        # === Functional Model ===
        features = keras.Input((None, dimensions), name="features")
        frames = count_frames(features)
        packed, masks, places = pack(pad(features), frames)
        sequence = unpack(blocks.encode(packed, masks, encoder), places)
        lengths = count_steps(frames)
        if self.has_lstm:
            embedding = context(sequence, lengths)
        else:
            embedding = embed(pool(sequence, attend(sequence, lengths)))
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
        filters: Sequence[int] | None = None,
        kernels: Sequence[int] | None = None,
        units: int = 128,
        normalisation: str | None = None,
        momentum: float | None = None,
        **unchecked,
    ) -> None:
        """Checks arguments of the model without building one.

        Args: See the class. Arguments that need no check are accepted and ignored.

        Raises:
            ValueError: If a choice is unknown or a number is out of range.
        """
        check_preset(preset)
        sizes = sizes_of(preset, filters, kernels)
        stages = len(PRESETS[preset]["filters"])
        checks.check_dimensions(dimensions, stages)
        checks.check_sizes(stages, **sizes)
        checks.check_positive(units=units)
        if momentum is not None:
            checks.check_fraction(momentum=momentum)
        if normalisation is None:
            normalisation = PRESETS[preset]["normalisation"]
        checks.check_normalisations(normalisation, "all", sizes["filters"], momentum)


@keras.saving.register_keras_serializable("keras_ser")
class CNNLSTM(_EncoderModel):
    """CNN-LSTM: the encoder of `MTLAug`, an LSTM, softmax.

        features → 3 × (strided convolution, normalisation, ReLU)
                 → LSTM, its last state → softmax

    Our reading of a benchmark of Latif et al. 2020, section 4.4.

    Args:
        classes: Names of the emotions, in the order of the probabilities.
        dimensions: Number of values per frame of the front-end, a multiple of 8.
        preset: Sizes and normalisation of the encoder, `"small"` or `"paper"`, as for
            `MTLAug`.
        filters: Output channels of the encoder's three convolutions. They replace
            those of the preset.
        kernels: Kernel widths of the encoder's three convolutions. They replace those
            of the preset.
        units: Number of units of the LSTM.
        normalisation: `"batch"`, or `"group"` for moments over each utterance. The
            default is that of the preset.
        momentum: Momentum of the moving moments that batch normalisation uses in
            inference. The default is that of the preset.
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

    >>> model = CNNLSTM(("anger", "neutral"))
    >>> model.compile("adam", **model.objective())
    """

    has_lstm = True


@keras.saving.register_keras_serializable("keras_ser")
class CNN(_EncoderModel):
    """CNN: the encoder of `MTLAug`, its mean over time, a dense layer, softmax.

        features → 3 × (strided convolution, normalisation, ReLU)
                 → mean over the unpadded steps → dense layer → softmax

    Our reading of a benchmark of Latif et al. 2020, section 4.4: `CNNLSTM` with a dense
    layer in place of the LSTM. The mean in front of it lets utterances have any length.

    Args:
        classes, dimensions, preset, filters, kernels, normalisation, momentum,
            mask_padding: As for `CNNLSTM`.
        units: Number of units of the dense layer.

    Input shape, output and raises: As for `CNNLSTM`.

    Example:

    >>> model = CNN(("anger", "neutral"))
    >>> model.compile("adam", **model.objective())
    """
