"""The folder, the seed and the description of a job."""

import dataclasses
import json

import pytest

from keras_ser import conditions
from keras_ser.experiments import plan
from keras_ser.experiments.config import Experiment, System
from keras_ser.experiments.job import feature_store

CONFIG = Experiment("toy", "emodb", {"one": System(), "two": System()}, repeats=2)


@pytest.fixture
def planned(toy_table):
    table = toy_table({name: "" for name in "1234"})
    return plan.plan_jobs(CONFIG, table, None, "runs")


def test_systems_are_paired_and_folds_are_not(planned):
    by_fold = {}
    for job in planned:
        by_fold.setdefault((job.fold.name, job.repeat), set()).add(job.seed)
    assert len(planned) == 4 * 2 * 2
    assert all(len(found) == 1 for found in by_fold.values())
    assert len(set.union(*by_fold.values())) == len(by_fold)
    assert all(0 <= job.seed < 2**31 for job in planned)


def test_another_seed_or_name_gives_another_seed(planned):
    job = planned[0]
    training = dataclasses.replace(CONFIG.training, seed=1)
    for change in ({"training": training}, {"name": "other"}):
        config = dataclasses.replace(CONFIG, **change)
        assert dataclasses.replace(job, config=config).seed != job.seed


def test_the_folder_is_experiment_system_fold_repeat(planned):
    assert planned[0].folder.as_posix() == "runs/toy/one/1-0"
    assert len({job.folder for job in planned}) == len(planned)


def test_the_description_is_json_of_one_system(planned):
    described = json.loads(json.dumps(planned[0].describe()))
    assert list(described["systems"]) == ["one"]
    assert described["fold"] == "1"
    assert set(described["data"]) == {"train", "dev", "test"}


def test_only_another_precision_is_described(planned):
    """Runs from before it could be chosen have float32."""
    job = planned[0]
    assert "precision" not in job.describe()["training"]
    training = dataclasses.replace(CONFIG.training, precision="mixed_bfloat16")
    half = dataclasses.replace(
        job, config=dataclasses.replace(CONFIG, training=training)
    )
    assert half.describe()["training"]["precision"] == "mixed_bfloat16"
    assert half.seed == job.seed


def test_unlabelled_speech_is_ignored_by_systems_that_do_not_train_on_it(toy_table):
    table, extra = (
        toy_table({name: "" for name in "1234"}),
        toy_table(["9"], corpus="x"),
    )
    systems = {**CONFIG.systems, "more": System(use_unlabelled=True)}
    with_extra = dataclasses.replace(
        CONFIG, systems=systems, unlabelled_corpus="librispeech", repeats=1
    )
    before = plan.plan_jobs(CONFIG, table, None, "runs")[0].describe()
    after = {
        job.system: job.describe()
        for job in plan.plan_jobs(with_extra, table, extra, "runs", folds=["1"])
    }
    assert after["one"] == before
    assert after["more"]["unlabelled_corpus"] == "librispeech"
    assert after["more"]["data"] != before["data"]


def test_only_other_training_conditions_are_described(planned, tmp_path):
    """Runs from before they could be chosen were trained on clean speech."""
    job = planned[0]
    soft = dataclasses.replace(job.config.systems["one"], train_conditions=("gain:-6",))
    other = dataclasses.replace(
        job, config=dataclasses.replace(job.config, systems={"one": soft})
    )
    assert "train_conditions" not in job.describe()["systems"]["one"]
    assert other.describe()["systems"]["one"]["train_conditions"] == ("gain:-6",)
    assert other.seed == job.seed
    store = feature_store(job.config, tmp_path)
    assert job.training_store(store).unaugmented == store.unaugmented
    assert other.training_store(store).unaugmented == conditions.parse("gain:-6")
