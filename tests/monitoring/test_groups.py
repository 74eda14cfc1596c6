"""The groups of utterances: classes of a task, or thirds of a number."""

import numpy as np
import pandas as pd
import pytest

from keras_ser import tasks
from keras_ser.monitoring import groups

VALENCE = tasks.Regression("valence")
EMOTION = tasks.Classification("emotion", ("anger", "joy"))


def grouped(task, values) -> list[str]:
    return list(groups.assign_groups(task, pd.DataFrame({task.table_column: values})))


def test_classes_are_groups_and_unknown_ones_are_not():
    found = grouped(EMOTION, ["joy", "", "anger", "fear", None])
    assert found == ["joy", "", "anger", "", ""]
    assert groups.group_names(EMOTION) == ("anger", "joy")


def test_numbers_are_in_thirds():
    values = [6.0, 1.0, np.nan, 2.0, 5.0, 3.0, 4.0]
    found = grouped(VALENCE, values)
    assert found == ["high", "low", "", "low", "high", "middle", "middle"]
    assert groups.group_names(VALENCE) == ("low", "middle", "high")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([np.nan, np.nan], ["", ""]),
        ([1.0, 1.0, 1.0], ["low"] * 3),
        ([2.0], ["low"]),
        ([], []),
    ],
)
def test_few_or_equal_numbers_have_fewer_groups(values, expected):
    assert grouped(VALENCE, np.array(values, float)) == expected
