"""Front-ends: a waveform to features of shape `(frames, bands)`."""

import dataclasses
import math
import warnings

import numpy as np

from keras_ser import audio

LARGEST_FFT = 2**16
LONGEST_HOP = 1.0  # seconds


@dataclasses.dataclass(frozen=True)
class LogMel:
    """Log-mel spectrogram of a waveform.

    With the Hamming-windowed short-time spectrum S of shape (fft / 2 + 1, frames)
    and the Slaney mel filterbank W of shape (bands, fft / 2 + 1),

        X = ln(max(W |S|², 1e-10)),

    frames centred on multiples of `hop`, so that n samples give 1 + n // hop of
    them. The floor is absolute: an utterance's features depend on it alone.

    The defaults are the front-end of Latif et al. 2022, section 4.2 (40 ms, 10 ms,
    128 bands) but for `fmax`, which is 8000 Hz there: the resampler behind the
    speed perturbation leaves its mark on the top of the band, by which the
    augmentation head would tell the speed without listening to speech.

    Args:
        window, hop: seconds.
        bands: mel bands.
        fft: points of the transform; the window is padded with zeros to it.
        fmin, fmax: Hz, the lowest and highest edge of the filterbank.
    """

    window: float = 0.040
    hop: float = 0.010
    bands: int = 128
    fft: int = 1024
    fmin: float = 0.0
    fmax: float = 6800.0

    def __post_init__(self):
        _check_types(self)
        if not (self.window > 0 and self.hop > 0 and 0 < self.bands <= self.fft):
            raise ValueError(
                "Expected `window`, `hop` and `bands` above 0, `bands` up to `fft`. "
                f"Received: window={self.window}, hop={self.hop}, "
                f"bands={self.bands}, fft={self.fft}."
            )
        if min(self.window, self.hop) * audio.RATE < 1 or self.hop > LONGEST_HOP:
            raise ValueError(
                f"Expected `window` and `hop` of a sample of {audio.RATE} Hz or more, "
                f"`hop` up to {LONGEST_HOP} s. Received: window={self.window}, "
                f"hop={self.hop}."
            )
        if not self.window * audio.RATE <= self.fft <= LARGEST_FFT:
            raise ValueError(
                f"`fft` must hold a window of {self.window} s at {audio.RATE} Hz, and "
                f"be {LARGEST_FFT} at most. Received: fft={self.fft}."
            )
        if not 0 <= self.fmin < self.fmax <= audio.RATE / 2:
            raise ValueError(
                f"Expected 0 <= fmin < fmax <= {audio.RATE // 2} Hz. "
                f"Received: fmin={self.fmin}, fmax={self.fmax}."
            )

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """Features of shape `(frames, bands)`, float32 with float16's precision.

        The rounding is that of the cache, so that speech never seen before goes
        the same way as the training speech.
        """
        import librosa

        with warnings.catch_warnings():
            # Speech shorter than a window is padded with zeros: that is meant.
            warnings.filterwarnings("ignore", message="n_fft=.* is too large")
            power = librosa.feature.melspectrogram(
                y=wave,
                sr=audio.RATE,
                n_fft=self.fft,
                win_length=round(self.window * audio.RATE),
                hop_length=round(self.hop * audio.RATE),
                window="hamming",
                n_mels=self.bands,
                fmin=self.fmin,
                fmax=self.fmax,
                pad_mode="constant",
            )
        logarithm = np.log(np.maximum(power, 1e-10)).T
        return logarithm.astype(np.float16).astype(np.float32)

    def frames(self, seconds: float) -> int:
        """The number of frames that start within `seconds`."""
        return round(seconds / self.hop)


def _check_types(front_end) -> None:
    """Refuses settings that are not finite numbers of their fields' types."""
    for field in dataclasses.fields(front_end):
        value = getattr(front_end, field.name)
        kinds = (int,) if field.type is int else (int, float)
        if type(value) not in kinds or not math.isfinite(value):
            raise ValueError(
                f"Expected `{field.name}` to be a finite {field.type.__name__}. "
                f"Received: {value!r}."
            )


FRONT_ENDS = {"LogMel": LogMel}
