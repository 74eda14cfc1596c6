"""Runs: their folders, their seeds, and that they repeat."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from keras_ser import evaluation, protocols
from keras_ser.callbacks.checkpoint import Checkpoint
from keras_ser.experiments import experiment, extraction, network, plan
from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.experiments.job import feature_store
from keras_ser.inference import Recogniser
from keras_ser.models import BASELINE

CONFIG = Experiment(
    name="toy",
    corpus="emodb",
    systems={
        "baseline": System(arguments=BASELINE, augment=()),
        "mtl_aug": System(),
        "more": System(unlabelled=True),
    },
    unlabelled="librispeech",
    features=Features(settings={"bands": 16}, seconds=1.0),
    training=Training(batch=4, epochs=3, learning_rate=1e-2),
)


@pytest.fixture(scope="module")
def tables(spoken_table):
    labelled = spoken_table[spoken_table.speaker < "toy/5"].reset_index(drop=True)
    unlabelled = spoken_table[spoken_table.speaker >= "toy/5"].assign(emotion="")
    return labelled, unlabelled


@pytest.fixture(scope="module")
def finished(tables, tmp_path_factory):
    """All systems of one fold, run once."""
    out = tmp_path_factory.mktemp("runs")
    planned = plan.plan_jobs(CONFIG, *tables, out, folds=["1"])
    folders = experiment.run_jobs(planned, out / "cache", threads=None, progress=False)
    return planned, dict(zip(CONFIG.systems, folders, strict=True))


def test_a_finished_folder_holds_the_record(finished):
    _, folders = finished
    for system, folder in folders.items():
        assert folder.name == "1-0"
        assert folder.parent.name == system
        names = {path.name for path in folder.iterdir()}
        assert names == {
            "config.json",
            "environment.json",
            "history.csv",
            "logs",
            "metrics.json",
            "model.keras",
            "predictions.csv",
            "preprocessing.json",
        }
        assert not list(folder.parent.glob("*.partial"))


def test_predictions_have_the_columns_of_the_format(finished, tables):
    _, folders = finished
    frame = pd.read_csv(folders["mtl_aug"] / "predictions.csv")
    assert list(frame) == [
        "experiment",
        "system",
        "corpus",
        "fold",
        "repeat",
        "condition",
        "utterance",
        "speaker",
        "head",
        "truth",
        "prediction",
        "p_anger",
        "p_sadness",
    ]
    tested = tables[0][tables[0].speaker == "toy/1"]
    assert frame.utterance.tolist() == tested.utterance.tolist()
    assert frame.truth.tolist() == tested.emotion.tolist()
    assert set(frame.system) == {"mtl_aug"}


def test_metrics_name_the_speakers_and_what_selected(finished):
    _, folders = finished
    for system, folder in folders.items():
        metrics = json.loads((folder / "metrics.json").read_text())
        speakers = metrics["speakers"]
        sides = [set(speakers[side]) for side in ("train", "dev", "test")]
        assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
        assert sides[2] == {"toy/1"}
        assert ("toy/5" in sides[0]) == (system == "more")
        assert metrics["selected_by"] == "development speakers toy/2, toy/3"
        history = pd.read_csv(folder / "history.csv")
        assert metrics["epochs"] == len(history) == 3
        best = history.val_emotion_accuracy.max()
        assert history.val_emotion_accuracy[metrics["epoch"] - 1] == best


def test_the_saved_model_is_that_of_the_selected_epoch(finished, tables):
    """Its development accuracy is the one that the history holds for that epoch."""
    _, folders = finished
    for folder in folders.values():
        metrics = json.loads((folder / "metrics.json").read_text())
        history = pd.read_csv(folder / "history.csv").iloc[metrics["epoch"] - 1]
        dev = tables[0][tables[0].speaker.isin(metrics["speakers"]["dev"])]
        # Validation sees the first window of longer speech.
        dev = dev.assign(start=0.0, end=dev.duration.clip(upper=0.99))
        score = evaluation.score(Recogniser.load(folder), dev)
        accuracy = score.loc["clean", "accuracy"]
        assert accuracy == pytest.approx(history.val_emotion_accuracy, abs=1e-6)


def test_all_systems_do_as_many_updates(finished):
    _, folders = finished
    updates = {
        json.loads((folder / "metrics.json").read_text())["updates_per_epoch"]
        for folder in folders.values()
    }
    assert len(updates) == 1


def test_the_augmentation_head_stands_beside_the_probe(finished):
    _, folders = finished
    for system, folder in folders.items():
        metrics = json.loads((folder / "metrics.json").read_text())
        assert ("speed_probe" in metrics) == (system != "baseline")
        assert ("augmentation_accuracy" in metrics) == (system != "baseline")
        if system != "baseline":
            assert set(metrics["speed_probe"]) == {"0.9", "1.1"}
            assert 0 < metrics["augmentation_accuracy"] < 1


def test_a_finished_run_is_not_run_again(finished, tables):
    planned, folders = finished
    before = {s: (f / "metrics.json").stat().st_mtime_ns for s, f in folders.items()}
    again = experiment.run_jobs(planned, "no cache is needed", progress=False)
    assert again == list(folders.values())
    after = {s: (f / "metrics.json").stat().st_mtime_ns for s, f in folders.items()}
    assert before == after


def test_an_interrupted_run_ends_with_the_same_bytes(finished, tmp_path, monkeypatch):
    """And the same seed gives the same predictions."""
    planned, folders = finished
    job = next(job for job in planned if job.system == "more")
    job = dataclasses.replace(job, out=tmp_path)
    cache, real = tmp_path / "cache", Checkpoint.on_epoch_end

    def interrupt(self, epoch, logs=None):
        real(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Checkpoint, "on_epoch_end", interrupt)
        experiment.run_jobs([job], cache, progress=False)
    assert [path.name for path in job.folder.parent.iterdir()] == ["1-0.partial"]
    (again,) = experiment.run_jobs([job], cache, progress=False)
    for name in ("predictions.csv", "history.csv", "metrics.json"):
        expected = (folders["more"] / name).read_bytes()
        assert (again / name).read_bytes() == expected, name
    names = {path.name for path in again.iterdir()}
    assert names == {path.name for path in folders["more"].iterdir()}
    assert json.loads((again / "environment.json").read_text())["resumed"] == 1


def test_a_run_with_other_settings_is_refused(finished, tables):
    planned, _ = finished
    changed = dataclasses.replace(CONFIG, training=Training(batch=4, epochs=4))
    other = [dataclasses.replace(job, config=changed) for job in planned]
    with pytest.raises(ValueError, match=r"other settings of \['training'\].*--out"):
        experiment.run_jobs(other, "cache")


def test_other_data_is_refused(finished, tables):
    planned, _ = finished
    labelled = tables[0].copy()
    labelled.loc[0, "emotion"] = "sadness"
    other = plan.plan_jobs(CONFIG, labelled, tables[1], planned[0].out, folds=["1"])
    with pytest.raises(ValueError, match=r"other settings of \['data'\]"):
        experiment.run_jobs(other, "cache")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"protocol": "random"}, "`protocol` must be.*leave_one.*'random'"),
        ({"protocol_arguments": {"seed": 1}}, "`protocol_arguments` takes.*'seed'"),
        ({"features": Features("Wave")}, "`front_end` must be.*LogMel.*'Wave'"),
        ({"features": Features(settings={"mels": 3})}, "settings` takes.*'mels'"),
        ({"systems": {"a": System("Net")}}, "`systems.a.model` must be.*'Net'"),
        ({"systems": {"a": System(arguments={"depth": 2})}}, "arguments` takes.*depth"),
        ({"systems": {"a": System(objective={"speed": 2})}}, "objective` takes.*speed"),
        ({"systems": {"a": System(augment=("echo",))}}, "Augmentation must be.*'echo'"),
    ],
)
def test_a_config_is_checked_before_anything_trains(tables, change, words):
    with pytest.raises(ValueError, match=words):
        plan.plan_jobs(dataclasses.replace(CONFIG, **change), *tables, "runs")


def test_an_augmentation_takes_its_arguments_from_the_config(tables, tmp_path):
    augment = {"specaugment": {"frequency": 3}, "speed": {"factors": (0.8,)}}
    config = dataclasses.replace(CONFIG, systems={"a": System(augment=augment)})
    (job,) = plan.plan_jobs(config, *tables, tmp_path, folds=["1"])
    assert json.loads(json.dumps(job.describe()))["systems"]["a"]["augment"] == {
        "specaugment": {"frequency": 3},
        "speed": {"factors": [0.8]},
    }
    # Every utterance plain and at the one speed.
    count = sum(len(table) for table in tables)
    assert extraction.prepare([job], tmp_path, progress=False) == 2 * count
    assert extraction.prepare([job], tmp_path, progress=False) == 0


@pytest.mark.parametrize("what", ["systems", "folds"])
def test_unknown_names_are_refused(tables, what):
    with pytest.raises(ValueError, match=f"Unknown {what}.*'nobody'"):
        plan.plan_jobs(CONFIG, *tables, "runs", **{what: ["nobody"]})


@pytest.mark.slow
def test_two_workers_give_what_one_gives(finished, tables, tmp_path):
    _, folders = finished
    planned = plan.plan_jobs(
        CONFIG, *tables, tmp_path, systems=["baseline", "mtl_aug"], folds=["1"]
    )
    again = experiment.run_jobs(planned, tmp_path / "c", workers=2, progress=False)
    for folder in again:
        expected = folders[folder.parent.name] / "predictions.csv"
        assert (folder / "predictions.csv").read_bytes() == expected.read_bytes()


def test_a_monitor_adds_to_the_logs_and_changes_nothing(finished, tables, tmp_path):
    planned, folders = finished
    again = plan.plan_jobs(CONFIG, *tables, tmp_path, ["baseline"], ["1"])
    cache = planned[0].out / "cache"
    (folder,) = experiment.run_jobs(again, cache, progress=False, monitor=True)
    assert list((folder / "logs" / "monitor").glob("events.*"))
    assert not (folders["baseline"] / "logs" / "monitor").exists()
    names = {path.name for path in folders["baseline"].iterdir()}
    assert {path.name for path in folder.iterdir()} == names
    for name in names - {"environment.json", "logs", "model.keras"}:
        expected = (folders["baseline"] / name).read_bytes()
        assert (folder / name).read_bytes() == expected, name


def test_protocol_arguments_reach_the_protocol(tables):
    held = dataclasses.replace(
        CONFIG,
        protocol="held_out_speakers",
        protocol_arguments={"test": ("toy/4",), "dev": ("toy/3",)},
    )
    (job,) = plan.plan_jobs(held, *tables, "runs", systems=["baseline"])
    assert isinstance(job.fold, protocols.Fold)
    assert set(job.fold.tests["test"].speaker) == {"toy/4"}


def test_a_network_learns_under_its_conditions_and_is_tested_under_others(
    tables, tmp_path
):
    """Training and development speech are soft; all that it reads was prepared."""
    soft = System(augment=("speed",), train_conditions=("gain:-40",))
    config = dataclasses.replace(CONFIG, systems={"soft": soft, "plain": System()})
    planned = plan.plan_jobs(config, *tables, tmp_path, folds=["1"])
    assert extraction.prepare(planned, tmp_path, progress=False) > 0
    store = feature_store(config, tmp_path)
    entries = sorted(store.cache.rglob("*.f16"))
    data = {job.system: network.prepared(job, store)[0] for job in planned}
    assert sorted(store.cache.rglob("*.f16")) == entries
    lower = np.subtract(*(data[name].preprocessing.mean for name in ("plain", "soft")))
    assert lower.mean() > 3  # of log-mel: 40 dB are 9.2
    frame, _ = network.train_and_test(planned[0], store, tmp_path / "run")
    recogniser = Recogniser.load(tmp_path / "run")
    heard = evaluation.predictions(recogniser, planned[0].fold.tests["test"])
    names = ["p_anger", "p_sadness"]
    np.testing.assert_allclose(frame[names], heard[names], atol=5e-3)
