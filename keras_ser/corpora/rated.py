"""What label sets on ratings have in common."""

import abc
import dataclasses
from collections.abc import Iterable

import pandas as pd

KIND = "kind"  # the key that names the class of a label set in a record


@dataclasses.dataclass(frozen=True)
class RatedLabelSet(abc.ABC):
    """A label set whose classes come from ratings instead of emotions.

    Records and the command line write it as a mapping, such as
    `{"kind": "levels", "rating": "valence", "bounds": [2, 3.5]}`.
    """

    kind: str = dataclasses.field(init=False, repr=False)

    @property
    def varies_by_fold(self) -> bool:
        """Whether the classes differ from fold to fold, which no score may pool."""
        return False

    @property
    @abc.abstractmethod
    def ratings(self) -> tuple[str, ...]:
        """The columns that it needs."""

    @abc.abstractmethod
    def classes_of(self, table: pd.DataFrame) -> pd.Series:
        """The class of each utterance, which is empty without a rating.

        Args:
            table: A table.
        """

    def lacking(self, table: pd.DataFrame) -> dict[str, int]:
        """The number of utterances that lack each rating; none without any."""
        counts = {name: int(table[name].isna().sum()) for name in self.ratings}
        return {name: count for name, count in counts.items() if count}


def is_rated(table: pd.DataFrame, ratings: Iterable[str]) -> pd.Series:
    """Which utterances of a table have all of some ratings."""
    return table[list(ratings)].notna().all(axis=1)
