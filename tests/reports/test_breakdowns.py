"""Scores of folds and speakers, and confusion matrices, computed again by hand."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score
from toy_runs import CLASSES, percent, predictions, report_text, table_rows, write

from keras_ser.reports import breakdowns
from keras_ser.reports.blocks import Figure, Table


def test_folds_and_speakers_average_their_repeats(table, text):
    table = table.query("system == 'baseline' and fold == '08'")
    mean = np.mean(
        [
            balanced_accuracy_score(rows["truth"], rows["prediction"])
            for _, rows in table.groupby("repeat")
        ]
    )
    folds = table_rows(text, "emodb, clean: UAR % of each fold")
    speakers = table_rows(text, "emodb, clean: UAR % of each speaker")
    assert list(folds) == ["03", "08", "10", "mean ± standard deviation"]
    assert folds["08"][0] == speakers["emodb/08"][1] == percent(mean)
    assert speakers["emodb/08"][0] == "12"
    assert list(speakers)[-1] == "mean"


def test_confusion_matrix_counts_both_repeats(table, text):
    caption = "mtl on emodb, clean, sum of 2 repeats: confusion matrix"
    table = table.query("system == 'mtl'")
    counts = pd.crosstab(table["truth"], table["prediction"])
    for name, cells in table_rows(text, caption).items():
        found = [int(cell.split()[0]) for cell in cells]
        assert found == counts.loc[name, CLASSES].tolist()
        assert sum(found) == 24


def test_a_class_without_utterances_has_no_figures(tmp_path):
    table = predictions("mtl", "03")
    table = table[table["truth"] != "sadness"]
    write(tmp_path / "runs", table)
    text = report_text(tmp_path / "runs", tmp_path)
    matrix = table_rows(text, "mtl on emodb, clean: confusion matrix")
    assert matrix["sadness"] == ["–"] * 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = balanced_accuracy_score(table["truth"], table["prediction"])
    assert percent(expected) in table_rows(text, "emodb, clean: scores")["mtl"][3]


def test_a_fold_and_a_speaker_of_one_class_have_a_note(tmp_path):
    for fold in ("03", "08"):
        table = predictions("mtl", fold)
        if fold == "03":
            table = table[table["truth"] == "anger"]
        write(tmp_path / "runs", table)
    text = report_text(tmp_path / "runs", tmp_path)
    note = "With one true class, UAR is the recall of that class: this concerns 1 of 2"
    assert text.count(f"{note} folds.") == 1
    assert text.count(f"{note} speakers.") == 1
    folds = table_rows(text, "emodb, clean: UAR % of each fold")
    rows = predictions("mtl", "03").query("truth == 'anger'")
    assert folds["03"] == [percent((rows["prediction"] == "anger").mean())]


def test_folds_of_several_classes_have_no_note(text):
    assert "With one true class" not in text and "single true class" not in text


@pytest.mark.parametrize("count", [2, 3])
def test_many_confusion_matrices_are_tables_only(monkeypatch, count):
    monkeypatch.setattr(breakdowns, "MAX_PICTURED", 2)
    by_system = {f"s{n}": predictions(f"s{n}", "03") for n in range(count)}
    blocks = breakdowns.confusion_blocks("toy", by_system)
    assert sum(isinstance(each, Table) for each in blocks) == count
    figures = sum(isinstance(each, Figure) for each in blocks)
    assert figures == (count if count == 2 else 0)
