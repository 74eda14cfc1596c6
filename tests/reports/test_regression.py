"""Tables of heads that predict numbers, computed again by hand."""

import re

import numpy as np
import pandas as pd
import pytest
from toy_runs import (
    grouped,
    make_config,
    numbers,
    predictions,
    report_text,
    table_rows,
    task,
    write,
)

from keras_ser import reports, scores
from keras_ser.reports import comparison
from keras_ser.reports.cells import CCC

FOLDS = ("03", "08", "09", "10", "11", "12")
MAIN, VALENCE = task("emotion"), task("valence", "regression")
SLOPES = {"baseline": 0.5, "mtl": 0.9}


def write_runs(
    root, systems=SLOPES, folds=FOLDS, repeats=(0, 1), tasks=(MAIN, VALENCE)
):
    for system, slope in systems.items():
        for fold in folds:
            for repeat in repeats:
                table = predictions(system, fold, repeat)
                own = numbers(table, seed=repeat, slope=slope)
                config = make_config(table, tasks=list(tasks))
                write(root, pd.concat([table, own]), config)
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two systems, six speakers, two repeats; not to be changed."""
    return write_runs(tmp_path_factory.mktemp("numbers") / "runs")


@pytest.fixture(scope="module")
def text(root, tmp_path_factory):
    return report_text(root, tmp_path_factory.mktemp("report"))


def rows_of(root, system):
    table = reports.read(root)
    rows = table[(table["head"] == "valence") & (table["system"] == system)]
    rows = rows.sort_values(["repeat", "utterance"])
    return rows.assign(
        truth=rows["truth"].astype(float), prediction=rows["prediction"].astype(float)
    )


def shown(cell):
    """The numbers of a cell such as `+0.100 [−0.050, +0.250]`."""
    cells = cell.replace("−", "-").replace("+", "").replace("[", "").replace("]", "")
    return [float(part) for part in cells.replace(",", "").split()]


def test_scores_equal_those_of_the_pooled_numbers(root, text):
    found = table_rows(text, "emodb, clean, valence: scores")
    for system in SLOPES:
        rows = rows_of(root, system)
        labels = rows["truth"], rows["prediction"]
        ccc, r, rmse = found[system][3:6]
        expected = [scores.ccc(*labels)]
        expected += scores.ccc_t_interval(*labels, rows["speaker"])
        assert " ± " in ccc  # over two repeats
        assert shown(re.sub(r" ± [\d.]+", "", ccc)) == pytest.approx(expected, abs=6e-4)
        assert float(r) == pytest.approx(np.corrcoef(*labels)[0, 1], abs=6e-4)
        error = np.sqrt(np.mean((labels[0] - labels[1]) ** 2))
        assert float(rmse) == pytest.approx(error, abs=6e-4)
        assert found[system][:3] == ["6", "2", "72"]


def test_differences_are_paired(root, text):
    one, base = rows_of(root, "mtl"), rows_of(root, "baseline")
    truth = one["truth"].to_numpy()
    pair = one["prediction"].to_numpy(), base["prediction"].to_numpy()
    ends = scores.ccc_difference_t_interval(truth, *pair, one["speaker"])
    value = scores.ccc(truth, pair[0]) - scores.ccc(truth, pair[1])
    found = table_rows(text, "emodb, clean, valence: scores")
    assert shown(found["mtl"][6]) == pytest.approx([value, *ends], abs=6e-4)
    ends = scores.ccc_difference_interval(truth, *pair, one["speaker"])
    assert shown(found["mtl"][7]) == pytest.approx(ends, abs=6e-4)
    p = scores.ccc_sign_flip_test(truth, *pair, one["speaker"])
    assert found["mtl"][8:] == [f"{p:.3f}", "only test"]
    assert found["mtl"][6].startswith("+0.")
    assert found["baseline"][6:] == ["–"] * 4
    assert "valence: scores, Δ to baseline over 6 shared speakers**" in text


def test_crossed_trainings_have_a_t_test():
    tables = {
        system: pd.concat(
            numbers(grouped(system, "one-other", FOLDS, n), seed=n, slope=slope)
            for n in range(5)
        )
        for system, slope in {"baseline": 0.75, "mtl": 0.8}.items()
    }
    found = comparison.difference(tables["mtl"], tables["baseline"], CCC)
    one, base = tables["mtl"], tables["baseline"]
    labels = one["truth"], one["prediction"], base["prediction"]
    groups = {"unit": one["speaker"], "training": one["repeat"]}
    numeric = [pd.to_numeric(values) for values in labels]
    assert found.p == pytest.approx(scores.ccc_difference_t_test(*numeric, **groups))
    ends = scores.ccc_difference_t_interval(*numeric, **groups)
    assert found.t_interval == pytest.approx(ends)
    assert found.units.kind == "crossed" and 0 < found.p < 1


def test_a_further_head_has_one_table_and_its_words(text):
    section = text.split("## toy: emodb, clean, valence\n")[1].split("\n## ")[0]
    assert section.count("| System |") == section.count("**") // 2 == 1
    assert "which are not scored: 0." in section
    assert "CCC is the concordance correlation coefficient" in text
    assert "**emodb, clean, emotion: scores, Δ to baseline" in text


def test_a_main_head_has_repeats_and_folds(tmp_path):
    write_runs(tmp_path / "runs", folds=("03", "08"), tasks=(VALENCE, MAIN))
    text = report_text(tmp_path / "runs", tmp_path)
    assert text.index("clean, valence") < text.index("clean, emotion")
    folds = table_rows(text, "emodb, clean, valence: CCC of each fold")
    rows = rows_of(tmp_path / "runs", "mtl").query("fold == '08'")
    each = [
        scores.ccc(part["truth"], part["prediction"])
        for _, part in rows.groupby("repeat")
    ]
    assert float(folds["08"][1]) == pytest.approx(np.mean(each), abs=6e-4)
    assert "pooled CCC of each repeat that has all folds" in text
    assert "UAR % of each fold" not in text  # the emotion is a further head here
    row = table_rows(text, "emodb, clean, valence: scores")["mtl"]
    assert row[3].endswith(" ‡") and row[6].endswith(" ‡")


def test_unlabelled_numbers_are_counted_and_not_scored(tmp_path):
    table = predictions("mtl", "03")
    own = numbers(table)
    own.loc[own.index[:4], "truth"] = ""
    config = make_config(table, tasks=[MAIN, VALENCE])
    write(tmp_path / "runs", pd.concat([table, own]), config)
    text = report_text(tmp_path / "runs", tmp_path)
    assert table_rows(text, "emodb, clean, valence: scores")["mtl"][2] == "8"
    section = text.split("## toy: emodb, clean, valence\n")[1]
    assert "which are not scored: 4." in section.split("\n## ")[0]
    nothing = pd.concat([table, own.assign(truth="")])
    write(tmp_path / "runs", nothing, config)
    text = report_text(tmp_path / "runs", tmp_path)
    assert "clean, valence: scores" not in text


def test_other_utterances_are_marked(tmp_path):
    write_runs(tmp_path / "runs", {"baseline": 0.5}, ("03", "08"), (0,))
    write_runs(tmp_path / "runs", {"mtl": 0.9}, ("03",), (0,))
    text = report_text(tmp_path / "runs", tmp_path)
    found = table_rows(text, "emodb, clean, valence: scores")
    assert found["mtl †"][6].endswith(" ‡ §")
    assert "§ Compared only on the utterances that both" in text
    write_runs(tmp_path / "other", {"baseline": 0.5}, ("03",), (0,))
    write_runs(tmp_path / "other", {"mtl": 0.9}, ("08",), (0,))
    text = report_text(tmp_path / "other", tmp_path / "b")
    assert table_rows(text, "emodb, clean, valence: scores")["mtl †"][6] == "–"
