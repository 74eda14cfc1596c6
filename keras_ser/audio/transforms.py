"""Speed perturbation, and transforms of a waveform one after the other."""

import dataclasses
from collections.abc import Callable

import numpy as np

from keras_ser.audio.reading import RATE, resample


def speed(wave: np.ndarray, factor: float) -> np.ndarray:
    """Speed perturbation: x(t) becomes x(factor · t).

    Tempo and pitch change together, as SoX's `speed` does it: 1.1 is shorter and
    higher. A waveform of n samples becomes one of about n / factor.

    Reference: Ko et al., "Audio augmentation for speech recognition", 2015.
    """
    if not factor > 0:
        raise ValueError(f"`factor` must be positive. Received: {factor}.")
    return resample(wave, RATE * factor, RATE)


@dataclasses.dataclass(frozen=True)
class Speed:
    """`speed` as a waveform transform: a callable with a name for caches."""

    factor: float = 1.0

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        return wave if self.factor == 1.0 else speed(wave, self.factor)

    @property
    def key(self) -> str:
        # Every digit, and `1` for 1.0: entries of caches are found by it.
        return f"speed={repr(float(self.factor)).removesuffix('.0')}"


@dataclasses.dataclass(frozen=True)
class Chain:
    """One waveform transform after another."""

    first: Callable
    second: Callable

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        return self.second(self.first(wave))

    @property
    def key(self) -> str:
        return f"{self.first.key} then {self.second.key}"
