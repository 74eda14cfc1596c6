"""The units of designs that protocols make, and of random ones."""

import numpy as np
import pandas as pd
import pytest
from toy_runs import grouped, predictions, report_text, table_rows, write

from keras_ser.reports.units import Units, describe, explain, find_units


def rows_of(trainings: dict) -> pd.DataFrame:
    """Two predictions for each speaker of each training, `{(fold, repeat): names}`."""
    rows = [
        {"fold": fold, "repeat": repeat, "speaker": name}
        for (fold, repeat), names in trainings.items()
        for name in [*names, *names]
    ]
    return pd.DataFrame(rows, columns=["fold", "repeat", "speaker"])


def left_out(speakers="abcdef", repeats=2):
    return {(name, n): [name] for name in speakers for n in range(repeats)}


def in_groups(groups=("ab", "cd", "ef"), repeats=2):
    return {(str(k), n): g for k, g in enumerate(groups) for n in range(repeats)}


def across(speakers="abcdef", repeats=1):
    return {("one-other", n): speakers for n in range(repeats)}


REDRAWN = {
    **{("1", 0): "abc", ("2", 0): "def"},
    **{("1", 1): "abe", ("2", 1): "cdf"},
}


def test_a_speaker_who_is_left_out_is_a_unit():
    rows = rows_of(left_out())
    found = find_units(rows)
    assert (found.kind, found.count, found.trainings) == ("speaker", 6, 12)
    assert found.unit.tolist() == rows["speaker"].tolist()
    assert found.training is found.varied_training is None


def test_a_group_that_is_left_out_is_a_unit():
    rows = rows_of(in_groups())
    found = find_units(rows)
    assert (found.kind, found.count, found.speakers) == ("group", 3, 6)
    expected = rows["speaker"].map(dict(zip("abcdef", "aaccee", strict=True)))
    assert found.unit.tolist() == expected.tolist()
    assert found.training is None


def test_one_group_of_several_speakers_makes_all_units_groups():
    assert find_units(rows_of(in_groups(("ab", "c", "d")))).kind == "group"


@pytest.mark.parametrize("repeats", [1, 4, 5, 6])
def test_a_training_on_another_corpus_is_crossed_with_its_speakers(repeats):
    rows = rows_of(across(repeats=repeats))
    found = find_units(rows)
    assert (found.kind, found.count, found.trainings) == ("crossed", 6, repeats)
    assert found.unit.tolist() == rows["speaker"].tolist()
    assert found.training.tolist() == rows["repeat"].tolist()
    assert found.has_single_trainings == (repeats < 5)
    assert (found.varied_training is None) == (repeats < 5)


def test_groups_that_are_drawn_again_are_crossed():
    rows = rows_of(REDRAWN)
    found = find_units(rows)
    assert (found.kind, found.count, found.trainings) == ("crossed", 6, 4)
    pairs = zip(rows["fold"] + rows["repeat"].astype(str), found.training, strict=True)
    assert len(set(pairs)) == 4
    same = find_units(rows_of(in_groups(("abc", "def"))))
    assert (same.kind, same.count) == ("group", 2)


def test_a_single_speaker_is_a_unit():
    found = find_units(rows_of(across("a", repeats=6)))
    assert (found.kind, found.count, found.are_few) == ("speaker", 1, True)


def test_no_predictions_have_no_units():
    found = find_units(rows_of({}))
    assert (found.kind, found.count, found.trainings) == ("speaker", 0, 0)


def merged(rows: pd.DataFrame) -> set[frozenset]:
    """Sets of speakers that share trainings, merged until none do."""
    sets = [set(part) for _, part in rows.groupby(["fold", "repeat"])["speaker"]]
    for _ in sets:
        for one in sets:
            for other in sets:
                if one & other:
                    one |= other
                    other |= one
    return {frozenset(each) for each in sets}


@pytest.mark.parametrize("seed", range(20))
def test_units_are_what_trainings_connect(seed):
    rng = np.random.default_rng(seed)
    trainings = {
        (str(fold), int(repeat)): rng.choice(list("abcdefghij"), rng.integers(1, 4))
        for fold, repeat in rng.integers(0, 4, (rng.integers(2, 8), 2))
    }
    rows = rows_of(trainings)
    found, expected = find_units(rows), merged(rows)
    by_unit = rows.groupby(found.unit)["speaker"].agg(frozenset)
    if len(expected) == 1 < rows["speaker"].nunique():
        assert found.kind == "crossed"
        assert all(len(names) == 1 for names in by_unit)
    else:
        assert set(by_unit) == expected
        assert all(unit == min(names) for unit, names in by_unit.items())
        single = all(len(names) == 1 for names in expected)
        assert found.kind == ("speaker" if single else "group")
    assert found.count == len(by_unit)
    order = rng.permutation(len(rows))
    again = find_units(rows.iloc[order])
    assert again.unit.tolist() == found.unit[order].tolist()


@pytest.mark.parametrize(
    ("designs", "expected"),
    [
        ([left_out("a")], "1 shared speaker"),
        ([left_out()], "6 shared speakers"),
        ([left_out("abc"), left_out()], "3 to 6 shared speakers"),
        ([in_groups()], "3 shared groups of speakers"),
        ([across(repeats=4)], "6 shared speakers"),
        ([across(repeats=5)], "6 shared speakers and 5 trainings"),
        ([in_groups(), left_out("abc")], "3 shared groups of speakers or 3 shared spe"),
    ],
)
def test_captions_name_the_units(designs, expected):
    text = describe(find_units(rows_of(each)) for each in designs)
    assert text.startswith(expected)


def explained(*designs, what="p", **shared) -> str:
    own = {f"s{n}": find_units(rows_of(each)) for n, each in enumerate(designs)}
    differences = {name: find_units(rows_of(each)) for name, each in shared.items()}
    return " ".join(explain(own, what, differences))


def test_single_trainings_are_explained():
    text = explained(across(), across(), s1=across())
    assert "describe a single training of each system, tested on many" in text
    assert "p are about other speakers, not about other trainings." in text
    assert "describe 4 single trainings of each" in explained(across(repeats=4))
    assert "describe 4 single trainings of each" in explained(REDRAWN)


def test_what_helps_single_trainings_fits_one_fold_of_several():
    """One of the folds of a k-fold looks like a cross-corpus test."""
    one_fold = {("1", 0): "abcdef"}
    for design in (one_fold, across()):
        assert (
            "run the other folds of the protocol, if this test set has any, or at "
            "least 5 repeats (`--set repeats=5`)." in explained(design)
        )


def test_unequal_numbers_of_trainings_are_named():
    alone, three, five = (across(repeats=n) for n in (1, 3, 5))
    text = explained(alone, five, five, what="Intervals and p", s1=alone, s2=alone)
    first, second = text.split(" To say something")[0], text.split("repeats=5`). ")[1]
    assert first == (
        "s0 has a single training, and the differences of s1, s2 rest on a single "
        "shared training, tested on many speakers. These intervals and p are about "
        "other speakers, not about other trainings."
    )
    assert second.startswith(
        "s1, s2 have 5 trainings, each tested on many speakers. These intervals are "
        "about other speakers and about other trainings"
    )
    text = explained(alone, three, s1=alone)
    assert text.startswith(
        "s0 has a single training, s1 has 3 trainings, and the difference of s1 rests "
        "on a single shared training, tested on"
    )
    text = explained(five, five, s1=three)
    assert text.startswith("The difference of s1 rests on 3 shared trainings, tested")
    assert "each system" not in text and "A system" not in text


def test_trainings_that_vary_are_explained():
    text = explained(across(repeats=5))
    assert "A system has 5 trainings here, each tested on many speakers." in text
    assert "p are about other speakers and about other trainings" in text
    assert "single" not in text


def test_groups_are_explained_and_speakers_are_not():
    groups = tuple(
        "".join(names)
        for names in zip(
            *["abcdefghijklmnopqrstuvwx"[n::4] for n in range(4)], strict=True
        )
    )
    assert "over these units: 24 speakers in 6 groups." in explained(in_groups(groups))
    assert explained(left_out()) == ""
    assert explained(across("ab")) == ""  # the interval is over utterances


def test_nothing_is_explained_of_no_units():
    assert explain({}, "p") == []
    assert isinstance(find_units(rows_of({})), Units)


def test_the_report_of_a_grouped_protocol_names_groups(tmp_path):
    groups = {"1": ("03", "08"), "2": ("09", "10"), "3": ("11", "12")}
    for system in ("baseline", "mtl"):
        for fold, speakers in groups.items():
            write(tmp_path / "runs", grouped(system, fold, speakers))
    text = report_text(tmp_path / "runs", tmp_path)
    caption = "emodb, clean: scores, Δ to baseline over 3 shared groups of speakers"
    assert f"**{caption}**" in text
    assert "Intervals are over these units: 6 speakers in 3 groups." in text
    assert "No p for mtl (3): with fewer than 6 shared groups of speakers" in text
    row = table_rows(text, "emodb, clean: scores")["mtl"]
    assert "‡" not in row[3] + row[5] + row[6] and row[7:] == ["–", "–"]


@pytest.mark.parametrize("repeats", [1, 5])
def test_the_report_of_crossed_trainings_says_what_they_are(tmp_path, repeats):
    speakers = ("03", "08", "09", "10", "11", "12")
    for system in ("baseline", "mtl"):
        for repeat in range(repeats):
            rows = grouped(system, "ravdess-emodb", speakers, repeat)
            write(tmp_path / "runs", rows)
    text = report_text(tmp_path / "runs", tmp_path)
    single = "Intervals and p are about other speakers, not about other trainings."
    both = "Intervals and p are about other speakers and about other trainings"
    assert (single in text, both in text) == (repeats == 1, repeats == 5)
    assert ("sign-flip" in text, "t test" in text) == (repeats == 1, repeats == 5)
    assert ("6 shared speakers and 5 trainings**" in text) == (repeats == 5)


def test_a_table_without_a_comparison_says_it_of_its_intervals(tmp_path):
    write(tmp_path / "runs", grouped("mtl", "held-out", ("03", "08", "09")))
    text = report_text(tmp_path / "runs", tmp_path)
    assert "Intervals are about other speakers, not about other trainings." in text


def test_a_fold_of_one_speaker_needs_no_repeats(tmp_path):
    write(tmp_path / "runs", predictions("mtl", "03"))
    assert "repeats=5" not in report_text(tmp_path / "runs", tmp_path)


@pytest.mark.parametrize(
    ("design", "least"),
    [
        (left_out(), 6),
        (in_groups(), 6),
        (across(repeats=4), 6),
        (across(repeats=5), 3),
        (across("ab", repeats=5), 3),
    ],
)
def test_a_t_test_needs_fewer_speakers_than_sign_flips(design, least):
    found = find_units(rows_of(design))
    assert found.least == least
    assert found.can_be_tested == (found.count >= least)


@pytest.mark.parametrize(
    ("design", "noun", "column"),
    [
        (left_out("abc"), "speaker", "speaker"),
        (left_out("ab"), "utterance", "utterance"),
        (in_groups(("ab", "cd")), "speaker", "speaker"),
        (in_groups(("ab", "c")), "speaker", "speaker"),
        (across("ab"), "utterance", "utterance"),
    ],
)
def test_what_takes_the_place_of_too_few_units(design, noun, column):
    rows = rows_of(design)
    rows["utterance"] = rows["speaker"] + rows.groupby("fold").cumcount().astype(str)
    found, names = find_units(rows).of_interval(rows)
    assert (found, list(names)) == (noun, rows[column].tolist())


def test_the_interval_of_enough_groups_is_over_groups():
    rows = rows_of(in_groups())
    units = find_units(rows)
    noun, names = units.of_interval(rows)
    assert (noun, list(names)) == ("group of speakers", units.unit.tolist())
