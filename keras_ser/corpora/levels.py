"""Label sets that divide a rating, such as activation, into levels."""

import dataclasses
import math

import numpy as np
import pandas as pd

from keras_ser.corpora.rated import RatedLabelSet, is_rated
from keras_ser.corpora.table import RATINGS

# The highest ratings of the lower levels, on a scale from 1 to 5: Table I of Rana et
# al., "Multi-task semi-supervised adversarial autoencoding for speech emotion
# recognition", for activation and valence alike, and for no other rating. The bounds of
# the synthetic corpora are those of IEMOCAP.
BOUNDED = ("activation", "valence")
BOUNDS: dict[str, tuple[float, ...]] = {
    "iemocap": (2.0, 3.5),
    "msp_improv": (2.5, 3.5),
    "synthetic": (2.0, 3.5),
    "synthetic_b": (2.0, 3.5),
    "synthetic_c": (2.0, 3.5),
}


@dataclasses.dataclass(frozen=True)
class Levels(RatedLabelSet):
    """A label set that divides a rating into levels.

    With the bounds b₁ < b₂ < … there is one level more than bounds. A rating r is in
    level k if

        bₖ₋₁ < r ≤ bₖ,   where b₀ = −∞ and the last bound is ∞.

    Args:
        rating: The column of the rating, such as `"activation"`.
        bounds: The highest rating of each level but the last, in rising order. The
            default, which is empty, takes those of the corpus, for activation and
            valence in the corpora in `BOUNDS`.
        names: The names of the levels, from the lowest rating to the highest.

    Raises:
        ValueError: If the rating is unknown, if the bounds do not rise, or if the
            names are not different or not one more than the bounds.

    Example:

    >>> table = read("csv", "calls.csv", labels=Levels("valence", bounds=(2.5, 3.5)))
    """

    rating: str
    bounds: tuple[float, ...] = ()
    names: tuple[str, ...] = ("low", "medium", "high")
    kind: str = dataclasses.field(default="levels", init=False, repr=False)

    def __post_init__(self):
        for name in ("bounds", "names"):
            value = getattr(self, name)
            if isinstance(value, list):  # of a record
                object.__setattr__(self, name, tuple(value))
        if self.rating not in RATINGS:
            raise ValueError(
                f"`rating` must be one of {list(RATINGS)}. Received: {self.rating!r}. "
                "Name one of these columns."
            )
        _check_names(self.names, self.bounds)
        _check_bounds(self.bounds)

    @property
    def ratings(self) -> tuple[str, ...]:
        """The column that it needs."""
        return (self.rating,)

    def classes_of(self, table: pd.DataFrame) -> pd.Series:
        """The level of each utterance, which is empty without a rating.

        Args:
            table: A table.

        Raises:
            ValueError: If a corpus with ratings needs bounds that are not given.
        """
        found = pd.Series("", index=table.index, dtype=object)
        rated = table[is_rated(table, self.ratings)]
        for corpus, rows in rated.groupby("corpus"):
            # side="left": a rating that is equal to a bound is below it.
            levels = np.searchsorted(self._bounds_of(corpus), rows[self.rating])
            found[rows.index] = np.array(self.names, object)[levels]
        return found

    def _bounds_of(self, corpus: str) -> tuple[float, ...]:
        known = BOUNDS if self.rating in BOUNDED else {}
        bounds = self.bounds or known.get(corpus, ())
        if len(bounds) == len(self.names) - 1:
            return bounds
        kind = f'Levels("{self.rating}", bounds=(2, 3.5), names={self.names!r})'
        raise ValueError(
            f"The levels of {self.rating} in corpus `{corpus}` need "
            f"{len(self.names) - 1} bounds. Received: {len(bounds)}, because only "
            f"{' and '.join(BOUNDED)} in {', '.join(BOUNDS)} have bounds of their own, "
            f"with three levels. Give them: labels=keras_ser.corpora.{kind}, on the "
            'command line --set \'labels={"kind": "levels", '
            f'"rating": "{self.rating}", "bounds": [2, 3.5]}}\'.'
        )


def _check_names(names: tuple[str, ...], bounds: tuple[float, ...]) -> None:
    right = isinstance(names, tuple) and all(isinstance(n, str) and n for n in names)
    fits = right and len(set(names)) == len(names) > 1
    if not fits or (bounds and len(names) != len(bounds) + 1):
        count = f"{len(bounds) + 1}" if bounds else "two or more"
        raise ValueError(
            f"`names` must be {count} different names of levels, from low to high. "
            f"Received: {names!r} with the bounds {bounds!r}. Give one name more than "
            "bounds."
        )


def _check_bounds(bounds: tuple[float, ...]) -> None:
    right = isinstance(bounds, tuple) and all(map(_is_finite, bounds))
    if not right or list(bounds) != sorted(set(bounds)):
        raise ValueError(
            "`bounds` must be finite numbers in rising order. Received: "
            f"{bounds!r}. Give the highest rating of each level but the last."
        )


def _is_finite(value) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
