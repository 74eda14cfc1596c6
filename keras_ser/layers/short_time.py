"""What layers of the short-time power spectrum share."""

import abc

import keras
import numpy as np
from keras import ops

from keras_ser import audio

MIN_POWER = 1e-10
TRANSFORMS = ("fft", "matmul")


class ShortTimePower(keras.layers.Layer, abc.ABC):
    """Base class of layers X = ln(max(W |S|², 1e-10)) of a batch of waveforms.

    S is the Hamming-windowed short-time spectrum of shape (n_fft / 2 + 1, frames). A
    subclass says by `_weights` what W is, sets its own settings after those of this
    class, and then calls `_check_settings`.

    Frames are centred on multiples of `hop_seconds`, with zeros beyond both ends of
    the waveform. The layer is differentiable, has no weights and computes in float32
    under any precision policy. All samples count: zeros at the end of a waveform are
    silence, not padding.

    There are two transforms because no single one serves every purpose:

    - `"fft"` is the faster one. It cannot be exported to ONNX, because tf2onnx
      converts an FFT only if its absolute value follows. A GPU that rounds matrix
      products to TF32 does not affect it.
    - `"matmul"` is a product with cosines and sines, which every export format
      supports. The two halves of a frame are first added and subtracted about its
      centre, which halves the product.

    Args:
        window_seconds: Length of a window, in seconds.
        hop_seconds: Distance between the centres of two frames, in seconds.
        bands: Number of bands.
        n_fft: Number of points of the transform. The window is padded with zeros
            to this length.
        transform: `"fft"` or `"matmul"`.

    Input shape:
        `(batch, samples)`, floats in [-1, 1] at 16 kHz. Any number of samples.

    Output shape:
        float32 `(batch, 1 + samples // hop, bands)`, where `hop` is `hop_seconds` in
        samples.

    Raises:
        ValueError: If the settings are impossible, or the samples are integers.
    """

    def __init__(
        self,
        window_seconds: float,
        hop_seconds: float,
        bands: int,
        n_fft: int,
        transform: str,
        **kwargs,
    ):
        kwargs.setdefault("dtype", "float32")  # under any global policy
        super().__init__(**kwargs)
        self.window_seconds = window_seconds
        self.hop_seconds = hop_seconds
        self.n_fft = n_fft
        self.transform = transform
        self._bands = bands
        self._window_samples = round(window_seconds * audio.RATE)
        self._hop_samples = round(hop_seconds * audio.RATE)
        self.input_spec = keras.layers.InputSpec(ndim=2)

    def _check_settings(self):
        """Raises ValueError for impossible settings, once all of them are set."""
        self._check_sizes()
        if self.transform not in TRANSFORMS:
            raise ValueError(
                f"`transform` must be one of {TRANSFORMS}. Received: "
                f"{self.transform!r}."
            )
        if self.compute_dtype != "float32":
            raise ValueError(
                f"`{type(self).__name__}` needs float32: its floor of 1e-10 is 0 in "
                f"float16. Received: dtype={self.compute_dtype}. Omit `dtype`."
            )

    @abc.abstractmethod
    def _check_sizes(self) -> None:
        """Raises ValueError unless the sizes of the transform and the bands fit."""

    @abc.abstractmethod
    def _weights(self) -> np.ndarray:
        """W as `(bins, bands)`, with as many of the lowest bins as it needs."""

    def _has_frames(self) -> bool:
        return 0 < self._hop_samples and 0 < self._window_samples <= self.n_fft

    def build(self, wave_shape):
        self._bank = self._weights().astype("float32")
        size, bins = self._window_samples, len(self._bank)
        window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(size) / size)
        if self.transform == "matmul":
            self._half = -(-size // 2)
            window = np.pad(window, (0, 2 * self._half + 1 - size))  # odd length
            self._cosines, self._sines = _cosines_and_sines(
                self._half, bins, self.n_fft
            )
        self._taper = window.astype("float32")
        self.built = True

    def call(self, wave):
        if not keras.backend.is_float_dtype(wave.dtype):
            raise ValueError(
                "Expected a waveform of floats in [-1, 1]. Received: dtype "
                f"{keras.backend.standardize_dtype(wave.dtype)}. Divide 16-bit samples "
                "by 32768."
            )
        frames = ops.multiply(self._frames(wave), self._taper)
        transform = self._power if self.transform == "fft" else self._power_by_product
        power = ops.matmul(transform(frames), self._bank)
        return ops.log(ops.maximum(power, MIN_POWER))

    def _frames(self, wave):
        """Frames as long as the taper: `(batch, frames, samples per frame)`."""
        size, hop = len(self._taper), self._hop_samples
        batch, samples = ops.shape(wave)[:2]
        count = 1 + samples // hop
        blocks = -(-size // hop)  # blocks per frame
        # As in librosa: padded by half of `n_fft`, with the window in the middle.
        before = self.n_fft // 2 - (self.n_fft - self._window_samples) // 2
        wave = ops.pad(wave, [[0, 0], [before, blocks * hop]])
        wave = wave[:, : (count + blocks - 1) * hop]
        wave = ops.reshape(wave, (batch, count + blocks - 1, hop))
        parts = [wave[:, first : first + count] for first in range(blocks)]
        return ops.concatenate(parts, axis=-1)[:, :, :size]

    def _power(self, frames):
        real, imaginary = ops.rfft(frames, fft_length=self.n_fft)
        power = ops.square(real) + ops.square(imaginary)
        return power[:, :, : len(self._bank)]

    def _power_by_product(self, frames):
        """|Σ x_n exp(-iωn)|² with n counted from the centre of the frame.

        About the centre, cosines are even and sines are odd, so that one product of
        half the length serves both halves. The power does not depend on where n
        starts.
        """
        after = frames[:, :, self._half :]
        before = ops.flip(frames[:, :, : self._half + 1], axis=-1)
        real = ops.matmul(after + before, self._cosines)
        imaginary = ops.matmul(after - before, self._sines)
        return ops.square(real) + ops.square(imaginary)

    def compute_output_shape(self, wave_shape):
        batch, samples = wave_shape
        frames = None if samples is None else 1 + samples // self._hop_samples
        return (batch, frames, self._bands)

    def get_config(self):
        return {
            **super().get_config(),
            "window_seconds": self.window_seconds,
            "hop_seconds": self.hop_seconds,
            "n_fft": self.n_fft,
            "transform": self.transform,
        }


def _cosines_and_sines(half: int, bins: int, n_fft: int):
    """Cosines and sines at 0 … `half` samples, each `(half + 1, bins)`."""
    angles = 2 * np.pi * np.outer(np.arange(half + 1), np.arange(bins)) / n_fft
    cosines = np.cos(angles)
    cosines[0] /= 2  # the centre is in both halves
    return cosines.astype("float32"), np.sin(angles).astype("float32")
