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

from collections.abc import Mapping, Sequence

import keras

from keras_ser import layers
from keras_ser.models import attribute_heads, blocks, checks, heads
from keras_ser.models.attribute_model import AttributeModel
from keras_ser.models.presets import (
    PRESETS,
    check_preset,
    normalisation_of,
    sizes_of,
)
from keras_ser.tasks import EMOTION, Classification


class _EncoderModel(AttributeModel):
    """The encoder, an LSTM or a mean with a dense layer, softmax."""

    recipe = "robust_densenet"
    reads_bands = True
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
        vocabularies: Mapping[str, Sequence[str]] | None = None,
        attributes: Sequence[str] = (),
        approach: str = attribute_heads.MULTI_TASK,
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
            "attributes": attributes,
            "approach": approach,
        }
        self.check(dimensions, **arguments)
        names = attribute_heads.names_of(vocabularies, attributes)
        arguments["vocabularies"] = names
        tasks = attribute_heads.with_attributes(
            [Classification(EMOTION, classes)], names, approach
        )
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
        others = attribute_heads.shared_heads(names, approach)

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
        outputs = {"emotion": classify(embedding)}
        outputs |= attribute_heads.classify_shared(embedding, others)
        super().__init__(
            inputs=features,
            outputs=outputs,
            tasks=tasks,
            embedding=embedding,
            code=sequence,
            arguments=arguments,
            **kwargs,
        )

    def objective(self, alpha: float | None = None) -> dict:
        """Losses, loss weights and metrics of the model's heads, for `compile`.

        Args:
            alpha: α of the attributes at the end of the training, at least 0 and below
                1. The default is that of the approach.

        Returns:
            `{"loss": …, "loss_weights": …, "weighted_metrics": …}`.
        """
        return super().objective(**self._weighed(alpha))

    @staticmethod
    def check(
        dimensions: int = 128,
        preset: str = "small",
        filters: Sequence[int] | None = None,
        kernels: Sequence[int] | None = None,
        units: int = 128,
        normalisation: str | None = None,
        momentum: float | None = None,
        attributes: Sequence[str] = (),
        approach: str = attribute_heads.MULTI_TASK,
        **unchecked,
    ) -> None:
        """Checks arguments of the model without building one.

        Args: See the class. Arguments that need no check are accepted and ignored.

        Raises:
            ValueError: If a choice is unknown, a number is out of range, or an
                attribute cannot become a head.
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
        attribute_heads.check_attributes(attributes, approach)


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
        vocabularies: The classes of each attribute, as `{"gender": …}`. The model needs
            those of its attributes, and an experiment passes them.
        attributes: Columns of the table that become heads next to the emotion; see
            `models.AttributeModel`. The default is none.
        approach: `"multi_task"`, or `"gradient_reversal"` to unlearn the attributes. It
            has no effect without them.

    Input shape:
        `(batch, time, dimensions)`, normalised features, 0 in the padding. Any number
        of frames.

    Output:
        Probabilities of the `emotion`, and of each attribute, as a dictionary of
        `(batch, classes)`.

    Raises:
        ValueError: If no such model can have these sizes or attributes.

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
            mask_padding, vocabularies, attributes, approach: As for `CNNLSTM`.
        units: Number of units of the dense layer.

    Input shape, output and raises: As for `CNNLSTM`.

    Example:

    >>> model = CNN(("anger", "neutral"))
    >>> model.compile("adam", **model.objective())
    """
