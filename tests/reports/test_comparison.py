"""Differences between systems against scikit-learn and sign flips written out."""

import itertools
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score
from toy_runs import CLASSES, predictions, report_text, table_rows, write

from keras_ser import reports, scores
from keras_ser.cli import main as cli

SIX_FOLDS = ("03", "08", "09", "10", "11", "12")


@pytest.fixture(scope="module")
def six_speakers(tmp_path_factory) -> Path:
    """Three systems, six speakers, two repeats; not to be changed."""
    root = tmp_path_factory.mktemp("six") / "runs"
    for system in ("mtl", "baseline", "other_net"):
        for fold in SIX_FOLDS:
            for repeat in (0, 1):
                write(root, predictions(system, fold, repeat, rows=20))
    return root


def sign_flip_p(table: pd.DataFrame, one: str, other: str) -> float:
    """p of flipping the signs of the speakers' differences, written out."""
    score = {
        job: balanced_accuracy_score(rows["truth"], rows["prediction"])
        for job, rows in table.groupby(["system", "speaker", "repeat"])
    }
    differences = [
        sum(score[one, who, n] - score[other, who, n] for n in (0, 1)) / 2
        for who in sorted(set(table["speaker"]))
    ]
    patterns = np.array(list(itertools.product((-1, 1), repeat=len(differences))))
    sums = np.abs(patterns @ differences)
    return float(np.mean(sums >= abs(sum(differences)) - 1e-12))


def test_differences_equal_scikit_learn_and_sign_flips_written_out(
    six_speakers, tmp_path
):
    text = report_text(six_speakers, tmp_path)
    table = reports.read(six_speakers)
    found = table_rows(text, "emodb, clean: scores")
    assert "**emodb, clean: scores, Δ to baseline over 6 shared speakers**" in text
    assert found["baseline"][5:] == ["–"] * 4
    key = ["fold", "repeat", "utterance"]
    parts = {n: rows.sort_values(key) for n, rows in table.groupby("system")}
    base = parts["baseline"]
    p = {name: sign_flip_p(table, name, "baseline") for name in ("mtl", "other_net")}
    adjusted = {
        name: max(
            min(1, 2 * min(p.values())), p[name] if p[name] > min(p.values()) else 0
        )
        for name in p
    }
    for name in p:
        rows = parts[name]
        delta = balanced_accuracy_score(rows["truth"], rows["prediction"])
        delta -= balanced_accuracy_score(base["truth"], base["prediction"])
        low, high = scores.difference_interval(
            rows["truth"].to_numpy(),
            rows["prediction"].to_numpy(),
            base["prediction"].to_numpy(),
            rows["speaker"].to_numpy(),
        )
        shown = re.findall(r"[+−]?\d+\.\d", found[name][5].replace(",", ""))
        values = [float(part.replace("−", "-")) for part in shown]
        assert values == pytest.approx([100 * delta, 100 * low, 100 * high], abs=0.051)
        speakers = [
            balanced_accuracy_score(part["truth"], part["prediction"])
            - balanced_accuracy_score(part["truth"], part["prediction_base"])
            for _, part in rows.merge(
                base, on=[*key, "truth", "speaker"], suffixes=("", "_base")
            ).groupby(["speaker", "repeat"])
        ]
        mean = float(found[name][6].replace("−", "-"))
        assert mean == pytest.approx(100 * np.mean(speakers), abs=0.051)
        assert found[name][7:] == [f"{p[name]:.3f}", f"{adjusted[name]:.3f}"]
    assert "With 6 speakers, all 64 sign patterns are counted, so p is exact" in text
    assert "it cannot be below 0.031." in text
    assert "adjusts p for the 2 tests of this table" in text


def test_fewer_than_six_shared_speakers_have_only_an_interval(table, text):
    row = table_rows(text, "emodb, clean: scores")["mtl"]
    assert row[5].endswith("‡") and row[6:] == ["–"] * 3
    parts = [
        rows.sort_values(["fold", "repeat", "utterance"])
        for _, rows in table.groupby("system")
    ]
    base, mtl = parts
    interval = scores.difference_interval(
        mtl["truth"],
        mtl["prediction"],
        base["prediction"],
        mtl["utterance"],
        cluster="utterance",
    )
    signed = [f"{100 * value:+.1f}".replace("-", "−") for value in interval]
    assert "[{}, {}]".format(*signed) in row[5]
    assert "No p for mtl (3): with fewer than 6 shared speakers" in text
    assert "sign-flip" not in text


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
    assert found["mtl †"][5].endswith("‡ §") and found["mtl †"][6:] == ["–"] * 3
    assert "§" not in found["other_net"][5] and found["other_net"][7] != "–"
    # One test is left, and it is the only one that Holm's method counts.
    assert found["other_net"][7] == found["other_net"][8]
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


def test_opposite_signs_of_the_pooled_and_the_mean_difference_cause_a_warning(tmp_path):
    # One speaker with many utterances gains, five with few lose.
    for fold in SIX_FOLDS:
        truth = np.tile(CLASSES, 40 if fold == "03" else 2)
        wrong = np.roll(truth, 1)
        for system in ("baseline", "mtl"):
            right = (system == "mtl") == (fold == "03")
            table = predictions(system, fold, rows=len(truth))
            table = table.assign(truth=truth, prediction=truth if right else wrong)
            write(tmp_path / "runs", table)
    text = report_text(tmp_path / "runs", tmp_path)
    row = table_rows(text, "emodb, clean: scores")["mtl"]
    assert row[5].startswith("+") and row[6] == "−66.7"
    assert "WARNING: for mtl, the pooled Δ and the mean Δ over speakers have" in text


def test_equal_signs_cause_no_warning(six_speakers, tmp_path):
    text = report_text(six_speakers, tmp_path)
    found = table_rows(text, "emodb, clean: scores")
    opposed = [n for n, row in found.items() if {row[5][0], row[6][0]} == {"+", "−"}]
    assert ("have opposite signs" in text) == bool(opposed)


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
    assert row[5:] == ["0.0 [0.0, 0.0]", "0.0", "1.000", "1.000"]


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
    assert "Δ to mtl over 3 shared speakers" in capsys.readouterr().out
    assert cli.main(cli.parser().parse_args([*words, "svm"])) == 2
    error = capsys.readouterr().err
    assert "one of the systems, ['baseline', 'mtl']. Received: 'svm'" in error
