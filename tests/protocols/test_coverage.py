"""Folds have different names and test what their protocol promises."""

import dataclasses

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser import protocols
from keras_ser.protocols import coverage

NAMES = st.text("ab-/", min_size=1, max_size=3)


@pytest.fixture
def folds(toy_table):
    return list(protocols.leave_one_speaker_out(toy_table("abcd")).values())


def test_folds_are_found_by_their_names(folds):
    assert list(coverage.by_name(folds)) == ["a", "b", "c", "d"]


def test_two_folds_of_one_name_are_rejected(folds):
    folds[2] = dataclasses.replace(folds[2], name="a")
    with pytest.raises(ValueError, match="two folds 'a', which test toy/a and toy/c"):
        coverage.by_name(folds)


def test_what_is_not_tested_is_named(folds, toy_table):
    coverage.check_tested("toy", folds, toy_table("abcd"))
    with pytest.raises(ValueError, match="no fold tests: toy/a-0, toy/a-1"):
        coverage.check_tested("toy", folds[1:], toy_table("abcd"))


def test_what_is_not_promised_is_named(folds, toy_table):
    with pytest.raises(ValueError, match="must not test: toy/d-0, toy/d-1"):
        coverage.check_tested("toy", folds, toy_table("abc"))


def test_what_is_tested_twice_is_named(folds, toy_table):
    with pytest.raises(ValueError, match="tested twice: toy/a-0, toy/a-1"):
        coverage.check_tested("toy", [*folds, folds[0]], toy_table("abcd"))


def test_speakers_whose_joined_names_are_equal_are_rejected(toy_table):
    one, other = toy_table("wxyz", corpus="a"), toy_table("wxyz", corpus="a-b")
    one.loc[one.speaker == "a/w", "speaker"] = "a/b-w"
    with pytest.raises(ValueError, match="two folds 'a-b-w', which test a-b/w and a/b"):
        protocols.leave_one_speaker_out(pd.concat([one, other], ignore_index=True))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(NAMES, NAMES), min_size=4, max_size=6, unique=True))
def test_each_speaker_is_tested_once_whatever_the_names(toy_table, names):
    tables = [
        toy_table([str(number)], corpus=corpus).assign(speaker=f"{corpus}/{name}")
        for number, (corpus, name) in enumerate(names)
    ]
    table = pd.concat(tables, ignore_index=True)
    table["utterance"] = [f"{number}" for number in range(len(table))]
    table["digest"], table["source"] = "digest " + table.utterance, ""
    try:
        folds = protocols.leave_one_speaker_out(table)
    except ValueError as error:
        known = ("two folds", "at least 4 speakers", "must be one speaker")
        assert any(words in str(error) for words in known)
        return
    tested = pd.concat([fold.tests["test"] for fold in folds.values()])
    assert sorted(tested.utterance) == sorted(table.utterance)
    assert len(folds) == table.speaker.nunique()
