"""Folds hold the numbers of their rows; fast checks agree with the exact ones."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from keras_ser import protocols
from keras_ser.protocols import leaks
from keras_ser.protocols.speakers import in_sessions_of
from keras_ser.protocols.speech import Rows, Speech, as_table, column, speech_of

SIDES = ("train", "dev", "test")
EXEMPT = [set(), {("dev", "test", "speakers")}]


@pytest.fixture
def table(toy_table):
    genders = {name: ("female", "1") if name in "ab" else ("male", "") for name in "ab"}
    more = toy_table({name: ("male", "") for name in "cdef"})
    return pd.concat([toy_table(genders), more], ignore_index=True)


@pytest.fixture
def unlabelled(toy_table):
    extra = toy_table({"x": ("male", "2"), "a": ("female", "1")}, ("",), corpus="extra")
    return extra.assign(speaker=["extra/x", "toy/f"])


def test_rows_are_those_of_the_masks(table, unlabelled):
    """As written out with pandas."""
    speech = Speech(table, unlabelled)
    test, dev, apart = ["toy/a"], ["toy/f"], ["toy/a"]
    train, selects, tested, extra = speech.divide(test, dev, apart)
    out = table.speaker.isin([*test, *dev]) | in_sessions_of(table, table, apart)
    drop = unlabelled.speaker.isin([*test, *dev])
    drop |= in_sessions_of(unlabelled, table, apart)
    for found, expected in (
        (train, table[~out]),
        (selects, table[table.speaker.isin(dev)]),
        (tested, table[table.speaker.isin(test)]),
        (extra, unlabelled[~drop]),
    ):
        pd.testing.assert_frame_equal(
            as_table(found), expected.reset_index(drop=True), check_dtype=True
        )
        assert column(found, "speaker").tolist() == expected.speaker.tolist()
        assert len(found) == len(expected)
    assert "toy/b" not in set(column(train, "speaker"))  # in the session of a
    assert Speech(table).divide(test, dev, apart)[3] is None


def test_a_fold_does_not_follow_later_changes_of_the_table(table):
    expected = protocols.leave_one_speaker_out(table.copy())["c"].train
    fold = protocols.leave_one_speaker_out(table)["c"]
    table["emotion"] = "changed"
    table.loc[:, "speaker"] = "changed"
    pd.testing.assert_frame_equal(fold.train, expected)
    own = fold.train
    own["emotion"] = "changed"
    pd.testing.assert_frame_equal(fold.train, expected)


def test_folds_share_the_speech_and_pickle_their_rows_only(table):
    folds = list(protocols.leave_one_speaker_out(table).values())
    held = [fold.__dict__["_train"] for fold in folds]
    assert speech_of(held) is held[0].speech
    assert all(each.numbers.dtype == np.int32 for each in held)
    fold = folds[2]
    for other in (pickle.loads(pickle.dumps(fold)), copy.deepcopy(fold)):
        for name in ("train", "dev"):
            mine, its = getattr(fold, name), getattr(other, name)
            pd.testing.assert_frame_equal(mine, its)
        assert list(other.tests) == ["test"]
        pd.testing.assert_frame_equal(other.tests["test"], fold.tests["test"])
        assert other.fingerprints() == fold.fingerprints()
    assert not isinstance(pickle.loads(pickle.dumps(fold)).__dict__["_train"], Rows)


def disturbed(rng, toy_table):
    """A table in which speakers, audio and copies may be shared between sides."""
    table = toy_table([f"s{number}" for number in range(6)], corpus="toy")
    rows = rng.integers(0, len(table), (3, 2))
    for (one, other), what in zip(rows, rng.integers(0, 4, 3), strict=True):
        if what == 0:
            table.loc[one, "digest"] = table.digest[other]
        elif what == 1:  # two segments of a recording, which may overlap
            table.loc[[one, other], "digest"] = "shared"
            table.loc[one, ["start", "end"]] = [0.0, rng.choice([1.0, 2.0])]
            table.loc[other, ["start", "end"]] = [rng.choice([1.0, 1.5]), 3.0]
        elif what == 2:
            table.loc[one, "source"] = table.utterance[other]
        elif rng.random() < 0.2:
            table.loc[one, "digest"] = ""
    if rng.random() < 0.1:
        table.loc[0, "speaker"] = "toy/S1"
    return table


@pytest.mark.parametrize("seed", range(60))
def test_what_is_surely_disjoint_is_disjoint(toy_table, seed):
    rng = np.random.default_rng(seed)
    table, side = disturbed(rng, toy_table), rng.integers(0, 3, 6)
    owner = side[[int(name[-3]) for name in table.utterance]]  # toy/s<number>-<n>
    speech = Speech(table)
    rows = {
        name: [Rows(speech, 0, np.flatnonzero(owner == number))]
        for number, name in enumerate(SIDES)
    }
    tables = {name: own[0].table() for name, own in rows.items()}
    for exempt in EXEMPT:
        try:
            leaks.check_disjoint("f", tables, exempt)
        except ValueError:
            assert not speech.surely_disjoint(rows, exempt)


def test_clean_speech_is_surely_disjoint(table, unlabelled):
    """Otherwise every fold would be checked the slow way."""
    speech = Speech(table, unlabelled)
    train, dev, test, extra = speech.divide(["toy/a"], ["toy/f"], ["toy/a"])
    sides = {"train": [train, extra], "dev": [dev], "test": [test]}
    assert speech.surely_disjoint(sides, set())
    same = {"train": [train], "dev": [train], "test": [test]}
    assert not speech.surely_disjoint(same, set())
    assert not Speech(table.assign(digest="")).surely_disjoint(sides, set())
    shared = {"train": [train], "dev": [dev], "test": [test, dev]}
    assert not speech.surely_disjoint(shared, {("dev", "test", "speakers")})
