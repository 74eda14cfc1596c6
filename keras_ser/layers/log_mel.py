import keras
import numpy as np
from keras import ops

from keras_ser import audio

FLOOR = 1e-10
TRANSFORMS = ("fft", "matmul")


@keras.saving.register_keras_serializable("keras_ser")
class LogMel(keras.layers.Layer):
    """Log-mel spectrogram of a batch of waveforms, the front-end as a layer.

    With the Hamming-windowed short-time spectrum S of shape (fft / 2 + 1, frames)
    and the Slaney mel filterbank W of shape (bands, fft / 2 + 1),

        X = ln(max(W |S|², 1e-10)),

    frames centred on multiples of `hop`, zeros beyond both ends. Defaults and
    equation are those of `front_ends.LogMel`, which computes it with librosa and
    rounds the result to float16; this layer does not round. It has a gradient and no
    weights, and computes in float32 under any precision policy. All samples count:
    zeros at the end of a wave are silence, not padding.

    No single transform serves every use, so there are two. `"fft"` is the quicker.
    ONNX takes none (tf2onnx converts an FFT only if its absolute value follows), and
    a GPU that rounds matrix products to TF32 leaves it alone. `"matmul"` is a product
    with cosines and sines, which every format takes; adding and subtracting the two
    halves of a frame first, about its centre, halves the product. On a CPU both
    equal librosa within 1e-3 on speech (`benchmarks/log_mel.py` measures both).

    Args:
        window, hop: seconds.
        bands: mel bands.
        fft: points of the transform; the window is padded with zeros to it.
        fmin, fmax: Hz, the lowest and highest edge of the filterbank.
        transform: `"fft"` or `"matmul"`.

    Input shape: `(batch, samples)`, floats in [-1, 1] at 16 kHz; any number of
    samples.

    Output shape: float32 `(batch, 1 + samples // hop, bands)`.

    Raises:
        ValueError: settings that no front-end has, or samples that are integers.

    Example:

    >>> LogMel(bands=40)(np.zeros((2, 16000), "float32")).shape
    (2, 101, 40)
    """

    def __init__(
        self,
        window=0.040,
        hop=0.010,
        bands=128,
        fft=1024,
        fmin=0.0,
        fmax=6800.0,
        transform="fft",
        **kwargs,
    ):
        kwargs.setdefault("dtype", "float32")  # whatever the policy of the rest
        super().__init__(**kwargs)
        self.window = window
        self.hop = hop
        self.bands = bands
        self.fft = fft
        self.fmin = fmin
        self.fmax = fmax
        self.transform = transform
        self._window_samples = round(window * audio.RATE)
        self._hop_samples = round(hop * audio.RATE)
        self._check()
        self.input_spec = keras.layers.InputSpec(ndim=2)

    def _check(self):
        sizes = 0 < self._hop_samples and 0 < self._window_samples <= self.fft
        edges = 0 <= self.fmin < self.fmax <= audio.RATE / 2
        if not (sizes and edges and self.bands > 0):
            raise ValueError(
                f"Expected `hop` and `window` of a sample of {audio.RATE} Hz or more, "
                "a window that `fft` holds, `bands` above 0 and 0 <= fmin < fmax <= "
                f"{audio.RATE // 2} Hz. Received: window={self.window}, "
                f"hop={self.hop}, bands={self.bands}, fft={self.fft}, "
                f"fmin={self.fmin}, fmax={self.fmax}."
            )
        if self.transform not in TRANSFORMS:
            raise ValueError(
                f"`transform` must be one of {TRANSFORMS}. Received: "
                f"{self.transform!r}."
            )
        if self.compute_dtype != "float32":
            raise ValueError(
                "A log-mel spectrogram needs float32: its floor of 1e-10 is 0 in "
                f"float16. Received: dtype={self.compute_dtype}. Leave `dtype` out."
            )

    def build(self, wave_shape):
        import librosa

        bank = librosa.filters.mel(
            sr=audio.RATE,
            n_fft=self.fft,
            n_mels=self.bands,
            fmin=self.fmin,
            fmax=self.fmax,
        ).T
        bins = 1 + int(np.flatnonzero(bank.any(axis=1)).max(initial=0))
        self._bank = bank[:bins].astype("float32")  # (bins, bands)
        size = self._window_samples
        window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(size) / size)
        if self.transform == "matmul":
            self._half = -(-size // 2)
            window = np.pad(window, (0, 2 * self._half + 1 - size))  # an odd number
            self._cosines, self._sines = _waves(self._half, bins, self.fft)
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
        mel = ops.matmul(transform(frames), self._bank)
        return ops.log(ops.maximum(mel, FLOOR))

    def _frames(self, wave):
        """Frames of the taper's length: `(batch, frames, samples)`."""
        size, hop = len(self._taper), self._hop_samples
        batch, samples = ops.shape(wave)[:2]
        count = 1 + samples // hop
        blocks = -(-size // hop)  # that a frame spans
        # As librosa does it: centred by half of `fft`, the window in its middle.
        before = self.fft // 2 - (self.fft - self._window_samples) // 2
        wave = ops.pad(wave, [[0, 0], [before, blocks * hop]])
        wave = wave[:, : (count + blocks - 1) * hop]
        wave = ops.reshape(wave, (batch, count + blocks - 1, hop))
        parts = [wave[:, first : first + count] for first in range(blocks)]
        return ops.concatenate(parts, axis=-1)[:, :, :size]

    def _power(self, frames):
        real, imaginary = ops.rfft(frames, fft_length=self.fft)
        power = ops.square(real) + ops.square(imaginary)
        return power[:, :, : len(self._bank)]

    def _power_by_product(self, frames):
        """|Σ x_n exp(-iωn)|² with n counted from the frame's centre.

        There cosines are even and sines odd, so that one product of half the length
        does for both halves; the power does not depend on where n starts.
        """
        after = frames[:, :, self._half :]
        before = ops.flip(frames[:, :, : self._half + 1], axis=-1)
        real = ops.matmul(after + before, self._cosines)
        imaginary = ops.matmul(after - before, self._sines)
        return ops.square(real) + ops.square(imaginary)

    def compute_output_shape(self, wave_shape):
        batch, samples = wave_shape
        frames = None if samples is None else 1 + samples // self._hop_samples
        return (batch, frames, self.bands)

    def get_config(self):
        return {
            **super().get_config(),
            "window": self.window,
            "hop": self.hop,
            "bands": self.bands,
            "fft": self.fft,
            "fmin": self.fmin,
            "fmax": self.fmax,
            "transform": self.transform,
        }


def _waves(half: int, bins: int, fft: int):
    """Cosines and sines of 0 … `half` samples, each `(half + 1, bins)`."""
    angles = 2 * np.pi * np.outer(np.arange(half + 1), np.arange(bins)) / fft
    cosines = np.cos(angles)
    cosines[0] /= 2  # the centre is in both halves
    return cosines.astype("float32"), np.sin(angles).astype("float32")
