"""Runs are found at any level of folders, and those that do not fit are rejected."""

import dataclasses
import json
import shutil

import pandas as pd
import pytest
from toy_runs import (
    change_config,
    make_config,
    predictions,
    report_text,
    table_rows,
    write,
)

from keras_ser import reports
from keras_ser.reports.reading import (
    EXPERIMENT_DEFAULTS,
    FEATURE_DEFAULTS,
    SYSTEM_DEFAULTS,
    TRAINING_DEFAULTS,
    UNTOLD,
    read_runs,
)


def test_runs_are_sorted_and_hold_their_files(runs):
    found = read_runs(runs)
    assert [tuple(run.identity.values()) for run in found] == [
        ("toy", system, fold, repeat)
        for system in ("baseline", "mtl")
        for fold in ("03", "08", "10")
        for repeat in (0, 1)
    ]
    last = found[-1]
    assert (last.experiment, last.system) == ("toy", "mtl")
    assert (last.fold, last.repeat) == ("10", 1)
    assert last.folder == runs / "toy/mtl/10-1"
    assert len(last.predictions) == 12
    assert last.config["labels"] == "three"
    assert last.metrics["selected_by"] == "dev accuracy"


def test_any_level_of_folders_may_be_given(finished_runs, table):
    pd.testing.assert_frame_equal(table, reports.read(str(finished_runs / "toy")))
    both = [finished_runs, finished_runs / "toy/mtl"]
    pd.testing.assert_frame_equal(table, reports.read(both))
    assert len(reports.read(finished_runs / "toy/mtl/03-0")) == 12
    assert set(table["fold"]) == {"03", "08", "10"}


def test_unfinished_and_hidden_folders_do_not_count(runs, table):
    for name in ("11-0.partial", ".11-0"):
        shutil.copytree(runs / "toy/mtl/03-0", runs / "toy/mtl" / name)
    pd.testing.assert_frame_equal(reports.read(runs), table)
    with pytest.raises(FileNotFoundError, match="at least one complete run"):
        reports.read(runs / "toy/mtl/11-0.partial")


def test_missing_folders_and_files_are_named(runs, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere, which is neither"):
        reports.read(tmp_path / "nowhere")
    (runs / "toy/mtl/03-0/metrics.json").unlink()
    with pytest.raises(FileNotFoundError, match="must hold metrics.json.*03-0"):
        reports.write(runs, tmp_path)
    (runs / "toy/mtl/08-0/predictions.csv").unlink()
    with pytest.raises(FileNotFoundError, match="must hold predictions.csv.*08-0"):
        reports.read(runs)


def test_defaults_that_runs_do_not_record_are_those_of_the_config():
    """A setting whose default has changed since is recorded by every run."""
    from keras_ser.experiments.config import Features, Training
    from keras_ser.experiments.job import ALWAYS

    for settings, defaults in (
        (Training(), TRAINING_DEFAULTS),
        (Features(), FEATURE_DEFAULTS),
    ):
        kept = {name: getattr(settings, name) for name in defaults}
        differing = {name for name in defaults if defaults[name] != kept[name]}
        assert differing <= {*ALWAYS[type(settings)]}
    changed = {"schedule": "halve_and_restore", "average": 0.0, "select": "best"}
    assert TRAINING_DEFAULTS.items() >= changed.items()


def test_every_setting_that_may_be_left_out_of_a_record_has_a_default():
    """Otherwise a run with another value would be pooled with those without it."""
    from keras_ser.experiments import config
    from keras_ser.experiments.job import ALWAYS

    elsewhere = {  # free, compared by its parts, or a part of each run
        *("repeats", "published", "reference", "primary", "corpus_options"),
        *("conditions", UNTOLD.partition(".")[2]),
    }
    for kind, defaults in (
        (config.Experiment, EXPERIMENT_DEFAULTS),
        (config.System, SYSTEM_DEFAULTS),
        (config.Training, TRAINING_DEFAULTS),
        (config.Features, FEATURE_DEFAULTS),
    ):
        fields = {each.name: each for each in dataclasses.fields(kind)}
        left_out = fields.keys() - {*ALWAYS[kind]} - elsewhere
        assert left_out <= defaults.keys()
        for name in left_out:
            made = fields[name].default_factory
            is_made = made is not dataclasses.MISSING
            default = made() if is_made else fields[name].default
            assert json.loads(json.dumps(default)) == defaults[name]


def test_test_tables_of_a_fold_may_share_utterances(tmp_path):
    near = predictions("mtl", "03")
    write(tmp_path, pd.concat([near, near.assign(test="far")]))
    write(tmp_path, near.assign(fold="08", test="other"))
    assert set(reports.read(tmp_path)["test"]) == {"test", "far", "other"}
    write(tmp_path, near.assign(fold="8", test="far"))
    with pytest.raises(ValueError, match="in folds 03, 8 with .*test=far"):
        reports.read(tmp_path)
    folder = write(tmp_path / "twice", pd.concat([near, near]))
    with pytest.raises(ValueError, match="12 repeated predictions.*test=test"):
        reports.read(folder)


def test_utterances_that_are_predicted_twice_are_rejected(runs, tmp_path):
    shutil.copytree(runs / "toy/mtl/03-0", tmp_path / "copy/03-0")
    words = "12 repeated predictions, the first with.*fold=03"
    with pytest.raises(ValueError, match=words):
        reports.read([runs, tmp_path / "copy"])


def test_an_utterance_in_two_folds_of_a_repeat_is_rejected(tmp_path):
    table = predictions("mtl", "03")
    write(tmp_path, table)
    write(tmp_path, table.assign(fold="08", repeat=1))
    assert len(reports.read(tmp_path)) == 24
    write(tmp_path, table.assign(fold="8"))
    words = "12 tested more than once, the first in folds 03, 8"
    with pytest.raises(ValueError, match=words):
        reports.read(tmp_path)


@pytest.mark.parametrize(
    "path, value",
    [
        ("training.epochs", 5),
        ("training.precision", "mixed_bfloat16"),
        ("training.average", 0.98),
        ("features.speech_db", 40.0),
        ("features.normalise", "speaker"),
        ("corpus", "ravdess"),
        ("protocol_arguments", {"folds": 3}),
        ("systems.mtl.arguments", {"center": False}),
        ("systems.mtl.label_fraction", 0.5),
        ("systems.mtl.train_conditions", ["gain:-20"]),
        ("heard_fraction", 0.3),
        ("tuned_on", ["emodb/15"]),
        ("corpus_options.emodb", {"labelled": False}),
    ],
)
def test_runs_with_different_settings_are_rejected(path, value, runs):
    table = predictions("mtl", "03")
    config = change_config(table, path, value, corpus_options={})
    write(runs, table, config=config)
    with pytest.raises(ValueError, match="another name or `--out`") as error:
        reports.read(runs)
    *_, received = str(error.value).partition("Received: ")
    assert received.startswith(f"{path}=") and repr(value) in received
    assert str(runs / "toy/mtl/03-0") in received and received.count("toy/") == 2


@pytest.mark.parametrize("key", ["published", "reference", "primary"])
def test_settings_that_change_no_result_may_differ(key, runs, table):
    config = make_config(predictions("mtl", "03"), **{key: "mtl_aug:3"})
    write(runs, predictions("mtl", "03"), config=config)
    config = make_config(predictions("mtl", "08"), **{key: "mtl"})
    write(runs, predictions("mtl", "08"), config=config)
    pd.testing.assert_frame_equal(reports.read(runs), table)


def test_settings_that_concern_other_systems_may_differ(runs, table):
    config = make_config(
        predictions("mtl", "03"), corpus_options={"librispeech": {"x": 1}}
    )
    config["training"]["validate_every"] = 1
    write(runs, predictions("mtl", "03"), config=config)
    pd.testing.assert_frame_equal(reports.read(runs), table)


@pytest.mark.parametrize("side", ["train", "dev", "test"])
def test_systems_on_other_speech_are_not_compared(side, tmp_path):
    data = dict(train="a", dev="b", test="c")
    for system, own in (("base", data), ("mtl", {**data, side: "x"})):
        table = predictions(system, "03")
        write(tmp_path, table, config=make_config(table, data=own))
    with pytest.raises(ValueError, match=f"other {side} speech, or other labels, in"):
        reports.read(tmp_path)
    # A system may train on further speech.
    config = make_config(table, {"label_fraction": 0.5}, data={**data, side: "x"})
    write(tmp_path, table, config=config)
    if side == "train":
        assert len(reports.read(tmp_path))


def test_the_reference_of_the_config_counts(runs, tmp_path):
    config = make_config(predictions("mtl", "03"), reference="mtl")
    write(runs, predictions("mtl", "03"), config=config)
    assert "scores, Δ to mtl over 3 shared" in report_text(runs, tmp_path)


def test_settings_of_the_run_and_absent_ones_may_differ(runs, tmp_path):
    config = make_config(predictions("mtl", "03"))
    del config["training"]["batch"], config["data"]
    config["systems"]["mtl"]["denoising"] = False  # the others are of an older version
    write(runs, predictions("mtl", "03"), config=config)
    table = predictions("extra", "03")
    own = {"use_unlabelled": True, "arguments": {"filters": 8}}
    config = make_config(table, own, unlabelled_corpus="librispeech")
    config["training"]["unlabelled_ratio"] = 2
    write(runs, table, config=config)
    text = report_text(runs, tmp_path)
    assert "Unlabelled rows per labelled row: 2." in text
    assert table_rows(text, "toy: systems")["extra"][1] == "filters=8"
    assert table_rows(text, "toy: systems")["extra"][-1] == "librispeech"
    other = predictions("extra", "08")
    write(runs, other, config={**config, "fold": "08", "unlabelled_corpus": "emodb"})
    with pytest.raises(ValueError, match="unlabelled_corpus='librispeech' and 'emodb'"):
        reports.read(runs)


@pytest.mark.parametrize(
    "change",
    [
        {"unlabelled": "librispeech"},
        {"against": "baseline"},
        {"training": {"epochs": 20, "unlabelled": 1}},
        {"training": {"epochs": 20, "rows": 2}},
    ],
)
def test_a_run_of_an_earlier_version_is_rejected_with_what_to_do(tmp_path, change):
    folder = write(tmp_path, predictions("mtl", "03"))
    config = json.loads((folder / "config.json").read_text())
    for key in change:
        config.pop({"unlabelled": "unlabelled_corpus"}.get(key, key), None)
    (folder / "config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(ValueError, match="earlier version of keras_ser.*train again"):
        reports.write(tmp_path, tmp_path / "out")
