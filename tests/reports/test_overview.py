"""The overview has the scores of the report, and nothing else."""

import pytest
from toy_runs import make_config, numbers, predictions, table_rows, task, write

from keras_ser import reports


def test_its_cells_are_those_of_the_report(finished_runs, text):
    (table,) = reports.overview(finished_runs)
    assert table.caption == "toy: emodb, 3 speakers, chance 33.3"
    assert table.header[0] == "System" and table.header[2:] == ["Δ to baseline", "p"]
    printed = table_rows(text, "emodb, clean: scores")
    assert [row[0] for row in table.rows] == ["baseline", "mtl"]
    for row in table.rows:
        assert set(row) <= set(printed[row[0]]) | {row[0]}


def test_other_conditions_and_heads_are_left_out(tmp_path):
    table = predictions("mtl", "03")
    table.loc[:5, "condition"] = "noise:rain:10"
    write(tmp_path, table)
    (found,) = reports.overview(tmp_path)
    assert found.header == ["System", "UAR %"] and len(found.rows) == 1


def test_each_test_set_has_a_table(cross_corpus_runs):
    (table,) = reports.overview(cross_corpus_runs)
    assert table.caption == "toy: ravdess → emodb, 1 speaker, chance 33.3"


def test_the_reference_can_be_named(finished_runs):
    (table,) = reports.overview(finished_runs, systems=["mtl"], reference="mtl")
    assert table.header[2] == "Δ to mtl"
    assert [row[0] for row in table.rows] == ["mtl", "baseline"]


def test_numbers_have_no_chance(tmp_path):
    table = numbers(predictions("mtl", "03"))
    tasks = [task("valence", "regression")]
    write(tmp_path, table, make_config(table, tasks=tasks))
    (found,) = reports.overview(tmp_path)
    assert found.header == ["System", "CCC"] and found.caption.endswith("1 speaker")


def test_speech_without_labels_has_none(tmp_path):
    write(tmp_path, predictions("mtl", "03", truth=""))
    assert reports.overview(tmp_path) == []


@pytest.mark.parametrize("given", ["nothing", "missing"])
def test_missing_runs_are_named(tmp_path, given):
    (tmp_path / "nothing").mkdir()
    with pytest.raises(FileNotFoundError):
        reports.overview(tmp_path / given)
