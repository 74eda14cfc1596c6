"""Jackknife variances of scores over whole units, and the t intervals from them.

The rows of one unit, such as a speaker, may depend on each other in any way, because
they are left out together.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from keras_ser.scores.labels import as_labels

TINY = 1e-12  # rounding errors of a score are below it, and its steps are above it

# From the number of each row's group, `(rows,)`, to how much each group changes the
# score: the score of all rows minus that without the group, `(groups,)`.
Changes = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Groups:
    """The units of all rows and, in crossed designs, their trainings.

    Attributes:
        unit: The number of each row's unit, from 0, `(rows,)`.
        training: The number of each row's training, from 0, `(rows,)`, or `None`.
    """

    unit: np.ndarray
    training: np.ndarray | None = None

    def variance(self, changes: Changes) -> float:
        """Variance of a score by the jackknife.

            V = (U − 1) / U Σ_u e_u²

        over U units, where `e_u` is how much unit u changes the score. With trainings,
        it is the two-way variance. The last term is over the pairs of a unit and a
        training that occur, because the other two both count them:

            V = V_unit + V_training − V_both,   at least max(V_unit, V_training)

        Args:
            changes: What computes how much each group changes the score.

        Reference:
            Cameron, Gelbach and Miller (2011), "Robust inference with multiway
            clustering", Journal of Business & Economic Statistics 29.
        """
        over_units = _jackknife(changes(self.unit))
        if self.training is None:
            return over_units
        over_trainings = _jackknife(changes(self.training))
        cells = self.unit * (self.training.max() + 1) + self.training
        pairs = np.unique(cells, return_inverse=True)[1]
        both = over_units + over_trainings - _jackknife(changes(pairs))
        return max(both, over_units, over_trainings)

    @property
    def freedom(self) -> int:
        """Degrees of freedom: one less than the units, or than the fewer trainings."""
        last = int(self.unit.max())  # they are numbered from 0
        return last if self.training is None else min(last, int(self.training.max()))

    def limits(
        self, score: float, changes: Changes, level: float, ends: tuple[float, float]
    ) -> tuple[float, float]:
        """The t interval around a score, cut off at the ends of the score's range."""
        quantile = stdtrit(self.freedom, (1 + level) / 2)  # of Student's t
        reach = quantile * np.sqrt(self.variance(changes))
        low, high = np.clip([score - reach, score + reach], *ends)
        return float(low), float(high)

    def p_value(self, score: float, changes: Changes) -> float:
        """Two-sided p of the t statistic of a score whose true value would be 0."""
        error = np.sqrt(self.variance(changes))
        if error < TINY:
            return float(abs(score) < TINY)
        return float(2 * stdtr(self.freedom, -abs(score) / error))


def as_groups(unit: ArrayLike, training: ArrayLike | None, rows: int) -> Groups:
    """Number the units and trainings of the rows.

    Raises:
        ValueError: If there are fewer than 2 of either, if a name is missing, or if
            the number of names is not that of the rows.
    """
    units = index_units(unit, rows, "unit")
    if training is None:
        return Groups(units)
    return Groups(units, index_units(training, rows, "training"))


def index_units(values: ArrayLike, rows: int, name: str, least: int = 2) -> np.ndarray:
    """Number each row's unit, in the sorted order of the units' names.

    Args:
        values: One name per row, strings or integers.
        rows: The expected number of names.
        name: What the argument is called.
        least: How many different names are needed.

    Returns:
        Whole numbers from 0, `(rows,)`.

    Raises:
        ValueError: If the number of names is wrong, a name is missing, or there are
            fewer than `least` different names.
    """
    names = as_labels(values, name)
    if len(names) != rows:
        raise ValueError(
            f"`{name}` must name one {name} for each of the {rows} rows. Received: "
            f"{len(names)} names. Pass the column that belongs to these rows."
        )
    known, index = np.unique(names, return_inverse=True)
    if len(known) < least:
        raise ValueError(
            f"`{name}` must name at least {least} different {name}s, because the "
            f"result rests on how much they differ. Received: {known.tolist()}. "
            f"Report the score alone, or test more {name}s."
        )
    return index


def check_level(level: float) -> None:
    """Rejects a coverage that does not lie between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(
            f"`level` must lie between 0 and 1. Received: {level}. Pass 0.95 for a "
            "95 % interval."
        )


def _jackknife(changes: np.ndarray) -> float:
    return float((len(changes) - 1) / len(changes) * np.sum(changes**2))
