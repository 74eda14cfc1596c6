"""Unlabelled speech of some speakers: nested draws in which genders alternate."""

import dataclasses

import pandas as pd
import pytest

from keras_ser.protocols import Fold, with_speakers
from keras_ser.protocols.auxiliary import speaker_order

GENDERS = {f"{n:02d}": ("female" if n < 8 else "male") for n in range(12)}


@pytest.fixture
def fold(toy_table) -> Fold:
    parts = [toy_table(GENDERS, ("", ""), "a"), toy_table("uvw", ("",), "b")]
    table = pd.concat(parts, ignore_index=True)
    tests = {"test": toy_table("z")}
    classes = ("anger", "sadness")
    return Fold("f", toy_table("x"), toy_table("y"), tests, table, classes, "dev")


def speakers(fold: Fold) -> set[str]:
    return set() if fold.unlabelled is None else set(fold.unlabelled.speaker)


def test_the_speakers_of_a_smaller_count_are_among_those_of_a_larger_one(fold):
    drawn = [speakers(with_speakers(fold, count)) for count in range(16)]
    assert [len(each) for each in drawn] == list(range(16))
    assert all(small < large for small, large in zip(drawn, drawn[1:], strict=False))
    assert with_speakers(fold, None) is fold


def test_another_seed_draws_others_and_the_order_of_the_rows_none(fold):
    draws = [speakers(with_speakers(fold, 4, seed)) for seed in range(5)]
    assert len(set(map(frozenset, draws))) > 1
    turned = fold.unlabelled.iloc[::-1].reset_index(drop=True)
    other = dataclasses.replace(fold, unlabelled=turned)
    assert speakers(with_speakers(other, 4)) == draws[0]


def test_a_place_does_not_depend_on_who_else_is_there(fold):
    """Development and test speakers are left out of the unlabelled speech of a fold."""
    unknown = fold.unlabelled[fold.unlabelled.corpus == "b"]
    order = speaker_order(unknown, 0)
    part = speaker_order(unknown[unknown.speaker != order[1]], 0)
    assert part == [order[0], order[2]]


@pytest.mark.parametrize("seed", range(5))
def test_genders_alternate_while_there_are_both(fold, seed):
    order = speaker_order(fold.unlabelled, seed)
    gender = fold.unlabelled.drop_duplicates("speaker").set_index("speaker").gender
    known = [gender[name] for name in order if gender[name]]
    assert all(one != other for one, other in zip(known[:8], known[1:8], strict=False))
    assert set(known[8:]) == {"female"}
    assert sorted(order) == sorted(gender.index)


def test_corpora_are_mixed_in_the_order_of_a_hash(toy_table):
    """The order of their names would take all speakers of the first before another."""
    table = pd.concat([toy_table("abcdef", ("",), name) for name in "pq"])
    firsts = [{name[0] for name in speaker_order(table, seed)[:6]} for seed in range(4)]
    assert {"p", "q"} in firsts


def test_no_speaker_means_no_unlabelled_speech(fold):
    assert with_speakers(fold, 0).unlabelled is None
    without = dataclasses.replace(fold, unlabelled=None)
    assert with_speakers(without, 0).unlabelled is None


def test_more_speakers_than_there_are_is_an_error(fold):
    with pytest.raises(ValueError) as caught:
        with_speakers(fold, 16)
    message = str(caught.value)
    assert "Fold `f` needs 16 speakers of unlabelled speech. Received: 15" in message
    assert "Decrease `unlabelled_speakers`" in message
    without = dataclasses.replace(fold, unlabelled=None)
    with pytest.raises(ValueError, match="needs 1 speakers.*Received: 0"):
        with_speakers(without, 1)


def test_speakers_with_labels_do_not_count_and_stay(fold, toy_table):
    lost = toy_table("x", ("",), digest="another").assign(
        utterance="toy/x-9", source="toy/x-9"
    )
    both = pd.concat([fold.unlabelled, lost], ignore_index=True)
    more = dataclasses.replace(fold, unlabelled=both)
    assert speakers(with_speakers(more, 0)) == {"toy/x"}
    assert speakers(with_speakers(more, 3)) == {
        "toy/x",
        *speakers(with_speakers(fold, 3)),
    }
    with pytest.raises(ValueError, match="Received: 15"):
        with_speakers(more, 16)


@pytest.mark.parametrize("count", [-1, True, 2.5, "3"])
def test_a_count_is_a_number_of_speakers(fold, count):
    with pytest.raises(ValueError, match="`count` must be an integer of at least 0"):
        with_speakers(fold, count)
