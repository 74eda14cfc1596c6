"""Front-ends, which turn a waveform into features `(frames, dimensions)`.

A front-end whose values are logarithms of power says by `db_per_unit` how many dB one
unit of a value is. Its frames then have levels, which tell speech from silence; see
`features.speech`. The frames of a front-end without this attribute have no levels.
"""

import dataclasses
import math
import warnings
from typing import ClassVar

import numpy as np

from keras_ser import audio

MAX_N_FFT = 2**16
MAX_HOP_SECONDS = 1.0


@dataclasses.dataclass(frozen=True)
class LogMel:
    """Log-mel spectrogram of a waveform.

    With the Hamming-windowed short-time spectrum S of shape (n_fft / 2 + 1, frames)
    and the Slaney mel filterbank W of shape (n_mels, n_fft / 2 + 1),

        X = ln(max(W |S|², 1e-10)),

    where frames are centred on multiples of `hop_seconds`, so that n samples give
    1 + n // hop frames, with the hop in samples. The floor is absolute, so the
    features of an utterance depend on that utterance alone.

    The defaults are the front-end of Latif et al. 2022, section 4.2 (40 ms, 10 ms,
    128 bands), except for `fmax`, which is 8000 Hz there. The resampler behind the
    speed perturbation leaves a trace at the top of the band. The augmentation head
    could recognise the speed from this trace without attending to the speech.

    Args:
        window_seconds: The length of a window in seconds.
        hop_seconds: The distance from one window to the next in seconds.
        n_mels: The number of mel bands.
        n_fft: The length of the Fourier transform in samples. The window is padded
            with zeros to this length.
        fmin, fmax: The lowest and the highest edge of the filterbank in Hz.

    Raises:
        ValueError: A setting is not a finite number, or is outside its range.

    Example:

    >>> LogMel(n_mels=40)(np.zeros(16000, "float32")).shape
    (101, 40)
    """

    db_per_unit: ClassVar[float] = 10 / math.log(10)  # natural logarithm of power

    window_seconds: float = 0.040
    hop_seconds: float = 0.010
    n_mels: int = 128
    n_fft: int = 1024
    fmin: float = 0.0
    fmax: float = 6800.0

    def __post_init__(self):
        _check_types(self)
        if not (
            self.window_seconds > 0
            and self.hop_seconds > 0
            and 0 < self.n_mels <= self.n_fft
        ):
            raise ValueError(
                "Expected `window_seconds`, `hop_seconds` and `n_mels` above 0, and "
                "`n_mels` up to `n_fft`. Received: "
                f"window_seconds={self.window_seconds}, "
                f"hop_seconds={self.hop_seconds}, n_mels={self.n_mels}, "
                f"n_fft={self.n_fft}."
            )
        if (
            min(self.window_seconds, self.hop_seconds) * audio.RATE < 1
            or self.hop_seconds > MAX_HOP_SECONDS
        ):
            raise ValueError(
                "Expected `window_seconds` and `hop_seconds` of at least one sample "
                f"at {audio.RATE} Hz, and `hop_seconds` up to {MAX_HOP_SECONDS} s. "
                f"Received: window_seconds={self.window_seconds}, "
                f"hop_seconds={self.hop_seconds}."
            )
        if not self.window_seconds * audio.RATE <= self.n_fft <= MAX_N_FFT:
            raise ValueError(
                f"`n_fft` must hold a window of {self.window_seconds} s at "
                f"{audio.RATE} Hz, and be at most {MAX_N_FFT}. Received: "
                f"n_fft={self.n_fft}."
            )
        if not 0 <= self.fmin < self.fmax <= audio.RATE / 2:
            raise ValueError(
                f"Expected 0 <= fmin < fmax <= {audio.RATE // 2} Hz. "
                f"Received: fmin={self.fmin}, fmax={self.fmax}."
            )

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """Computes the features of a waveform.

        They are rounded to float16 as in the cache, so that new speech is processed
        exactly like the training speech.

        Args:
            wave: Float array of shape `(samples,)` at 16 kHz.

        Returns:
            float32 array of shape `(frames, n_mels)`.
        """
        import librosa

        with warnings.catch_warnings():
            # Speech shorter than a window is padded with zeros on purpose.
            warnings.filterwarnings("ignore", message="n_fft=.* is too large")
            power = librosa.feature.melspectrogram(
                y=wave,
                sr=audio.RATE,
                n_fft=self.n_fft,
                win_length=round(self.window_seconds * audio.RATE),
                hop_length=round(self.hop_seconds * audio.RATE),
                window="hamming",
                n_mels=self.n_mels,
                fmin=self.fmin,
                fmax=self.fmax,
                pad_mode="constant",
            )
        logarithm = np.log(np.maximum(power, 1e-10)).T
        return logarithm.astype(np.float16).astype(np.float32)

    @property
    def dimensions(self) -> int:
        """The number of values per frame, which is `n_mels`."""
        return self.n_mels

    def frames(self, seconds: float) -> int:
        """The number of frames that start within `seconds`."""
        return round(seconds / self.hop_seconds)


def _check_types(front_end) -> None:
    """Raises ValueError for a setting that is not a finite number of its type."""
    for field in dataclasses.fields(front_end):
        value = getattr(front_end, field.name)
        kinds = (int,) if field.type is int else (int, float)
        if type(value) not in kinds or not math.isfinite(value):
            raise ValueError(
                f"Expected `{field.name}` to be a finite {field.type.__name__}. "
                f"Received: {value!r}."
            )


FRONT_ENDS = {"LogMel": LogMel}
