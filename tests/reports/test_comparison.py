"""Differences between systems against scikit-learn, with swaps written out."""

import itertools
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import balanced_accuracy_score
from toy_runs import (
    CLASSES,
    grouped,
    make_config,
    of_head,
    predictions,
    report_text,
    table_rows,
    task,
    write,
)

from keras_ser import reports, scores
from keras_ser.cli import main as cli
from keras_ser.reports import comparison, explaining

SIX_FOLDS = ("03", "08", "09", "10", "11", "12")
LABELS = ("truth", "prediction")


@pytest.fixture(scope="module")
def six_speakers(tmp_path_factory) -> Path:
    """Three systems, six speakers, two repeats; not to be changed."""
    root = tmp_path_factory.mktemp("six") / "runs"
    for system in ("mtl", "baseline", "other_net"):
        for fold in SIX_FOLDS:
            for repeat in (0, 1):
                write(root, predictions(system, fold, repeat, rows=20))
    return root


def paired(table: pd.DataFrame, one: str, other="baseline") -> pd.DataFrame:
    """The predictions of two systems, side by side."""
    key = ["fold", "repeat", "utterance", "speaker", "truth"]
    parts = dict(list(table.groupby("system")))
    both = parts[one].merge(parts[other], on=key, suffixes=("", "_base"))
    return both.assign(unit=both["speaker"])


def delta(rows: pd.DataFrame, swapped=()) -> float:
    """The pooled difference, with the predictions of these units swapped."""
    swap = rows["unit"].isin(swapped)
    first = rows["prediction"].where(~swap, rows["prediction_base"])
    second = rows["prediction_base"].where(~swap, rows["prediction"])
    uar = [balanced_accuracy_score(rows["truth"], each) for each in (first, second)]
    return uar[0] - uar[1]


def labels_of(rows: pd.DataFrame) -> list[pd.Series]:
    return [rows[k] for k in (*LABELS, "prediction_base", "speaker")]


def swap_p(rows: pd.DataFrame) -> float:
    """p of swapping the predictions of any units, written out."""
    units = sorted(set(rows["unit"]))
    subsets = [
        each for n in range(len(units) + 1) for each in itertools.combinations(units, n)
    ]
    found = np.abs([delta(rows, each) for each in subsets])
    return float(np.mean(found >= abs(delta(rows)) - 1e-9))


def variance(rows: pd.DataFrame, by) -> float:
    """(k − 1) / k times the sum of squares of what leaving a unit out changes."""
    changes = [delta(rows) - delta(rows[by != unit]) for unit in set(by)]
    return (len(changes) - 1) / len(changes) * float(np.sum(np.square(changes)))


def numbers_of(*cells: str) -> list[float]:
    """The numbers that cells of differences show."""
    text = " ".join(cells).replace("−", "-").replace("+", "")
    return [float(part) for part in re.findall(r"-?\d+\.\d", text)]


def test_differences_equal_scikit_learn_and_swaps_written_out(six_speakers, tmp_path):
    text = report_text(six_speakers, tmp_path)
    table = reports.read(six_speakers)
    found = table_rows(text, "emodb, clean: scores")
    assert "**emodb, clean: scores, Δ to baseline over 6 shared speakers**" in text
    assert found["baseline"][5:] == ["–"] * 4
    rows = {name: paired(table, name) for name in ("mtl", "other_net")}
    p = {name: swap_p(each) for name, each in rows.items()}
    least = min(p, key=p.get)
    adjusted = {name: max(2 * p[least], p[name]) for name in p}
    for name, each in rows.items():
        value = delta(each)
        reach = stats.t.ppf(0.975, 5) * math.sqrt(variance(each, each["speaker"]))
        low, high = scores.difference_interval(
            *(each[k] for k in ("truth", "prediction", "prediction_base", "speaker"))
        )
        expected = [value, value - reach, value + reach, low, high]
        values = numbers_of(*found[name][5:7])
        assert values == pytest.approx([100 * x for x in expected], abs=0.051)
        last = [f"{p[name]:.3f}", f"{min(1, adjusted[name]):.3f}"]
        assert found[name][7:] == last
    header = "| Δ UAR [95 % t interval] | [95 % bootstrap] | p | p (Holm) |"
    assert header in text
    assert "With 6 speakers, all 64 sign patterns are counted, so p is exact" in text
    assert "it cannot be below 0.031." in text
    assert "adjusts p for the 2 tests of this table" in text


def test_p_is_about_the_pooled_difference_not_about_the_mean_of_speakers():
    # One speaker with many utterances gains, five with few lose.
    parts = []
    for fold in SIX_FOLDS:
        truth = np.tile(CLASSES, 40 if fold == "03" else 2)
        for system in ("baseline", "mtl"):
            right = (system == "mtl") == (fold == "03")
            prediction = truth if right else np.roll(truth, 1)
            part = predictions(system, fold, rows=len(truth))
            parts.append(part.assign(truth=truth, prediction=prediction))
    rows = paired(pd.concat(parts), "mtl")
    one, other = (part for part in (pd.concat(parts[1::2]), pd.concat(parts[::2])))
    found = reports.difference(one, other)
    assert found.value == pytest.approx(delta(rows)) and found.value > 0
    assert found.p == pytest.approx(swap_p(rows))
    assert found.p == 1.0  # no pattern is closer to 0: one speaker decides


def test_groups_are_swapped_as_a_whole():
    groups = {str(n): (f"{20 + n}", f"{30 + n}") for n in range(6)}
    parts = [
        grouped(system, fold, speakers)
        for system in ("baseline", "mtl")
        for fold, speakers in groups.items()
    ]
    table = pd.concat(parts)
    rows = paired(table, "mtl").assign(unit=lambda each: each["fold"])
    by_system = dict(list(table.groupby("system")))
    found = reports.difference(by_system["mtl"], by_system["baseline"])
    assert (found.units.kind, found.units.count) == ("group", 6)
    assert found.p == pytest.approx(swap_p(rows))
    reach = stats.t.ppf(0.975, 5) * math.sqrt(variance(rows, rows["fold"]))
    expected = delta(rows) - reach, delta(rows) + reach
    assert found.t_interval == pytest.approx(expected)
    labels = (rows[k] for k in ("truth", "prediction", "prediction_base", "speaker"))
    by_speaker = scores.sign_flip_test(scores.contributions(*labels))
    assert found.p != pytest.approx(by_speaker)


def crossed(repeats) -> dict[str, pd.DataFrame]:
    """The predictions of two systems, tested on all speakers in each repeat."""
    return {
        system: pd.concat(
            grouped(system, "one-other", SIX_FOLDS, n) for n in range(repeats)
        )
        for system in ("baseline", "mtl")
    }


def test_five_crossed_trainings_have_a_t_test_over_both():
    table = crossed(5)
    found = reports.difference(table["mtl"], table["baseline"])
    rows = paired(pd.concat(table.values()), "mtl")
    cell = rows["speaker"] + rows["repeat"].astype(str)
    single = [variance(rows, rows[name]) for name in ("speaker", "repeat")]
    spread = math.sqrt(max(sum(single) - variance(rows, cell), *single))
    value = delta(rows)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(value) / spread, 4))
    reach = stats.t.ppf(0.975, 4) * spread
    assert found.t_interval == pytest.approx((value - reach, value + reach))
    drawn = scores.difference_interval(
        *(rows[k] for k in ("truth", "prediction", "prediction_base", "speaker")),
        training=rows["repeat"],
    )
    assert found.bootstrap == pytest.approx(drawn)


def test_four_crossed_trainings_are_tested_over_speakers_only():
    table = crossed(4)
    found = reports.difference(table["mtl"], table["baseline"])
    rows = paired(pd.concat(table.values()), "mtl")
    assert found.p == pytest.approx(swap_p(rows))


def test_p_of_both_kinds_are_told_apart(six_speakers):
    table = crossed(5)
    few = table["mtl"][table["mtl"]["repeat"] < 2]
    by_system = {**table, "few": few}
    found = comparison.compare(by_system, "baseline")
    text = " ".join(block.text for block in explaining.explain(found))
    assert "For few, p comes from a two-sided sign-flip test" in text
    assert "For mtl, p comes from a two-sided t test" in text


def test_fewer_than_six_shared_speakers_have_intervals_and_no_p(table, text):
    row = table_rows(text, "emodb, clean: scores")["mtl"]
    assert row[7:] == ["–"] * 2 and "‡" not in row[5] + row[6]
    rows = paired(table, "mtl")
    labels = [rows[k] for k in ("truth", "prediction", "prediction_base")]
    intervals = [
        compute(*labels, rows["speaker"])
        for compute in (scores.difference_t_interval, scores.difference_interval)
    ]
    for interval, cell in zip(intervals, row[5:7], strict=True):
        signed = [f"{100 * value:+.1f}".replace("-", "−") for value in interval]
        assert "[{}, {}]".format(*signed) in cell
    assert "No p for mtl (3): with fewer than 6 shared speakers" in text
    assert "sign-flip" not in text


def test_five_speakers_of_five_trainings_have_a_t_test():
    table = {k: part[part["speaker"] != "emodb/12"] for k, part in crossed(5).items()}
    found = reports.difference(table["mtl"], table["baseline"])
    rows = paired(pd.concat(table.values()), "mtl")
    p = scores.difference_t_test(*labels_of(rows), training=rows["repeat"])
    assert found.units.count == 5 and found.p == p and 0 < p < 1


def test_two_speakers_of_five_trainings_have_none():
    table = {
        name: part[part["speaker"].isin(["emodb/03", "emodb/08"])]
        for name, part in crossed(5).items()
    }
    found = comparison.compare(table, "baseline")
    assert not found["mtl"].is_tested
    text = " ".join(block.text for block in explaining.explain(found))
    assert "No p for mtl (2): with fewer than 3 shared speakers" in text
    assert "a t test over speakers and trainings says nothing" in text


def rare_class(tables) -> dict[str, pd.DataFrame]:
    """One speaker alone has a further class."""
    found = {}
    for name, part in tables.items():
        own = part["utterance"].isin(["emodb/03/1", "emodb/03/4"])
        found[name] = part.assign(truth=part["truth"].mask(own, "joy"))
    return found


def test_a_class_of_one_speaker_leaves_sign_flips_but_no_t_test():
    table = rare_class(crossed(5))
    found = reports.difference(table["mtl"], table["baseline"])
    assert math.isnan(found.p) and np.isnan(found.t_interval).all()
    assert np.isfinite(found.bootstrap).all()
    cell, bootstrap = found.cells()
    assert cell.endswith(" [–]") and "–" not in bootstrap
    table = {name: part[part["repeat"] < 4] for name, part in table.items()}
    found = reports.difference(table["mtl"], table["baseline"])
    assert np.isnan(found.t_interval).all() and found.confined == {"speaker": ["joy"]}
    rows = paired(pd.concat(table.values()), "mtl")
    assert found.p == pytest.approx(swap_p(rows))


def test_the_report_names_a_class_of_one_speaker(tmp_path):
    for part in rare_class(crossed(5)).values():
        for _, run in part.groupby("repeat"):
            write(tmp_path / "runs", run)
    text = report_text(tmp_path / "runs", tmp_path)
    found = table_rows(text, "emodb, clean: scores")
    assert found["baseline"][3].endswith(" [–]")
    assert found["mtl"][5].endswith(" [–]") and found["mtl"][7:] == ["–", "–"]
    assert text.count("occurs in a single speaker only (joy), because") == 1
    assert "No p for mtl: there is no t test where there is no t interval." in text


def test_units_that_all_agree_do_not_give_a_p_of_0():
    """Each utterance is recognised by one system, and missed by the other."""
    table = {
        name: part.assign(
            prediction=part["truth"] if name == "mtl" else np.roll(part["truth"], 1)
        )
        for name, part in crossed(5).items()
    }
    found = comparison.compare(table, "baseline")
    cells = comparison.difference_cells(found)["mtl"]
    assert cells[0] == "+100.0 [+100.0, +100.0]" and cells[2] == "< 0.0001"


def test_two_groups_have_intervals_over_speakers():
    groups = {"1": SIX_FOLDS[:3], "2": SIX_FOLDS[3:]}
    table = {
        system: pd.concat(grouped(system, *each) for each in groups.items())
        for system in ("baseline", "mtl")
    }
    found = reports.difference(table["mtl"], table["baseline"])
    rows = paired(pd.concat(table.values()), "mtl")
    t_interval = scores.difference_t_interval(*labels_of(rows))
    assert found.t_interval == pytest.approx(t_interval)
    drawn = scores.difference_interval(*labels_of(rows))
    assert found.bootstrap == pytest.approx(drawn)
    assert all(cell.endswith(" ‡") for cell in found.cells()) and not found.is_tested


def test_a_single_utterance_has_no_intervals():
    table = {name: part[:1] for name, part in crossed(1).items()}
    found = reports.difference(table["mtl"], table["baseline"])
    cell, bootstrap = found.cells()
    assert cell.endswith(" [–] ‡") and bootstrap == "[–] ‡"


def test_shared_repeats_are_told_where_systems_have_more():
    table = crossed(3)
    table["mtl"] = table["mtl"][table["mtl"]["repeat"] == 1]
    found = comparison.compare(table, "baseline")
    text = " ".join(block.text for block in explaining.explain(found))
    assert "mtl on 6 speakers and 72 utterances in 1 shared repeat." in text
    same = reports.difference(crossed(3)["mtl"], crossed(3)["baseline"])
    assert same.text == same.cells()[0]
    assert re.fullmatch(r"[+−]?[\d.]+ \[[+−]?[\d.]+, [+−]?[\d.]+\]", same.text)
    assert same.shared_repeats is None


def test_fewer_than_three_shared_speakers_have_intervals_over_utterances(tmp_path):
    for fold in SIX_FOLDS[:2]:
        for system in ("baseline", "mtl"):
            write(tmp_path / "runs", predictions(system, fold))
    text = report_text(tmp_path / "runs", tmp_path)
    row = table_rows(text, "emodb, clean: scores")["mtl"]
    assert row[5].endswith(" ‡") and row[6].endswith(" ‡") and row[7:] == ["–"] * 2
    rows = paired(reports.read(tmp_path / "runs"), "mtl")
    labels = [rows[k] for k in ("truth", "prediction", "prediction_base")]
    ends = scores.difference_t_interval(*labels, rows["utterance"])
    ends += scores.difference_interval(*labels, rows["utterance"], cluster="utterance")
    assert numbers_of(*row[5:7])[1:] == pytest.approx(
        [100 * end for end in ends], abs=0.051
    )


def test_incomplete_systems_are_compared_on_what_is_shared_and_marked(
    six_speakers, tmp_path
):
    runs = Path(shutil.copytree(six_speakers, tmp_path / "runs"))
    for fold in ("03", "08"):
        shutil.rmtree(runs / f"toy/mtl/{fold}-0")
    shutil.rmtree(runs / "toy/mtl/03-1")
    text = report_text(runs, tmp_path)
    found = table_rows(text, "emodb, clean: scores")
    assert "Δ to baseline over 5 to 6 shared speakers**" in text
    assert found["mtl †"][5].endswith("] §") and found["mtl †"][7:] == ["–"] * 2
    assert "§" not in found["other_net"][5] and found["other_net"][7] != "–"
    assert found["other_net"][8] == "only test"
    assert "It is the only test of this table, so p is not adjusted." in text
    assert "same fold and repeat: mtl on 5 speakers and 100 utterances." in text
    table = reports.read(runs)
    mtl = table[table["system"] == "mtl"]
    base = table[table["system"] == "baseline"].merge(mtl[["utterance", "repeat"]])
    delta = balanced_accuracy_score(mtl["truth"], mtl["prediction"])
    delta -= balanced_accuracy_score(base["truth"], base["prediction"])
    shown = float(found["mtl †"][5].split()[0].replace("−", "-"))
    assert shown == pytest.approx(100 * delta, abs=0.051)
    # The table on the common folds compares the same, unmarked.
    common = table_rows(text, "emodb, clean: scores on the common folds")
    assert common["mtl"][5] == found["mtl †"][5].removesuffix(" §")


def test_systems_without_a_common_fold_are_not_compared(tmp_path):
    for system, fold in (("a", "03"), ("b", "08")):
        write(tmp_path / "runs", predictions(system, fold))
    text = report_text(tmp_path / "runs", tmp_path)
    found = table_rows(text, "emodb, clean: scores")["b †"]
    assert found[5:] == ["–"] * 4
    assert "No p for b (0)" in text


def test_equal_predictions_have_no_difference(tmp_path):
    for fold in SIX_FOLDS:
        for system in ("a", "b"):
            rows = predictions("a", fold).assign(system=system)
            write(tmp_path / "runs", rows)
    text = report_text(tmp_path / "runs", tmp_path)
    row = table_rows(text, "emodb, clean: scores")["b"]
    assert row[5:] == ["0.0 [0.0, 0.0]", "[0.0, 0.0]", "1.000", "only test"]


@pytest.mark.parametrize(
    "systems, named, reference",
    [
        (("mtl", "baseline"), None, "baseline"),
        (("mtl", "baseline", "baseline_augmented"), None, "baseline_augmented"),
        (("mtl", "densenet"), None, "densenet"),  # the first by name
        (("mtl", "baseline"), "mtl", "mtl"),
    ],
)
def test_the_reference_is_named_or_a_baseline(systems, named, reference, tmp_path):
    for system in systems:
        write(tmp_path / "runs", predictions(system, "03"))
    text = report_text(tmp_path / "runs", tmp_path, reference=named)
    assert f"scores, Δ to {reference} over 1 shared speaker**" in text
    found = table_rows(text, "emodb, clean: scores")
    assert [n for n in found if found[n][5] == "–"] == [reference]


def test_the_command_takes_a_reference_and_rejects_unknown_ones(runs, capsys):
    words = ["report", str(runs), "--format", "md", "--reference"]
    assert cli.main(cli.parser().parse_args([*words, "mtl"])) == 0
    printed = capsys.readouterr().out
    assert "Δ to mtl" in printed and "Δ to baseline" not in printed
    text = (runs / "report" / "report.md").read_text(encoding="utf-8")
    assert "Δ to mtl over 3 shared speakers" in text
    assert cli.main(cli.parser().parse_args([*words, "svm"])) == 2
    error = capsys.readouterr().err
    assert "one of the systems, ['baseline', 'mtl']. Received: 'svm'" in error


def test_holm_does_not_count_the_primary_comparison(six_speakers, tmp_path):
    before = table_rows(report_text(six_speakers, tmp_path), "emodb, clean: scores")
    text = report_text(six_speakers, tmp_path, primary="mtl")
    found = table_rows(text, "emodb, clean: scores")
    assert found["mtl"][8] == "primary"
    assert found["mtl"][:8] == before["mtl"][:8]
    assert found["other_net"][8] == found["other_net"][7] == before["other_net"][7]
    assert "The comparison of mtl is the primary one of this table, and its p" in text
    assert "adjusts p for the other test by Holm's method" in text


def test_holm_adjusts_all_others():
    p = {"a": 0.01, "b": 0.02, "c": 0.04, "d": math.nan}
    units = reports.difference(*crossed(1).values()).units
    none = math.nan, math.nan
    found = comparison.difference_cells(
        {
            k: comparison.Difference(0.1, none, none, v, units, 9, False)
            for k, v in p.items()
        },
        "a",
    )
    last = {name: cells[-1] for name, cells in found.items()}
    assert last == {"a": "primary", "b": "0.040", "c": "0.040", "d": "–"}
    without = comparison.difference_cells(
        {
            k: comparison.Difference(0.1, none, none, v, units, 9, False)
            for k, v in p.items()
        }
    )
    assert [cells[-1] for cells in without.values()] == ["0.030", "0.040", "0.040", "–"]


def test_an_untested_primary_comparison_is_not_called_primary(tmp_path):
    for system in ("baseline", "mtl", "svm"):
        write(tmp_path / "runs", predictions(system, "03"))
    text = report_text(tmp_path / "runs", tmp_path, primary="mtl")
    assert table_rows(text, "emodb, clean: scores")["mtl"][8] == "–"
    assert "primary" not in text


def test_a_single_comparison_is_primary_only_if_it_is_named(six_speakers, tmp_path):
    paths = [six_speakers / "toy" / name for name in ("baseline", "mtl")]
    text = report_text(paths, tmp_path)
    assert table_rows(text, "emodb, clean: scores")["mtl"][8] == "only test"
    assert "It is the only test of this table, so p is not adjusted." in text
    assert "Holm's" not in text and "primary" not in text
    text = report_text(paths, tmp_path, primary="mtl")
    assert table_rows(text, "emodb, clean: scores")["mtl"][8] == "primary"
    assert "the primary one of this table. It is also the only test of this" in text
    assert "Holm's" not in text


def test_the_only_test_is_not_primary_if_another_system_is_named(tmp_path):
    """The named system lacks one of the heads."""
    for fold in SIX_FOLDS:
        for system in ("baseline", "mtl", "other"):
            table = predictions(system, fold)
            tasks = [task("emotion"), task("gender")][: 1 if system == "mtl" else 2]
            parts = [table]
            if system != "mtl":
                named = [table[k].replace("anger", "calm") for k in LABELS]
                parts.append(of_head(table, "gender", *named))
            config = make_config(table, tasks=tasks, primary="mtl")
            write(tmp_path / "runs", pd.concat(parts), config)
    text = report_text(tmp_path / "runs", tmp_path)
    found = table_rows(text, "emodb, clean, emotion: scores")
    assert found["mtl"][8] == "primary"
    section = text.split("## toy: emodb, clean, gender\n")[1]
    found = table_rows(section, "emodb, clean, gender: scores")
    assert found["other"][8] == "only test" and "primary" not in section


@pytest.mark.parametrize(
    ("in_config", "given", "expected"),
    [
        ("mtl", None, "mtl"),
        ("mtl", "other_net", "other_net"),
        ("baseline", None, None),  # the reference
        ("elsewhere", None, None),
        ("elsewhere", "mtl", "mtl"),
    ],
)
def test_the_primary_system_is_named_or_of_the_config(
    six_speakers, tmp_path, in_config, given, expected
):
    runs = Path(shutil.copytree(six_speakers, tmp_path / "runs"))
    table = predictions("mtl", "03", rows=20)
    write(runs, table, make_config(table, primary=in_config))
    text = report_text(runs, tmp_path, primary=given)
    found = table_rows(text, "emodb, clean: scores")
    assert [n for n, row in found.items() if row[8] == "primary"] == (
        [expected] if expected else []
    )


def test_the_primary_system_need_not_be_in_every_table(six_speakers, tmp_path):
    for fold in SIX_FOLDS:
        for system in ("baseline", "svm", "tree"):
            table = predictions(system, fold).assign(experiment="other")
            write(tmp_path / "runs", table)
    paths = [six_speakers, tmp_path / "runs"]
    text = report_text(paths, tmp_path, primary="mtl")
    first, second = text.split("## toy: emodb, clean\n")
    assert "| primary |" in second and "| primary |" not in first
    assert "2 tests of this table" in first


@pytest.mark.parametrize("name", ["baseline", "nothing"])
def test_a_primary_system_that_is_never_compared_is_rejected(runs, tmp_path, name):
    with pytest.raises(ValueError, match=r"one of \['mtl'\]. Received: '" + name):
        reports.write(runs, tmp_path, primary=name)


def test_the_command_takes_a_primary_system(six_speakers, tmp_path, capsys):
    words = ["report", str(six_speakers), "--format", "md", "--out", str(tmp_path)]
    assert cli.main(cli.parser().parse_args([*words, "--primary", "mtl"])) == 0
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "The comparison of mtl is the primary one" in text
    capsys.readouterr()
    assert cli.main(cli.parser().parse_args([*words, "--primary", "svm"])) == 2
    error = capsys.readouterr().err
    assert "one of ['mtl', 'other_net']. Received: 'svm'" in error


def test_nothing_to_compare_is_told(tmp_path):
    write(tmp_path / "runs", predictions("mtl", "03"))
    with pytest.raises(ValueError, match="'mtl', but no table has two systems"):
        reports.write(tmp_path / "runs", tmp_path, primary="mtl")
