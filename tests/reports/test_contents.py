"""What a report holds: its sections, and what of the predictions is scored."""

import re

import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score
from toy_runs import (
    make_config,
    of_head,
    percent,
    predictions,
    report_text,
    table_rows,
    task,
    write,
)

from keras_ser import reports
from keras_ser.reports.blocks import Figure, Heading, Table, Text
from keras_ser.reports.contents import contents
from keras_ser.reports.reading import read_runs


def test_contents_are_blocks_that_start_with_the_title(runs):
    blocks = contents(read_runs(runs))
    assert blocks[0] == Heading("Results: toy", 1)
    assert {type(block) for block in blocks} == {Heading, Text, Table, Figure}


def test_other_heads_and_unlabelled_rows_are_not_scored(tmp_path):
    table = predictions("mtl", "03")
    expected = balanced_accuracy_score(table["truth"], table["prediction"])
    gender = of_head(table, "gender", "female", "male")
    unlabelled = table.assign(truth="", utterance=table["utterance"] + "x")
    config = make_config(table, tasks=[task("emotion"), task("gender")])
    write(tmp_path / "runs", pd.concat([table, gender, unlabelled]), config)
    text = report_text(tmp_path / "runs", tmp_path)
    row = table_rows(text, "emodb, clean, emotion: scores")["mtl"]
    assert (row[2], row[3].split()[0]) == ("12", percent(expected))
    assert "Predictions without a true label, which are not scored: 12." in text


def test_conditions_corpora_and_experiments_have_their_own_tables(tmp_path):
    root = tmp_path / "runs"
    clean = predictions("mtl", "03")
    noise = clean.assign(condition="bim:0.08")
    synthetic = clean.assign(corpus="synthetic")
    write(root, pd.concat([noise, clean, synthetic]))
    write(root, predictions("mtl", "03", experiment="second"))
    written = reports.write(root, tmp_path / "out")
    text = written[0].read_text(encoding="utf-8")
    headings = re.findall("^## (.*)$", text, re.MULTILINE)
    assert headings[:4] == [
        "second: emodb, clean",
        "toy: emodb, clean",
        "toy: emodb, bim:0.08",
        "toy: synthetic speech, clean",
    ]
    names = {path.name for path in written}
    assert "confusion_mtl_toy_emodb_bim-0.08.png" in names
    assert "mtl on synthetic speech, clean: confusion" in text


def test_predictions_without_any_label_are_rejected(tmp_path):
    write(tmp_path, predictions("mtl", "03", truth=""))
    with pytest.raises(ValueError, match=r"labelled predictions.*\['emotion'\]"):
        reports.write(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_figures_of_one_name_are_rejected(tmp_path):
    for system in ("mtl+", "mtl*"):
        write(tmp_path / "runs", predictions(system, "03"))
    with pytest.raises(ValueError, match="in more than punctuation.*confusion_mtl-"):
        reports.write(tmp_path / "runs", tmp_path / "out")
