"""Held-out utterances of training speakers share nothing with what is trained on."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from keras_ser.protocols import Fold, with_heard
from keras_ser.protocols.heard import with_heard_of

EMOTIONS = ("anger", "sadness") * 5  # ten utterances


def fold_of(train, dev, test, unlabelled=None, **more) -> Fold:
    tests = {"test": test}
    return Fold("f", train, dev, tests, unlabelled, ("anger", "sadness"), "dev", **more)


@pytest.fixture
def fold(toy_table) -> Fold:
    extra = toy_table("uv", ("",) * 3, "more")
    return fold_of(toy_table("abc", EMOTIONS), toy_table("y"), toy_table("z"), extra)


def counts(table: pd.DataFrame) -> dict[str, int]:
    return table.speaker.value_counts().to_dict()


def test_a_fraction_of_each_speaker_is_held_out_and_nothing_is_lost(fold):
    held = with_heard(fold, 0.35)
    expected = {f"toy/{name}": 3 for name in "abc"} | {"more/u": 1, "more/v": 1}
    assert counts(held.heard) == expected
    before, after = fold.sides()["train"], held.sides()["train"]
    assert len(after) == len(before) - len(held.heard)
    assert {*after.utterance, *held.heard.utterance} == {*before.utterance}
    assert set(held.unlabelled.corpus) == {"more"}
    assert set(held.train.corpus) == {"toy"}


@pytest.mark.parametrize(
    ("fraction", "labelled", "unlabelled"),
    [(0.1, 1, 0), (1 / 3, 3, 1), (0.3, 3, 0), (0.7, 7, 2), (0.999, 9, 2)],
)
def test_the_number_is_rounded_down_and_one_is_always_left(
    fold, toy_table, fraction, labelled, unlabelled
):
    single = toy_table("d", ("sadness",))  # is never held out
    train = pd.concat([fold.train.assign(emotion="anger"), single], ignore_index=True)
    found = counts(with_heard(dataclasses.replace(fold, train=train), fraction).heard)
    assert found["toy/a"] == labelled
    assert found.get("more/u", 0) == unlabelled
    assert "toy/d" not in found


def test_the_draw_depends_on_the_seed_and_the_names_alone(fold):
    one, same, other = (
        set(with_heard(fold, 0.3, s).heard.utterance) for s in (0, 0, 1)
    )
    assert one == same != other
    turned = dataclasses.replace(
        fold, train=fold.train.iloc[::-1].reset_index(drop=True), unlabelled=None
    )
    held = with_heard(turned, 0.3).heard
    assert set(held.utterance) == one
    larger = set(with_heard(fold, 0.5).heard.utterance)
    assert one < larger


def test_without_a_fraction_nothing_changes(fold):
    assert with_heard(fold, 0) is fold
    assert set(fold.fingerprints()) == {"train", "dev", "test"}
    assert set(with_heard(fold, 0.2).fingerprints()) == {
        "train",
        "dev",
        "test",
        "heard",
    }


@pytest.mark.parametrize("seed", range(4))
def test_copies_and_overlapping_segments_stay_together(fold, seed):
    train = fold.train.copy()
    rows = train.index[train.speaker == "toy/a"]
    train.loc[rows[1], "source"] = train.utterance[rows[0]]
    train.loc[rows[2:4], "digest"] = "one recording"
    train.loc[rows[2:4], ["start", "end"]] = [[0.0, 1.0], [0.9, 2.0]]
    held = with_heard(dataclasses.replace(fold, train=train), 0.3, seed).heard
    names = set(held.utterance)
    for pair in (rows[:2], rows[2:4]):
        assert len(names & set(train.utterance[pair])) in (0, 2)
    assert counts(held)["toy/a"] == 3


def test_neighbouring_segments_of_a_recording_may_be_on_both_sides(fold):
    train = fold.train.assign(digest=fold.train.speaker)
    train["start"] = train.groupby("speaker").cumcount().astype(float)
    train["end"] = train.start + 1
    held = with_heard(dataclasses.replace(fold, train=train), 0.3)
    assert counts(held.heard)["toy/a"] == 3


def test_copies_of_several_speakers_are_trained_on(fold):
    train = fold.train.copy()
    train.loc[train.speaker != "toy/c", "digest"] = "the same"
    held = with_heard(dataclasses.replace(fold, train=train), 0.3).heard
    assert set(held.speaker) == {"toy/c"}


@pytest.mark.parametrize("fraction", [-0.1, 1, 2, np.nan])
def test_another_fraction_is_rejected(fold, fraction):
    with pytest.raises(ValueError, match="`fraction` must be a number from 0, below 1"):
        with_heard(fold, fraction)


def test_too_few_utterances_are_an_error(fold):
    with pytest.raises(ValueError) as caught:
        with_heard(fold, 0.05)
    message = str(caught.value)
    assert (
        "1 / `heard_fraction` or more utterances, 20. Received: at most 10" in message
    )


def test_a_class_without_training_utterances_is_an_error(toy_table):
    train = toy_table("ab", ("anger", "anger"))
    rare = toy_table("c", ("sadness",) * 2)
    train = pd.concat([train, rare], ignore_index=True)
    train.loc[train.speaker == "toy/c", "source"] = "toy/c-0"  # both or none
    few = fold_of(train, toy_table("y"), toy_table("z"))
    assert "sadness" in set(with_heard(few, 0.5).train.emotion)
    with pytest.raises(ValueError, match="none of sadness without those"):
        for seed in range(20):
            split = train.assign(source=train.utterance, emotion="anger")
            split.loc[0, "emotion"] = "sadness"
            with_heard(dataclasses.replace(few, train=split), 0.5, seed)


@pytest.mark.parametrize("side", ["dev", "test"])
def test_no_speaker_of_another_side_is_heard(fold, toy_table, side):
    speech = toy_table("y" if side == "dev" else "z", digest="another")
    speech = speech.assign(utterance=speech.utterance + "'", source="")
    with pytest.raises(ValueError, match="needs `heard` as utterances of training"):
        dataclasses.replace(fold, heard=speech)


@pytest.mark.parametrize("column", ["utterance", "digest", "source"])
def test_nothing_heard_is_trained_on(fold, toy_table, column):
    speech = toy_table("a", ("",)).assign(
        utterance="toy/new", source="toy/new", digest="new"
    )
    assert dataclasses.replace(fold, heard=speech).heard is speech
    value = fold.train["utterance" if column == "source" else column][1]
    with pytest.raises(ValueError, match="train and heard must share no"):
        dataclasses.replace(fold, heard=speech.assign(**{column: value}))


def test_a_test_table_must_have_another_name(fold):
    held = with_heard(fold, 0.3)
    tests = {"heard": fold.tests["test"]}
    assert dataclasses.replace(fold, tests=tests).tests is tests
    with pytest.raises(ValueError, match="must not have a test table called 'heard'"):
        dataclasses.replace(held, tests=tests)


def test_only_speakers_who_still_train_are_heard(fold):
    heard = with_heard(fold, 0.35).heard
    smaller = dataclasses.replace(with_heard(fold, 0.35), heard=None, unlabelled=None)
    assert set(with_heard_of(smaller, heard).heard.corpus) == {"toy"}
    others = heard[heard.corpus == "more"]
    with pytest.raises(ValueError, match="needs a training speaker with held-out"):
        with_heard_of(smaller, others)
