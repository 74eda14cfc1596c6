"""Classes: labels of a table, and predictions."""

import keras
import numpy as np
import pytest
from toy_tasks import CENTER, EMOTION, GENDER, TABLE

from keras_ser import tasks


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


def test_predictions_name_the_best_class_and_all_probabilities():
    outputs = np.float32([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])
    found = EMOTION.predictions(outputs)
    assert list(found) == ["prediction", "p_anger", "p_neutral", "p_sadness"]
    assert found.prediction.tolist() == ["neutral", "anger"]
    np.testing.assert_array_equal(found.iloc[:, 1:], outputs)


def test_a_loss_of_a_subclass_is_the_one_that_is_measured():
    class Smooth(tasks.Classification):
        def loss(self):
            return keras.losses.CategoricalCrossentropy(label_smoothing=0.2)

    truth, output = np.float32([[0, 1]]), np.float32([[0.1, 0.9]])
    for kind, label in ((tasks.Classification, 1.0), (Smooth, 0.9)):
        metric = kind("emotion", ("a", "b")).loss_metric("loss")
        metric.update_state(truth, output)
        expected = -label * np.log(0.9) - (1 - label) * np.log(0.1)
        assert float(metric.result()) == pytest.approx(expected, rel=1e-5)


def test_classes_may_be_any_iterable():
    task = tasks.Classification("head", (name for name in "ab"))
    assert task.classes == ("a", "b")
    assert hash(task) == hash(tasks.Classification("head", ["a", "b"]))
