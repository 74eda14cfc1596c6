"""Convolution blocks that keep the padding at zero, and the lengths behind them."""

import keras
from keras import ops

from keras_ser.backend import stacking
from keras_ser.layers import packing, products, sub_pixel
from keras_ser.layers.normalisation import SpeechBatchNorm, SpeechGroupNorm

NORMALISATIONS = ("batch", "group")


@keras.saving.register_keras_serializable("keras_ser")
class ConvBlock(keras.layers.Layer):
    """Convolution, normalisation and ReLU that ignore the padding.

    With the mask M of unpadded frames,

        Y = M · ReLU(BN_M(conv(X))),

    where BN_M takes its training moments over the unpadded frames only
    (`layers.SpeechBatchNorm`). Both X and Y are zero in the padding. The output of
    an utterance therefore does not depend on the amount of padding. In inference
    it does not depend on the other utterances of its batch either. With group
    normalisation (`layers.SpeechGroupNorm`), this holds in training too.

    Args:
        filters: Positive integer, number of output channels.
        kernel: Positive integer, width of the kernel in time and frequency. The
            2-D convolution is padded as "same".
        stride: Positive integer, stride in time and frequency.
        over_time: Whether kernel and stride extend over time alone, and each band is
            convolved by itself.
        transposed: Whether to up-sample by a transposed convolution.
        final: Whether to omit normalisation and ReLU, as the last layer of a
            decoder does.
        momentum: Float, momentum of the moving moments that inference uses.
        normalisation: `"batch"` or `"group"`.
        labelled_rows: Number of utterances at the start of a batch that make up the
            moments of batch normalisation in training. The default is all.

    Call arguments:
        sequence: Tensor `(batch, time, bands, channels)`. `time` is a multiple of
            the stride.
        mask: Tensor `(batch, time)` for the output's time axis, 1 in speech and 0
            in the padding.
        training: Whether to use the moments of the batch.

    Output shape:
        `(batch, time / stride, bands / stride, filters)`, or `(batch,
        time * stride, bands * stride, filters)` if `transposed`. With `over_time`,
        there are as many bands as before.
    """

    def __init__(
        self,
        filters: int,
        kernel: int,
        stride: int = 2,
        transposed: bool = False,
        final: bool = False,
        momentum: float = 0.99,
        normalisation: str = "batch",
        labelled_rows: int | None = None,
        over_time: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_normalisation(normalisation)
        self.filters = filters
        self.kernel = kernel
        self.stride = stride
        self.transposed = transposed
        self.final = final
        self.momentum = momentum
        self.kind = normalisation
        self.labelled_rows = labelled_rows
        self.over_time = over_time
        convolution = (
            keras.layers.Conv2DTranspose if transposed else keras.layers.Conv2D
        )
        self.convolution = convolution(
            filters,
            (kernel, 1) if over_time else kernel,
            strides=(stride, 1) if over_time else stride,
            padding="same",
            data_format="channels_last",  # whatever Keras is set to
            use_bias=final,  # batch normalisation has its own
            dtype=self.dtype_policy,
            name="convolution",
        )
        self.normalisation = None if final else self._normalise()

    def _normalise(self):
        options = {"dtype": self.dtype_policy, "name": "normalisation"}
        if self.kind == "group":
            return SpeechGroupNorm(**options)
        return SpeechBatchNorm(self.labelled_rows, momentum=self.momentum, **options)

    def build(self, sequence_shape, mask_shape=None):
        self.convolution.build(sequence_shape)
        if self.normalisation is not None:
            shape = self.convolution.compute_output_shape(sequence_shape)
            self.normalisation.build(shape)
        self.built = True

    def call(self, sequence, mask, training=None):
        output = apply_convolution(self.convolution, sequence)
        # (batch, time, bands, filters)
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
            "normalisation": self.kind,
            "labelled_rows": self.labelled_rows,
            "over_time": self.over_time,
        }


def apply_convolution(layer, sequence):
    """Applies a convolution of Keras that is padded as "same".

    For stacked models (`backend.stacking`), it is computed as a product of patches. A
    transposed one with one filter is computed as a sub-pixel convolution by TensorFlow
    on a CPU. Convolutions over time alone are those of Keras.

    Args:
        layer: A `keras.layers.Conv2D` or `keras.layers.Conv2DTranspose` without an
            activation.
        sequence: Tensor `(batch, time, bands, channels)`. `time` and `bands` are
            multiples of the stride.
    """
    function = _function_for(layer)
    if function is None:
        return layer(sequence)
    output = function(
        ops.cast(sequence, layer.compute_dtype),
        ops.cast(layer.kernel, layer.compute_dtype),
        layer.strides[0],
    )
    return output + ops.cast(layer.bias, output.dtype) if layer.use_bias else output


def _function_for(layer):
    """The function that replaces a convolution here; None if the layer is called."""
    is_transposed = isinstance(layer, keras.layers.Conv2DTranspose)
    if layer.kernel_size[0] != layer.kernel_size[1]:
        return None
    if stacking.uses_products():
        return products.convolve_transposed if is_transposed else products.convolve
    if is_transposed and layer.filters == 1 and packing.is_tensorflow_on_cpu():
        return sub_pixel.upsample
    return None


def check_normalisation(name: str) -> None:
    """Raises ValueError unless `ConvBlock` knows this normalisation."""
    if name not in NORMALISATIONS:
        raise ValueError(
            f"`normalisation` must be one of {list(NORMALISATIONS)}. "
            f"Received: {name!r}."
        )


@keras.saving.register_keras_serializable("keras_ser")
class OutputLengths(keras.layers.Layer):
    """Lengths of sequences after strided convolutions: ceil(length / stride).

    Args:
        stride: Positive integer, the product of all strides.

    Input shape:
        int32 `(batch,)`, unpadded frames.

    Output shape:
        int32 `(batch,)`, unpadded steps.
    """

    def __init__(self, stride: int, **kwargs):
        super().__init__(**kwargs)
        self.stride = stride

    def call(self, lengths):
        # No negative quotient: ONNX converters round these differently.
        return (lengths + self.stride - 1) // self.stride

    def compute_output_spec(self, lengths):
        return keras.KerasTensor(lengths.shape, dtype="int32")

    def get_config(self):
        return {**super().get_config(), "stride": self.stride}
