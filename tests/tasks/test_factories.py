"""The task of a column, and those of MTL-AUG."""

import pytest
from toy_tasks import CENTER, EMOTION, EMOTIONS, TABLE, TYPES

from keras_ser import tasks


def test_the_task_of_a_column_follows_from_its_values():
    assert tasks.of_column(TABLE, "valence") == tasks.Regression("valence")
    expected = tasks.Classification("gender", ("female", "male"))
    assert tasks.of_column(TABLE, "gender") == expected
    assert tasks.of_column(TABLE, "emotion", {"emotion": EMOTIONS}) == EMOTION
    with pytest.raises(ValueError, match="A task needs the column `age`"):
        tasks.of_column(TABLE, "age")


def test_the_tasks_of_mtl_aug():
    found = tasks.mtl_aug_tasks(EMOTIONS, ("none", "speed"), mask_padding=False)
    assert found == (
        EMOTION,
        CENTER,
        TYPES,
        tasks.Reconstruction("reconstruction", mask_padding=False, weight=0.3),
    )
    assert [task.name for task in tasks.mtl_aug_tasks(EMOTIONS, ("none",))] == [
        "emotion",
        "center",
        "reconstruction",
    ]
    with pytest.raises(ValueError, match="different names.*'speed'"):
        tasks.mtl_aug_tasks(EMOTIONS, "speed")
