"""Classes that a head can learn."""

import pandas as pd
import pytest
from toy_tasks import TABLE

from keras_ser import tasks


@pytest.mark.parametrize(
    "classes", [(), ("a",), "ab", ("a", "a"), ("a", ""), ("a", 1), ["a", None]]
)
def test_a_head_needs_two_different_names(classes):
    message = "needs two or more classes.*Received.*Leave this head out"
    for make in (tasks.Classification, tasks.Centers, tasks.AugmentationType):
        with pytest.raises(ValueError, match=message):
            make("head", classes)


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


@pytest.mark.parametrize("values", [[1, 2, 1, None], [True, False, True, None]])
def test_classes_that_are_no_text_are_read_as_they_are_named(values):
    table = pd.DataFrame({"group": values})
    task = tasks.of_column(table.astype(object), "group")
    assert task.read(table.astype(object)).tolist()[-1] == -1
    known = task.read(table.astype(object))[:3]
    assert set(known) == {0, 1}
    assert task.truths(table.astype(object))[3] == ""
    assert isinstance(
        tasks.of_column(pd.DataFrame({"b": [True, False]}), "b"), tasks.Classification
    )
