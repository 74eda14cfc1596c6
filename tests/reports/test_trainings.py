"""Scores of trainings that test the same few speakers, computed by hand.

Two speakers, `t/1` and `t/2`, say `a` and `b` twice each. Three folds train on other
speech and test all eight utterances.

| | hits of `a` of 4 | hits of `b` of 4 | UAR % |
|---|---|---|---|
| base, fold 1 | 2 | 2 | 50 |
| base, fold 2 | 4 | 2 | 75 |
| base, fold 3 | 3 | 2 | 62.5 |
| other, fold 1 | 3 | 3 | 75 |
| other, fold 2 | 4 | 4 | 100 |
| other, fold 3 | 4 | 1 | 62.5 |

base: mean 62.5, deviations −12.5, 12.5, 0, so SD √((156.25 + 156.25) / 2) = 12.5.
other: mean 79.2, deviations −4.17, 20.83, −16.67, so SD √(729.17 / 2) = 19.1.
Differences: 25, 25, 0, so the mean is 16.7 and the SD √(416.67 / 2) = 14.4.
"""

import math

import numpy as np
import pandas as pd
import pytest
from toy_runs import make_config, report_text, table_rows, write

from keras_ser import reports
from keras_ser.reports import cells, trainings
from keras_ser.reports.units import find_units

HITS = {"base": [(2, 2), (4, 2), (3, 2)], "other": [(3, 3), (4, 4), (4, 1)]}
OTHER = {"a": "b", "b": "a"}
FOLD = "e+r-t"


def predicted(system, number, hits, repeat=0, speakers=("t/1", "t/2")):
    """What one training predicts for the held-out corpus `t`."""
    rows = []
    for truth, right in zip("ab", hits, strict=True):
        for place in range(4):
            speaker = speakers[place % len(speakers)]
            rows.append(
                {
                    "experiment": "toy",
                    "system": system,
                    "corpus": "t",
                    "fold": f"{FOLD}-{number}",
                    "repeat": repeat,
                    "test": "t",
                    "condition": "clean",
                    "utterance": f"{speaker}/{truth}{place}",
                    "speaker": speaker,
                    "head": "emotion",
                    "truth": truth,
                    "prediction": truth if place < right else OTHER[truth],
                }
            )
    table = pd.DataFrame(rows)
    for name in "ab":
        table[f"p_{name}"] = np.where(table["prediction"] == name, 0.8, 0.2)
    return table


def by_system(folds=3, **options):
    return {
        name: pd.concat(
            predicted(name, n + 1, hits, **options)
            for n, hits in enumerate(own[:folds])
        )
        for name, own in HITS.items()
    }


def within(system, number, **columns):
    """What a training predicts for two speakers of its own corpora."""
    parts = []
    for corpus in "er":
        name = f"{corpus}/{number}"
        made = predicted(system, number, (3, 2 + number % 3), speakers=(name,))
        parts.append(made.assign(corpus=corpus, test="in_domain", **columns))
    return pd.concat(parts)


def write_runs(root, folds=(1, 2, 3), protocol="held_out_corpora", **tables):
    for system, own in HITS.items():
        for number in folds:
            table = pd.concat(
                [within(system, number), predicted(system, number, own[number - 1])]
            )
            arguments = {"train": ["e", "r"], "groups": 3}
            config = make_config(
                table, protocol=protocol, protocol_arguments=arguments,
                corpus=["e", "r", "t"],
            )  # fmt: skip
            write(root, table, config)
    return root


# === Scores ===


def test_the_score_is_the_mean_over_trainings_with_its_deviation():
    rows = by_system()
    assert cells.with_interval(rows["base"]) == "62.5 ± 12.5"
    assert cells.with_interval(rows["other"]) == "79.2 ± 19.1"
    score, *limits = cells.interval(rows["other"])
    assert score == pytest.approx(2.375 / 3)
    assert all(map(math.isnan, limits))
    assert cells.confined(rows["other"]) == {}


def test_the_difference_is_the_mean_over_pairs_of_trainings():
    rows = by_system()
    found = reports.difference(rows["other"], rows["base"])
    assert found.value == pytest.approx(0.5 / 3)
    assert found.deviation == pytest.approx(np.std([0.25, 0.25, 0.0], ddof=1))
    assert found.cells() == ["+16.7 ± 14.4", "–"]
    assert not found.is_tested and not found.partial
    assert found.units.trainings == 3 and found.utterances == 8


def test_repeats_of_several_folds_are_trainings():
    """UARs of 50, 75 and 62.5 % in both repeats of three folds; SD √(625 / 5)."""
    rows = pd.concat([by_system(repeat=n)["base"] for n in (0, 1)])
    assert find_units(rows).trainings == 6
    assert cells.with_interval(rows) == "62.5 ± 11.2"


def test_a_difference_pairs_the_trainings_that_both_have():
    rows = by_system()
    base = rows["base"][rows["base"]["fold"] != f"{FOLD}-1"]
    more = predicted("base", 4, (4, 4))
    found = reports.difference(rows["other"], pd.concat([base, more]))
    assert found.partial and found.units.trainings == 2
    assert not found.units.are_trainings  # two have no deviation worth the name
    assert "[" in found.cells()[0] and found.cells()[0].endswith("‡ §")


def test_numbers_have_the_same_spread():
    rows = by_system()["base"].assign(truth="0", prediction="1")
    wave = [str(n % 4) for n in range(len(rows))]
    moved = [str(n % 4 + 0.5 * (n % 8 > 3) + number) for number, n in pairs(len(rows))]
    rows = rows.assign(truth=wave, prediction=moved)
    expected = [
        cells.CCC.score(*cells.CCC.labels(part)) for _, part in rows.groupby("fold")
    ]
    text = f"{np.mean(expected):.3f} ± {np.std(expected, ddof=1):.3f}"
    assert cells.with_interval(rows, cells.CCC) == text.replace("-", "−")


def pairs(count):
    """The number of the fold of each of eight rows per fold, and of the row."""
    return ((n // 8, n) for n in range(count))


# === Where it does not hold ===


@pytest.mark.parametrize("speakers", [1, 2, 3])
@pytest.mark.parametrize("folds", [1, 2, 3])
def test_three_trainings_of_several_folds_and_few_speakers_are_needed(speakers, folds):
    names = [f"t/{n}" for n in range(speakers)]
    rows = by_system(folds=folds, speakers=names)["base"]
    expected = speakers < 3 and folds == 3
    assert find_units(rows).are_trainings == expected
    assert ("[" in cells.with_interval(rows)) != expected


def test_repeats_of_one_fold_keep_their_interval():
    """They differ in the seed alone, and their deviation is shown already."""
    parts = [
        predicted("base", 1, hits, repeat=n) for n, hits in enumerate(HITS["base"])
    ]
    rows = pd.concat(parts)
    assert find_units(rows).trainings == 3
    assert not find_units(rows).are_trainings
    assert cells.with_interval(rows).startswith("62.5 ± 12.5 [")
    assert cells.with_interval(rows).endswith("‡")


def test_speakers_of_different_trainings_are_no_rotation():
    """Two speakers who are left out in turn, in two repeats: four trainings."""
    parts = [
        predicted("base", fold, (3, 2), repeat=repeat, speakers=(f"t/{fold}",))
        for fold in (1, 2)
        for repeat in (0, 1)
    ]
    units = find_units(pd.concat(parts))
    assert (units.trainings, units.speakers) == (4, 2)
    assert not units.are_trainings and not units.are_rotated


def test_trainings_that_test_a_part_are_no_rotation():
    rows = by_system()["base"]
    lacks = (rows["fold"] == f"{FOLD}-2") & (rows["speaker"] == "t/1")
    assert not find_units(rows[~lacks]).are_trainings


# === Reports ===


def test_the_note_says_what_varies():
    few = {name: find_units(rows) for name, rows in by_system().items()}
    text = trainings.explain(few)
    assert "Fewer than 3 speakers are tested here, by 3 trainings in several" in text
    assert "Δ" not in text
    assert "Δ is the mean of the differences" in trainings.explain(few, few)
    many = {"base": find_units(by_system(speakers="abcd")["base"])}
    assert trainings.explain(many) == trainings.explain({}) == ""


def test_a_report_of_rotated_folds(tmp_path):
    text = report_text(write_runs(tmp_path / "runs"), tmp_path / "out")
    inside, outside = "e+r (in domain), clean", "e+r → t, clean"
    assert f"## toy: {inside}" in text and f"## toy: {outside}" in text
    section = text.split(f"## toy: {outside}")[1]
    assert f"**{outside}: scores, Δ to base over 3 shared trainings**" in section
    assert "| UAR % ± SD | WA % | Δ UAR ± SD | [95 % bootstrap] |" in section
    rows = table_rows(section, f"{outside}: scores")
    assert rows["base"] == ["3", "1", "8", "62.5 ± 12.5", "62.5", *"––––"]
    assert rows["other"] == [
        *("3", "1", "8", "79.2 ± 19.1", "79.2", "+16.7 ± 14.4", "–", "–", "–")
    ]
    assert "No p for other: there are too few speakers" in section
    assert "deviation (SD) over the trainings. Δ is the mean of the diff" in section
    assert "interval over utterances" not in section
    within = text.split(f"## toy: {inside}")[1].split("## toy: e+r →")[0]
    cell = table_rows(within, f"{inside}: scores")["base"]
    assert cell[:3] == ["3", "1", "48"] and "[" in cell[3] and "‡" not in cell[3]
    assert "6 speakers in 3 groups" in within


def test_speech_by_test_set_is_pooled_over_folds(tmp_path):
    found = reports.by_test_set(write_runs(tmp_path / "runs"))
    assert list(found) == ["e+r (in domain)", "e+r → t"]
    outside = found["e+r → t"]
    assert set(outside["fold"]) == {f"{FOLD}-{n}" for n in (1, 2, 3)}
    own = {name: outside[outside["system"] == name] for name in HITS}
    assert reports.uar_with_interval(own["other"]) == "79.2 ± 19.1"
    assert reports.difference(own["other"], own["base"]).text == "+16.7 ± 14.4"


def test_a_system_with_two_folds_has_an_interval_over_utterances(tmp_path):
    """It is marked, and the others are compared with it on what both have."""
    root = write_runs(tmp_path / "runs")
    for path in (root / "toy" / "base" / f"{FOLD}-3-0").iterdir():
        path.unlink()
    path.parent.rmdir()
    text = report_text(root, tmp_path / "out")
    rows = table_rows(text, "e+r → t, clean: scores")
    assert rows["base †"][3].endswith("‡")
    assert rows["other"][3] == "79.2 ± 19.1"
    assert rows["other"][5].endswith("‡ §")
    header = "| UAR % ± SD [95 % t interval] | WA % | Δ UAR [95 % t interval] |"
    assert header in text.split("## toy: e+r → t")[1]
