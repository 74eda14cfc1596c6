"""The base classes of tasks, whose labels may be in a column of the table."""

import abc
import dataclasses
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import pandas as pd

from keras_ser import metrics
from keras_ser.corpora.table import LABELS
from keras_ser.tasks.vocabularies import column_of
from keras_ser.utils.choices import check_numbers

EMOTION = "emotion"
# Unlabelled speech has attributes, such as a gender, but no labels of these columns.
AFFECT = tuple(LABELS)


@dataclasses.dataclass(frozen=True)
class Task(abc.ABC):
    """Base class: what one head learns.

    Args:
        name: The name of the head. It is the key of the model's outputs, labels,
            weights, losses and metrics, and the prefix of its logs.
        weight: The weight of its loss in the sum of all losses.
    """

    name: str
    weight: float = dataclasses.field(default=1.0, kw_only=True)

    kind: ClassVar[str]

    def __post_init__(self):
        check_numbers("a finite number", math.isfinite, weight=self.weight)

    @property
    def table_column(self) -> str:
        """The column of the table that holds the labels; empty for an input task."""
        return ""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in the order of the labels; empty if there are none."""
        return ()

    @property
    def size(self) -> int:
        """The number of values that the head outputs for an utterance."""
        return len(self.classes)

    @property
    def is_scored(self) -> bool:
        """Whether predictions of the head are written and scored."""
        return False

    @property
    def uses_unlabelled(self) -> bool:
        """Whether unlabelled speech has labels for this task."""
        return True

    @abc.abstractmethod
    def target(self, batch: Mapping[str, Any]) -> tuple[Any, Any]:
        """The labels and the sample weights of a batch.

        Args:
            batch: Tensors of the pipeline; see `keras_ser.tasks`.

        Returns:
            Labels, with one entry per row, and weights `(batch,)`.
        """

    @abc.abstractmethod
    def loss(self) -> keras.losses.Loss:
        """A new loss of the head."""

    def metrics(self, prefix: str = "") -> list[keras.metrics.Metric]:
        """New metrics of the head.

        Args:
            prefix: What their names start with.
        """
        return []

    def loss_metric(self, name: str) -> keras.metrics.Metric:
        """A metric with the value of the loss.

        Keras logs the loss of each head by itself if there are several. A model with
        one head uses this metric, so that its logs have the same names.

        Args:
            name: The name of the metric.
        """
        return metrics.LossValue(self.loss(), name=name)

    def describe(self) -> dict:
        """The task as JSON values, as `config.json` of a run records it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "column": self.table_column,
            "classes": list(self.classes),
            "scored": self.is_scored,
        }


@dataclasses.dataclass(frozen=True)
class ColumnTask(Task):
    """Base class of tasks whose labels are in a column of the table.

    Args:
        name: The name of the head.
        column: The column of the table. By default, it is called like the head.
        weight: The weight of its loss.
    """

    column: str = dataclasses.field(default="", kw_only=True)

    @property
    def table_column(self) -> str:
        return self.column or self.name

    @property
    def is_scored(self) -> bool:
        return True

    @property
    def uses_unlabelled(self) -> bool:
        return self.table_column not in AFFECT

    @abc.abstractmethod
    def read(self, table: pd.DataFrame) -> np.ndarray:
        """The label of each row: int32 class numbers or float32 values, `(rows,)`.

        A missing label is −1 or NaN. So is a class that the task does not have.

        Raises:
            ValueError: If the table lacks the column.
        """

    def known(self, labels: np.ndarray) -> np.ndarray:
        """Which of the labels from `read` are known, booleans `(rows,)`."""
        return labels >= 0 if labels.dtype.kind == "i" else np.isfinite(labels)

    def target(self, batch):
        return batch["labels"][self.name], batch["known"][self.name]

    @abc.abstractmethod
    def truths(self, table: pd.DataFrame) -> np.ndarray:
        """The true labels of a table as text, empty where there is none."""

    @abc.abstractmethod
    def predictions(self, outputs: np.ndarray) -> pd.DataFrame:
        """What the outputs of the head say, as columns of `predictions.csv`.

        Args:
            outputs: Outputs of the head, `(utterances, size)`.

        Returns:
            The column `prediction` and, if the task has classes, one column
            `p_<class>` per class with its probability.
        """

    def _column_of(self, table: pd.DataFrame) -> pd.Series:
        return column_of(table, self.table_column, f"Task `{self.name}`")
