"""Folds share no speaker and no recording, and test everything once."""

import dataclasses

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser import protocols
from keras_ser.protocols import Fold, held_out_speakers, leave_one_speaker_out

EMODB = {
    "03": "male",
    "08": "female",
    "09": "female",
    "10": "male",
    "11": "male",
    "12": "male",
    "13": "female",
    "14": "female",
    "15": "male",
    "16": "female",
}
SESSIONS = {
    "1F": ("female", "1"),
    "1M": ("male", "1"),
    "2F": ("female", "2"),
    "2M": ("male", "2"),
    "3F": ("female", "3"),
    "3M": ("male", "3"),
}


def make_fold(train, dev, test, unlabelled=None) -> Fold:
    tests = {"test": test}
    return Fold("f", train, dev, tests, unlabelled, ("anger",), "dev")


def utterances(*tables) -> list[str]:
    return sorted(pd.concat(tables).utterance)


def assert_whole(folds, table):
    """No speaker on two sides, and every utterance is tested once."""
    for fold in folds.values():
        sides = [set(names) for names in fold.speakers().values()]
        assert sum(map(len, sides)) == len(set.union(*sides))
        assert all(sides)
    tested = [fold.tests["test"] for fold in folds.values()]
    assert utterances(*tested) == sorted(table.utterance)


def assert_same(one, two):
    assert list(one) == list(two)
    for first, second in zip(one.values(), two.values(), strict=True):
        assert first.classes == second.classes
        assert first.selected_by == second.selected_by
        for side, table in first.sides().items():
            assert utterances(table) == utterances(second.sides()[side])


@pytest.mark.parametrize("speakers", [EMODB, SESSIONS])
def test_no_speaker_on_two_sides_and_each_utterance_tested_once(toy_table, speakers):
    table = toy_table(speakers)
    folds = leave_one_speaker_out(table)
    assert list(folds) == sorted(speakers)
    assert_whole(folds, table)
    for name, fold in folds.items():
        assert fold.name == name
        assert fold.speakers()["test"] == [f"toy/{name}"]


speakers = st.dictionaries(
    st.text("abc123", min_size=1, max_size=3),
    st.tuples(st.sampled_from(["female", "male", ""]), st.sampled_from(["", "1", "2"])),
    min_size=4,
    max_size=8,
)


@given(speakers=speakers, seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_folds_of_any_corpus_are_whole_or_refused_and_know_no_row_order(
    toy_table, speakers, seed
):
    table = toy_table(speakers)
    shuffled = table.sample(frac=1, random_state=seed)
    try:
        folds = leave_one_speaker_out(table)
    except ValueError as error:
        assert "no speaker left to train on" in str(error)  # one session has all
        with pytest.raises(ValueError, match="no speaker left to train on"):
            leave_one_speaker_out(shuffled)
    else:
        assert_whole(folds, table)
        assert_same(folds, leave_one_speaker_out(shuffled))


def test_folds_repeat_and_leave_the_table_as_it_was(toy_table):
    table = toy_table(EMODB)
    before = table.copy()
    assert_same(leave_one_speaker_out(table), leave_one_speaker_out(table))
    pd.testing.assert_frame_equal(table, before)


def test_without_sessions_everybody_trains_or_selects_or_tests(toy_table):
    table = toy_table(EMODB)
    for fold in leave_one_speaker_out(table).values():
        assert utterances(*fold.sides().values()) == sorted(table.utterance)


@pytest.mark.parametrize(
    ("test", "dev"),
    [
        ("03", ["08", "10"]),
        ("08", ["09", "10"]),
        ("10", ["11", "13"]),
        ("12", ["13", "15"]),
        ("15", ["03", "16"]),  # round the end: next male is 03, next female 16
        ("16", ["03", "08"]),
    ],
)
def test_next_of_the_same_and_next_of_the_other_gender_develop(toy_table, test, dev):
    fold = leave_one_speaker_out(toy_table(EMODB))[test]
    assert fold.speakers()["dev"] == [f"toy/{name}" for name in dev]
    assert fold.selected_by == f"development speakers toy/{dev[0]}, toy/{dev[1]}"


@pytest.mark.parametrize(
    "genders",
    [
        dict.fromkeys("abcde", ""),
        dict.fromkeys("abcde", "female"),
        {"a": "male", **dict.fromkeys("bcde", "female")},
    ],
)
def test_two_develop_where_a_gender_is_absent(toy_table, genders):
    for fold in leave_one_speaker_out(toy_table(genders)).values():
        assert len(fold.speakers()["dev"]) == 2


def test_the_partner_develops_and_nobody_of_that_session_trains(toy_table):
    for name, fold in leave_one_speaker_out(toy_table(SESSIONS)).items():
        partner = name[0] + ("F" if name[1] == "M" else "M")
        assert fold.speakers()["dev"] == [f"toy/{partner}"]
        assert name[0] not in set(fold.train.session)
        assert len(fold.speakers()["train"]) == 4


def test_all_partners_of_a_larger_session_develop(toy_table):
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
def test_too_few_speakers_are_refused_with_their_names(toy_table, count):
    names = ["OAF", "YAF", "ZAF"][:count]
    with pytest.raises(ValueError) as caught:
        leave_one_speaker_out(toy_table(names, corpus="tess"))
    message = str(caught.value)
    assert "`leave_one_speaker_out` needs at least 4 speakers" in message
    assert f"corpus=tess with speakers={[f'tess/{n}' for n in names]}" in message
    assert "Use `held_out_speakers`" in message


def test_one_session_of_everybody_leaves_nobody_to_train(toy_table):
    table = toy_table({name: ("female", "1") for name in "abcd"})
    with pytest.raises(ValueError, match="Fold `a` has no speaker left to train on"):
        leave_one_speaker_out(table)


def test_classes_are_those_of_the_table_sorted(toy_table):
    table = toy_table(EMODB, emotions=("sadness", "anger"))
    assert leave_one_speaker_out(table)["03"].classes == ("anger", "sadness")


def test_unlabelled_speech_of_held_speakers_is_dropped(toy_table):
    extra = toy_table([*EMODB, "99"], emotions=("",)).assign(source="")
    extra["digest"] = "extra " + extra.digest
    fold = leave_one_speaker_out(toy_table(EMODB), extra)["03"]
    dropped = {"toy/03", "toy/08", "toy/10"}
    assert set(fold.unlabelled.speaker) == set(extra.speaker) - dropped
    assert "toy/99" in fold.speakers()["train"]
    assert list(fold.unlabelled.index) == list(range(8))


@pytest.mark.filterwarnings("error")
def test_unlabelled_speech_may_vanish_altogether(toy_table):
    extra = toy_table(["03"], emotions=("",), digest="another")
    folds = leave_one_speaker_out(toy_table(EMODB), extra)
    assert len(folds["03"].unlabelled) == 0
    assert len(folds["15"].unlabelled) == 0  # 03 develops there
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


def test_a_speaker_cannot_both_test_and_develop(toy_table):
    with pytest.raises(ValueError, match="dev and test must share no speakers"):
        held_out_speakers(toy_table(EMODB), test=("toy/03",), dev=("toy/03",))


def test_held_out_speakers_must_leave_one_to_train(toy_table):
    with pytest.raises(ValueError, match="no speaker left to train on"):
        held_out_speakers(toy_table("ab"), test=("toy/a",), dev=("toy/b",))


@pytest.mark.parametrize(
    ("train", "dev", "test", "sides"),
    [
        ("ab", "bc", "d", "train and dev"),
        ("ab", "c", "bd", "train and test"),
        ("a", "bc", "cd", "dev and test"),
    ],
)
def test_a_shared_speaker_is_refused_by_name(toy_table, train, dev, test, sides):
    tables = [toy_table(names) for names in (train, dev, test)]
    for number, table in enumerate(tables):
        table["digest"] += str(number)
    shared = ({*train} & {*dev} | {*train} & {*test} | {*dev} & {*test}).pop()
    with pytest.raises(ValueError) as caught:
        make_fold(*tables)
    message = str(caught.value)
    assert f"Fold `f`: {sides} must share no speakers" in message
    assert f"Received in both: toy/{shared}." in message
    assert "Correct the table's speaker column, or remove the copies" in message


def test_a_shared_recording_is_refused_with_the_names_of_both(toy_table):
    train, dev, test = toy_table("a"), toy_table("b"), toy_table("c")
    test.loc[0, "digest"] = train.digest[1]
    with pytest.raises(ValueError) as caught:
        make_fold(train, dev, test)
    message = str(caught.value)
    assert "Fold `f`: train and test must share no recordings" in message
    assert "Received in both: toy/a-1, toy/c-0." in message


@pytest.mark.parametrize("column", ["speaker", "digest"])
def test_unlabelled_speech_counts_as_training(toy_table, column):
    extra, test = toy_table("x", emotions=("",)), toy_table("c")
    extra[column] = test[column][0]
    with pytest.raises(ValueError, match="train and test must share no"):
        make_fold(toy_table("a"), toy_table("b"), test, extra)


def test_a_speaker_may_have_labelled_and_unlabelled_speech(toy_table):
    extra = toy_table("a", emotions=("",), digest="another")
    fold = make_fold(toy_table("a"), toy_table("b"), toy_table("c"), extra)
    assert fold.speakers() == {"train": ["toy/a"], "dev": ["toy/b"], "test": ["toy/c"]}


def test_every_test_table_is_checked(toy_table):
    tests = {"own": toy_table("c"), "other": toy_table("a", digest="another")}
    with pytest.raises(ValueError, match="train and test must share no speakers"):
        Fold("f", toy_table("a"), toy_table("b"), tests, None, ("anger",), "dev")


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Fold)])
def test_a_fold_cannot_be_changed(toy_table, field):
    fold = make_fold(toy_table("a"), toy_table("b"), toy_table("c"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(fold, field, None)


def test_writing_into_a_fold_does_not_reach_the_corpus(toy_table):
    table = toy_table(EMODB)
    fold = leave_one_speaker_out(table)["03"]
    for part in (fold.train, fold.dev, fold.tests["test"]):
        part["emotion"] = "changed"
    assert "changed" not in set(table.emotion)


def test_a_fold_of_a_replaced_side_is_checked_again(toy_table):
    fold = make_fold(toy_table("a"), toy_table("b"), toy_table("c"))
    with pytest.raises(ValueError, match="dev and test must share no speakers"):
        dataclasses.replace(fold, dev=toy_table("c"))


def test_protocols_stand_under_their_names():
    for name, function in protocols.PROTOCOLS.items():
        assert function.__name__ == name


def test_a_fingerprint_names_the_data_and_not_its_order(toy_table):
    table = toy_table({name: "" for name in "1234"})
    shuffled = table.sample(frac=1, random_state=0)
    changed = table.copy()
    changed.loc[0, "emotion"] = "fear"
    one, other, third = (
        protocols.leave_one_speaker_out(each)["1"].fingerprints()
        for each in (table, shuffled, changed)
    )
    assert one == other
    assert one["test"] != third["test"]
    assert one["train"] == third["train"]
