"""One label set for all corpora, or one for each."""

import pytest

from keras_ser.corpora import (
    Clusters,
    Levels,
    labels_by_corpus,
    relabel,
    varies_by_fold,
    without_labels,
)

BOTH = ("emodb", "ravdess")
RATED = ["activation", "valence", "dominance"]
MAPPING = {"anger": "negative", "calm": "neutral"}
RECORD = {"kind": "clusters", "count": 3}


@pytest.mark.parametrize("labels", ["all", "four", MAPPING, {}, Clusters(3), RECORD])
def test_one_label_set_is_that_of_every_corpus(labels):
    assert labels_by_corpus(labels, BOTH) == {"emodb": labels, "ravdess": labels}


@pytest.mark.parametrize(
    "labels",
    [
        {"ravdess": "four", "emodb": "all"},
        {"emodb": MAPPING, "ravdess": MAPPING},
        {"emodb": "four", "ravdess": MAPPING},
        {"emodb": "four", "ravdess": Levels("valence")},
        {"emodb": RECORD, "ravdess": RECORD},
    ],
)
def test_each_corpus_may_have_its_own(labels):
    found = labels_by_corpus(labels, BOTH)
    assert found == labels
    assert list(found) == ["emodb", "ravdess"]
    assert labels_by_corpus({"emodb": MAPPING}, ["emodb"]) == {"emodb": MAPPING}


@pytest.mark.parametrize(
    "labels",
    [
        {"emodb": "four"},
        {"emodb": "four", "ravdess": "four", "savee": "four"},
        {"emodb": "four", "anger": "negative"},
        {"savee": MAPPING, "emovo": "four"},
    ],
)
def test_every_corpus_and_no_other_is_named(labels):
    with pytest.raises(ValueError) as caught:
        labels_by_corpus(labels, BOTH)
    message = str(caught.value)
    assert "the labelled corpora ['emodb', 'ravdess']" in message
    assert f"Received: label sets for {list(labels)}." in message


@pytest.mark.parametrize(
    ("labels", "varies"),
    [
        *(("all", False), ("four", False), ("activation_levels", False)),
        *(("clusters_3", True), (Clusters(5), True), (RECORD, True)),
        *((Clusters(3, fit_on="all"), False), ({**RECORD, "fit_on": "all"}, False)),
        *(({"anger": "clusters_3"}, False), (Levels("valence"), False)),
    ],
)
def test_clusters_of_training_speech_vary_by_fold(labels, varies):
    assert varies_by_fold(labels) is varies


@pytest.mark.parametrize("name", [1, None, "", " "])
def test_a_class_has_a_name(name, toy_table):
    with pytest.raises(ValueError, match=f"Received: 'anger': {name!r}. Name the cl"):
        relabel(toy_table, {"anger": name, "sadness": "sad"})
    with pytest.raises(ValueError, match="Received: 1: 'sad'"):
        relabel(toy_table, {1: "sad"})


def test_speech_without_labels_keeps_everything_else(toy_table):
    table = toy_table("ab").assign(activation=0.5, valence=[0.1, 0.2, 0.3, 0.4])
    table["dominance"] = 0.9
    bare = without_labels(table)
    assert set(bare.emotion) == {""}
    assert bare[RATED].isna().all(axis=None)
    assert bare[RATED].dtypes.eq("float64").all()
    others = table.columns.difference(["emotion", *RATED])
    assert bare[others].equals(table[others])
    assert list(table.valence) == [0.1, 0.2, 0.3, 0.4]
