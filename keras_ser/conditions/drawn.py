"""Waveform transforms for training, drawn for each utterance."""

import dataclasses
import functools
from collections.abc import Callable, Iterable

import pandas as pd

from keras_ser.audio.noise import seed_of
from keras_ser.conditions.registry import parse


@dataclasses.dataclass(frozen=True)
class Drawn:
    """One of several waveform transforms, drawn for each utterance.

    The draw is a function of the utterance's name and the transforms. It is therefore
    the same for every system, in every epoch and in every process.

    Args:
        transforms: The transforms to draw from, all equally likely.
    """

    transforms: tuple[Callable, ...]

    def for_utterance(self, utterance: str) -> Callable:
        """The transform of one utterance."""
        index = seed_of(utterance, *self._keys) % len(self.transforms)
        transform = self.transforms[index]
        if hasattr(transform, "for_utterance"):
            return transform.for_utterance(utterance)
        return transform

    @functools.cached_property
    def _keys(self) -> list[str]:
        return [transform.key for transform in self.transforms]


def training_transform(
    texts: Iterable[str], noise: pd.DataFrame | None = None
) -> Callable:
    """The waveform transform for training under conditions.

    If there are several conditions, each utterance is used under one of them, which
    its name decides; see `Drawn`.

    Args:
        texts: Conditions that `check_training` accepts.
        noise: Table of the noise corpus; needed if a condition mixes in noise.

    Example:

    >>> store.under(training_transform(["clean", "noise:all:10"], noise))
    """
    transforms = tuple(parse(text).transform(noise) for text in texts)
    return transforms[0] if len(transforms) == 1 else Drawn(transforms)
