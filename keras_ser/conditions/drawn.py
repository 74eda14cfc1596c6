"""A condition drawn for each utterance."""

import dataclasses
import functools
from collections.abc import Callable

from keras_ser.audio.noise import seed_of


@dataclasses.dataclass(frozen=True)
class Drawn:
    """One of several waveform transforms, another one for each utterance.

    The draw is a function of the utterance's name and the transforms: equal for every
    system, in every epoch and process.

    Args:
        transforms: to draw from, each with the same chance.
    """

    transforms: tuple[Callable, ...]

    def of(self, utterance: str) -> Callable:
        """The transform of one utterance."""
        drawn = seed_of(utterance, *self._keys) % len(self.transforms)
        chosen = self.transforms[drawn]
        return chosen.of(utterance) if hasattr(chosen, "of") else chosen

    @functools.cached_property
    def _keys(self) -> list[str]:
        return [transform.key for transform in self.transforms]
