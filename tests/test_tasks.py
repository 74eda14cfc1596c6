"""Tasks: labels from a table, targets of a batch, losses, metrics and predictions."""

import dataclasses
import json

import keras
import numpy as np
import pandas as pd
import pytest

from keras_ser import losses, metrics, tasks

TABLE = pd.DataFrame(
    {
        "emotion": ["anger", "sadness", "", "boredom", None],
        "gender": ["female", "male", "male", "", None],
        "speaker": ["a", "b", "a", "b", "c"],
        "valence": [0.25, np.nan, -0.5, 1.0, 0.123456789],
    }
)
EMOTIONS = ("anger", "neutral", "sadness")
EMOTION = tasks.Classification("emotion", EMOTIONS)
GENDER = tasks.Classification("gender", ("female", "male"), adversarial=True)
VALENCE = tasks.Regression("valence", weight=0.5)
CENTER = tasks.Centers("center", EMOTIONS, weight=1e-3)
TYPES = tasks.AugmentationType("augmentation", ("none", "speed"), weight=0.3)
DECODER = tasks.Reconstruction("reconstruction", weight=0.3)
ALL = (EMOTION, GENDER, VALENCE, CENTER, TYPES, DECODER)
every_task = pytest.mark.parametrize("task", ALL, ids=lambda task: task.name)


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


# === Labels of a table ===


def test_classes_are_read_as_numbers_and_unknown_ones_as_minus_one():
    found = EMOTION.read(TABLE)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, [0, 2, -1, -1, -1])
    np.testing.assert_array_equal(GENDER.read(TABLE), [0, 1, 1, -1, -1])
    np.testing.assert_array_equal(CENTER.read(TABLE), EMOTION.read(TABLE))
    as_category = TABLE.astype({"emotion": "category"})
    np.testing.assert_array_equal(EMOTION.read(as_category), [0, 2, -1, -1, -1])


def test_a_head_can_read_a_column_of_another_name():
    task = tasks.Classification("who", ("a", "b"), column="speaker")
    assert task.table_column == "speaker"
    np.testing.assert_array_equal(task.read(TABLE), [0, 1, 0, 1, -1])


def test_numbers_are_read_as_they_are_and_missing_ones_as_nan():
    found = VALENCE.read(TABLE)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, TABLE.valence, rtol=1e-6)
    texts = TABLE.assign(valence=["0.25", "", None, "1e-3", "-2"])
    expected = np.float32([0.25, np.nan, np.nan, 1e-3, -2])
    np.testing.assert_allclose(VALENCE.read(texts), expected)


@pytest.mark.parametrize("wrong", ["high", np.inf, "-inf"])
def test_what_is_no_finite_number_is_rejected(wrong):
    table = TABLE.assign(valence=[0.1, wrong, None, "", 0.2])
    with pytest.raises(ValueError, match="finite numbers in column `valence`"):
        VALENCE.read(table)


@pytest.mark.parametrize("task", [EMOTION, VALENCE])
def test_a_table_without_the_column_is_named(task):
    with pytest.raises(ValueError, match=f"`{task.name}` needs the column.*speaker"):
        task.read(TABLE[["speaker"]])


def test_truths_are_text():
    """A class of the emotion that training does not know is still the truth."""
    assert EMOTION.truths(TABLE).tolist() == ["anger", "sadness", "", "boredom", ""]
    assert GENDER.truths(TABLE).tolist() == ["female", "male", "male", "", ""]
    assert VALENCE.truths(TABLE).tolist() == ["0.25", "", "-0.5", "1", "0.123457"]
    speaker = tasks.Classification("speaker", ("a", "b"))
    assert speaker.truths(TABLE).tolist() == ["a", "b", "a", "b", ""]


# === Targets of a batch ===


@pytest.fixture
def batch(rng):
    """Two rows, the second of which is a mixture."""
    soft = np.float32([[1, 0, 0], [0.4, 0, 0.6]])
    hard = np.float32([[1, 0, 0], [0, 0, 1]])
    return {
        "reconstruction": rng.normal(size=(2, 5, 4)),
        "labels": {"emotion": soft, "center": soft, "valence": np.ones((2, 1))},
        "known": dict.fromkeys(("emotion", "center", "valence"), np.float32([1, 0.5])),
        "unmixed_labels": {"center": hard},
        "unmixed_known": {"center": np.float32([1, 1])},
        "is_unmixed": np.float32([1, 0]),
        "type": np.float32([[1, 0], [0, 1]]),
        "type_weight": np.float32([0.5, 1.5]),
        "ones": np.ones(2, "float32"),
    }


def test_a_head_of_a_column_has_the_mixed_labels(batch):
    for task in (EMOTION, VALENCE):
        label, weight = task.target(batch)
        assert label is batch["labels"][task.name]
        np.testing.assert_array_equal(weight, [1, 0.5])


def test_centers_have_hard_labels_and_no_mixtures(batch):
    label, weight = CENTER.target(batch)
    np.testing.assert_array_equal(label, [[1, 0, 0], [0, 0, 1]])
    np.testing.assert_array_equal(weight, [1, 0])


def test_input_tasks_have_what_the_pipeline_did(batch):
    label, weight = TYPES.target(batch)
    assert label is batch["type"] and weight is batch["type_weight"]
    label, weight = DECODER.target(batch)
    assert label is batch["reconstruction"]
    np.testing.assert_array_equal(weight, [1, 1])


# === Losses and metrics ===


def test_losses_are_those_of_the_kind():
    kinds = [type(task.loss()) for task in ALL]
    entropy = keras.losses.CategoricalCrossentropy
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


# === Predictions ===


def test_predictions_name_the_best_class_and_all_probabilities():
    outputs = np.float32([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])
    found = EMOTION.predictions(outputs)
    assert list(found) == ["prediction", "p_anger", "p_neutral", "p_sadness"]
    assert found.prediction.tolist() == ["neutral", "anger"]
    np.testing.assert_array_equal(found.iloc[:, 1:], outputs)


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_predicted_numbers_are_text(shape):
    found = VALENCE.predictions(np.reshape([0.123456789, -2], shape))
    assert list(found) == ["prediction"]
    assert found.prediction.tolist() == ["0.123457", "-2"]


# === Classes ===


@pytest.mark.parametrize(
    "classes", [(), ("a",), "ab", ("a", "a"), ("a", ""), ("a", 1), ["a", None]]
)
def test_a_head_needs_two_different_names(classes):
    message = "needs two or more classes.*Received.*Leave this head out"
    for make in (tasks.Classification, tasks.Centers, tasks.AugmentationType):
        with pytest.raises(ValueError, match=message):
            make("head", classes)


def test_classes_may_be_any_iterable():
    task = tasks.Classification("head", (name for name in "ab"))
    assert task.classes == ("a", "b")
    assert hash(task) == hash(tasks.Classification("head", ["a", "b"]))


def test_a_vocabulary_is_what_training_speech_has():
    assert tasks.vocabulary(TABLE, "gender") == ("female", "male")
    assert tasks.vocabulary(TABLE, "emotion") == ("anger", "boredom", "sadness")
    # The only utterance of speaker c could only be learned by heart.
    assert tasks.vocabulary(TABLE, "speaker") == ("a", "b")


@pytest.mark.parametrize(
    ("column", "words"),
    [("language", "needs the column `language`"), ("corpus", "`corpus` needs two")],
)
def test_a_vocabulary_of_one_class_or_no_column_is_rejected(column, words):
    with pytest.raises(ValueError, match=words):
        tasks.vocabulary(TABLE.assign(corpus="toy"), column)


def test_the_task_of_a_column_follows_from_its_values():
    assert tasks.of_column(TABLE, "valence") == tasks.Regression("valence")
    expected = tasks.Classification("gender", ("female", "male"))
    assert tasks.of_column(TABLE, "gender") == expected
    assert tasks.of_column(TABLE, "emotion", {"emotion": EMOTIONS}) == EMOTION
    with pytest.raises(ValueError, match="A task needs the column `age`"):
        tasks.of_column(TABLE, "age")


# === MTL-AUG ===


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
