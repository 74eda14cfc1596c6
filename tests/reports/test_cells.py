"""Scores with intervals and deviations, written out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import balanced_accuracy_score
from toy_runs import (
    grouped,
    numbers,
    percent,
    predictions,
    report_text,
    table_rows,
    write,
)

from keras_ser import reports, scores
from keras_ser.reports import cells, explaining

SIX = ("03", "08", "09", "10", "11", "12")


def uar(rows: pd.DataFrame) -> float:
    return balanced_accuracy_score(rows["truth"], rows["prediction"])


def variance(rows: pd.DataFrame, by) -> float:
    """(k − 1) / k times the sum of squares of what leaving a unit out changes."""
    changes = [uar(rows) - uar(rows[by != unit]) for unit in set(by)]
    return (len(changes) - 1) / len(changes) * np.sum(np.square(changes))


def t_cell(rows: pd.DataFrame, squared: float, df: int) -> list[float]:
    """UAR and both ends of its interval in percent, from its variance."""
    value, reach = uar(rows), stats.t.ppf(0.975, df) * np.sqrt(squared)
    return [100 * x for x in (value, max(value - reach, 0), min(value + reach, 1))]


def shown(cell: str) -> list[float]:
    """The score and both ends of its interval, as a cell shows them."""
    score, ends = cell.removesuffix(" ‡").rstrip("]").split(" [")
    return [float(score.split(" ± ")[0]), *map(float, ends.split(", "))]


def test_six_speakers_have_an_interval_over_speakers(tmp_path):
    tables = [predictions("mtl", fold) for fold in SIX]
    for table in tables:
        write(tmp_path / "runs", table)
    text = report_text(tmp_path / "runs", tmp_path)
    row = table_rows(text, "emodb, clean: scores")["mtl"]
    rows = pd.concat(tables, ignore_index=True)
    expected = t_cell(rows, variance(rows, rows["speaker"]), 5)
    assert shown(row[3]) == pytest.approx(expected, abs=0.051)
    assert "±" not in row[3] and "| UAR % [95 % t interval] |" in text


def test_groups_have_an_interval_over_groups():
    groups = ("03", "08"), ("09", "10"), ("11", "12")
    parts = [grouped("mtl", str(n), group) for n, group in enumerate(groups)]
    rows = pd.concat(parts, ignore_index=True)
    expected = t_cell(rows, variance(rows, rows["fold"]), 2)
    assert shown(cells.with_interval(rows)) == pytest.approx(expected, abs=0.051)


def crossed(repeats):
    parts = [grouped("mtl", "one-other", SIX, repeat) for repeat in range(repeats)]
    return pd.concat(parts, ignore_index=True)


def test_few_crossed_trainings_have_an_interval_over_speakers():
    rows = crossed(4)
    expected = t_cell(rows, variance(rows, rows["speaker"]), 5)
    assert shown(cells.with_interval(rows)) == pytest.approx(expected, abs=0.051)


def test_five_crossed_trainings_are_units_next_to_the_speakers():
    rows = crossed(5)
    both = variance(rows, rows["speaker"] + rows["repeat"].astype(str))
    single = [variance(rows, rows[name]) for name in ("speaker", "repeat")]
    expected = t_cell(rows, max(sum(single) - both, *single), 4)
    assert shown(cells.with_interval(rows)) == pytest.approx(expected, abs=0.051)


def test_two_speakers_have_an_interval_over_utterances():
    rows = pd.concat([predictions("mtl", fold) for fold in SIX[:2]], ignore_index=True)
    found = cells.with_interval(rows)
    expected = t_cell(rows, variance(rows, rows["utterance"]), len(rows) - 1)
    assert found.endswith(" ‡")
    assert shown(found) == pytest.approx(expected, abs=0.051)
    three = pd.concat([rows, predictions("mtl", SIX[2])])
    assert "‡" not in cells.with_interval(three)


def test_a_single_utterance_has_no_interval():
    rows = predictions("mtl", "03", rows=1)
    assert cells.with_interval(rows) == "100.0 [–] ‡"
    assert explaining.explain_confined([cells.confined(rows)]) == ""


def test_two_groups_have_an_interval_over_speakers():
    """Four speakers share two trainings: too narrow, but not over utterances."""
    parts = [grouped("mtl", str(n), SIX[2 * n : 2 * n + 2]) for n in (0, 1)]
    rows = pd.concat(parts, ignore_index=True)
    expected = t_cell(rows, variance(rows, rows["speaker"]), 3)
    found = cells.with_interval(rows)
    assert found.endswith(" ‡")
    assert shown(found) == pytest.approx(expected, abs=0.051)


def test_the_mark_is_explained():
    assert "over speakers if there are at least 3, and too narrow" in cells.INTERVALS
    assert "Otherwise it is over utterances" in cells.INTERVALS
    assert "width 0 means that leaving out any unit changes nothing" in cells.INTERVALS


def rare(speakers=SIX):
    """Predictions in which the first speaker alone has a further class."""
    parts = [predictions("mtl", fold) for fold in speakers]
    parts[0].loc[[1, 4], "truth"] = "joy"
    return pd.concat(parts, ignore_index=True)


def test_a_class_of_one_speaker_leaves_no_interval():
    rows = rare()
    score = percent(uar(rows))
    assert cells.with_interval(rows) == f"{score} [–]"
    assert cells.confined(rows) == {"speaker": ["joy"]}
    text = explaining.explain_confined([cells.confined(rows)] * 2)
    assert text.startswith("[–] There is no t interval where a class occurs in a ")
    assert "a single speaker only (joy), because" in text
    rows.loc[rows["speaker"].eq("emodb/09") & rows["truth"].eq("anger"), "truth"] = (
        "joy"
    )
    assert cells.confined(rows) == {} and "[–]" not in cells.with_interval(rows)


def test_a_class_of_one_training_leaves_no_interval():
    rows = crossed(5)
    rows.loc[(rows["repeat"] == 3) & (rows["truth"] == "anger"), "truth"] = "joy"
    assert cells.confined(rows) == {"training": ["joy"]}
    assert cells.with_interval(rows).endswith(" [–]")
    few = rows[rows["repeat"] > 0]  # trainings are no units
    assert cells.confined(few) == {} and "[–]" not in cells.with_interval(few)


def test_numbers_have_no_classes():
    rows = numbers(rare()).astype({"truth": str, "prediction": str})
    assert cells.confined(rows, cells.CCC) == {}
    assert "[–]" not in cells.with_interval(rows, cells.CCC)


def test_a_class_of_one_group_is_named():
    parts = [grouped("mtl", str(n), SIX[2 * n : 2 * n + 2]) for n in range(3)]
    parts[1].loc[parts[1]["truth"] == "anger", "truth"] = "joy"
    found = cells.confined(pd.concat(parts, ignore_index=True))
    assert found == {"group of speakers": ["joy"]}


def test_one_run_has_an_interval_over_utterances_and_no_deviation(tmp_path):
    folder = write(tmp_path / "runs", predictions("mtl", "03"))
    text = report_text(folder, tmp_path)
    row = table_rows(text, "emodb, clean: scores")["mtl"]
    table = pd.read_csv(folder / "predictions.csv")
    labels = table["truth"], table["prediction"]
    interval = scores.t_interval(*labels, table["utterance"])
    assert row[3].endswith("[{}, {}] ‡".format(*map(percent, interval)))
    assert len(row) == 5  # nothing to compare with
    folds = table_rows(text, "emodb, clean: UAR % of each fold")
    assert folds["mean ± standard deviation"] == folds["03"]
    assert "of each repeat that has" not in text and "sign" not in text


def test_identical_repeats_give_the_intervals_of_one_and_no_deviation(tmp_path):
    found = []
    for repeats in (1, 3):
        root = tmp_path / str(repeats)
        for system in ("baseline", "mtl"):
            for repeat in range(repeats):
                write(root, predictions(system, "03").assign(repeat=repeat))
        rows = table_rows(report_text(root, root / "out"), "emodb, clean: scores")
        found.append([rows["baseline"][3], rows["mtl"][3], *rows["mtl"][5:7]])
    assert found[0] == [cell.replace(" ± 0.0", "") for cell in found[1]]
    assert all("± 0.0" in cell for cell in found[1][:2])
    assert all("‡" in cell for cell in found[0])


def test_the_deviation_is_that_of_complete_repeats(tmp_path):
    for fold in SIX:
        for repeat in range(4):
            if (fold, repeat) != ("09", 2):
                write(tmp_path / "runs", predictions("mtl", fold, repeat))
    text = report_text(tmp_path / "runs", tmp_path)
    rows = reports.read(tmp_path / "runs")
    uars = [uar(part) for repeat, part in rows.groupby("repeat") if repeat != 2]
    deviation = percent(np.std(uars, ddof=1))
    cell = table_rows(text, "emodb, clean: scores")["mtl"][3]
    assert cell.split(" [")[0].split(" ± ")[1] == deviation
    assert "| UAR % ± SD [95 % t interval] |" in text
    repeats = table_rows(
        text, "emodb, clean: pooled UAR % of each repeat that has all folds"
    )
    assert repeats["mean ± standard deviation"][0].endswith(f"± {deviation}")


def test_one_complete_repeat_has_no_deviation():
    rows = pd.concat([predictions("mtl", f, n) for f in SIX[:3] for n in (0, 1)])
    assert "±" in cells.with_interval(rows)
    kept = (rows["fold"] != "08") | (rows["repeat"] == 0)
    assert "±" not in cells.with_interval(rows[kept])


def test_the_deviation_of_a_ccc_is_a_ccc():
    parts = [numbers(predictions("mtl", f, n), seed=n) for f in SIX for n in (0, 1)]
    rows = pd.concat(parts).astype({"truth": str, "prediction": str})
    each = [
        scores.ccc(part["truth"].astype(float), part["prediction"].astype(float))
        for _, part in rows.groupby("repeat")
    ]
    found = cells.with_interval(rows, cells.CCC)
    assert found.split(" [")[0].split(" ± ")[1] == f"{np.std(each, ddof=1):.3f}"
