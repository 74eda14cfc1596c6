"""Scores that are not pooled, because the classes differ from fold to fold."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from toy_runs import make_config, percent, predictions, report_text, table_rows, write

from keras_ser import reports
from keras_ser.reports import cells, fold_means

SIZES = {"03": 6, "08": 12, "10": 30}  # a pooled score would weigh folds by these


def write_runs(root, labels):
    for system in ("baseline", "mtl"):
        for fold, rows in SIZES.items():
            table = predictions(system, fold, rows=rows)
            write(root, table, make_config(table, labels=labels, published="mtl_aug:2"))
    return root


@pytest.fixture
def runs(tmp_path):
    return write_runs(tmp_path / "runs", {"kind": "clusters", "count": 3})


def scores_of(runs, score, system="mtl") -> pd.Series:
    own = reports.read(runs).query("system == @system")
    return pd.Series(
        [score(p["truth"], p["prediction"]) for _, p in own.groupby("fold")]
    )


def written(values: pd.Series) -> str:
    return f"{percent(values.mean())} ± {percent(values.std())}"


def test_the_report_gives_the_mean_and_deviation_over_folds(runs, tmp_path):
    text = report_text(runs, tmp_path)
    found = table_rows(text, "emodb, clean: scores")
    uar = scores_of(runs, balanced_accuracy_score)
    assert found["mtl"][3:5] == [
        written(uar),
        written(scores_of(runs, accuracy_score)),
    ]
    base = scores_of(runs, balanced_accuracy_score, "baseline")
    difference = 100 * (uar - base).mean()
    assert float(found["mtl"][5].split()[0].replace("−", "-")) == pytest.approx(
        difference, abs=0.051
    )
    assert found["mtl"][5].endswith("[–]")
    assert found["mtl"][6:] == ["[–]", "–", "–"]


def test_nothing_in_the_report_pools_folds(runs, tmp_path):
    text = report_text(runs, tmp_path)
    assert "The classes of toy are clusters of ratings with centroids" in text
    assert "confusion matrix" not in text and "each speaker" not in text
    assert "Label set" not in text and "label set clusters (count=3)" in text
    table = reports.read(runs).query("system == 'mtl'")
    pooled = balanced_accuracy_score(table["truth"], table["prediction"])
    own = scores_of(runs, balanced_accuracy_score)
    assert percent(pooled) != percent(own.mean())
    assert f"| {percent(pooled)} " not in text  # neither next to published figures


def test_figures_of_published_scores_need_no_interval(runs, tmp_path):
    names = {path.name for path in reports.write(runs, tmp_path, ("md", "png"))}
    assert "published.png" in names
    assert not any(name.startswith(("confusion", "speakers")) for name in names)


@pytest.mark.parametrize("labels", ["four", {"anger": "clusters_3"}])
def test_other_labels_are_pooled_as_before(tmp_path, labels):
    runs = write_runs(tmp_path / "runs", labels)
    rows = reports.by_test_set(runs)["emodb"]
    assert fold_means.COLUMN not in rows
    assert "clusters of ratings" not in report_text(runs, tmp_path)


def test_the_public_functions_do_not_pool_either(runs):
    rows = reports.by_test_set(runs)["emodb"]
    own = rows[rows["system"] == "mtl"]
    uar = scores_of(runs, balanced_accuracy_score)
    assert reports.uar_with_interval(own) == written(uar)
    score, low, high = cells.uar_interval(own)
    assert score == pytest.approx(uar.mean())
    assert np.isnan([low, high]).all()


def test_a_fold_counts_once_whatever_its_repeats(runs):
    table = predictions("mtl", "03", 1, rows=6)
    labels = {"kind": "clusters", "count": 3}
    write(runs, table, make_config(table, labels=labels, published="mtl_aug:2"))
    rows = reports.by_test_set(runs)["emodb"].query("system == 'mtl'")
    by_run = {
        key: balanced_accuracy_score(part["truth"], part["prediction"])
        for key, part in rows.groupby(["fold", "repeat"])
    }
    first = (by_run["03", 0] + by_run["03", 1]) / 2
    mean = (first + by_run["08", 0] + by_run["10", 0]) / 3
    assert cells.pooled(rows) == pytest.approx(mean)
