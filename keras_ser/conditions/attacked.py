"""Conditions of the features: attacks that follow the model's gradient."""

import dataclasses
import math
from collections.abc import Callable

from keras_ser.conditions.condition import Condition, check_range


class Attacked(Condition):
    """Features that are changed within ±ε so that the model's loss rises.

    See `attacks` for the equations and sources.

    Args:
        epsilon: Largest change of a normalised feature, in standard deviations.
    """

    axis = "ε (standard deviations)"
    is_attack = True

    def __post_init__(self):
        check_range(self, "an ε of 0 or more", 0.0, math.inf, self.epsilon)

    @property
    def family(self) -> str:
        return self.name.upper()

    @property
    def level(self) -> float:
        return self.epsilon

    def attack(self) -> Callable:
        """The attack, a function `(model, features, truth, seeds) -> features`."""
        from keras_ser import attacks

        return attacks.ATTACKS[self.name](self.epsilon)


@dataclasses.dataclass(frozen=True)
class FGSM(Attacked):
    """The fast gradient sign method."""

    name, form = "fgsm", "fgsm:EPSILON"
    epsilon: float


@dataclasses.dataclass(frozen=True)
class BIM(Attacked):
    """The basic iterative method."""

    name, form = "bim", "bim:EPSILON"
    epsilon: float


@dataclasses.dataclass(frozen=True)
class PGD(Attacked):
    """Projected gradient descent."""

    name, form = "pgd", "pgd:EPSILON"
    epsilon: float
