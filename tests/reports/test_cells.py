"""Scores with intervals, checked against `scores`."""

import pandas as pd
from toy_runs import percent, predictions, report_text, table_rows, write

from keras_ser import scores


def test_six_speakers_have_an_interval_over_speakers(tmp_path):
    folds = ("03", "08", "09", "10", "11", "12")
    tables = [predictions("mtl", fold) for fold in folds]
    for table in tables:
        write(tmp_path / "runs", table)
    text = report_text(tmp_path / "runs", tmp_path)
    row = table_rows(text, "emodb, clean: scores")["mtl"]
    table = pd.concat(tables)
    interval = scores.bootstrap_interval(
        table["truth"], table["prediction"], table["speaker"]
    )
    assert row[3].endswith("[{}, {}]".format(*map(percent, interval)))


def test_one_run_has_an_interval_over_utterances_and_no_deviation(tmp_path):
    folder = write(tmp_path / "runs", predictions("mtl", "03"))
    text = report_text(folder, tmp_path)
    row = table_rows(text, "emodb, clean: scores")["mtl"]
    table = pd.read_csv(folder / "predictions.csv")
    interval = scores.bootstrap_interval(
        table["truth"], table["prediction"], table["utterance"], cluster="utterance"
    )
    assert row[3].endswith("[{}, {}] ‡".format(*map(percent, interval)))
    assert len(row) == 5  # nothing to compare with
    folds = table_rows(text, "emodb, clean: UAR % of each fold")
    assert folds["mean ± standard deviation"] == folds["03"]
    assert "of each repeat that has" not in text and "sign" not in text


def test_identical_repeats_give_the_intervals_of_one(tmp_path):
    found = []
    for repeats in (1, 3):
        root = tmp_path / str(repeats)
        for system in ("baseline", "mtl"):
            for repeat in range(repeats):
                write(root, predictions(system, "03").assign(repeat=repeat))
        rows = table_rows(report_text(root, root / "out"), "emodb, clean: scores")
        found.append([rows["baseline"][3], rows["mtl"][3], rows["mtl"][5]])
    assert found[0] == found[1]
    assert all("‡" in cell for cell in found[0])
