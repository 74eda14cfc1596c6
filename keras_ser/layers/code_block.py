"""The last stage of an encoder whose code is to follow a Gaussian prior."""

import keras
from keras import ops

from keras_ser.layers import padding
from keras_ser.layers.convolution import apply_convolution
from keras_ser.layers.normalisation import SpeechBatchNorm


@keras.saving.register_keras_serializable("keras_ser")
class CodeBlock(keras.layers.Layer):
    """Convolution, average pooling and batch normalisation, without a ReLU.

        Z = BN_M(pool(conv(X))),    without the ReLU of `layers.SpeechBatchNorm`

    A code after a ReLU is at least 0, and the maximum of Gaussian values has a mean
    of about 1. Neither can follow a Gaussian, so the pooling here is the mean over
    2 × 2 cells, of which those of the padding do not count.

    Args:
        filters: Positive integer, number of output channels.
        kernel: Positive integer, width of the kernel in time and frequency.
        momentum: Float, momentum of the moving moments that inference uses.
        labelled_rows: Number of utterances at the start of a batch that make up the
            moments in training. The default is all.

    Call arguments:
        image: Tensor `(batch, time, bands, channels)`. `time` and `bands` are even.
        masks: A pair of tensors, `(batch, time)` and `(batch, time / 2)`, 1 in speech
            and 0 in the padding.
        training: Whether to use the moments of the batch.

    Output shape:
        `(batch, time / 2, bands / 2, filters)`, 0 in the padding.
    """

    def __init__(
        self,
        filters: int,
        kernel: int,
        momentum: float = 0.99,
        labelled_rows: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel = kernel
        self.momentum = momentum
        self.labelled_rows = labelled_rows
        self.convolution = keras.layers.Conv2D(
            filters,
            kernel,
            padding="same",
            data_format="channels_last",  # whatever Keras is set to
            use_bias=False,  # batch normalisation has its own
            dtype=self.dtype_policy,
            name="convolution",
        )
        self.normalisation = SpeechBatchNorm(
            labelled_rows,
            relu=False,
            momentum=momentum,
            dtype=self.dtype_policy,
            name="normalisation",
        )

    def build(self, image_shape, masks_shape=None):
        self.convolution.build(image_shape)
        self.normalisation.build((*image_shape[:-1], self.filters))
        self.built = True

    def call(self, image, masks, training=None):
        before, after = masks
        output = apply_convolution(self.convolution, image)
        output = output * ops.cast(before, output.dtype)[:, :, None, None]
        pooled = padding.average_pool(output, before)
        return self.normalisation(pooled, after, training=training)

    def compute_output_spec(self, image, masks, training=None):
        batch, time, bands, _ = image.shape
        time = None if time is None else time // 2
        shape = (batch, time, bands // 2, self.filters)
        return keras.KerasTensor(shape, self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel": self.kernel,
            "momentum": self.momentum,
            "labelled_rows": self.labelled_rows,
        }
