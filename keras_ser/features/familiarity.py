"""Whether speech is like the speech that a model learned from."""

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from keras_ser.features.moments import MIN_STD, Sums

SHARE = 0.99  # of the development utterances, which count as familiar
MIN_UTTERANCES = 20  # for such a share of them
MAX_DIMENSIONS = 2048  # of features whose statistics fit into a model file
DIGITS = 6


@dataclasses.dataclass(frozen=True, eq=False)
class Familiarity:
    """How far the average features of a recording are from those of training speech.

        d = √(mean_k ((m_k − μ_k) / σ_k)²)

    m is the mean of the features over the frames of the recording, before
    normalisation. μ and σ are the mean and the standard deviation of m over the
    training utterances. Another microphone, another level or another kind of speech
    makes d large. A small d is no promise: the average says nothing about the language
    or the style.

    Args:
        mean, std: μ and σ, `(dimensions,)`.
        limit: The distance that all but 1 % of the development utterances keep.

    Raises:
        ValueError: If these are not numbers, standard deviations are not above 0, or
            the limit is not above 0.
    """

    mean: np.ndarray
    std: np.ndarray
    limit: float

    def __post_init__(self):
        arrays = [np.asarray(each, float) for each in (self.mean, self.std)]
        is_good = (
            arrays[0].ndim == 1
            and arrays[0].shape == arrays[1].shape
            and all(np.isfinite(each).all() for each in arrays)
            and (arrays[1] > 0).all()
            and type(self.limit) in (int, float)
            and 0 < self.limit < np.inf
        )
        if not is_good:
            raise ValueError(
                "Expected means, standard deviations above 0 and a limit above 0. "
                f"Received: {arrays[0].shape} means, {arrays[1].shape} standard "
                f"deviations and the limit {self.limit!r}. Copy the file again."
            )
        for name, each in zip(("mean", "std"), arrays, strict=True):
            object.__setattr__(self, name, each)

    @classmethod
    def fit(cls, train: Iterable[Sums], dev: Iterable[Sums]) -> "Familiarity | None":
        """Learns what is familiar; None if there are too few utterances to tell.

        Args:
            train, dev: The sums of each training and each development utterance.
        """
        known, others = (_means(list(each)) for each in (train, dev))
        if min(len(known), len(others)) < MIN_UTTERANCES:
            return None
        if known.shape[1] > MAX_DIMENSIONS:
            return None
        mean, std = known.mean(axis=0), np.maximum(known.std(axis=0), MIN_STD)
        mean, std = _rounded(mean), _rounded(std)
        limit = np.quantile(_distances(others, mean, std), SHARE)
        return cls(mean, std, float(_rounded(np.array([limit]))[0]))

    def distances(self, means: np.ndarray) -> np.ndarray:
        """The distance d of recordings.

        Args:
            means: The mean of the features of each recording, `(recordings,
                dimensions)`.

        Returns:
            float64 `(recordings,)`.
        """
        return _distances(means, self.mean, self.std)

    def find_far(self, names: Sequence[str], sums: Sequence[Sums]) -> dict[str, float]:
        """The recordings that are further away than the limit, and their distances.

        Args:
            names: The name of the recording that each window is part of.
            sums: The sums of the features of each window.
        """
        windows: dict[str, list[Sums]] = {}
        for name, own in zip(names, sums, strict=True):
            windows.setdefault(name, []).append(own)
        found = {}
        for name, parts in windows.items():
            frames = sum(each.frames for each in parts)
            mean = sum(each.total for each in parts) / max(frames, 1)
            distance = float(self.distances(mean))
            if frames and distance > self.limit:
                found[name] = distance
        return found

    def to_json(self) -> dict:
        """The values as a dictionary of JSON values."""
        return {
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "limit": self.limit,
        }

    @classmethod
    def from_json(cls, value, dimensions: int) -> "Familiarity":
        """Builds the object from the dictionary of `to_json`.

        Args:
            value: The dictionary.
            dimensions: The number of values per frame.

        Raises:
            ValueError: If it is no such dictionary.
        """
        names = {"mean", "std", "limit"}
        if not isinstance(value, dict) or set(value) != names:
            raise ValueError(
                f"Expected the keys {sorted(names)}. Received: {str(value)[:80]!r}. "
                "Copy the file again."
            )
        try:
            found = cls(**value)
        except TypeError as error:
            raise ValueError(f"Expected numbers. Received: {error}.") from error
        if found.mean.shape != (dimensions,):
            raise ValueError(
                f"Expected {dimensions} means. Received: {found.mean.shape}. Copy the "
                "file again."
            )
        return found


def _means(parts: list[Sums]) -> np.ndarray:
    if not parts:
        return np.zeros((0, 0))
    return np.stack([each.total / max(each.frames, 1) for each in parts])


def _distances(means, mean, std) -> np.ndarray:
    scaled = (np.asarray(means, float) - mean) / std
    return np.sqrt(np.mean(np.square(scaled), axis=-1))


def _rounded(values: np.ndarray) -> np.ndarray:
    """The values with few digits, to keep files small."""
    return np.array([float(f"{value:.{DIGITS}g}") for value in values])
