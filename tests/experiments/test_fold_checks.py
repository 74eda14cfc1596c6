"""Whether planning finds the folds whose training speech lacks labels."""

import dataclasses

import numpy as np
import pytest
from toy_models import Attributes

from keras_ser.experiments import plan
from keras_ser.experiments.config import System

WHERE = ["This concerns system `a` in fold `1`."]


@pytest.mark.parametrize(
    "system",
    [
        System(Attributes, augment=()),
        System("LengthProbe", {"targets": ("emotion", "gender")}, augment=()),
    ],
)
def test_an_attribute_of_one_class_is_found_while_planning(toy, tables, system):
    changed = dataclasses.replace(toy, systems={"a": system}, unlabelled_corpus="")
    labelled = tables[0].assign(gender=["female", "male"] * (len(tables[0]) // 2))
    assert plan.plan_jobs(changed, labelled, None, "runs")
    with pytest.raises(ValueError, match="`gender` needs two or more class") as caught:
        plan.plan_jobs(changed, labelled.assign(gender="female"), None, "runs")
    assert caught.value.__notes__ == WHERE


def test_a_classical_system_needs_numbers_too(toy, tables):
    system = System("LengthProbe", {"targets": ("valence",)}, augment=())
    changed = dataclasses.replace(toy, systems={"a": system}, unlabelled_corpus="")
    with pytest.raises(ValueError, match="`valence` needs two or more diff") as caught:
        plan.plan_jobs(changed, tables[0].assign(valence=np.nan), None, "runs")
    assert caught.value.__notes__ == WHERE
