"""The calibration of runs that have a temperature, and of no others."""

import numpy as np
import pytest
from toy_runs import predictions, report_text, table_rows, write

from keras_ser import scores

TITLE = "toy: calibration of the probabilities of the main head"


def test_runs_without_a_temperature_have_no_section(text):
    assert "## Calibration" not in text


def test_the_cells_are_those_of_the_scores(tmp_path):
    temperatures = {"03": 2.0, "08": 4.0}
    parts = []
    for fold, temperature in temperatures.items():
        table = predictions("mtl", fold)
        write(tmp_path, table, temperature=temperature)
        parts.append(table)
    row = table_rows(report_text(tmp_path / "toy", tmp_path / "text"), TITLE)["mtl"]
    classes = ["anger", "neutral", "sadness"]
    columns = [f"p_{name}" for name in classes]
    truth = np.concatenate([table.truth for table in parts])
    before = np.concatenate([table[columns] for table in parts])
    pairs = zip(parts, temperatures.values(), strict=True)
    after = np.concatenate([scores.scaled(t[columns], own) for t, own in pairs])
    predicted = np.concatenate([table.prediction for table in parts])
    expected = [100 * np.mean(truth == predicted), 80.0]
    expected += [100 * scores.calibration_error(truth, before, classes)]
    expected += [100 * after.max(axis=1).mean()]
    expected += [100 * scores.calibration_error(truth, after, classes)]
    assert row[0] == "2" and row[4] == "2.000 to 4.000"
    found = [*row[1:4], *row[5:]]
    assert found == [f"{value:.1f}" for value in expected]


def test_classes_that_training_lacks_are_errors(tmp_path):
    table = predictions("mtl", "03")
    table.loc[table.truth == "sadness", "truth"] = "disgust"
    write(tmp_path, table, temperature=2.0)
    row = table_rows(report_text(tmp_path / "toy", tmp_path / "text"), TITLE)["mtl"]
    right = np.mean(table.truth == table.prediction)
    assert "disgust" in set(table.truth) and row[1] == f"{100 * right:.1f}"


def test_a_damaged_temperature_is_named(tmp_path):
    write(tmp_path, predictions("mtl", "03"), temperature=-1)
    with pytest.raises(ValueError, match=r"metrics.json.*above 0"):
        report_text(tmp_path / "toy", tmp_path / "text")
