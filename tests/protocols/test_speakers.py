"""Which speakers stay together, and who is chosen next."""

import pandas as pd
import pytest
from toy_folds import EMODB, RAVDESS, SESSIONS, assert_whole

from keras_ser.protocols import k_fold, leave_one_speaker_out
from keras_ser.protocols.speakers import group_sizes, in_sessions_of, speaker_units


def test_units_are_whole_sessions_or_single_speakers(toy_table):
    table = toy_table({**SESSIONS, "4F": ("female", "")})
    units = speaker_units(table)
    assert sorted(units) == [
        ["toy/1F", "toy/1M"],
        ["toy/2F", "toy/2M"],
        ["toy/3F", "toy/3M"],
        ["toy/4F"],
    ]
    shuffled = table.sample(frac=1, random_state=1)
    assert speaker_units(shuffled) == units
    assert speaker_units(shuffled, seed=3) == speaker_units(table, seed=3)


def test_units_alternate_genders(toy_table):
    units = speaker_units(
        toy_table(dict(zip("abcdef", 3 * ["female"] + 3 * ["male"], strict=True)))
    )
    assert units == [[f"toy/{name}"] for name in "adbecf"]


@pytest.mark.parametrize(
    ("lengths", "folds", "sizes"),
    [
        ([1] * 10, 3, [3, 3, 4]),
        ([2, 2, 2, 2], 2, [2, 2]),
        ([1, 1, 1, 5], 2, [3, 1]),  # 3 and 5 speakers
        ([4, 1], 2, [1, 1]),
    ],
)
def test_group_sizes_balance_speakers(lengths, folds, sizes):
    assert group_sizes([["s"] * length for length in lengths], folds) == sizes


def test_rows_of_a_speakers_sessions_are_found(toy_table):
    table = toy_table({**SESSIONS, "x": ("female", "")})
    other = toy_table({"1Z": ("male", "1")}, corpus="other")
    rows = pd.concat([table, other])
    found = rows.speaker[in_sessions_of(rows, table, ["toy/1F", "toy/x"])]
    assert set(found) == {"toy/1F", "toy/1M"}


@pytest.mark.parametrize(
    ("test", "dev"),
    [
        ("03", ["08", "10"]),
        ("08", ["09", "10"]),
        ("10", ["11", "13"]),
        ("12", ["13", "15"]),
        ("15", ["03", "16"]),  # cyclic: the next male is 03, the next female 16
        ("16", ["03", "08"]),
    ],
)
def test_next_of_the_same_and_of_the_other_gender_select(toy_table, test, dev):
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
def test_two_speakers_select_even_if_a_gender_is_absent(toy_table, genders):
    for fold in leave_one_speaker_out(toy_table(genders)).values():
        assert len(fold.speakers()["dev"]) == 2


@pytest.mark.parametrize("folds", [2, 3, 4, 5])
@pytest.mark.parametrize("corpus", [EMODB, RAVDESS])
def test_groups_have_similar_sizes_and_both_genders(toy_table, corpus, folds):
    made = k_fold(toy_table(corpus), folds=folds).values()
    tested = [fold.tests["test"] for fold in made]
    sizes = [table.speaker.nunique() for table in tested]
    assert max(sizes) - min(sizes) <= 1
    for table, fold in zip(tested, made, strict=True):
        assert set(table.gender) == {"female", "male"}
        assert set(fold.dev.gender) == {"female", "male"}
        assert fold.dev.speaker.nunique() == 2


def test_every_group_has_a_speaker_of_a_rare_gender(toy_table):
    genders = {name: "female" for name in "abcdefghi"} | dict.fromkeys("xyz", "male")
    for fold in k_fold(toy_table(genders), folds=3).values():
        assert len({"toy/x", "toy/y", "toy/z"} & set(fold.speakers()["test"])) == 1


def test_groups_include_both_of_two_corpora(toy_table):
    table = pd.concat([toy_table(EMODB), toy_table(EMODB, corpus="other")])
    folds = k_fold(table, folds=5)
    assert_whole(folds, table)
    for fold in folds.values():
        assert fold.tests["test"].corpus.nunique() == 2
