"""The sides of a fold share nothing, and a fold cannot be changed."""

import dataclasses

import pytest
from toy_folds import EMODB

from keras_ser import protocols
from keras_ser.protocols import Fold, leave_one_speaker_out


def make_fold(train, dev, test, unlabelled=None) -> Fold:
    tests = {"test": test}
    return Fold("f", train, dev, tests, unlabelled, ("anger",), "dev")


@pytest.mark.parametrize(
    ("train", "dev", "test", "sides"),
    [
        ("ab", "bc", "d", "train and dev"),
        ("ab", "c", "bd", "train and test"),
        ("a", "bc", "cd", "dev and test"),
    ],
)
def test_a_shared_speaker_is_rejected_by_name(toy_table, train, dev, test, sides):
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


def test_a_shared_recording_is_rejected_with_the_names_of_both(toy_table):
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


def test_an_augmented_copy_on_another_side_is_rejected_by_name(toy_table):
    train, test = toy_table("a"), toy_table("c")
    train.loc[1, "source"] = "toy/c-0"
    with pytest.raises(ValueError) as caught:
        make_fold(train, toy_table("b"), test)
    message = str(caught.value)
    assert "Fold `f`: train and test must share no copies of an utterance" in message
    assert "Received in both: toy/a-1, toy/c-0." in message


def test_two_segments_of_a_file_may_be_on_two_sides(toy_table):
    parts = [
        toy_table(name, digest="dialogue").assign(start=[n, n + 3], end=[n + 1, n + 4])
        for n, name in enumerate("abc")
    ]
    fold = make_fold(*parts)
    assert fold.speakers()["test"] == ["toy/c"]
    with pytest.raises(ValueError, match="share no recordings. .*toy/a-1, toy/c-1"):
        make_fold(parts[0], parts[1], parts[2].assign(start=[2.0, 3.9]))


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


def test_a_fingerprint_depends_on_the_data_and_not_on_their_order(toy_table):
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
