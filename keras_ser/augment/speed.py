"""Speed perturbation, which changes the waveform."""

from collections.abc import Iterable

from keras_ser import audio
from keras_ser.utils.choices import is_finite


class SpeedPerturbation:
    """Speed perturbation of raw speech: x(t) becomes x(αt).

    Args:
        factors: The values of α, none of them 1. Each gives one variant of an
            utterance in the feature store.

    Raises:
        ValueError: A factor is not a positive finite number, is 1, or is repeated.

    Reference: Ko et al., "Audio augmentation for speech recognition", 2015; Latif
    et al. 2022, section 4.2.
    """

    name = "speed"
    kind = "waveform"

    def __init__(self, factors: Iterable[float] = (0.9, 1.1)):
        self.factors = _parse_factors(factors)

    @property
    def transforms(self) -> tuple[audio.Speed, ...]:
        """One waveform transform per factor."""
        return tuple(audio.Speed(factor) for factor in self.factors)

    def get_config(self) -> dict:
        return {"factors": self.factors}


def _parse_factors(factors) -> tuple[float, ...]:
    """Returns the speed factors if each gives a variant of its own, none of them 1."""
    given = tuple(factors) if isinstance(factors, Iterable) else ()
    if given and all(map(is_finite, given)) and min(given) > 0:
        keys = {audio.Speed(factor).key for factor in (1.0, *given)}
        if len(keys) == 1 + len(given):
            return given
    raise ValueError(
        "`factors` of SpeedPerturbation must be different finite numbers above 0 "
        f"and other than 1, one or more of them. Received: {factors!r}."
    )
