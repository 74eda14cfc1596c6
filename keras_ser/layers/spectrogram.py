"""The front-end `Spectrogram` as a layer, differentiable and exportable."""

import keras
import numpy as np

from keras_ser import audio
from keras_ser.layers.short_time import ShortTimePower


@keras.saving.register_keras_serializable("keras_ser")
class Spectrogram(ShortTimePower):
    """Log power spectrogram of a batch of waveforms: the front-end as a layer.

    With the Hamming-windowed short-time spectrum S of shape (n_fft / 2 + 1, frames),
    band b is the mean power of g = n_fft / (2 n_bins) neighbouring bins,

        X[b] = ln(max(1/g Σ_k |S[k]|², 1e-10)),   k = g b … g b + g − 1.

    The bin of the Nyquist frequency, 8 kHz, is left out.

    The defaults and the equation are those of `features.Spectrogram`, which uses
    librosa and rounds the result to float16. This layer does not round. For its frames,
    its precision and its two transforms, see `layers.short_time.ShortTimePower`.

    Args:
        window_seconds: Length of a window, in seconds.
        hop_seconds: Distance between the centres of two frames, in seconds.
        n_bins: Number of bands, which divides n_fft / 2.
        n_fft: Number of points of the transform. The window is padded with zeros
            to this length.
        transform: `"fft"` or `"matmul"`.

    Input shape:
        `(batch, samples)`, floats in [-1, 1] at 16 kHz. Any number of samples.

    Output shape:
        float32 `(batch, 1 + samples // hop, n_bins)`, where `hop` is `hop_seconds`
        in samples.

    Raises:
        ValueError: If the settings are impossible, or the samples are integers.

    Example:

    >>> Spectrogram()(np.zeros((2, 16000), "float32")).shape
    (2, 101, 128)
    """

    def __init__(
        self,
        window_seconds: float = 0.025,
        hop_seconds: float = 0.010,
        n_bins: int = 128,
        n_fft: int = 512,
        transform: str = "fft",
        **kwargs,
    ):
        super().__init__(
            window_seconds, hop_seconds, n_bins, n_fft, transform, **kwargs
        )
        self.n_bins = n_bins
        self._check_settings()

    def _check_sizes(self):
        are_bands = self.n_bins > 0 and self.n_fft % (2 * self.n_bins) == 0
        if not (self._has_frames() and are_bands):
            raise ValueError(
                "Expected `hop_seconds` and `window_seconds` of at least one sample at "
                f"{audio.RATE} Hz, a window no longer than `n_fft` samples, and "
                "`n_bins` above 0 that divides half of `n_fft`. Received: "
                f"window_seconds={self.window_seconds}, hop_seconds={self.hop_seconds},"
                f" n_bins={self.n_bins}, n_fft={self.n_fft}."
            )

    def _weights(self):
        group = self.n_fft // 2 // self.n_bins
        return np.repeat(np.eye(self.n_bins), group, axis=0) / group

    def get_config(self):
        return {**super().get_config(), "n_bins": self.n_bins}
