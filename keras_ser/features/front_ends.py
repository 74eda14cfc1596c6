"""Front-ends, which turn a waveform into features `(frames, dimensions)`.

A front-end whose values are logarithms of power says by `db_per_unit` how many dB one
unit of a value is. Its frames then have levels, which tell speech from silence; see
`features.speech`. The frames of a front-end without this attribute have no levels.

A front-end that can work on a stream has a method `blocks`: from an iterator of
consecutive blocks of a waveform to an iterator of blocks of features, which together
equal the features of the whole waveform. A front-end without it is called with the
whole waveform, so its memory grows with the length of the file.
"""

import dataclasses
import math
from collections.abc import Iterable, Iterator
from typing import ClassVar

import numpy as np

from keras_ser import audio

MAX_N_FFT = 2**16
MAX_HOP_SECONDS = 1.0
MAX_WEIGHTS = 2**24  # n_mels · n_fft; the filterbank then needs at most 0.1 GB
MAX_VALUES_PER_SECOND = 2**18  # of speech; an hour then needs at most 1.9 GB
MAX_NUMBER = 1e9  # of any setting, before its own range is checked
MAX_CHARACTERS = 100  # of a setting in an error message
BLOCK_VALUES = 2**21  # of the spectrum that is held at a time, 20 s by default


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
        ValueError: A setting is not a finite number, or is outside its range. Ranges
            also bound the memory that settings from an untrusted file can ask for.

    Example:

    >>> LogMel(n_mels=40)(np.zeros(16000, "float32")).shape
    (101, 40)
    """

    db_per_unit: ClassVar[float] = 10 / math.log(10)  # natural logarithm of power
    dtype: ClassVar[str] = "<f2"  # of the entries in the cache; see `__call__`

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
        self._check_size()
        if not 0 <= self.fmin < self.fmax <= audio.RATE / 2:
            raise ValueError(
                f"Expected 0 <= fmin < fmax <= {audio.RATE // 2} Hz. "
                f"Received: fmin={self.fmin}, fmax={self.fmax}."
            )

    def _check_size(self) -> None:
        """Raises unless the filterbank and the features have a reasonable size."""
        weights, values = self.n_mels * self.n_fft, self.n_mels / self.hop_seconds
        if weights > MAX_WEIGHTS or values > MAX_VALUES_PER_SECOND:
            raise ValueError(
                f"Expected `n_mels` times `n_fft` up to {MAX_WEIGHTS}, and `n_mels` "
                f"divided by `hop_seconds` up to {MAX_VALUES_PER_SECOND}, so that the "
                f"features fit into memory. Received: n_mels={self.n_mels}, "
                f"n_fft={self.n_fft}, hop_seconds={self.hop_seconds}. Use fewer bands "
                "or a longer hop."
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
        return np.concatenate(list(self.blocks([wave])))

    def blocks(self, waves: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Computes the features of a waveform that arrives in blocks.

        However the waveform is divided, the same frames are computed together.
        Together, the blocks therefore equal the features of the whole waveform bit for
        bit.

        Args:
            waves: Consecutive parts of a waveform, float arrays of shape `(samples,)`
                at 16 kHz.

        Yields:
            float32 arrays of shape `(frames, n_mels)`.
        """
        hop, rows = self._hop, max(1, BLOCK_VALUES // self.n_fft)
        held, done, samples = np.zeros(self.n_fft // 2, np.float32), 0, 0
        for wave in waves:
            samples += len(wave)
            held = np.concatenate([held, wave])
            while len(held) >= max(self._samples(rows), rows * hop):
                yield self._log_mel(held[: self._samples(rows)])
                held, done = held[rows * hop :], done + rows
        left = 1 + samples // hop - done
        held = np.pad(held, (0, max(0, self._samples(left) - len(held))))
        for first in range(0, left, rows):
            count = min(rows, left - first)
            yield self._log_mel(held[first * hop :][: self._samples(count)])

    @property
    def _hop(self) -> int:
        return round(self.hop_seconds * audio.RATE)

    def _samples(self, frames: int) -> int:
        """The number of samples from the first one of these frames to the last one."""
        return (frames - 1) * self._hop + self.n_fft

    def _log_mel(self, wave: np.ndarray) -> np.ndarray:
        """The features of the frames that lie within a padded waveform."""
        import librosa

        power = librosa.feature.melspectrogram(
            y=wave,
            sr=audio.RATE,
            n_fft=self.n_fft,
            win_length=round(self.window_seconds * audio.RATE),
            hop_length=self._hop,
            window="hamming",
            center=False,
            n_mels=self.n_mels,
            fmin=self.fmin,
            fmax=self.fmax,
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
        if type(value) not in kinds or not abs(value) <= MAX_NUMBER:
            text = repr(value)
            text = text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"
            raise ValueError(
                f"Expected `{field.name}` to be a finite {field.type.__name__} up to "
                f"{MAX_NUMBER:g}. Received: {text}."
            )


FRONT_ENDS = {"LogMel": LogMel}
