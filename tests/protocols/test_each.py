"""Another protocol, applied to each corpus on its own."""

import pandas as pd
import pytest

from keras_ser.protocols import each_corpus, k_fold, label_fraction

EMOTIONS = ["anger", "sadness"]


@pytest.fixture
def both(toy_table):
    """Two corpora of five speakers each."""
    one = toy_table([f"{n:02d}" for n in range(5)], EMOTIONS)
    other = one.copy()
    for column in ("utterance", "source", "speaker"):
        other[column] = other[column].str.replace("toy/", "other/")
    other["digest"] = "other " + other.digest
    return pd.concat([one, other.assign(corpus="other")], ignore_index=True)


def test_no_fold_mixes_corpora(both):
    folds = each_corpus(both)
    assert list(folds) == [f"{c}-{n:02d}" for c in ("other", "toy") for n in range(5)]
    for name, fold in folds.items():
        assert fold.name == name
        for side in fold.sides().values():
            assert set(side.corpus) == {name.partition("-")[0]}


def test_folds_are_those_of_the_corpus_alone(both):
    alone = k_fold(both[both.corpus == "toy"].reset_index(drop=True), folds=3)
    folds = each_corpus(both, protocol="k_fold", arguments={"folds": 3})
    for name, fold in alone.items():
        assert folds[f"toy-{name}"].fingerprints() == fold.fingerprints()


def test_one_corpus_keeps_the_names_of_folds(both):
    table = both[both.corpus == "toy"].reset_index(drop=True)
    assert list(each_corpus(table)) == [f"{n:02d}" for n in range(5)]


def test_unlabelled_speech_serves_every_corpus(both, toy_table):
    extra = toy_table(["90", "91"], [""])
    for fold in each_corpus(both, extra).values():
        assert set(fold.unlabelled.speaker) == {"toy/90", "toy/91"}


def test_few_labels_of_each_corpus(both):
    folds = label_fraction(both, fraction=0.5, protocol="each_corpus")
    assert len(folds) == 10


def test_an_unknown_protocol_is_rejected(both):
    with pytest.raises(
        ValueError, match="Protocol `each_corpus` needs.*'cross_corpus'"
    ):
        each_corpus(both, protocol="cross_corpus")
