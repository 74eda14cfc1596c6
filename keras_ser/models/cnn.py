"""Two convolutional networks with attention that MTL-AUG is compared with.

Latif et al. 2022 compare the robustness of MTL-AUG with that of [57], Huang and
Narayanan 2017, and of [81], Wijayasingha and Stankovic 2021. Neither paper was
available. The models here are our reading of how Latif et al. describe them: an
attentive CNN-BLSTM and an attention-based CNN. The numbers of layers and their sizes
are our choice.
"""

from collections.abc import Sequence

import keras

from keras_ser import layers, losses
from keras_ser.models import blocks, heads


class _AttentiveCNN(keras.Model):
    """Convolutions with pooling, an optional BLSTM, attention over time, softmax."""

    def __init__(
        self,
        classes,
        dimensions,
        filters,
        kernels,
        units,  # 0 for no BLSTM
        mask_padding,
        momentum,
        name=None,  # these two by name, because Keras ignores unknown arguments
        trainable=True,
    ):
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

        # === Functional Model ===
        features = keras.Input((None, dimensions), name="features")
        frames = count_frames(features)
        packed, masks, places = pack(pad(features), frames)
        code = blocks.encode_with_pooling(packed, masks, encoder)
        sequence, lengths = unpack(code, places), count_steps(frames)
        if units:
            sequence = blstm(sequence, lengths)
        weights = attend(sequence, lengths)
        embedding = pool(sequence, weights)
        outputs = {"emotion": classify(embedding)}
        super().__init__(features, outputs, name=name, trainable=trainable)

        # === Config ===
        self.classes = tuple(classes)
        self.dimensions = dimensions
        self.filters = tuple(filters)
        self.kernels = tuple(kernels)
        self.mask_padding = mask_padding
        self.momentum = momentum
        self._embedding, self._attention_weights = embedding, weights

    @property
    def heads(self) -> tuple[str, ...]:
        """Names of the outputs: `emotion`."""
        return tuple(self.output)

    @property
    def emotion_model(self) -> keras.Model:
        """Model from features to the emotion probabilities, `(batch, classes)`."""
        return keras.Model(self.input, self.output["emotion"])

    @property
    def attention_model(self) -> keras.Model:
        """Model from features to the attention weights, `(batch, steps)`.

        There are `ceil(time / 2 ** stages)` steps. The weights of an utterance sum
        to 1.
        """
        return keras.Model(self.input, self._attention_weights)

    @property
    def embedding_model(self) -> keras.Model:
        """Model from features to the input of the softmax, `(batch, features)`."""
        return keras.Model(self.input, self._embedding)

    def objective(self) -> dict:
        """Cross-entropy and metrics of the emotion, for `compile`."""
        return {
            "loss": {"emotion": losses.cross_entropy("emotion_loss")},
            "loss_weights": {"emotion": 1.0},
            "weighted_metrics": {"emotion": heads.emotion_metrics()},
        }

    def get_config(self):
        return {
            "name": self.name,
            "trainable": self.trainable,
            "classes": list(self.classes),
            "dimensions": self.dimensions,
            "filters": list(self.filters),
            "kernels": list(self.kernels),
            "mask_padding": self.mask_padding,
            "momentum": self.momentum,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


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

    Input shape:
        `(batch, time, dimensions)`, normalised features, 0 in the padding. Any number
        of frames.

    Output:
        `{"emotion": (batch, classes)}`, probabilities.

    Raises:
        ValueError: If no such model can have these sizes.

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
        **kwargs,
    ):
        self.check(dimensions, filters, kernels, units, momentum)
        super().__init__(
            classes,
            dimensions,
            filters,
            kernels,
            units,
            mask_padding,
            momentum,
            **kwargs,
        )
        self.units = units

    @staticmethod
    def check(
        dimensions: int = 128,
        filters: Sequence[int] = (16, 32),
        kernels: Sequence[int] = (5, 3),
        units: int = 128,
        momentum: float = 0.99,
        **unchecked,
    ) -> None:
        """Checks arguments of the model without building one.

        Args: See the class. Arguments that need no check are accepted and ignored.

        Raises:
            ValueError: If a number is out of range.
        """
        _check(2, dimensions, momentum, filters=filters, kernels=kernels)
        if type(units) is not int or units < 1:
            raise ValueError(
                f"`units` must be a positive integer. Received: {units!r}."
            )

    def get_config(self):
        return {**super().get_config(), "units": self.units}


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
        **kwargs,
    ):
        self.check(dimensions, filters, kernels, momentum)
        super().__init__(
            classes, dimensions, filters, kernels, 0, mask_padding, momentum, **kwargs
        )

    @staticmethod
    def check(
        dimensions: int = 128,
        filters: Sequence[int] = (16, 32, 64, 64),
        kernels: Sequence[int] = (5, 3, 3, 3),
        momentum: float = 0.9,
        **unchecked,
    ) -> None:
        """Checks arguments of the model without building one.

        Args: See the class. Arguments that need no check are accepted and ignored.

        Raises:
            ValueError: If a number is out of range.
        """
        _check(4, dimensions, momentum, filters=filters, kernels=kernels)


def _check(stages: int, dimensions: int, momentum: float, **sizes) -> None:
    """Checks the momentum, the dimensions, and that there is a size per stage."""
    if not isinstance(momentum, int | float) or not 0 <= momentum < 1:
        raise ValueError(
            "`momentum` must be a number of at least 0 and below 1. "
            f"Received: {momentum!r}."
        )
    if dimensions % 2**stages or dimensions < 1:
        raise ValueError(
            f"`dimensions` must be a multiple of {2**stages}, because pooling halves "
            f"them at each of the {stages} stages. Received: {dimensions}."
        )
    for name, values in sizes.items():
        is_valid = isinstance(values, list | tuple) and len(values) == stages
        if not is_valid or any(type(each) is not int or each < 1 for each in values):
            raise ValueError(
                f"`{name}` must be {stages} positive integers. Received: {values!r}."
            )
