"""Edited and cut results of a run are found."""

import json
from pathlib import Path

import pandas as pd
import pytest
from toy_runs import make_config, predictions, write

from keras_ser.reports import consistency, reading, summary, tested
from keras_ser.utils import files


@pytest.fixture
def folder(tmp_path) -> Path:
    """A run that records its scores and what it was to test."""
    table = predictions("mtl", "03")
    config = make_config(table, tested=tested.fingerprint(table))
    scores = json.loads(json.dumps(summary.summarise(table), default=float))
    return write(tmp_path, table, config, utterances={"test": len(table)}, **scores)


def edit(folder: Path, change) -> None:
    path = folder / "predictions.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    change(rows).to_csv(path, index=False)


def edit_json(folder: Path, name: str, **changes) -> None:
    files.write_json(folder / name, {**files.read_object(folder / name), **changes})


def unchecked(folder: Path) -> None:
    """Removes the hash, as if an early version had written the run."""
    config = files.read_object(folder / "config.json")
    del config["tested"]
    files.write_json(folder / "config.json", config)


def first(column, value):
    """A change of the first cell of a column."""
    return lambda rows: rows.assign(**{column: [value, *rows[column][1:]]})


def test_a_run_as_it_was_written_is_read(folder):
    (run,) = reading.read_runs(folder)
    assert consistency.is_checked(run.config)


def test_rows_in_another_order_are_the_same(folder):
    edit(folder, lambda rows: rows[::-1])
    assert len(reading.read_runs(folder)) == 1


@pytest.mark.parametrize(
    ("recorded", "written"),
    [("noise:all:10.0", "noise:all:10"), ("gain:1e1", "gain:10"), ("own:1", "own:1")],
)
def test_a_condition_may_be_recorded_in_another_form(tmp_path, recorded, written):
    clean = predictions("mtl", "03")
    config = make_config(
        clean, tested=tested.fingerprint(clean), conditions=["clean", recorded]
    )
    table = pd.concat([clean, clean.assign(condition=written)])
    assert len(reading.read_runs(write(tmp_path, table, config))) == 1
    config["conditions"] = ["clean", "gain:9"]
    with pytest.raises(ValueError, match="the conditions of its config.json"):
        reading.read_runs(write(tmp_path, table, config))


EDITS = {
    "a missing row": (lambda rows: rows[:-1], "whose hash is `tested`"),
    "another speaker": (first("speaker", "emodb/9"), "whose hash is `tested`"),
    "another utterance": (first("utterance", "emodb/9"), "whose hash is `tested`"),
    "another truth": (first("truth", "sadness"), "whose hash is `tested`"),
    "no truth": (first("truth", ""), "whose hash is `tested`"),
    "another fold": (lambda rows: rows.assign(fold="04"), "the fold of its config"),
    "another repeat": (lambda rows: rows.assign(repeat=1), "the repeat of its config"),
    "another condition": (lambda rows: rows.assign(condition="gain:9"), "conditions"),
    "a wrong sum": (first("p_anger", 0.55), "add up to 1"),
    "a negative probability": (first("p_anger", -0.1), "add up to 1"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_the_predictions_is_found(folder, name):
    change, words = EDITS[name]
    edit(folder, change)
    with pytest.raises(ValueError, match=words) as caught:
        reading.read_runs(folder)
    assert "predictions.csv must hold" in str(caught.value)
    assert "Delete that run's folder" in str(caught.value)


def test_a_prediction_that_is_not_the_most_probable_is_found(folder):
    edit(folder, lambda rows: rows.assign(prediction=rows.prediction[::-1].to_numpy()))
    with pytest.raises(ValueError, match="the class of the highest probability"):
        reading.read_runs(folder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"utterances": {"test": 11}}, "number of utterances.*12 under 'clean'.*: 11"),
        ({"speakers": {"test": ["emodb/4"]}}, "test speakers.*Received.*emodb/4"),
        ({"scores": {"uar": 0.99}}, "scores of predictions.csv"),
    ],
)
def test_other_counts_and_scores_in_metrics_are_found(folder, changes, words):
    edit_json(folder, "metrics.json", **changes)
    with pytest.raises(ValueError, match=f"metrics.json must hold (the )?{words}"):
        reading.read_runs(folder)


def test_a_cut_run_of_an_early_version_is_found_by_its_scores(folder):
    unchecked(folder)
    assert not consistency.is_checked(reading.read_runs(folder)[0].config)
    edit(folder, lambda rows: rows[:-1])
    with pytest.raises(ValueError, match="number of utterances in predictions.csv, 11"):
        reading.read_runs(folder)


def test_the_hash_depends_on_content_and_not_on_order():
    table = predictions("mtl", "03")
    found = tested.fingerprint(table)
    assert tested.fingerprint(table.sample(frac=1, random_state=0)) == found
    for column in tested.COLUMNS:
        assert tested.fingerprint(first(column, "x")(table)) != found
    assert tested.fingerprint(table[1:]) != found
