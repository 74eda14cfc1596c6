"""The main table against scikit-learn, and what it says of missing runs."""

import shutil

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from toy_runs import percent, predictions, report_text, table_rows, write

from keras_ser import scores


def test_main_table_equals_scikit_learn(table, text):
    row = table_rows(text, "emodb, clean: scores")["mtl"]
    table = table[table["system"] == "mtl"]
    score = {
        job: balanced_accuracy_score(rows["truth"], rows["prediction"])
        for job, rows in table.groupby(["fold", "repeat"])
    }
    pooled = [
        balanced_accuracy_score(rows["truth"], rows["prediction"])
        for _, rows in table.groupby("repeat")
    ]
    folds = [(score[fold, 0] + score[fold, 1]) / 2 for fold in ("03", "08", "10")]
    spreads = {
        "UAR % of each fold": folds,
        "pooled UAR % of each repeat that has all folds": pooled,
    }
    for caption, values in spreads.items():
        rows = table_rows(text, f"emodb, clean: {caption}")
        deviation = percent(np.std(values, ddof=1))
        expected = f"{percent(np.mean(values))} ± {deviation}"
        assert rows["mean ± standard deviation"][1] == expected
    low, high = scores.t_interval(table["truth"], table["prediction"], table["speaker"])
    deviation = percent(np.std(pooled, ddof=1))
    assert row[:5] == [
        *("3", "2", "36"),
        f"{percent(np.mean(pooled))} ± {deviation} [{percent(low)}, {percent(high)}]",
        percent(accuracy_score(table["truth"], table["prediction"])),
    ]


def test_systems_have_a_fixed_or_a_given_order(runs, tmp_path):
    write(runs, predictions("aaa", "03"))
    caption = "emodb, clean: scores"
    text = report_text(runs, tmp_path)
    assert list(table_rows(text, caption)) == ["baseline", "aaa †", "mtl"]
    text = report_text(runs, tmp_path, systems=["mtl"])
    assert list(table_rows(text, caption)) == ["mtl", "baseline", "aaa †"]


def test_systems_that_lack_the_same_folds_share_a_line(runs, tmp_path):
    shutil.rmtree(runs / "toy/mtl/10-1")
    write(runs, predictions("aaa", "03", 0))
    write(runs, predictions("bbb", "03", 0))
    text = report_text(runs, tmp_path)
    assert "\n\n† mtl lacks: fold 10 repeat 1.\n\n" in text
    assert text.count("fold 08 repeat 0") == 1
    assert "\n\n† aaa, bbb lack: fold 03 repeat 1, fold 08 repeat 0" in text


def test_missing_folds_are_named_and_a_table_of_common_folds_is_added(
    runs, table, tmp_path
):
    shutil.rmtree(runs / "toy/mtl/10-1")
    text = report_text(runs, tmp_path)
    assert "† mtl lacks: fold 10 repeat 1." in text
    every = table_rows(text, "emodb, clean: scores")
    common = table_rows(text, "emodb, clean: scores on the common folds")
    assert list(every) == ["baseline", "mtl †"]
    assert common["mtl"][3] == every["mtl †"][3]
    caption = "emodb, clean: pooled UAR % of each repeat that has all folds"
    repeats = table_rows(text, caption)
    assert repeats["1"][1] == "–"
    assert repeats["0"][1] == repeats["mean ± standard deviation"][1]
    kept = (table["fold"] != "10") | (table["repeat"] == 0)
    rows = table[kept & (table["system"] == "baseline")]
    expected = balanced_accuracy_score(rows["truth"], rows["prediction"])
    assert common["baseline"][3].split()[0] == percent(expected)


def test_systems_without_common_folds_are_reported(tmp_path):
    for system, fold in (("a", "03"), ("b", "08")):
        write(tmp_path / "runs", predictions(system, fold))
    text = report_text(tmp_path / "runs", tmp_path)
    assert "The systems have no fold and repeat in common." in text


def test_different_utterances_cause_a_warning(tmp_path):
    write(tmp_path / "runs", predictions("a", "03"))
    write(tmp_path / "runs", predictions("b", "03")[1:])
    text = report_text(tmp_path / "runs", tmp_path)
    assert "WARNING: on the common folds, the systems differ in the utterances" in text
    assert "(a 12, b 11 rows)" in text


def test_a_reference_without_runs_under_a_condition_is_reported(tmp_path):
    write(tmp_path / "runs", predictions("baseline", "03"))
    clean = predictions("mtl", "03")
    noisy = clean.assign(condition="noise")
    write(tmp_path / "runs", pd.concat([clean, noisy]))
    text = report_text(tmp_path / "runs", tmp_path)
    line = "baseline has no scored predictions here. No system can be compared with it."
    assert line in text
    assert len(table_rows(text, "emodb, noise: scores")["mtl"]) == 5
    assert len(table_rows(text, "emodb, clean: scores")["mtl"]) == 9
