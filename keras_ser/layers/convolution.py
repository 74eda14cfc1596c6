import keras
from keras import ops

from keras_ser.layers.normalisation import SpeechBatchNorm


@keras.saving.register_keras_serializable("keras_ser")
class ConvBlock(keras.layers.Layer):
    """Convolution, batch normalisation and ReLU that know where speech ends.

    With the mask M of unpadded frames,

        Y = M · ReLU(BN_M(conv(X))),

    BN_M taking its training moments over unpadded frames alone. As Y is zero in
    the padding, as X is, an utterance's output is the same however much padding
    follows it and whoever shares its batch in inference.

    Args:
        filters, kernel, stride: of the 2-D convolution, "same" padded; kernel and
            stride hold for time and frequency alike.
        transposed: whether to up-sample by a transposed convolution.
        final: leaves out normalisation and ReLU, for a decoder's last layer.
        momentum: of the moving moments that inference normalises with.

    Call:
        sequence: `(batch, time, bands, channels)`, time a multiple of the stride.
        mask: `(batch, time)` of the output, 1 in speech and 0 in the padding.

    Output shape: `(batch, time / stride, bands / stride, filters)`; times the
    stride when transposed.
    """

    def __init__(
        self,
        filters,
        kernel,
        stride=2,
        transposed=False,
        final=False,
        momentum=0.99,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel = kernel
        self.stride = stride
        self.transposed = transposed
        self.final = final
        self.momentum = momentum
        convolution = (
            keras.layers.Conv2DTranspose if transposed else keras.layers.Conv2D
        )
        self.convolution = convolution(
            filters,
            kernel,
            strides=stride,
            padding="same",
            use_bias=final,  # batch normalisation brings its own
            dtype=self.dtype_policy,
            name="convolution",
        )
        self.normalisation = None
        if not final:
            self.normalisation = SpeechBatchNorm(
                momentum=momentum, dtype=self.dtype_policy, name="normalisation"
            )

    def build(self, sequence_shape, mask_shape=None):
        self.convolution.build(sequence_shape)
        if self.normalisation is not None:
            shape = self.convolution.compute_output_shape(sequence_shape)
            self.normalisation.build(shape)
        self.built = True

    def call(self, sequence, mask, training=None):
        output = self.convolution(sequence)  # (batch, time, bands, filters)
        mask = ops.cast(mask, output.dtype)
        if self.normalisation is not None:
            return self.normalisation(output, mask, training=training)
        return output * mask[:, :, None, None]

    def compute_output_shape(self, sequence_shape, mask_shape=None):
        return self.convolution.compute_output_shape(sequence_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel": self.kernel,
            "stride": self.stride,
            "transposed": self.transposed,
            "final": self.final,
            "momentum": self.momentum,
        }


@keras.saving.register_keras_serializable("keras_ser")
class OutputLengths(keras.layers.Layer):
    """Frames that remain of an utterance behind a total stride.

    Input and output shape: int32 `(batch,)`.
    """

    def __init__(self, stride, **kwargs):
        super().__init__(**kwargs)
        self.stride = stride

    def call(self, lengths):
        # Rounded up without a negative quotient, which ONNX converters round otherwise.
        return (lengths + self.stride - 1) // self.stride

    def compute_output_spec(self, lengths):
        return keras.KerasTensor(lengths.shape, dtype="int32")

    def get_config(self):
        return {**super().get_config(), "stride": self.stride}
