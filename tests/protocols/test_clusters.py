"""Clusters of ratings as the classes of each fold."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from keras_ser import corpora
from keras_ser.protocols import (
    cross_corpus,
    each_corpus,
    leave_one_speaker_out,
    with_clusters,
)

SPEAKERS = {f"{n:02d}": "male" if n % 2 else "female" for n in range(1, 7)}
ALL = corpora.Clusters(3, fit_on="all")


@pytest.fixture
def table(toy_table, rng):
    made = toy_table(SPEAKERS, ["neutral"] * 10)
    points = rng.uniform(1, 5, (len(made), 2))
    made = made.assign(activation=points[:, 0], valence=points[:, 1])
    return made.assign(emotion=corpora.Clusters(3).classes_of(made))


def fold_of(table, labels="clusters_3", name="03"):
    fold = leave_one_speaker_out(table)[name]
    return with_clusters({name: fold}, table, {"toy": labels})[name]


def test_every_side_has_the_classes_of_the_training_centroids(table):
    fold, clusters = fold_of(table), corpora.Clusters(3)
    centroids = clusters.fit(fold.train)
    assert fold.classes == ("cluster_1", "cluster_2", "cluster_3")
    assert fold.clusters == clusters.record(centroids)
    for side in (fold.train, fold.dev, fold.tests["test"]):
        assert list(side.emotion) == list(clusters.assign(side, centroids))
    assert len(fold.tests["test"]) == 10


def test_ratings_of_the_tests_do_not_decide_the_centroids(table):
    moved = table.copy()
    others = ~table.speaker.isin(fold_of(table).speakers()["train"])
    moved.loc[others, ["activation", "valence"]] = 1.0
    assert fold_of(moved).clusters == fold_of(table).clusters
    assert fold_of(moved, ALL).clusters != fold_of(table, ALL).clusters


def test_centroids_differ_by_fold_unless_they_are_those_of_everything(table):
    one, other = (fold_of(table, name=name) for name in ("03", "04"))
    assert one.clusters != other.clusters
    one, other = (fold_of(table, ALL, name) for name in ("03", "04"))
    expected = ALL.record(ALL.fit(table))
    assert one.clusters == other.clusters == expected


def test_clusters_of_everything_are_those_of_the_corpora_of_a_fold(table):
    texts = ["utterance", "speaker", "source", "digest", "corpus"]
    renamed = {name: table[name].str.replace("toy", "far") for name in texts}
    far = table.assign(**renamed, valence=6 - table.valence / 2)
    both = pd.concat([table, far], ignore_index=True)
    labels = dict.fromkeys(("toy", "far"), ALL)
    for name, fold in with_clusters(each_corpus(both), both, labels).items():
        own = {"toy": table, "far": far}[name.split("-")[0]]
        assert fold.clusters == ALL.record(ALL.fit(own))
    across = cross_corpus(both, train="toy", test="far")
    (fold,) = with_clusters(across, both, labels).values()
    assert fold.clusters == ALL.record(ALL.fit(both))


@pytest.mark.parametrize("labels", ["all", "four", {"neutral": "calm"}])
def test_other_label_sets_leave_folds_alone(toy_table, labels):
    table = toy_table(SPEAKERS)
    folds = leave_one_speaker_out(table)
    found = with_clusters(folds, table, {"toy": labels})
    assert list(found) == list(folds)
    assert all(found[name] is folds[name] for name in folds)


def test_a_changed_fold_keeps_its_centroids(table):
    fold = fold_of(table)
    assert dataclasses.replace(fold, unlabelled=None).clusters == fold.clusters


def test_corpora_must_share_their_clusters(table):
    folds = leave_one_speaker_out(table)
    labels = {"toy": "clusters_3", "other": "four"}
    with pytest.raises(ValueError, match="must share their clusters.*'four'"):
        with_clusters(folds, table, labels)


def test_too_few_ratings_to_train_on_are_rejected(table):
    flat = table.copy()
    training = table.speaker.isin(fold_of(table).speakers()["train"])
    flat.loc[training, ["activation", "valence"]] = 3.0
    with pytest.raises(ValueError, match="3 clusters need.*Received: 1") as caught:
        fold_of(flat)
    assert "fold `03`" in caught.value.__notes__[0]


def test_training_speech_of_one_cluster_is_rejected(table):
    far = table.copy()
    test = table.speaker == "toy/03"
    far["activation"] = np.where(test, 100.0, far.activation)
    clusters = corpora.Clusters(2, fit_on="all")
    folds = leave_one_speaker_out(far)
    with pytest.raises(ValueError, match="two or more classes"):
        with_clusters(folds, far, {"toy": clusters})
