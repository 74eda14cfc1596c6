"""What front-ends of the short-time power spectrum share: their frames and settings."""

import dataclasses
import functools
import math
from collections.abc import Iterable, Iterator
from typing import ClassVar

import numpy as np

from keras_ser import audio

MAX_N_FFT = 2**16
MAX_HOP_SECONDS = 1.0
MAX_SAMPLES_OFF = 1e-6  # of a hop from a whole number
MAX_WEIGHTS = 2**24  # bands · n_fft; a filterbank then needs at most 0.1 GB
MAX_VALUES_PER_SECOND = 2**18  # of speech; an hour then needs at most 1.9 GB
MAX_NUMBER = 1e9  # of any setting, before its own range is checked
MAX_CHARACTERS = 100  # of a setting in an error message
MIN_POWER = 1e-10
DB_PER_LOG = 10 / math.log(10)  # of the natural logarithm of power
BLOCK_VALUES = 2**21  # of the spectrum that is held at a time, 20 s by default
FFT_VALUES = 2**16  # of the frames that are transformed at a time, to stay in the cache


class ShortTimePower:
    """Base class of front-ends X = ln(max(P, 1e-10)) with the power P of bands.

    A subclass is a dataclass with the fields `window_seconds`, `hop_seconds` and
    `n_fft`. It computes P in `_bands`, and names its field with the number of bands.
    """

    # Neither fields, whose order is a part of each subclass, nor an abstract base
    # class, whose attributes would change the code hash of a user's subclass.
    dtype: ClassVar[str] = "<f2"  # of the entries in the cache; see `__call__`
    version: ClassVar[int] = 2
    ordered: ClassVar[bool] = True

    bands_field: ClassVar[str]
    window_seconds: float
    hop_seconds: float
    n_fft: int

    def __post_init__(self):
        _check_types(self)
        self._check_positive()
        self._check_lengths()
        self._check_size()

    def _check_positive(self) -> None:
        name, bands = self.bands_field, self.dimensions
        if not (
            self.window_seconds > 0 and self.hop_seconds > 0 and 0 < bands <= self.n_fft
        ):
            raise ValueError(
                f"Expected `window_seconds`, `hop_seconds` and `{name}` above 0, and "
                f"`{name}` up to `n_fft`. Received: "
                f"window_seconds={self.window_seconds}, "
                f"hop_seconds={self.hop_seconds}, {name}={bands}, n_fft={self.n_fft}."
            )

    def _check_lengths(self) -> None:
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
        nearest = self._hop / audio.RATE
        if abs(self.hop_seconds - nearest) * audio.RATE > MAX_SAMPLES_OFF:
            raise ValueError(
                f"`hop_seconds` must be a whole number of samples at {audio.RATE} Hz. "
                f"Received: hop_seconds={self.hop_seconds}, which is "
                f"{self.hop_seconds * audio.RATE:g} samples. Use the nearest valid "
                f"value, {nearest:.10g}."
            )
        if not self.window_seconds * audio.RATE <= self.n_fft <= MAX_N_FFT:
            raise ValueError(
                f"`n_fft` must hold a window of {self.window_seconds} s at "
                f"{audio.RATE} Hz, and be at most {MAX_N_FFT}. Received: "
                f"n_fft={self.n_fft}."
            )

    def _check_size(self) -> None:
        """Raises unless the filterbank and the features have a reasonable size."""
        name, bands = self.bands_field, self.dimensions
        weights, values = bands * self.n_fft, bands / self.hop_seconds
        if weights > MAX_WEIGHTS or values > MAX_VALUES_PER_SECOND:
            raise ValueError(
                f"Expected `{name}` times `n_fft` up to {MAX_WEIGHTS}, and `{name}` "
                f"divided by `hop_seconds` up to {MAX_VALUES_PER_SECOND}, so that the "
                f"features fit into memory. Received: {name}={bands}, "
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
            float32 array of shape `(frames, dimensions)`.
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
            float32 arrays of shape `(frames, dimensions)`.
        """
        hop, rows = self._hop, max(1, BLOCK_VALUES // self.n_fft)
        held, done, samples = np.zeros(self.n_fft // 2, np.float32), 0, 0
        for wave in waves:
            samples += len(wave)
            held = np.concatenate([held, wave])
            while len(held) >= max(self._samples(rows), rows * hop):
                yield self._features(held[: self._samples(rows)])
                held, done = held[rows * hop :], done + rows
        left = 1 + samples // hop - done
        held = np.pad(held, (0, max(0, self._samples(left) - len(held))))
        for first in range(0, left, rows):
            count = min(rows, left - first)
            yield self._features(held[first * hop :][: self._samples(count)])

    @property
    def _hop(self) -> int:
        return round(self.hop_seconds * audio.RATE)

    def _samples(self, frames: int) -> int:
        """The number of samples from the first one of these frames to the last one."""
        return (frames - 1) * self._hop + self.n_fft

    def _features(self, wave: np.ndarray) -> np.ndarray:
        """The features of the frames that lie within a padded waveform."""
        return self._exact(wave).astype(np.float16).astype(np.float32)

    def _exact(self, wave: np.ndarray) -> np.ndarray:
        """The same before they are rounded."""
        frames = 1 + (len(wave) - self.n_fft) // self._hop
        found = np.empty((frames, self.dimensions), np.float32)
        for start, power in self._spectra(np.asarray(wave, np.float32), frames):
            found[start : start + len(power)] = self._bands(power)
        np.maximum(found, MIN_POWER, out=found)
        return np.log(found, out=found)

    def _bands(self, power: np.ndarray) -> np.ndarray:
        """P of some frames.

        Args:
            power: |S|², float32 `(frames, n_fft / 2 + 1)`.

        Returns:
            Array `(frames, bands)`.
        """
        raise NotImplementedError

    def _spectra(self, wave, frames: int) -> Iterator[tuple[int, np.ndarray]]:
        """Yields the first frame and the power |S|² of a few frames at a time.

        So few fit into the cache of a processor. The array is used again.
        """
        from scipy import fft

        window = _hamming(round(self.window_seconds * audio.RATE))
        # In the middle of the transform, as the frames are centred on their times. What
        # is left of it is 0, wherever it is: a shift does not change the power.
        first = (self.n_fft - len(window)) // 2
        views = np.lib.stride_tricks.sliding_window_view(wave[first:], len(window))
        views = views[:: self._hop][:frames]
        rows = max(1, FFT_VALUES // self.n_fft)
        held = np.empty((rows, self.n_fft // 2 + 1), np.float32)
        for start in range(0, frames, rows):
            part = views[start : start + rows] * window
            spectrum = fft.rfft(part, self.n_fft, axis=-1).view(np.float32)
            np.square(spectrum, out=spectrum)
            power = held[: len(part)]
            np.add(spectrum[:, ::2], spectrum[:, 1::2], out=power)
            yield start, power

    @property
    def dimensions(self) -> int:
        """The number of values per frame, which is the number of bands."""
        return getattr(self, self.bands_field)

    def frames(self, seconds: float) -> int:
        """The number of frames that start within `seconds`."""
        return round(seconds / self.hop_seconds)


@functools.lru_cache(8)
def _hamming(samples: int) -> np.ndarray:
    """The periodic Hamming window, 0.54 − 0.46 cos(2π n / N), float32."""
    turn = 2 * np.pi * np.arange(samples) / samples
    return (0.54 - 0.46 * np.cos(turn)).astype(np.float32)


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
