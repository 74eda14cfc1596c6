"""Training on some corpora, testing others as a whole."""

import pandas as pd
import pytest
from toy_folds import EMODB, RAVDESS, SESSIONS, assert_same

from keras_ser.protocols import held_out_corpora

EMOTIONS = ("anger", "sadness", "neutral")


@pytest.fixture
def three(toy_table):
    people = {"r": RAVDESS, "e": EMODB, "t": {"1": "female", "2": "female"}}
    parts = [toy_table(own, EMOTIONS, corpus=name) for name, own in people.items()]
    return pd.concat(parts, ignore_index=True)


def only_fold(table, *train, **more):
    (fold,) = held_out_corpora(table, train=train, **more).values()
    return fold


def test_one_training_is_tested_on_each_other_corpus_as_a_whole(three):
    fold = only_fold(three, "r")
    assert fold.name == "r-e+t"
    assert list(fold.tests) == ["e", "t"]
    for name, rows in fold.tests.items():
        assert set(rows.utterance) == set(three.utterance[three.corpus == name])
    assert set(fold.train.corpus) == set(fold.dev.corpus) == {"r"}
    assert fold.dev.speaker.nunique() == 5  # a fifth of 24
    assert set(fold.dev.gender) == {"female", "male"}
    assert not fold.test_speakers_select
    assert all(name in fold.selected_by for name in fold.speakers()["dev"])


def test_each_training_corpus_has_development_speakers_of_both_genders(three):
    fold = only_fold(three, "e", "r", share=0.1)
    assert fold.name == "e+r-t" and list(fold.tests) == ["t"]
    found = fold.dev.drop_duplicates("speaker").groupby("corpus").gender.agg(sorted)
    assert dict(found) == {"e": ["female", "male"], "r": ["female", "male"]}


def test_another_seed_draws_other_development_speakers(three):
    drawn = {frozenset(only_fold(three, "r", seed=n).dev.speaker) for n in range(8)}
    assert len(drawn) > 1


def test_the_order_of_the_names_does_not_matter(three):
    one, other = (
        held_out_corpora(three, train=names) for names in (("e", "r"), ["r", "e"])
    )
    assert_same(one, other)


def test_sessions_stay_whole(toy_table):
    told = toy_table(SESSIONS, EMOTIONS, corpus="s")
    table = pd.concat([told, toy_table("12", EMOTIONS, corpus="t")], ignore_index=True)
    fold = only_fold(table, "s")
    assert fold.dev.session.nunique() == 1
    assert not set(fold.dev.session) & set(fold.train.session)


@pytest.mark.parametrize("train", [(), "r", ("x",), ("r", "x"), ("r", "e", "t")])
def test_corpora_to_train_on_must_be_known_and_leave_one_to_test(three, train):
    with pytest.raises(ValueError, match=r"needs `train`.*\['e', 'r', 't'\].*Received"):
        held_out_corpora(three, train=train)


@pytest.mark.parametrize("share", [0.0, 1.0, 1, "all"])
def test_an_invalid_share_is_rejected(three, share):
    with pytest.raises(ValueError, match="`share` above 0 and below 1. Received: sh"):
        only_fold(three, "r", share=share)


@pytest.mark.parametrize(("train", "share"), [("t", 0.9), ("e", 0.9)])
def test_too_few_speakers_to_train_and_select_are_rejected(three, train, share):
    with pytest.raises(ValueError, match=f"needs speakers of {train} to train and"):
        only_fold(three, train, share=share)


def test_a_training_class_that_a_corpus_lacks_gives_a_warning(three):
    table = three[(three.corpus != "t") | (three.emotion != "neutral")]
    with pytest.warns(UserWarning, match="the test speech of t lacks neutral"):
        fold = only_fold(table, "r")
    assert fold.classes == ("anger", "neutral", "sadness")


def test_a_test_class_without_training_speech_gives_a_warning(three):
    table = three[(three.corpus != "r") | (three.emotion != "neutral")]
    with pytest.warns(UserWarning, match="Fold `r-e.t`: the training speech lacks neu"):
        assert only_fold(table, "r").classes == ("anger", "sadness")


@pytest.mark.parametrize("seed", range(6))
def test_unequal_numbers_of_both_genders_are_on_both_sides(toy_table, seed):
    people = {"1": "female", "2": "male", "3": "female", "4": "male", "5": "female"}
    people |= {str(number): "female" for number in range(6, 9)}
    table = toy_table(people, EMOTIONS, corpus="a")
    other = toy_table({"1": "female", "2": "male"}, EMOTIONS, corpus="b")
    fold = only_fold(pd.concat([table, other], ignore_index=True), "a", seed=seed)
    for side in (fold.train, fold.dev):
        assert set(side.gender) == {"female", "male"}


@pytest.mark.parametrize("seed", range(6))
def test_a_gender_of_a_single_speaker_is_on_one_side(toy_table, seed):
    people = {"1": "female", "2": "female", "3": "female", "4": "male"}
    table = toy_table(people, EMOTIONS, corpus="a")
    other = toy_table({"1": "female"}, EMOTIONS, corpus="b")
    fold = only_fold(pd.concat([table, other], ignore_index=True), "a", seed=seed)
    for side in (fold.train, fold.dev):
        assert "female" in set(side.gender)


def test_a_smaller_share_is_proposed_only_if_it_helps(three):
    with pytest.raises(ValueError, match="or reduce `share`"):
        only_fold(three, "e", share=0.9)
    with pytest.raises(ValueError, match="more speakers\\.$"):
        only_fold(one_speaker(three), "t")


def one_speaker(table):
    return table[(table.corpus != "t") | (table.speaker == "t/1")]
