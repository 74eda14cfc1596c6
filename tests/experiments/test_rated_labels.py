"""Label sets on ratings, from a config to a report."""

import dataclasses
import json

import pandas as pd
import pytest

import keras_ser as ser
from keras_ser import corpora
from keras_ser.corpora.clusters import AXES
from keras_ser.experiments import inputs, overrides, plan
from keras_ser.models import BASELINE
from keras_ser.reports.reading import read_runs
from keras_ser.robustness import finished_runs
from keras_ser.tuning import folds as search_folds

pytestmark = pytest.mark.filterwarnings("ignore:(Label set|The given label)")
OWN = corpora.Levels("activation", bounds=(3,), names=("calm", "lively"))
CLASSES = {
    "mapped_activation": ("high", "low"),
    "mapped_valence": ("negative", "positive"),
    "activation_levels": ("high", "low", "medium"),
    "valence_levels": ("negative", "neutral", "positive"),
    "clusters_3": ("cluster_1", "cluster_2", "cluster_3"),
    "clusters_5": tuple(f"cluster_{k}" for k in range(1, 6)),
    OWN: ("calm", "lively"),
    corpora.Clusters(4, fit_on="all"): tuple(f"cluster_{k}" for k in range(1, 5)),
}


def config_of(labels) -> ser.Experiment:
    return ser.Experiment(
        name="rated",
        corpus="synthetic",
        systems={"baseline": ser.System(arguments=BASELINE, augment=())},
        labels=labels,
        features=ser.Features(settings={"n_mels": 16}, seconds=1.0),
        training=ser.Training(batch=8, epochs=2, learning_rate=1e-2),
        corpus_options={"synthetic": {"speakers": 4, "sentences": 3}},
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("labels", CLASSES, ids=str)
def test_each_label_set_can_be_planned(labels, cache):
    config = config_of(labels)
    tables = inputs.read_tables(config, {}, cache)
    planned = plan.plan_jobs(config, *tables, "runs")
    assert [job.fold.classes for job in planned] == [CLASSES[labels]] * 4
    record = json.loads(json.dumps(planned[0].describe()))["labels"]
    again = dataclasses.replace(config, labels=record)
    assert corpora.find_label_set(record) == corpora.find_label_set(labels)
    assert plan.plan_jobs(again, *tables, "runs")[0].fold.classes == CLASSES[labels]
    clustered = [job.fold.clusters is not None for job in planned]
    assert clustered == ["cluster_1" in CLASSES[labels]] * 4


def test_the_command_line_sets_them():
    config = config_of("four")
    assert overrides.override(config, "labels=clusters_3").labels == "clusters_3"
    changed = overrides.override(config, "labels={'kind': 'clusters', 'count': 4}")
    assert corpora.find_label_set(changed.labels) == corpora.Clusters(4)
    with pytest.raises(ValueError, match="must be one of.*'lovels'"):
        overrides.override(config, "labels={'kind': 'lovels'}")
    with pytest.raises(ValueError, match="expected str or dict. Received: int"):
        overrides.override(config, "labels=3")


def test_a_search_has_clusters_of_its_own_training_speech(cache):
    options = {"synthetic": {"speakers": 6, "sentences": 3}}
    config = dataclasses.replace(config_of("clusters_3"), corpus_options=options)
    table, unlabelled = inputs.read_tables(config, {}, cache)
    used = search_folds.inside_fold(config, table, unlabelled, "s01", divisions=3)
    clusters = corpora.Clusters(3)
    for fold in used.folds:
        assert fold.clusters == clusters.record(clusters.fit(fold.train))


def test_clusters_are_trained_recorded_and_reported(cache, tmp_path):
    out = ser.run(
        config_of("four"),
        overrides="labels=clusters_3",
        folds=["s01", "s02"],
        out=tmp_path,
        cache=cache,
        progress=False,
    )
    runs = read_runs(out)
    records = [run.metrics["clusters"] for run in runs]
    assert len(runs) == 2 and records[0] != records[1]
    for run, record in zip(runs, records, strict=True):
        assert run.config["labels"] == "clusters_3"
        assert list(record) == list(CLASSES["clusters_3"])
        assert all(sorted(each) == list(AXES) for each in record.values())
        assert set(run.predictions.truth) <= set(record)
    text = (out / "report" / "report.md").read_text(encoding="utf-8")
    assert "label set clusters_3" in text and "No score pools folds" in text
    again = finished_runs.with_test_speech(runs, {}, cache)
    for run in again:  # the fingerprints of its test speech have been checked
        tested = pd.concat(run.tables.values()).set_index("utterance").emotion
        own = run.predictions.set_index("utterance").truth
        assert tested.to_dict() == own.to_dict()
