"""The sides of a fold share nothing, and a fold cannot be changed."""

import dataclasses
import hashlib
import warnings

import pandas as pd
import pytest
from toy_folds import EMODB

from keras_ser import protocols
from keras_ser.protocols import Fold, held_out_speakers, leave_one_speaker_out
from keras_ser.protocols.fold import fingerprint

CLASSES = ("anger", "sadness")


def make_fold(train, dev, test, unlabelled=None) -> Fold:
    tests = {"test": test}
    return Fold("f", train, dev, tests, unlabelled, CLASSES, "dev")


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
        Fold("f", toy_table("a"), toy_table("b"), tests, None, CLASSES, "dev")


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
    table = toy_table({name: "" for name in "12345"})
    shuffled = table.sample(frac=1, random_state=0)
    changed = table.copy()
    changed.loc[0, "emotion"] = "sadness"
    one, other, third = (
        protocols.leave_one_speaker_out(each)["1"].fingerprints()
        for each in (table, shuffled, changed)
    )
    assert one == other
    assert one["test"] != third["test"]
    assert one["train"] == third["train"]


def test_a_fingerprint_holds_ratings_and_further_columns(toy_table):
    table = toy_table(EMODB)
    rated = table.assign(valence=range(len(table)))
    assert fingerprint(table) == fingerprint(table.assign(activation=float("nan")))
    assert fingerprint(table) == fingerprint(table.assign(dominance=float("nan")))
    assert fingerprint(rated) != fingerprint(table)
    assert fingerprint(rated) != fingerprint(rated.assign(dominance=0.5))
    assert fingerprint(rated) != fingerprint(rated.assign(valence=0.0))
    other = table.assign(gender=table.gender.iloc[::-1].to_numpy())
    assert fingerprint(table) == fingerprint(other)
    assert fingerprint(table, ["gender"]) != fingerprint(other, ["gender"])


def test_a_fingerprint_of_two_ratings_is_that_of_before_the_third(toy_table):
    table = toy_table(EMODB).assign(activation=0.25, valence=-1.0)
    columns = ["utterance", "digest", "start", "end", "speaker", "emotion"]
    view = table[[*columns, "activation", "valence"]]
    rows = sorted(repr(row) for row in view.itertuples(index=False, name=None))
    expected = hashlib.blake2b("\n".join(rows).encode(), digest_size=16).hexdigest()
    assert fingerprint(table) == expected


def with_fear(table, *speakers) -> pd.DataFrame:
    """The table, in which these speakers are afraid instead of sad."""
    afraid = table.speaker.isin(speakers) & (table.emotion == "sadness")
    return table.assign(emotion=table.emotion.mask(afraid, "fear"))


def test_classes_are_those_of_the_training_side(toy_table):
    table = with_fear(toy_table(EMODB), "toy/03", "toy/08")
    with pytest.warns(UserWarning) as caught:
        folds = leave_one_speaker_out(table)
    assert folds["11"].classes == ("anger", "fear", "sadness")
    fold = folds["03"]  # 08 and 10 select the epoch
    assert fold.classes == CLASSES
    assert set(fold.dev.emotion) == {"anger", "fear", "sadness"}
    assert list(fold.tests["test"].emotion) == ["anger", "fear"]
    found = {str(each.message).partition(":")[0]: str(each.message) for each in caught}
    assert set(found) == {"Fold `03`", "Fold `16`"}  # 03 and 08 select the epoch of 16
    message = found["Fold `03`"]
    assert "the training speech lacks fear" in message
    assert "the class of 1 of 4 development and 1 of 2 test utterances" in message
    assert "These do not count in development, and are errors in the test" in message


def test_there_is_no_warning_where_training_knows_every_class(toy_table):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        folds = leave_one_speaker_out(toy_table(EMODB))
    assert {fold.classes for fold in folds.values()} == {CLASSES}


def test_unlabelled_rows_are_no_class(toy_table):
    table = toy_table(EMODB, ("anger", "sadness", ""))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fold = leave_one_speaker_out(table)["03"]
    assert fold.classes == CLASSES and "" in set(fold.dev.emotion)


@pytest.mark.parametrize("emotions", [("anger",), ("anger", "")])
def test_one_class_of_training_speech_is_rejected(toy_table, emotions):
    with pytest.raises(ValueError) as caught:
        leave_one_speaker_out(toy_table(EMODB, emotions))
    message = str(caught.value)
    assert "Fold `03` needs training speech of two or more classes" in message
    assert "Received: ('anger',). Choose other `labels`" in message


def test_development_speech_of_unknown_classes_alone_is_rejected(toy_table):
    table = toy_table(EMODB)
    dev = table.speaker.isin(["toy/08", "toy/10"])  # of fold 03
    table["emotion"] = table.emotion.mask(dev, "fear")
    with pytest.raises(ValueError, match="needs development utterances of the classes"):
        held_out_speakers(table, test=("toy/03",), dev=("toy/08", "toy/10"))


@pytest.mark.parametrize("classes", [("anger", "fear"), ("sadness", "fear")])
def test_a_class_of_the_training_speech_may_not_be_absent(toy_table, classes):
    parts = [toy_table(name) for name in "abc"]
    with pytest.raises(ValueError, match="must be those of the training speech"):
        Fold("f", parts[0], parts[1], {"test": parts[2]}, None, classes, "dev")
