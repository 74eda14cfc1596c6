"""Folds within a corpus: disjoint speakers, and every utterance is tested once."""

import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_folds import (
    EMODB,
    RAVDESS,
    SESSIONS,
    assert_same,
    assert_whole,
    utterances,
)

from keras_ser.protocols import held_out_speakers, k_fold, leave_one_speaker_out

every_division = pytest.mark.parametrize("divide", [leave_one_speaker_out, k_fold])
speakers = st.dictionaries(
    st.text("abc123", min_size=1, max_size=3),
    st.tuples(st.sampled_from(["female", "male", ""]), st.sampled_from(["", "1", "2"])),
    min_size=4,
    max_size=8,
)


@pytest.mark.parametrize("speakers", [EMODB, SESSIONS])
def test_no_speaker_on_two_sides_and_each_utterance_tested_once(toy_table, speakers):
    table = toy_table(speakers)
    folds = leave_one_speaker_out(table)
    assert list(folds) == sorted(speakers)
    assert_whole(folds, table)
    for name, fold in folds.items():
        assert fold.name == name
        assert fold.speakers()["test"] == [f"toy/{name}"]


@every_division
@given(speakers=speakers, seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_folds_of_any_corpus_are_whole_or_rejected_and_ignore_row_order(
    toy_table, divide, speakers, seed
):
    table = toy_table(speakers)
    shuffled = table.sample(frac=1, random_state=seed)
    try:
        folds = divide(table)
    except ValueError as error:
        reasons = "no speaker left to train on|`folds` of at least 2 and at most"
        assert re.search(reasons, str(error))  # few sessions include all speakers
        with pytest.raises(ValueError, match=reasons):
            divide(shuffled)
    else:
        assert_whole(folds, table)
        assert_same(folds, divide(shuffled))


def test_folds_are_deterministic_and_leave_the_table_unchanged(toy_table):
    table = toy_table(EMODB)
    before = table.copy()
    assert_same(leave_one_speaker_out(table), leave_one_speaker_out(table))
    pd.testing.assert_frame_equal(table, before)


def test_without_sessions_every_utterance_is_used(toy_table):
    table = toy_table(EMODB)
    for fold in leave_one_speaker_out(table).values():
        assert utterances(*fold.sides().values()) == sorted(table.utterance)


def test_the_partner_selects_and_nobody_from_that_session_trains(toy_table):
    for name, fold in leave_one_speaker_out(toy_table(SESSIONS)).items():
        partner = name[0] + ("F" if name[1] == "M" else "M")
        assert fold.speakers()["dev"] == [f"toy/{partner}"]
        assert name[0] not in set(fold.train.session)
        assert len(fold.speakers()["train"]) == 4


def test_all_partners_in_a_larger_session_select(toy_table):
    table = toy_table({**SESSIONS, "1X": ("female", "1")})
    fold = leave_one_speaker_out(table)["1F"]
    assert fold.speakers()["dev"] == ["toy/1M", "toy/1X"]


def test_a_speaker_alone_in_a_session_falls_back_to_two(toy_table):
    table = toy_table({**SESSIONS, "4F": ("female", "4")})
    fold = leave_one_speaker_out(table)["4F"]
    assert fold.speakers()["dev"] == ["toy/1F", "toy/1M"]


def test_sessions_of_two_corpora_are_not_one_session(toy_table):
    one, two = toy_table(SESSIONS), toy_table(SESSIONS, corpus="other")
    fold = leave_one_speaker_out(pd.concat([one, two]))["toy-1F"]
    assert fold.speakers()["dev"] == ["toy/1M"]
    assert "other/1F" in fold.speakers()["train"]


def test_speakers_of_two_corpora_with_one_name_are_two_folds(toy_table):
    table = pd.concat([toy_table(EMODB), toy_table(EMODB, corpus="other")])
    folds = leave_one_speaker_out(table)
    assert len(folds) == 20
    assert all("/" not in name for name in folds)
    assert_whole(folds, table)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_too_few_speakers_are_rejected_with_their_names(toy_table, count):
    names = ["OAF", "YAF", "ZAF"][:count]
    with pytest.raises(ValueError) as caught:
        leave_one_speaker_out(toy_table(names, corpus="tess"))
    message = str(caught.value)
    assert "`leave_one_speaker_out` needs at least 4 speakers" in message
    assert f"corpus=tess with speakers={[f'tess/{n}' for n in names]}" in message
    assert "Use `few_speakers`" in message


def test_one_session_of_everybody_leaves_nobody_to_train(toy_table):
    table = toy_table({name: ("female", "1") for name in "abcd"})
    with pytest.raises(ValueError, match="Fold `a` has no speaker left to train on"):
        leave_one_speaker_out(table)


def test_classes_are_those_of_the_table_sorted(toy_table):
    table = toy_table(EMODB, emotions=("sadness", "anger"))
    assert leave_one_speaker_out(table)["03"].classes == ("anger", "sadness")


def test_unlabelled_speech_of_held_out_speakers_is_dropped(toy_table):
    extra = toy_table([*EMODB, "99"], emotions=("",)).assign(source="")
    extra["digest"] = "extra " + extra.digest
    fold = leave_one_speaker_out(toy_table(EMODB), extra)["03"]
    dropped = {"toy/03", "toy/08", "toy/10"}
    assert set(fold.unlabelled.speaker) == set(extra.speaker) - dropped
    assert "toy/99" in fold.speakers()["train"]
    assert list(fold.unlabelled.index) == list(range(8))


@pytest.mark.filterwarnings("error")
def test_all_unlabelled_speech_may_be_dropped(toy_table):
    extra = toy_table(["03"], emotions=("",), digest="another")
    folds = leave_one_speaker_out(toy_table(EMODB), extra)
    assert len(folds["03"].unlabelled) == 0
    assert len(folds["15"].unlabelled) == 0  # 03 selects the epoch there
    assert len(folds["11"].unlabelled) == 1


def test_unlabelled_speech_of_the_test_session_is_dropped(toy_table):
    extra = toy_table({**SESSIONS, "1X": ("male", "1")}, emotions=("",))
    extra["digest"] = "extra " + extra.digest
    fold = leave_one_speaker_out(toy_table(SESSIONS), extra)["1F"]
    assert set(fold.unlabelled.session) == {"2", "3"}
    held = held_out_speakers(
        toy_table(SESSIONS), extra, test=("toy/1F",), dev=("toy/2F",)
    )["held-out"]
    assert "toy/1M" not in held.speakers()["train"]
    assert "toy/1X" not in held.speakers()["train"]


def test_unlabelled_speech_without_session_stays(toy_table):
    extra = toy_table(["x"], emotions=("",), corpus="other")
    fold = leave_one_speaker_out(toy_table(SESSIONS), extra)["1F"]
    assert list(fold.unlabelled.speaker) == ["other/x"]


def test_six_folds_of_ravdess_are_groups_of_four_neighbours(toy_table):
    folds = k_fold(toy_table(RAVDESS), folds=6)
    assert list(folds) == list("123456")
    for number, fold in enumerate(folds.values()):
        first = 4 * number + 1
        own = [f"toy/{n:02d}" for n in range(first, first + 4)]
        assert fold.speakers()["test"] == own
        dev = [n % 24 + 1 for n in (first + 3, first + 4)]
        assert fold.speakers()["dev"] == [f"toy/{n:02d}" for n in dev]
        assert len(fold.speakers()["train"]) == 18


def test_the_names_of_ten_or_more_folds_sort_by_number(toy_table):
    folds = k_fold(toy_table(RAVDESS), folds=12)
    assert list(folds) == sorted(folds) == [f"{n:02d}" for n in range(1, 13)]


def test_as_many_folds_as_speakers_leave_one_speaker_out(toy_table):
    folds = k_fold(toy_table(EMODB), folds=10)
    assert all(len(fold.speakers()["test"]) == 1 for fold in folds.values())


def test_sessions_stay_on_one_side(toy_table):
    table = toy_table(SESSIONS | {"4F": ("female", "4"), "4M": ("male", "4")})
    for number, fold in k_fold(table, folds=4).items():
        after = str(int(number) % 4 + 1)
        assert fold.speakers()["test"] == [f"toy/{number}F", f"toy/{number}M"]
        assert fold.speakers()["dev"] == [f"toy/{after}F", f"toy/{after}M"]
        assert set(fold.train.session).isdisjoint({number, after})


def test_unlabelled_speech_of_held_out_sessions_is_dropped(toy_table):
    extra = toy_table({"1X": ("", "1"), "2X": ("", "2"), "3X": ("", "3")}, ("",))
    fold = k_fold(toy_table(SESSIONS), extra, folds=3)["1"]
    assert list(fold.unlabelled.session) == ["3"]


@pytest.mark.parametrize("folds", [1, 0, -1, 7, 2.0, "6", True, None])
def test_impossible_numbers_of_folds_are_rejected_with_the_names(toy_table, folds):
    with pytest.raises(ValueError) as caught:
        k_fold(toy_table("abcdef"), folds=folds)
    message = str(caught.value)
    assert "Protocol `k_fold` needs `folds` of at least 2 and at most" in message
    assert f"Received: folds={folds!r}, corpus=toy with speakers=['toy/a'," in message


def test_folds_that_leave_nobody_to_train_are_rejected(toy_table):
    with pytest.raises(ValueError, match="Fold `1` has no speaker left to train on"):
        k_fold(toy_table("abcd"), folds=2)


def test_held_out_speakers_are_the_named_ones(toy_table):
    table = toy_table(EMODB)
    folds = held_out_speakers(table, test=("toy/03", "toy/08"), dev=("toy/09",))
    fold = folds["held-out"]
    assert list(folds) == ["held-out"]
    assert fold.speakers()["test"] == ["toy/03", "toy/08"]
    assert fold.speakers()["dev"] == ["toy/09"]
    assert len(fold.speakers()["train"]) == 7
    assert utterances(*fold.sides().values()) == sorted(table.utterance)


@pytest.mark.parametrize(
    ("test", "dev"),
    [((), ()), (("toy/03",), ()), ((), ("toy/03",)), (("toy/03",), ("08",))],
)
def test_held_out_speakers_must_be_named_and_known(toy_table, test, dev):
    with pytest.raises(ValueError) as caught:
        held_out_speakers(toy_table(EMODB), test=test, dev=dev)
    message = str(caught.value)
    assert "needs `test` and `dev` speakers among ['toy/03'," in message
    assert f"Received: test={list(test)}, dev={list(dev)}" in message


def test_a_speaker_cannot_both_select_and_be_tested(toy_table):
    with pytest.raises(ValueError, match="dev and test must share no speakers"):
        held_out_speakers(toy_table(EMODB), test=("toy/03",), dev=("toy/03",))


def test_held_out_speakers_must_leave_one_to_train(toy_table):
    with pytest.raises(ValueError, match="no speaker left to train on"):
        held_out_speakers(toy_table("ab"), test=("toy/a",), dev=("toy/b",))
