"""Labels that scores accept and reject."""

import numpy as np
import pandas as pd
import pytest

from keras_ser import scores


def test_takes_pandas_columns():
    table = pd.DataFrame({"truth": ["a", "b"], "prediction": ["a", "a"]}, index=[7, 3])
    assert scores.uar(table["truth"], table["prediction"]) == 0.5


@pytest.mark.parametrize(
    "truth, prediction, words",
    [
        ([], [], "non-empty"),
        (["a"], ["a", "b"], "same length. Received: 1 and 2"),
        (["a", None], ["a", "a"], "`truth` must contain no missing labels"),
        (["a", float("nan")], ["a", "a"], "`truth` must contain no missing labels"),
        ([0.0, np.nan], [0, 1], "`truth` must contain no missing labels"),
        (["a", "a"], ["a", ""], "`prediction` must contain no missing.*at row 1"),
        (pd.Series(["a", None]), ["a", "a"], "`truth` must contain no missing labels"),
        (np.eye(2), np.eye(2), r"Received: shape \(2, 2\)"),
    ],
)
def test_bad_labels_are_rejected(truth, prediction, words):
    for score in (scores.uar, scores.accuracy):
        with pytest.raises(ValueError, match=words):
            score(truth, prediction)


def test_unknown_and_repeated_classes_are_rejected():
    with pytest.raises(ValueError, match=r"`prediction` .* Received: \['c'\]"):
        scores.confusion(["a", "b"], ["a", "c"], ["a", "b"])
    with pytest.raises(ValueError, match="`classes` must name each class once"):
        scores.confusion(["a"], ["a"], ["a", "a"])


@pytest.mark.parametrize(
    ("truth", "prediction"),
    [
        ([0, 1], ["0", "1"]),
        (np.array(["1", 1], object), ["1", "1"]),
        ([1.5, 2.5], ["1.5", "2.5"]),
    ],
)
def test_text_and_numbers_are_not_the_same_label(truth, prediction):
    with pytest.raises(ValueError, match="Labels must be of one type.*Convert"):
        scores.uar(truth, prediction)
