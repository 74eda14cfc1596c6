"""Conditions of the speech that a system learns from."""

import dataclasses
from collections.abc import Callable, Iterable

import pandas as pd

from keras_ser import noises
from keras_ser.conditions.condition import Condition


@dataclasses.dataclass(frozen=True)
class Drawn:
    """One of several waveform transforms, drawn anew for each utterance.

    The draw is a function of the utterance's name and the transforms: equal for every
    system, in every epoch and process.

    Args:
        transforms: to draw from, each with the same chance.
    """

    transforms: tuple[Callable, ...]

    def of(self, utterance: str) -> Callable:
        """The transform of one utterance."""
        keys = [transform.key for transform in self.transforms]
        drawn = noises.seed_of(utterance, *keys) % len(keys)
        chosen = self.transforms[drawn]
        return chosen.of(utterance) if hasattr(chosen, "of") else chosen


def heard(found: Iterable[Condition], noise: pd.DataFrame | None) -> Callable:
    """The waveform transform of utterances, each under one of these conditions.

    Args:
        found: conditions that attack nothing.
        noise: table of a corpus of noise, where one of them mixes it in.

    Raises:
        ValueError: one mixes in noise that is not there.
    """
    transforms = tuple(condition.transform(noise) for condition in found)
    return transforms[0] if len(transforms) == 1 else Drawn(transforms)
