"""Runs: their folders, their seeds, and that they repeat."""

import dataclasses
import json

import pandas as pd
import pytest

from keras_ser import experiment, protocols
from keras_ser.config import Experiment, Features, System, Training
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
    training=Training(batch=4, epochs=2, learning_rate=1e-2),
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
    planned = experiment.jobs(CONFIG, *tables, out, folds=["1"])
    folders = experiment.run(planned, out / "cache", threads=None, progress=False)
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
        assert metrics["epochs"] == len(history) == 2
        best = history.val_emotion_accuracy.max()
        assert history.val_emotion_accuracy[metrics["epoch"] - 1] == best


def test_the_saved_model_is_that_of_the_selected_epoch(finished, tables):
    _, folders = finished
    recogniser = Recogniser.load(folders["mtl_aug"])
    tested = tables[0][tables[0].speaker == "toy/1"]
    frame = pd.read_csv(folders["mtl_aug"] / "predictions.csv")
    again = recogniser.predict(tested.file)
    assert again.prediction.tolist() == frame.prediction.tolist()
    assert (again.p_anger - frame.p_anger).abs().max() < 1e-4


def test_all_systems_do_as_many_updates(finished):
    _, folders = finished
    updates = {
        json.loads((folder / "metrics.json").read_text())["updates_per_epoch"]
        for folder in folders.values()
    }
    assert len(updates) == 1


def test_a_finished_run_is_not_run_again(finished, tables):
    planned, folders = finished
    before = {s: (f / "metrics.json").stat().st_mtime_ns for s, f in folders.items()}
    again = experiment.run(planned, "no cache is needed", progress=False)
    assert again == list(folders.values())
    after = {s: (f / "metrics.json").stat().st_mtime_ns for s, f in folders.items()}
    assert before == after


def test_the_same_seed_gives_the_same_predictions(finished, tables, tmp_path):
    planned, folders = finished
    job = next(job for job in planned if job.system == "more")
    again = experiment.run_job(dataclasses.replace(job, out=tmp_path), tmp_path / "c")
    for name in ("predictions.csv", "history.csv", "metrics.json"):
        expected = (folders["more"] / name).read_bytes()
        assert (again / name).read_bytes() == expected, name


def test_a_run_with_other_settings_is_refused(finished, tables):
    planned, _ = finished
    changed = dataclasses.replace(CONFIG, training=Training(batch=4, epochs=3))
    other = [dataclasses.replace(job, config=changed) for job in planned]
    with pytest.raises(ValueError, match=r"other settings of \['training'\].*--out"):
        experiment.run(other, "cache")


def test_systems_are_paired_and_folds_are_not(tables):
    planned = experiment.jobs(
        dataclasses.replace(CONFIG, repeats=2), *tables, "runs", ["more", "baseline"]
    )
    seeds = {(job.fold.name, job.repeat, job.system): job.seed for job in planned}
    by_fold = {}
    for (fold, repeat, _), seed in seeds.items():
        by_fold.setdefault((fold, repeat), set()).add(seed)
    assert len(planned) == 4 * 2 * 2
    assert all(len(found) == 1 for found in by_fold.values())
    assert len(set.union(*by_fold.values())) == len(by_fold)
    assert all(0 <= seed < 2**31 for seed in seeds.values())


@pytest.mark.parametrize("what", ["systems", "folds"])
def test_unknown_names_are_refused(tables, what):
    with pytest.raises(ValueError, match=f"Unknown {what}.*'nobody'"):
        experiment.jobs(CONFIG, *tables, "runs", **{what: ["nobody"]})


def test_roots_come_from_the_argument_or_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv(experiment.CORPORA_VARIABLE, raising=False)
    with pytest.raises(ValueError, match="--corpus emodb=DIR"):
        experiment.find_root("emodb", {}, "cache")
    monkeypatch.setenv(experiment.CORPORA_VARIABLE, str(tmp_path))
    assert experiment.find_root("emodb", {}, "cache") == tmp_path / "emodb"
    assert str(experiment.find_root("emodb", {"emodb": "x"}, "cache")) == "x"
    assert str(experiment.find_root("synthetic", {}, "cache")) == "cache"


def test_smoke_keeps_the_systems_and_shortens_the_rest():
    small = experiment.smoke(CONFIG)
    assert small.systems == CONFIG.systems
    assert small.corpus == "synthetic"
    assert small.unlabelled == "synthetic_unlabelled"
    assert small.training.epochs == 2


@pytest.mark.slow
def test_two_workers_give_what_one_gives(finished, tables, tmp_path):
    _, folders = finished
    planned = experiment.jobs(
        CONFIG, *tables, tmp_path, systems=["baseline", "mtl_aug"], folds=["1"]
    )
    again = experiment.run(planned, tmp_path / "c", workers=2, progress=False)
    for folder in again:
        expected = folders[folder.parent.name] / "predictions.csv"
        assert (folder / "predictions.csv").read_bytes() == expected.read_bytes()


def test_protocol_arguments_reach_the_protocol(tables):
    held = dataclasses.replace(
        CONFIG,
        protocol="held_out_speakers",
        protocol_arguments={"test": ("toy/4",), "dev": ("toy/3",)},
    )
    (job,) = experiment.jobs(held, *tables, "runs", systems=["baseline"])
    assert isinstance(job.fold, protocols.Fold)
    assert set(job.fold.tests["test"].speaker) == {"toy/4"}
