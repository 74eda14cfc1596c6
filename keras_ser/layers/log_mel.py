"""The log-mel front-end as a layer, differentiable and exportable."""

import keras
import numpy as np

from keras_ser import audio
from keras_ser.layers.short_time import ShortTimePower


@keras.saving.register_keras_serializable("keras_ser")
class LogMel(ShortTimePower):
    """Log-mel spectrogram of a batch of waveforms: the front-end as a layer.

    With the Hamming-windowed short-time spectrum S of shape (n_fft / 2 + 1, frames)
    and the Slaney mel filterbank W of shape (n_mels, n_fft / 2 + 1),

        X = ln(max(W |S|², 1e-10)).

    The defaults and the equation are those of `features.LogMel`, which uses librosa and
    rounds the result to float16. With the settings of a `features.FilterBank`, it
    computes that front-end. This layer does not round. For its frames, its
    precision and its two transforms, see `layers.short_time.ShortTimePower`. On a CPU,
    both transforms equal librosa within 1e-3 on speech (`benchmarks/log_mel.py`
    measures both).

    Args:
        window_seconds: Length of a window, in seconds.
        hop_seconds: Distance between the centres of two frames, in seconds.
        n_mels: Number of mel bands.
        n_fft: Number of points of the transform. The window is padded with zeros
            to this length.
        fmin: Lowest edge of the filterbank, in Hz.
        fmax: Highest edge of the filterbank, in Hz.
        transform: `"fft"` or `"matmul"`.

    Input shape:
        `(batch, samples)`, floats in [-1, 1] at 16 kHz. Any number of samples.

    Output shape:
        float32 `(batch, 1 + samples // hop, n_mels)`, where `hop` is `hop_seconds`
        in samples.

    Raises:
        ValueError: If the settings are impossible, or the samples are integers.

    Example:

    >>> LogMel(n_mels=40)(np.zeros((2, 16000), "float32")).shape
    (2, 101, 40)
    """

    def __init__(
        self,
        window_seconds: float = 0.040,
        hop_seconds: float = 0.010,
        n_mels: int = 128,
        n_fft: int = 1024,
        fmin: float = 0.0,
        fmax: float = 6800.0,
        transform: str = "fft",
        **kwargs,
    ):
        super().__init__(
            window_seconds, hop_seconds, n_mels, n_fft, transform, **kwargs
        )
        self.n_mels = n_mels
        self.fmin = fmin
        self.fmax = fmax
        self._check_settings()

    def _check_sizes(self):
        edges = 0 <= self.fmin < self.fmax <= audio.RATE / 2
        if not (self._has_frames() and edges and self.n_mels > 0):
            raise ValueError(
                "Expected `hop_seconds` and `window_seconds` of at least one sample at "
                f"{audio.RATE} Hz, a window no longer than `n_fft` samples, `n_mels` "
                f"above 0, and 0 <= fmin < fmax <= {audio.RATE // 2} Hz. Received: "
                f"window_seconds={self.window_seconds}, hop_seconds={self.hop_seconds},"
                f" n_mels={self.n_mels}, n_fft={self.n_fft}, fmin={self.fmin}, "
                f"fmax={self.fmax}."
            )

    def _weights(self):
        import librosa

        bank = librosa.filters.mel(
            sr=audio.RATE,
            n_fft=self.n_fft,
            n_mels=self.n_mels,
            fmin=self.fmin,
            fmax=self.fmax,
        ).T
        bins = 1 + int(np.flatnonzero(bank.any(axis=1)).max(initial=0))
        return bank[:bins]

    def get_config(self):
        return {
            **super().get_config(),
            "n_mels": self.n_mels,
            "fmin": self.fmin,
            "fmax": self.fmax,
        }
