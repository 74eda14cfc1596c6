"""Tasks of numbers that listeners give an utterance."""

import dataclasses

import numpy as np
import pandas as pd

from keras_ser import losses, metrics
from keras_ser.tasks.base import ColumnTask


@dataclasses.dataclass(frozen=True)
class Regression(ColumnTask):
    """A number per utterance, such as activation or valence.

        L = 1 − CCC

    with the concordance correlation coefficient (CCC) over the rows of a batch whose
    number is known; see `losses.CCCLoss`.

    Args:
        name: The name of the head.
        is_rating: Whether the numbers are given by listeners, so that unlabelled
            speech lacks them. `False` is for attributes that it has, such as an age.
        column: The column of the table. By default, it is called like the head.
        weight: The weight of its loss.

    Example:

    >>> Regression("valence").read(table)
    array([0.2, nan, 0.7], dtype=float32)
    """

    kind = "regression"
    is_rating: bool = dataclasses.field(default=True, kw_only=True)

    @property
    def size(self) -> int:
        return 1

    @property
    def uses_unlabelled(self) -> bool:
        return not self.is_rating

    def read(self, table):
        column = self._column_of(table)
        numbers = pd.to_numeric(column, errors="coerce")
        given = column.notna() & (column.astype(str) != "")
        wrong = column[given & ~np.isfinite(numbers)]
        if len(wrong):
            raise ValueError(
                f"Task `{self.name}` needs finite numbers in column "
                f"`{self.table_column}`, or nothing where there is no label. Received: "
                f"{wrong.iloc[0]!r}. Correct the table."
            )
        return numbers.to_numpy(np.float32, copy=True)

    def loss(self):
        return losses.CCCLoss(name=f"{self.name}_loss")

    def metrics(self, prefix=""):
        return [metrics.CCC(name=f"{prefix}ccc")]

    def truths(self, table):
        numbers = self.read(table)
        return np.array(["" if np.isnan(x) else f"{x:.6g}" for x in numbers], object)

    def predictions(self, outputs):
        numbers = np.asarray(outputs, np.float64).reshape(-1)
        return pd.DataFrame({"prediction": [f"{number:.6g}" for number in numbers]})
