"""Scores against scikit-learn, and against values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from keras_ser import scores

NAMES = ["anger", "happiness", "neutral", "sadness"]

labels = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=40
)


@given(pairs=labels)
@settings(max_examples=60, deadline=None)
def test_scores_equal_those_of_scikit_learn(pairs, balanced_accuracy):
    truth, prediction = map(list, zip(*pairs, strict=True))
    counts = scores.confusion(truth, prediction, NAMES)
    np.testing.assert_array_equal(
        counts, oracle.confusion_matrix(truth, prediction, labels=NAMES)
    )
    assert scores.uar(truth, prediction) == pytest.approx(
        balanced_accuracy(truth, prediction)
    )
    assert scores.accuracy(truth, prediction) == pytest.approx(
        oracle.accuracy_score(truth, prediction)
    )


@given(pairs=labels, random=st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_of_rows_and_names_of_classes_do_not_matter(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    renamed = [(f"z{4 - NAMES.index(t)}", f"z{4 - NAMES.index(p)}") for t, p in pairs]
    values = [
        scores.uar(*zip(*rows, strict=True)) for rows in (pairs, shuffled, renamed)
    ]
    assert values == pytest.approx([values[0]] * 3)


@pytest.mark.parametrize(
    "truth, prediction, uar, accuracy",
    [
        (["a"], ["a"], 1.0, 1.0),
        (["a"], ["b"], 0.0, 0.0),
        (["a", "a", "a"], ["a", "a", "b"], 2 / 3, 2 / 3),  # one class is true
        (["a", "a", "a", "b"], ["a", "a", "a", "a"], 0.5, 0.75),  # constant
        (["a", "b"], ["c", "b"], 0.5, 0.5),  # c is predicted, never true
        ([0, 1, 1], [0, 1, 0], 0.75, 2 / 3),  # integers
    ],
)
def test_scores_worked_by_hand(truth, prediction, uar, accuracy):
    assert scores.uar(truth, prediction) == pytest.approx(uar)
    assert scores.accuracy(truth, prediction) == pytest.approx(accuracy)


def test_uar_is_not_macro_recall_where_a_class_is_never_true():
    truth, prediction = ["a", "b"], ["c", "b"]
    macro = oracle.recall_score(truth, prediction, average="macro", zero_division=0)
    assert macro == pytest.approx(1 / 3)
    assert scores.uar(truth, prediction) == 0.5


def test_recalls_are_nan_for_an_absent_class():
    result = scores.recalls(["a", "a", "c"], ["a", "b", "c"], ["a", "b", "c"])
    np.testing.assert_array_equal(result, [0.5, np.nan, 1.0])


def test_confusion_follows_the_order_of_classes():
    counts = scores.confusion(["b", "b", "a"], ["b", "a", "a"], ["b", "a"])
    np.testing.assert_array_equal(counts, [[1, 1], [0, 1]])
    assert np.issubdtype(counts.dtype, np.integer)


def test_uar_of_each_speaker_counts_only_that_speakers_classes(
    balanced_accuracy, make_predictions
):
    truth, prediction, speaker = make_predictions(80)
    found = scores.per_speaker_uar(truth, prediction, speaker)
    assert list(found) == sorted(set(speaker))
    for name, value in found.items():
        own = speaker == name
        assert value == pytest.approx(balanced_accuracy(truth[own], prediction[own]))
    # Speaker y never expresses b: predicting b lowers only the recall of a.
    found = scores.per_speaker_uar(list("abaa"), list("aaab"), list("xxyy"))
    assert found == {"x": 0.5, "y": 0.5}
    with pytest.raises(ValueError, match="`speaker` must contain no missing"):
        scores.per_speaker_uar(["a"], ["a"], [""])
