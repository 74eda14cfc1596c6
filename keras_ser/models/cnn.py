"""Two convolutional networks with attention that MTL-AUG is compared with.

Latif et al. 2022 compare the robustness of MTL-AUG with that of [57], Huang and
Narayanan 2017, and of [81], Wijayasingha and Stankovic 2021. Neither paper was
available. The models here are our reading of how Latif et al. describe them: an
attentive CNN-BLSTM and an attention-based CNN. The numbers of layers and their sizes
are our choice.
"""

from collections.abc import Mapping, Sequence

import keras

from keras_ser import layers
from keras_ser.models import attribute_heads, blocks, checks, heads
from keras_ser.models.attribute_model import AttributeModel
from keras_ser.tasks import EMOTION, Classification


class _AttentiveCNN(AttributeModel):
    """Convolutions with pooling, an optional BLSTM, attention over time, softmax."""

    reads_bands = True

    def __init__(
        self,
        classes,
        dimensions,
        filters,
        kernels,
        mask_padding,
        momentum,
        vocabularies,
        attributes,
        approach,
        units=None,  # None for no BLSTM
        **kwargs,
    ):
        names = attribute_heads.names_of(vocabularies, attributes)
        task = Classification(EMOTION, classes)
        arguments = {
            "filters": filters,
            "kernels": kernels,
            "mask_padding": mask_padding,
            "momentum": momentum,
            "vocabularies": names,
            "attributes": attributes,
            "approach": approach,
        }
        if units:
            arguments["units"] = units
        stride = 2 ** len(filters)

        # === Layers ===
        count_frames = layers.Frames(masked=mask_padding, name="frames")
        pad = layers.PadTime(stride, name="padded")
        count_steps = layers.OutputLengths(stride, name="length")
        pack = blocks.pack_layer(kernels)
        encoder = blocks.pooled_encoder_layers(filters, kernels, momentum)
        unpack = layers.Unpack(steps=1, name="sequence")
        if units:
            blstm = layers.BLSTM(units, pack=True, name="emotion_blstm")
        attend = layers.AttentionWeights(name="attention")
        pool = layers.WeightedSum(name="pooled")
        classify = heads.classifier(len(classes), name="emotion")
        others = attribute_heads.shared_heads(names, approach)

        # === Functional Model ===
        features = keras.Input((None, dimensions), name="features")
        frames = count_frames(features)
        packed, masks, places = pack(pad(features), frames)
        images = blocks.encode_with_pooling(packed, masks, encoder)
        code, lengths = unpack(images, places), count_steps(frames)
        sequence = blstm(code, lengths) if units else code
        weights = attend(sequence, lengths)
        embedding = pool(sequence, weights)
        outputs = {"emotion": classify(embedding)}
        outputs |= attribute_heads.classify_shared(embedding, others)
        super().__init__(
            inputs=features,
            outputs=outputs,
            tasks=attribute_heads.with_attributes([task], names, approach),
            embedding=embedding,
            attention=weights,
            code=code,
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


@keras.saving.register_keras_serializable("keras_ser")
class CNNBLSTMAttention(_AttentiveCNN):
    """CNN-BLSTM with attention: two convolutions with pooling, BLSTM, attention.

        log-mel → 2 × (convolution, batch normalisation, ReLU, max pooling by 2)
                → BLSTM → attention over time → softmax

    Our reading of [57] of Latif et al. 2022. The paper itself was not available.

    Args:
        classes: Names of the emotions, in the order of the probabilities.
        dimensions: Number of values per frame of the front-end, a multiple of 4.
        filters: Output channels of the two convolutions.
        kernels: Kernel widths of the two convolutions.
        units: Number of LSTM units per direction.
        mask_padding: Whether all parts ignore the padding. `False` lets every part see
            it, as in papers that do not mask.
        momentum: Momentum of the moving moments that batch normalisation uses in
            inference.
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

    >>> model = CNNBLSTMAttention(("anger", "neutral"))
    >>> model.compile("adam", **model.objective())

    Reference:
        Huang and Narayanan, "Deep convolutional recurrent neural network with attention
        mechanism for robust speech emotion recognition", ICME 2017.
    """

    def __init__(
        self,
        classes: Sequence[str],
        dimensions: int = 128,
        filters: Sequence[int] = (16, 32),
        kernels: Sequence[int] = (5, 3),
        units: int = 128,
        mask_padding: bool = True,
        momentum: float = 0.99,
        vocabularies: Mapping[str, Sequence[str]] | None = None,
        attributes: Sequence[str] = (),
        approach: str = attribute_heads.MULTI_TASK,
        **kwargs,
    ):
        self.check(dimensions, filters, kernels, units, momentum, attributes, approach)
        super().__init__(
            classes,
            dimensions,
            filters,
            kernels,
            mask_padding,
            momentum,
            vocabularies,
            attributes,
            approach,
            units,
            **kwargs,
        )

    @staticmethod
    def check(
        dimensions: int = 128,
        filters: Sequence[int] = (16, 32),
        kernels: Sequence[int] = (5, 3),
        units: int = 128,
        momentum: float = 0.99,
        attributes: Sequence[str] = (),
        approach: str = attribute_heads.MULTI_TASK,
        **unchecked,
    ) -> None:
        """Checks arguments of the model without building one.

        Args: See the class. Arguments that need no check are accepted and ignored.

        Raises:
            ValueError: If a number is out of range, or an attribute cannot become a
                head.
        """
        _check(dimensions, momentum, filters, kernels, stages=2)
        checks.check_positive(units=units)
        attribute_heads.check_attributes(attributes, approach)


@keras.saving.register_keras_serializable("keras_ser")
class CNNAttention(_AttentiveCNN):
    """CNN with attention: four convolutions with pooling, attention over time.

        log-mel → 4 × (convolution, batch normalisation, ReLU, max pooling by 2)
                → attention over time → softmax

    Our reading of [81] of Latif et al. 2022. The paper itself was not available.

    Args:
        classes: Names of the emotions, in the order of the probabilities.
        dimensions: Number of values per frame of the front-end, a multiple of 16.
        filters: Output channels of the four convolutions.
        kernels: Kernel widths of the four convolutions.
        mask_padding: Whether all parts ignore the padding. `False` lets every part see
            it, as in papers that do not mask.
        momentum: Momentum of the moving moments that batch normalisation uses in
            inference. At 0.99 they lag three epochs of 30 updates behind, and the model
            has no layer between them and the softmax that would compensate for it.
        vocabularies, attributes, approach: As for `CNNBLSTMAttention`.

    Input shape, output and raises: As for `CNNBLSTMAttention`.

    Example:

    >>> model = CNNAttention(("anger", "neutral"))
    >>> model.compile("adam", **model.objective())

    Reference:
        Wijayasingha and Stankovic, "Robustness to noise for speech emotion
        classification using CNNs and attention mechanisms", Smart Health, 2021.
    """

    def __init__(
        self,
        classes: Sequence[str],
        dimensions: int = 128,
        filters: Sequence[int] = (16, 32, 64, 64),
        kernels: Sequence[int] = (5, 3, 3, 3),
        mask_padding: bool = True,
        momentum: float = 0.9,
        vocabularies: Mapping[str, Sequence[str]] | None = None,
        attributes: Sequence[str] = (),
        approach: str = attribute_heads.MULTI_TASK,
        **kwargs,
    ):
        self.check(dimensions, filters, kernels, momentum, attributes, approach)
        super().__init__(
            classes,
            dimensions,
            filters,
            kernels,
            mask_padding,
            momentum,
            vocabularies,
            attributes,
            approach,
            **kwargs,
        )

    @staticmethod
    def check(
        dimensions: int = 128,
        filters: Sequence[int] = (16, 32, 64, 64),
        kernels: Sequence[int] = (5, 3, 3, 3),
        momentum: float = 0.9,
        attributes: Sequence[str] = (),
        approach: str = attribute_heads.MULTI_TASK,
        **unchecked,
    ) -> None:
        """Checks arguments of the model without building one.

        Args: See the class. Arguments that need no check are accepted and ignored.

        Raises:
            ValueError: If a number is out of range, or an attribute cannot become a
                head.
        """
        _check(dimensions, momentum, filters, kernels, stages=4)
        attribute_heads.check_attributes(attributes, approach)


def _check(dimensions: int, momentum: float, filters, kernels, stages: int) -> None:
    checks.check_fraction(momentum=momentum)
    checks.check_dimensions(dimensions, stages)
    checks.check_sizes(stages, filters=filters, kernels=kernels)
