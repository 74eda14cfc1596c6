"""What every task promises: values, targets, losses, metrics and descriptions."""

import dataclasses
import json

import numpy as np
import pytest
from toy_tasks import ALL, EMOTION, GENDER, TABLE, VALENCE, every_task

from keras_ser import losses, metrics, tasks


def test_what_each_task_is():
    found = [
        (task.kind, task.table_column, task.size, task.is_scored, task.uses_unlabelled)
        for task in ALL
    ]
    assert found == [
        ("classification", "emotion", 3, True, False),
        ("adversarial", "gender", 2, True, True),
        ("regression", "valence", 1, True, False),
        ("centers", "emotion", 3, False, False),
        ("classification", "", 2, False, True),
        ("reconstruction", "", 0, False, True),
    ]
    assert [task.weight for task in ALL] == [1.0, 1.0, 0.5, 1e-3, 0.3, 0.3]


@every_task
def test_a_task_is_described_as_json(task):
    value = task.describe()
    assert json.loads(json.dumps(value)) == value
    assert value["name"] == task.name
    assert value["kind"] == task.kind
    assert value["column"] == task.table_column
    assert tuple(value["classes"]) == task.classes
    assert value["scored"] is task.is_scored


@every_task
def test_tasks_are_values(task):
    copy = dataclasses.replace(task)
    assert copy == task
    assert dataclasses.replace(task, weight=7.0).weight == 7.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.name = "other"


@pytest.mark.parametrize("task", [EMOTION, VALENCE])
def test_a_table_without_the_column_is_named(task):
    with pytest.raises(ValueError, match=f"`{task.name}` needs the column.*speaker"):
        task.read(TABLE[["speaker"]])


@pytest.mark.parametrize("column", ["emotion", "activation", "valence", "dominance"])
def test_unlabelled_speech_has_no_labels_of_affect(column):
    assert column in tasks.AFFECT
    assert not tasks.Regression(column).uses_unlabelled
    assert tasks.Regression("age", is_rating=False).uses_unlabelled


def test_truths_are_text():
    """A class of the emotion that training does not know is still the truth."""
    assert EMOTION.truths(TABLE).tolist() == ["anger", "sadness", "", "boredom", ""]
    assert GENDER.truths(TABLE).tolist() == ["female", "male", "male", "", ""]
    assert VALENCE.truths(TABLE).tolist() == ["0.25", "", "-0.5", "1", "0.123457"]
    speaker = tasks.Classification("speaker", ("a", "b"))
    assert speaker.truths(TABLE).tolist() == ["a", "b", "a", "b", ""]


def test_a_head_of_a_column_has_the_mixed_labels(batch):
    for task in (EMOTION, VALENCE):
        label, weight = task.target(batch)
        assert label is batch["labels"][task.name]
        np.testing.assert_array_equal(weight, [1, 0.5])


def test_losses_are_those_of_the_kind():
    kinds = [type(task.loss()) for task in ALL]
    entropy = losses.CrossEntropy
    assert kinds == [
        entropy,
        entropy,
        losses.CCCLoss,
        losses.CenterLoss,
        entropy,
        losses.ReconstructionLoss,
    ]
    assert EMOTION.loss().reduction == losses.REDUCTION
    assert tasks.Reconstruction("r", mask_padding=False).loss().mask_padding is False


@every_task
def test_each_call_makes_new_losses_and_metrics(task):
    assert task.loss() is not task.loss()
    for one, other in zip(task.metrics(), task.metrics(), strict=True):
        assert one is not other


def test_metrics_have_the_prefix():
    found = {task.name: [m.name for m in task.metrics("x_")] for task in ALL}
    assert found == {
        "emotion": ["x_accuracy", "x_uar"],
        "gender": ["x_accuracy", "x_uar"],
        "valence": ["x_ccc"],
        "center": [],
        "augmentation": ["x_accuracy"],
        "reconstruction": [],
    }
    assert isinstance(VALENCE.metrics()[0], metrics.CCC)


def example(task, rng):
    """Labels, outputs and weights of four rows."""
    weights = np.float32([1, 0, 2, 1])
    if task.kind == "regression":
        return rng.random((4, 1)), rng.random((4, 1)), weights
    if task.kind == "reconstruction":
        return rng.normal(size=(4, 5, 2)), rng.normal(size=(4, 5, 2)), weights
    labels = np.eye(task.size, dtype="float32")[[0, 1, 1, 0]]
    if task.kind == "centers":
        return labels, rng.normal(size=(4, task.size, 2)), weights
    return labels, rng.dirichlet(np.ones(task.size), 4), weights


@every_task
def test_the_loss_metric_is_the_loss_of_the_batch(task, rng):
    labels, outputs, weights = example(task, rng)
    metric = task.loss_metric("x_loss")
    assert metric.name == "x_loss"
    metric.update_state(labels, outputs, sample_weight=weights)
    expected = float(task.loss()(labels, outputs, weights))
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)


def test_a_task_without_a_loss_is_rejected_before_it_trains():
    class Incomplete(tasks.Task):
        def target(self, batch):
            return batch["features"], batch["ones"]

    with pytest.raises(TypeError, match="Incomplete.*loss"):
        Incomplete("head")


def test_known_labels_are_those_of_a_class_or_a_number():
    gender = tasks.Classification("gender", ("female", "male"))
    assert gender.known(np.int32([0, -1, 1])).tolist() == [True, False, True]
    number = tasks.Regression("valence")
    assert number.known(np.float32([0, np.nan, -1])).tolist() == [True, False, True]
