"""Dense block and transition of a DenseNet, which keep the padding at zero."""

import keras
from keras import ops

from keras_ser.layers import padding
from keras_ser.layers.convolution import apply_convolution, check_normalisation
from keras_ser.layers.normalisation import SpeechBatchNorm, SpeechGroupNorm
from keras_ser.utils.choices import check_positive

GROUPS = 4  # of group normalisation; growth rates are often not multiples of 8


@keras.saving.register_keras_serializable("keras_ser")
class DenseBlock(keras.layers.Layer):
    """Dense block: each layer reads the outputs of all layers before it.

    With the mask M of unpadded frames and the concatenation […] of channels,

        x_l = M · conv(ReLU(BN_M([x_0, x_1, …, x_{l−1}])))        l = 1 … L

    where x_0 is the input and each convolution has as many output channels as the
    growth rate G. This is Eq. 1 of Latif et al. 2020. The output is
    [x_0, x_1, …, x_L]. BN_M takes its training moments over the unpadded frames only
    (`layers.SpeechBatchNorm`), so the output of an utterance does not depend on the
    amount of padding. Group normalisation (`layers.SpeechGroupNorm`, 4 groups) can take
    its place.

    Args:
        depth: Positive integer, the number L of layers.
        growth: Positive integer, the growth rate G.
        kernel: Positive integer, width of the kernels in time and frequency. The
            convolutions are padded as "same".
        momentum: Float, momentum of the moving moments that inference uses.
        normalisation: `"batch"` or `"group"`.

    Call arguments:
        sequence: Tensor `(batch, time, bands, channels)`, 0 in the padding.
        mask: Tensor `(batch, time)`, 1 in speech and 0 in the padding.
        training: Whether to use the moments of the batch.

    Output shape:
        `(batch, time, bands, channels + depth * growth)`, 0 in the padding.

    Raises:
        ValueError: If `depth`, `growth` or `kernel` is not a positive integer, or the
            normalisation is unknown.

    Reference:
        Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional
        networks", CVPR 2017.
        Latif, Rana, Khalifa, Jurdak and Schuller, "Deep architecture enhancing
        robustness to noise, adversarial attacks, and cross-corpus setting for speech
        emotion recognition", Interspeech 2020.
    """

    def __init__(
        self,
        depth: int,
        growth: int,
        kernel: int = 3,
        momentum: float = 0.99,
        normalisation: str = "batch",
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_positive(depth=depth, growth=growth, kernel=kernel)
        self.depth = depth
        self.growth = growth
        self.kernel = kernel
        self.momentum = momentum
        self.kind = normalisation
        numbers = range(1, depth + 1)
        self.normalisations = [
            make_normalisation(
                normalisation, momentum, self.dtype_policy, f"normalisation_{number}"
            )
            for number in numbers
        ]
        self.convolutions = [
            _convolution(growth, kernel, self.dtype_policy, f"convolution_{number}")
            for number in numbers
        ]

    def build(self, sequence_shape, mask_shape=None):
        *others, channels = sequence_shape
        for normalise, convolution in self._composites():
            normalise.build((*others, channels))
            convolution.build((*others, channels))
            channels += self.growth
        self.built = True

    def call(self, sequence, mask, training=None):
        is_speech = ops.cast(mask, self.compute_dtype)[:, :, None, None]
        outputs = ops.cast(sequence, self.compute_dtype)
        for normalise, convolution in self._composites():
            active = normalise(outputs, mask, training=training)
            new = apply_convolution(convolution, active) * is_speech
            outputs = ops.concatenate([outputs, new], axis=-1)
        return outputs

    def _composites(self):
        return zip(self.normalisations, self.convolutions, strict=True)

    def compute_output_spec(self, sequence, mask, training=None):
        *others, channels = sequence.shape
        shape = (*others, channels + self.depth * self.growth)
        return keras.KerasTensor(shape, self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "depth": self.depth,
            "growth": self.growth,
            "kernel": self.kernel,
            "momentum": self.momentum,
            "normalisation": self.kind,
        }


@keras.saving.register_keras_serializable("keras_ser")
class Transition(keras.layers.Layer):
    """Transition behind a dense block: halves time and frequency.

        Y = conv_1×1(pool(ReLU(BN_M(X))))

    The pooling is the mean over 2 × 2 cells, of which only those in unpadded frames
    count. A 1×1 convolution and a mean can change places, so the convolution runs on a
    quarter of the cells here; Latif et al. 2020 name it first.

    Args:
        filters: Positive integer, number of output channels.
        momentum, normalisation: As for `DenseBlock`.

    Call arguments:
        sequence: Tensor `(batch, time, bands, channels)`. `time` and `bands` are even.
        mask: Tensor `(batch, time)`, 1 in speech and 0 in the padding.
        training: Whether to use the moments of the batch.

    Output shape:
        `(batch, time / 2, bands / 2, filters)`, 0 in the padding.

    Raises:
        ValueError: If `filters` is not a positive integer, the normalisation is
            unknown, or time or bands are odd.

    Reference:
        As for `DenseBlock`.
    """

    def __init__(
        self,
        filters: int,
        momentum: float = 0.99,
        normalisation: str = "batch",
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_positive(filters=filters)
        self.filters = filters
        self.momentum = momentum
        self.kind = normalisation
        self.normalisation = make_normalisation(
            normalisation, momentum, self.dtype_policy, "normalisation"
        )
        self.convolution = _convolution(filters, 1, self.dtype_policy, "convolution")

    def build(self, sequence_shape, mask_shape=None):
        if any(size is not None and size % 2 for size in sequence_shape[1:3]):
            raise ValueError(
                "`Transition` halves time and bands, which must be even. Received: "
                f"shape {tuple(sequence_shape)}. Pad the time with `layers.PadTime`, "
                "and choose another number of bands."
            )
        self.normalisation.build(sequence_shape)
        self.convolution.build(sequence_shape)
        self.built = True

    def call(self, sequence, mask, training=None):
        active = self.normalisation(sequence, mask, training=training)
        return apply_convolution(self.convolution, padding.average_pool(active, mask))

    def compute_output_spec(self, sequence, mask, training=None):
        batch, time, bands, _ = sequence.shape
        time, bands = (None if each is None else each // 2 for each in (time, bands))
        shape = (batch, time, bands, self.filters)
        return keras.KerasTensor(shape, self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "momentum": self.momentum,
            "normalisation": self.kind,
        }


def make_normalisation(
    kind: str, momentum: float, policy=None, name: str | None = None
) -> keras.layers.Layer:
    """Normalisation and ReLU of a DenseNet.

    Args:
        kind: `"batch"` or `"group"`.
        momentum: Momentum of the moving moments of batch normalisation.
        policy: The precision policy of the layer.
        name: The name of the layer.

    Raises:
        ValueError: If the normalisation is unknown.
    """
    check_normalisation(kind)
    if kind == "group":
        return SpeechGroupNorm(GROUPS, dtype=policy, name=name)
    return SpeechBatchNorm(momentum=momentum, dtype=policy, name=name)


def _convolution(filters: int, kernel: int, policy, name: str) -> keras.layers.Conv2D:
    return keras.layers.Conv2D(
        filters,
        kernel,
        padding="same",
        data_format="channels_last",  # whatever Keras is set to
        use_bias=False,  # the padding stays 0
        dtype=policy,
        name=name,
    )
