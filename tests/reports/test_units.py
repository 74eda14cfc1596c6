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
    **{("1", 1): "abd", ("2", 1): "cef"},
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


def explained(*designs) -> str:
    return " ".join(explain([find_units(rows_of(each)) for each in designs], "p"))


def test_single_trainings_are_explained():
    text = explained(across())
    assert "describe a single training of each system, tested on many" in text
    assert "p are about other speakers, not about other trainings." in text
    assert "at least 5 repeats are needed: add `--set repeats=5`" in text
    assert "describe 4 single trainings of each" in explained(across(repeats=4))
    assert "describe 4 single trainings of each" in explained(REDRAWN)
    text = explained(across(repeats=2), across(repeats=3))
    assert "describe 2 to 3 single trainings of each" in text


def test_trainings_that_vary_are_explained():
    text = explained(across(repeats=5))
    assert "A system has 5 trainings here, each tested on many speakers." in text
    assert "p are about other speakers and about other trainings" in text
    assert "single" not in text


def test_groups_are_explained_and_speakers_are_not():
    assert "p are over 3 groups of 6 speakers." in explained(in_groups())
    assert explained(left_out()) == ""
    assert explained(across("ab")) == ""  # the interval is over utterances


def test_nothing_is_explained_of_no_units():
    assert explain([], "p") == []
    assert isinstance(find_units(rows_of({})), Units)


def test_the_report_of_a_grouped_protocol_names_groups(tmp_path):
    groups = {"1": ("03", "08"), "2": ("09", "10"), "3": ("11", "12")}
    for system in ("baseline", "mtl"):
        for fold, speakers in groups.items():
            write(tmp_path / "runs", grouped(system, fold, speakers))
    text = report_text(tmp_path / "runs", tmp_path)
    caption = "emodb, clean: scores, Δ to baseline over 3 shared groups of speakers"
    assert f"**{caption}**" in text
    assert "Intervals are over 3 groups of 6 speakers." in text
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
    assert "repeats are needed" not in report_text(tmp_path / "runs", tmp_path)
