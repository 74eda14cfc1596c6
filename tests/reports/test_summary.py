"""The scores of a run, over heads, test tables and conditions."""

import pandas as pd
import pytest

from keras_ser import scores
from keras_ser.reports.summary import score_head, summarise


def rows_of(head, truth, prediction, classes=(), **columns):
    frame = pd.DataFrame({"head": head, "truth": truth, "prediction": prediction})
    frame = frame.assign(**{"condition": "clean", "test": "test", **columns})
    return frame.assign(**{f"p_{name}": 0.5 for name in classes})


EMOTION = rows_of("emotion", list("aabb"), list("abbb"), "ab")


def test_the_scores_are_those_of_the_main_head():
    found = summarise(pd.concat([EMOTION, rows_of("sex", ["f"], ["m"], "fm")]))
    assert found["scores"] == scores.summary(list("aabb"), list("abbb"), ["a", "b"])
    assert set(found) == {"scores", "heads"}
    assert found["heads"]["sex"]["accuracy"] == 0


def test_one_head_and_one_test_need_no_more_keys():
    assert set(summarise(EMOTION)) == {"scores"}


def test_conditions_and_tests_have_scores_of_their_own():
    loud = EMOTION.assign(condition="gain:10", prediction=EMOTION.truth)
    other = EMOTION.assign(test="other", prediction="b")
    found = summarise(pd.concat([EMOTION, other, loud]))
    assert found["tests"]["test"]["uar"] == 0.75
    assert found["tests"]["other"]["uar"] == 0.5
    assert found["scores"]["uar"] == pytest.approx(5 / 8)
    assert found["conditions"] == {"gain:10": score_head(loud)}
    assert found["conditions"]["gain:10"]["uar"] == 1


def test_a_head_without_classes_has_a_ccc():
    frame = rows_of("valence", ["1", "2", "", "4"], ["1", "3", "9", "4"])
    expected = scores.ccc([1.0, 2.0, 4.0], [1.0, 3.0, 4.0])
    assert score_head(frame) == {"ccc": pytest.approx(expected)}


def test_a_further_head_without_labels_has_no_scores():
    nothing = rows_of("valence", ["", ""], ["1", "2"])
    assert set(summarise(pd.concat([EMOTION, nothing]))) == {"scores"}
    half = rows_of("sex", ["f", ""], ["f", "m"], "fm")
    assert set(summarise(pd.concat([EMOTION, nothing, half]))["heads"]) == {"sex"}


def test_a_class_that_the_model_does_not_know_is_never_right():
    found = score_head(rows_of("emotion", list("abc"), list("aba"), "ab"))
    assert found["recalls"] == {"a": 1.0, "b": 1.0, "c": 0.0}
    assert found["uar"] == pytest.approx(2 / 3)
