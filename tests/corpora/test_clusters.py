"""Clusters of activation and valence."""

import dataclasses
import json

import numpy as np
import pytest

from keras_ser.corpora import LABEL_SETS, Clusters, find_label_set, relabel
from keras_ser.corpora.clusters import AXES

# (activation, valence): far apart, out of order.
CENTROIDS = np.array([[4.0, 4.5], [4.2, 1.5], [2.0, 3.0]])


@pytest.fixture
def table(toy_table, rng):
    points = np.repeat(CENTROIDS, 5, axis=0) + rng.normal(0, 0.1, (15, 2))
    made = toy_table("a", emotions=["neutral"] * 15, corpus="calls")
    return made.assign(activation=points[:, 0], valence=points[:, 1])


def test_centroids_are_the_means_of_the_groups_by_rising_valence(table):
    means = [table[list(AXES)][5 * k : 5 * k + 5].mean() for k in (1, 2, 0)]
    np.testing.assert_allclose(Clusters(3).fit(table), means, atol=1e-6)
    expected = ["cluster_3"] * 5 + ["cluster_1"] * 5 + ["cluster_2"] * 5
    assert list(Clusters(3).classes_of(table)) == expected


def test_the_same_valence_is_sorted_by_activation(toy_table):
    table = toy_table("a", emotions=["neutral"] * 4)
    table = table.assign(activation=[4.0, 4.0, 1.0, 1.0], valence=2.0)
    assert Clusters(2).fit(table).tolist() == [[1.0, 2.0], [4.0, 2.0]]


def test_rows_in_any_order_give_the_same_centroids(table):
    moved = table.sample(frac=1, random_state=3)
    assert np.array_equal(Clusters(3).fit(moved), Clusters(3).fit(table))


def test_an_utterance_gets_the_nearest_centroid(table, rng):
    points = rng.uniform(1, 5, (15, 2))
    table = table.assign(activation=points[:, 0], valence=points[:, 1])
    nearest = [
        min(range(3), key=lambda k: np.hypot(*(point - CENTROIDS[k])))
        for point in points
    ]
    found = Clusters(3).assign(table, CENTROIDS)
    assert list(found) == [f"cluster_{k + 1}" for k in nearest]


def test_utterances_without_both_ratings_are_left_out(table):
    table.loc[[0, 6], "valence"] = np.nan
    table.loc[7, "activation"] = np.nan
    with pytest.warns(UserWarning) as caught:
        view = relabel(table, "clusters_3")
    assert [str(w.message) for w in caught] == [
        "Label set 'clusters_3' has the classes cluster_1, cluster_2, cluster_3, which "
        "are those of each fold. It leaves out 3 of 15 utterances: without activation "
        "1, without valence 2."
    ]
    assert len(view) == 12


def test_clusters_of_all_ratings_are_counted(table):
    counts = "classes cluster_1 5, cluster_2 5, cluster_3 5.$"
    with pytest.warns(UserWarning, match=counts):
        relabel(table, Clusters(3, fit_on="all"))


def test_too_few_different_ratings_are_rejected(table):
    same = table.assign(activation=2.0, valence=[3.0, 4.0, 3.0] * 5)
    with pytest.raises(ValueError, match="3 clusters need.*Received: 2, in 15 of 15"):
        relabel(same, "clusters_3")


def test_a_corpus_without_ratings_is_rejected(toy_table):
    words = "ratings of activation and valence.*'mapped_activation'"
    with pytest.raises(ValueError, match=words):
        relabel(toy_table("ab"), "clusters_3")


@pytest.mark.parametrize(
    "arguments",
    [{"count": 1}, {"count": 3.0}, {"count": 3, "fit_on": "test"}]
    + [{"count": 3, "seed": -1}, {"count": 3, "starts": 0}, {"count": 100}],
)
def test_clusters_check_their_arguments(arguments):
    with pytest.raises(ValueError, match="Clusters need a `count` from 2 to 99"):
        Clusters(**arguments)


def test_names_sort_like_the_clusters():
    names = Clusters(12).names
    assert names[0] == "cluster_01" and list(names) == sorted(names)


def test_records_can_be_read_back(table):
    record = json.loads(json.dumps(dataclasses.asdict(LABEL_SETS["clusters_5"])))
    assert find_label_set(record) == LABEL_SETS["clusters_5"]
    clusters = Clusters(3)
    centroids = clusters.fit(table)
    record = json.loads(json.dumps(clusters.record(centroids)))
    assert list(record) == list(clusters.names)
    assert np.array_equal(clusters.centroids_of(record), centroids)
    with pytest.raises(ValueError, match="record of centroids must hold"):
        clusters.centroids_of({"cluster_1": {"activation": 2.0}})
