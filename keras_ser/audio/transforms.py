"""Transforms of a waveform: speed perturbation, and one transform after another."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from keras_ser.audio.reading import RATE, resample
from keras_ser.utils.choices import check_numbers


def speed(wave: np.ndarray, factor: float) -> np.ndarray:
    """Speed perturbation: x(t) becomes x(factor · t).

    Tempo and pitch change together, as with SoX's `speed`: a factor of 1.1 makes
    speech shorter and higher.

    Args:
        wave: Float array of shape `(samples,)` at 16 kHz.
        factor: The positive number by which speech gets faster.

    Returns:
        Array of shape `(about samples / factor,)` at 16 kHz.

    Raises:
        ValueError: `factor` is not positive.

    Reference: Ko et al., "Audio augmentation for speech recognition", 2015.
    """
    if not factor > 0:
        raise ValueError(f"`factor` must be positive. Received: {factor}.")
    return resample(wave, RATE * factor, RATE)


@dataclasses.dataclass(frozen=True)
class Speed:
    """`speed` as a waveform transform: a callable with a key for caches.

    Args:
        factor: As for `speed`; 1 returns the waveform itself.

    Raises:
        ValueError: `factor` is not a finite number above 0.
    """

    factor: float = 1.0

    def __post_init__(self):
        expected = "a finite number above 0"
        check_numbers(expected, lambda each: 0 < each < math.inf, factor=self.factor)

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        return wave if self.factor == 1.0 else speed(wave, self.factor)

    @property
    def key(self) -> str:
        # Every digit, and `1` for 1.0, because entries of caches are found by this key.
        return f"speed={repr(float(self.factor)).removesuffix('.0')}"


@dataclasses.dataclass(frozen=True)
class Chain:
    """One waveform transform after another.

    Args:
        first: The transform that is applied to the waveform.
        second: The transform that is applied to the result of `first`.
    """

    first: Callable[[np.ndarray], np.ndarray]
    second: Callable[[np.ndarray], np.ndarray]

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        return self.second(self.first(wave))

    @property
    def key(self) -> str:
        return f"{self.first.key} then {self.second.key}"
