"""The task of a column, and the tasks of MTL-AUG."""

from collections.abc import Iterable, Mapping

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from keras_ser.tasks.base import EMOTION, ColumnTask, Task
from keras_ser.tasks.centers import Centers
from keras_ser.tasks.classification import Classification
from keras_ser.tasks.inputs import AugmentationType, Reconstruction
from keras_ser.tasks.regression import Regression
from keras_ser.tasks.vocabularies import column_of, vocabulary


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
    values = column_of(table, column, "A task")
    has_numbers = is_numeric_dtype(values) and not is_bool_dtype(values)
    if column not in classes and has_numbers:
        return Regression(column)
    return Classification(column, classes.get(column) or vocabulary(table, column))


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
