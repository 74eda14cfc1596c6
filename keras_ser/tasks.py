"""Tasks: what each head of a model learns, and from which column of the table.

A task is handed to everything that deals with a head. The pipeline makes labels and
sample weights from it, the model takes its loss and metrics, and the evaluation takes
the column that a prediction is compared with. A model lists its tasks, and the first
of them is the one that the model is built for. Its development score selects the
epoch, and attacks follow its gradient.

The labels of a *column task* come from a column of the corpus table. The labels of an
*input task* follow from what the pipeline did to the row.

The pipeline hands a batch to `target` as a dictionary of tensors:

| key | shape | value |
|---|---|---|
| `features` | `(batch, time, dimensions)` | the model's input |
| `reconstruction` | `(batch, time, dimensions)` | what the input is to be turned into |
| `labels` | `{task: (batch, size)}` | labels of column tasks, mixed by mixup |
| `known` | `{task: (batch,)}` | 1 where they are known, otherwise 0 |
| `unmixed_labels`, `unmixed_known` | as above | the same before mixup |
| `is_unmixed` | `(batch,)` | 0 in rows of mixup, otherwise 1 |
| `type` | `(batch, types)` | one-hot type of augmentation |
| `type_weight` | `(batch,)` | weight that balances the types |
| `ones` | `(batch,)` | 1 everywhere |
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from keras_ser import losses, metrics

EMOTION = "emotion"
# Unlabelled speech has attributes, such as a gender, but no labels of these columns.
AFFECT = (EMOTION, "activation", "valence")
# Columns whose classes need several utterances: a class that occurs once can be
# learned by heart, but not recognised.
MIN_UTTERANCES = {"speaker": 2}
MAX_NAMED = 5  # classes that an error message quotes


@dataclasses.dataclass(frozen=True)
class Task:
    """Base class: what one head learns.

    Args:
        name: The name of the head. It is the key of the model's outputs, labels,
            weights, losses and metrics, and the prefix of its logs.
        weight: The weight of its loss in the sum of all losses.
    """

    name: str
    weight: float = dataclasses.field(default=1.0, kw_only=True)

    kind: ClassVar[str]

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
        """The number of values that the head puts out for an utterance."""
        return len(self.classes)

    @property
    def is_scored(self) -> bool:
        """Whether predictions of the head are written and scored."""
        return False

    @property
    def uses_unlabelled(self) -> bool:
        """Whether unlabelled speech has labels for this task."""
        return True

    def target(self, batch: Mapping[str, Any]) -> tuple[Any, Any]:
        """The labels and the sample weights of a batch.

        Args:
            batch: Tensors of the pipeline; see the module.

        Returns:
            Labels, with one entry per row, and weights `(batch,)`.
        """
        raise NotImplementedError

    def loss(self) -> keras.losses.Loss:
        """A new loss of the head."""
        raise NotImplementedError

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

    def read(self, table: pd.DataFrame) -> np.ndarray:
        """The label of each row: int32 class numbers or float32 values, `(rows,)`.

        A missing label is −1 or NaN. So is a class that the task does not have.

        Raises:
            ValueError: If the table lacks the column.
        """
        raise NotImplementedError

    def target(self, batch):
        return batch["labels"][self.name], batch["known"][self.name]

    def truths(self, table: pd.DataFrame) -> np.ndarray:
        """The true labels of a table as text, empty where there is none."""
        raise NotImplementedError

    def predictions(self, outputs: np.ndarray) -> pd.DataFrame:
        """What the outputs of the head say, as columns of `predictions.csv`.

        Args:
            outputs: Outputs of the head, `(utterances, size)`.

        Returns:
            The column `prediction` and, if the task has classes, one column
            `p_<class>` per class with its probability.
        """
        raise NotImplementedError

    def _column_of(self, table: pd.DataFrame) -> pd.Series:
        return column_of(table, self.table_column, f"Task `{self.name}`")


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
        object.__setattr__(self, "classes", check_classes(self.name, self.classes))

    @property
    def kind(self) -> str:
        return "adversarial" if self.adversarial else "classification"

    def read(self, table):
        codes = {name: code for code, name in enumerate(self.classes)}
        found = self._column_of(table).map(codes)
        return found.fillna(-1).astype(np.int32).to_numpy(copy=True)

    def loss(self):
        return losses.cross_entropy(f"{self.name}_loss")

    def metrics(self, prefix=""):
        return [
            metrics.Accuracy(name=f"{prefix}accuracy"),
            metrics.UAR(name=f"{prefix}uar"),
        ]

    def loss_metric(self, name):
        return keras.metrics.CategoricalCrossentropy(name=name)

    def truths(self, table):
        truth = self._column_of(table).fillna("").astype(str)
        if self.uses_unlabelled:  # nobody can name a speaker that was never heard
            truth = truth.where(truth.isin(self.classes), "")
        return truth.to_numpy()

    def predictions(self, outputs):
        table = pd.DataFrame(outputs, columns=[f"p_{name}" for name in self.classes])
        best = np.array(self.classes)[np.asarray(outputs).argmax(axis=1)]
        table.insert(0, "prediction", best)
        return table


@dataclasses.dataclass(frozen=True)
class Regression(ColumnTask):
    """A number per utterance, such as activation or valence.

        L = 1 − CCC

    with the concordance correlation coefficient (CCC) over the rows of a batch whose
    number is known; see `losses.CCCLoss`.

    Args:
        name: The name of the head.
        column: The column of the table. By default, it is called like the head.
        weight: The weight of its loss.

    Example:

    >>> Regression("valence").read(table)
    array([0.2, nan, 0.7], dtype=float32)
    """

    kind = "regression"

    @property
    def size(self) -> int:
        return 1

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


@dataclasses.dataclass(frozen=True)
class Centers(Classification):
    """The distance of the embedding to the center of its own class.

    See `losses.CenterLoss`. Rows of mixup have weight 0, because soft labels would
    draw the centers together.

    Args:
        name: The name of the head.
        classes: The classes of the emotion, or of another column.
        column: The column of the table. The default is the emotion.
        weight: λ2, the weight of the center loss.
    """

    kind = "centers"
    column: str = dataclasses.field(default=EMOTION, kw_only=True)

    @property
    def is_scored(self) -> bool:
        return False

    def target(self, batch):
        known = batch["unmixed_known"][self.name] * batch["is_unmixed"]
        return batch["unmixed_labels"][self.name], known

    def loss(self):
        return losses.CenterLoss()

    def loss_metric(self, name):
        return metrics.LossValue(self.loss(), name=name)

    def metrics(self, prefix=""):
        return []


@dataclasses.dataclass(frozen=True)
class AugmentationType(Task):
    """Which augmentation the row went through.

    The weight of a row is inverse to the frequency of its type. A mixture that is
    hard to distinguish from unaugmented speech counts half; see `augment.Mixup`.

    Args:
        name: The name of the head.
        types: The types of augmentation, `none` first; see `augment.types`.
        weight: λ1, the weight of the loss.

    Raises:
        ValueError: If there are fewer than two different types.
    """

    kind = "classification"
    types: tuple[str, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "types", check_classes(self.name, self.types))

    @property
    def classes(self) -> tuple[str, ...]:
        return self.types

    def target(self, batch):
        return batch["type"], batch["type_weight"]

    def loss(self):
        return losses.cross_entropy(f"{self.name}_loss")

    def metrics(self, prefix=""):
        return [metrics.Accuracy(name=f"{prefix}accuracy")]


@dataclasses.dataclass(frozen=True)
class Reconstruction(Task):
    """The input itself, or with `denoising` in the pipeline the input without noise.

    See `losses.ReconstructionLoss`.

    Args:
        name: The name of the head.
        mask_padding: Whether padded frames are left out of the loss.
        weight: λ1, the weight of the loss.
    """

    kind = "reconstruction"
    mask_padding: bool = True

    @property
    def size(self) -> int:
        return 0  # as large as the input

    def target(self, batch):
        return batch["reconstruction"], batch["ones"]

    def loss(self):
        return losses.ReconstructionLoss(self.mask_padding)


def vocabulary(table: pd.DataFrame, column: str) -> tuple[str, ...]:
    """The classes of a column of the training speech, in alphabetical order.

    A speaker with a single utterance is not a class. The weight of that utterance is
    then 0 on a head that recognises speakers.

    Args:
        table: The training side of a fold, with its unlabelled speech.
        column: A column of the table, such as `gender`.

    Raises:
        ValueError: If the table lacks the column, or has fewer than two classes.
    """
    names = column_of(table, column, "A vocabulary").dropna().astype(str)
    counts = names[names != ""].value_counts()
    least = MIN_UTTERANCES.get(column, 1)
    return check_classes(column, sorted(counts[counts >= least].index))


def of_column(
    table: pd.DataFrame, column: str, classes: Mapping[str, Iterable[str]] = {}
) -> ColumnTask:
    """The task whose head is called like a column: a regression if it holds numbers.

    Args:
        table: The training side of a fold.
        column: A column of the table.
        classes: The classes of columns for which they are known; by default, they are
            the `vocabulary` of the column.

    Raises:
        ValueError: If the table lacks the column, or it has fewer than two classes.
    """
    if column not in classes and is_numeric_dtype(column_of(table, column, "A task")):
        return Regression(column)
    return Classification(column, classes.get(column) or vocabulary(table, column))


def check_classes(name: str, classes: Iterable[str]) -> tuple[str, ...]:
    """Returns the classes as a tuple, if a head can learn to distinguish them.

    Args:
        name: The name of the head or of its column, for the message.
        classes: Names of classes.

    Raises:
        ValueError: If they are not a list of at least two different names.
    """
    found = () if isinstance(classes, str) else tuple(classes)
    are_texts = all(isinstance(each, str) and each for each in found)
    if len(found) < 2 or len(set(found)) < len(found) or not are_texts:
        received = repr(classes if isinstance(classes, str) else found[:MAX_NAMED])
        raise ValueError(
            f"`{name}` needs two or more classes, as a list of different names: with "
            f"one class there is nothing to recognise. Received: {received}. Leave "
            "this head out, or train on speech in which the classes differ."
        )
    return found


def column_of(table: pd.DataFrame, column: str, who: str) -> pd.Series:
    """A column of the table.

    Args:
        table: Utterances.
        column: The name of the column.
        who: Who needs it, for the message.

    Raises:
        ValueError: If there is no such column.
    """
    if column not in table:
        raise ValueError(
            f"{who} needs the column `{column}`. Received: a table with "
            f"{list(table.columns)}. Choose one of these."
        )
    return table[column]


def mtl_aug_tasks(
    classes: Iterable[str], types: Iterable[str], mask_padding: bool = True
) -> tuple[Task, ...]:
    """The four tasks of MTL-AUG, with the weights of Latif et al. 2022.

    Args:
        classes: The emotions.
        types: The types of augmentation, `none` first. With a single type there is no
            task to recognise it.
        mask_padding: Whether the reconstruction ignores padded frames.
    """
    types = types if isinstance(types, str) else tuple(types)  # a text is rejected
    tasks = [Classification(EMOTION, classes), Centers("center", classes, weight=1e-3)]
    if len(types) > 1:
        tasks.append(AugmentationType("augmentation", types, weight=0.3))
    return (*tasks, Reconstruction("reconstruction", mask_padding, weight=0.3))
