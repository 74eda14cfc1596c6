"""Two convolutional networks with attention, which MTL-AUG is compared with.

Latif et al. 2022 set their robustness beside that of [57], Huang and Narayanan 2017,
and [81], Wijayasingha and Stankovic 2021. Neither was available: what stands here is
our reading of how Latif et al. describe them, an attentive CNN-BLSTM and an
attention-based CNN; numbers of layers and sizes are ours.
"""

import keras

from keras_ser import layers, losses
from keras_ser.models import blocks, heads


class _AttentiveCNN(keras.Model):
    """Convolutions with pooling, a BLSTM or none, attention over time, softmax."""

    def __init__(
        self,
        classes,
        bands,
        filters,
        kernels,
        units,
        mask_padding,
        momentum,
        name=None,  # these two by name: Keras swallows what it does not know
        trainable=True,
    ):
        stages = len(filters)

        # === Layers and functional model ===
        features = keras.Input((None, bands), name="features")
        frames = layers.Frames(masked=mask_padding, name="frames")(features)
        padded = layers.PadTime(2**stages, name="padded")(features)
        length = layers.OutputLengths(2**stages, name="length")(frames)
        packed, masks, places = blocks.pack(padded, frames, kernels)
        code = blocks.pooled_encoder(packed, masks, filters, kernels, momentum)
        sequence = blocks.unpack(code, places, steps=1, name="sequence")
        if units:
            blstm = layers.BLSTM(units, pack=True, name="emotion_blstm")
            sequence = blstm(sequence, length)
        attention = layers.AttentionWeights(name="attention")
        weights = attention(sequence, length)
        deep = layers.WeightedSum(name="pooled")(sequence, weights)
        emotion = heads.classifier(deep, len(classes), "emotion")
        outputs = {"emotion": emotion}
        super().__init__(features, outputs, name=name, trainable=trainable)

        # === Config ===
        self.classes = tuple(classes)
        self.bands = bands
        self.filters = tuple(filters)
        self.kernels = tuple(kernels)
        self.mask_padding = mask_padding
        self.momentum = momentum
        self._deep_features, self._attention_weights = deep, weights

    @property
    def heads(self) -> tuple[str, ...]:
        """Names of the outputs: `emotion`."""
        return tuple(self.output)

    @property
    def emotion_model(self) -> keras.Model:
        """Features to the emotions' probabilities."""
        return keras.Model(self.input, self.output["emotion"])

    @property
    def attention_model(self) -> keras.Model:
        """Features to the attention weights, `(batch, ceil(time / 2 ** stages))`.

        Weights of an utterance sum to 1.
        """
        return keras.Model(self.input, self._attention_weights)

    @property
    def deep_features_model(self) -> keras.Model:
        """Features to what the softmax sees, `(batch, features)`."""
        return keras.Model(self.input, self._deep_features)

    def objective(self) -> dict:
        """Cross-entropy and the emotion's metrics, for `compile`."""
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
            "bands": self.bands,
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

    Our reading of [57] of Latif et al. 2022; the paper itself was not available.

    Args:
        classes: names of the emotions, in the order of the probabilities.
        bands: mel bands, a multiple of 4.
        filters, kernels: of the convolutions, two whole numbers each.
        units: LSTM units of a direction.
        mask_padding: False lets every part see the padding.
        momentum: of the moving moments that batch normalisation has in inference.

    Input shape: `(batch, time, bands)`, normalised log-mel, 0 in the padding; any
    number of frames.

    Output: `{"emotion": (batch, classes)}`, probabilities.

    Raises:
        ValueError: sizes that no such model has.

    Example:

    >>> model = CNNBLSTMAttention(("anger", "neutral"))
    >>> model.compile("adam", **model.objective())

    Reference: Huang and Narayanan, "Deep convolutional recurrent neural network with
    attention mechanism for robust speech emotion recognition", ICME 2017.
    """

    def __init__(
        self,
        classes,
        bands=128,
        filters=(16, 32),
        kernels=(5, 3),
        units=128,
        mask_padding=True,
        momentum=0.99,
        **kwargs,
    ):
        self.check(bands, filters, kernels, units, momentum)
        super().__init__(
            classes, bands, filters, kernels, units, mask_padding, momentum, **kwargs
        )
        self.units = units

    @staticmethod
    def check(
        bands=128, filters=(16, 32), kernels=(5, 3), units=128, momentum=0.99, **others
    ) -> None:
        """Refuses arguments of which no model can be built, without building one.

        Raises:
            ValueError: a number out of range.
        """
        _check(2, bands, momentum, filters=filters, kernels=kernels)
        if type(units) is not int or units < 1:
            raise ValueError(
                f"`units` must be a whole number of 1 or more. Received: {units!r}."
            )

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("keras_ser")
class CNNAttention(_AttentiveCNN):
    """CNN with attention: four convolutions with pooling, attention over time.

        log-mel → 4 × (convolution, batch normalisation, ReLU, max pooling by 2)
                → attention over time → softmax

    Our reading of [81] of Latif et al. 2022; the paper itself was not available.

    Args:
        classes: names of the emotions, in the order of the probabilities.
        bands: mel bands, a multiple of 16.
        filters, kernels: of the convolutions, four whole numbers each.
        mask_padding: False lets every part see the padding.
        momentum: of the moving moments that batch normalisation has in inference. At
            0.99 they lag behind by three epochs of 30 updates, and no layer stands
            between them and the softmax that would bear it.

    Input shape, output and raises: as `CNNBLSTMAttention`.

    Example:

    >>> model = CNNAttention(("anger", "neutral"))
    >>> model.compile("adam", **model.objective())

    Reference: Wijayasingha and Stankovic, "Robustness to noise for speech emotion
    classification using CNNs and attention mechanisms", Smart Health, 2021.
    """

    def __init__(
        self,
        classes,
        bands=128,
        filters=(16, 32, 64, 64),
        kernels=(5, 3, 3, 3),
        mask_padding=True,
        momentum=0.9,
        **kwargs,
    ):
        self.check(bands, filters, kernels, momentum)
        super().__init__(
            classes, bands, filters, kernels, 0, mask_padding, momentum, **kwargs
        )

    @staticmethod
    def check(
        bands=128,
        filters=(16, 32, 64, 64),
        kernels=(5, 3, 3, 3),
        momentum=0.9,
        **others,
    ) -> None:
        """Refuses arguments of which no model can be built, without building one.

        Raises:
            ValueError: a number out of range.
        """
        _check(4, bands, momentum, filters=filters, kernels=kernels)


def _check(stages: int, bands: int, momentum: float, **sizes) -> None:
    """Bands that can be halved, a momentum, and a size for each stage."""
    if not isinstance(momentum, int | float) or not 0 <= momentum < 1:
        raise ValueError(
            f"`momentum` must be a number from 0 to below 1. Received: {momentum!r}."
        )
    if bands % 2**stages or bands < 1:
        raise ValueError(
            f"`bands` must be a multiple of {2**stages}, as pooling halves them at "
            f"each of {stages} stages. Received: {bands}."
        )
    for name, values in sizes.items():
        right = isinstance(values, list | tuple) and len(values) == stages
        if not right or any(type(each) is not int or each < 1 for each in values):
            raise ValueError(
                f"`{name}` must be {stages} whole numbers of 1 or more. "
                f"Received: {values!r}."
            )
