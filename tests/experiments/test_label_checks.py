"""Whether the training speech has labels of each task."""

import dataclasses

import numpy as np
import pytest

from keras_ser import tasks
from keras_ser.experiments import label_checks
from keras_ser.protocols import leave_one_speaker_out

TASKS = (tasks.Classification("emotion", ("anger", "sadness")),)


def fold_of(table):
    return leave_one_speaker_out(table)["1"]


@pytest.mark.parametrize(
    ("valence", "received"),
    [
        (np.nan, "Received: 0 labels, in 18 utterances. Leave this head out"),
        (0.5, "Received: 18 labels, all 0.5, in 18 utterances."),
    ],
)
def test_a_regression_needs_different_numbers(spoken_table, valence, received):
    numbers = (*TASKS, tasks.Regression("joy", column="valence"))
    table = spoken_table.assign(valence=valence)
    with pytest.raises(ValueError) as caught:
        label_checks.check_labels(numbers, fold_of(table))
    message = str(caught.value)
    assert "`joy` needs two or more different numbers in the column" in message
    assert received in message
    table.loc[table.speaker == "toy/6", "valence"] = [0.1, 0.2] * 3
    label_checks.check_labels(numbers, fold_of(table))


def test_the_labels_of_unlabelled_speech_count_only_where_they_are_used(spoken_table):
    fold = fold_of(spoken_table.assign(valence=np.nan, age=np.nan))
    names = [f"x/{n}" for n in range(len(spoken_table))]
    numbers = np.arange(len(names)) / 10
    copied = {"utterance": names, "digest": names, "source": ""}
    extra = spoken_table.assign(**copied, speaker="x/1", valence=numbers, age=numbers)
    fold = dataclasses.replace(fold, unlabelled=extra)
    with pytest.raises(ValueError, match="`valence` needs two or more"):
        label_checks.check_labels([tasks.Regression("valence")], fold)
    label_checks.check_labels([tasks.Regression("age", is_rating=False)], fold)


def test_classes_need_one_labelled_row(spoken_table):
    fold = fold_of(spoken_table)
    reconstruction = tasks.Reconstruction("reconstruction")
    label_checks.check_labels([*TASKS, reconstruction], fold)
    other = tasks.Classification("dialect", ("north", "south"), column="gender")
    words = r"`dialect` needs one of \['north', 'south'\] in the column `gender`"
    with pytest.raises(ValueError, match=words):
        label_checks.check_labels([other], fold)
