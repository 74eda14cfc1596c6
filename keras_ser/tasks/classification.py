"""Tasks of classes that exclude each other."""

import dataclasses

import numpy as np
import pandas as pd

from keras_ser import losses, metrics
from keras_ser.tasks.base import ColumnTask
from keras_ser.tasks.vocabularies import check_classes, texts_of


@dataclasses.dataclass(frozen=True)
class Classification(ColumnTask):
    """Classes that exclude each other, such as emotions or genders.

        L = −Σ_k y_k ln p_k

    with one-hot or soft labels y and the probabilities p.

    Args:
        name: The name of the head.
        classes: The classes in the order of the probabilities, from the training
            speech; see `vocabulary`.
        adversarial: Whether the encoder unlearns the classes, by gradient reversal or
            an adversary. The task of the head stays the same: the model decides what
            reaches the encoder.
        column: The column of the table. By default, it is called like the head.
        weight: The weight of its loss.

    Raises:
        ValueError: If there are fewer than two different classes.

    Example:

    >>> Classification("gender", ("female", "male")).read(table)
    array([0, 1, 1], dtype=int32)
    """

    classes: tuple[str, ...] = ()
    adversarial: bool = dataclasses.field(default=False, kw_only=True)

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "classes", check_classes(self.name, self.classes))

    @property
    def kind(self) -> str:
        return "adversarial" if self.adversarial else "classification"

    def read(self, table):
        codes = {name: code for code, name in enumerate(self.classes)}
        found = self._texts_of(table).map(codes)
        return found.fillna(-1).astype(np.int32).to_numpy(copy=True)

    def loss(self):
        return losses.cross_entropy(f"{self.name}_loss")

    def metrics(self, prefix=""):
        return [
            metrics.Accuracy(name=f"{prefix}accuracy"),
            metrics.UAR(name=f"{prefix}uar"),
        ]

    def loss_metric(self, name):
        if type(self).loss is not Classification.loss:  # the loss of a subclass
            return super().loss_metric(name)
        return metrics.MeanCrossEntropy(name=name)

    def truths(self, table):
        truth = self._texts_of(table)
        if self.uses_unlabelled:  # nobody can name a speaker that was never heard
            truth = truth.where(truth.isin(self.classes), "")
        return truth.to_numpy()

    def _texts_of(self, table: pd.DataFrame) -> pd.Series:
        return texts_of(table, self.table_column, f"Task `{self.name}`")

    def predictions(self, outputs):
        table = pd.DataFrame(outputs, columns=[f"p_{name}" for name in self.classes])
        best = np.array(self.classes)[np.asarray(outputs).argmax(axis=1)]
        table.insert(0, "prediction", best)
        return table
