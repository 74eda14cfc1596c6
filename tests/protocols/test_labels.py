"""A fraction of the training labels is kept."""

import pandas as pd
import pytest

from keras_ser.protocols import k_fold, label_fraction
from keras_ser.protocols.labels import with_few_labels

SPEAKERS = {f"{n:02d}": "male" if n % 2 else "female" for n in range(1, 9)}
EMOTIONS = ("anger", "sadness", "neutral")


@pytest.fixture
def table(toy_table):
    parts = []
    for take in range(4):
        part = toy_table(SPEAKERS, EMOTIONS)
        for column in ("utterance", "digest", "source"):
            part[column] = f"take {take} " + part[column]
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def kept(fold) -> set[str]:
    return set(fold.train.utterance)


def test_smaller_fractions_are_parts_of_larger_ones(table):
    folds = {f: label_fraction(table, fraction=f) for f in (0.2, 0.4, 0.8, 1.0)}
    for name in folds[1.0]:
        sets = [kept(folds[fraction][name]) for fraction in sorted(folds)]
        assert all(one < other for one, other in zip(sets, sets[1:], strict=False))


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.9])
def test_each_emotion_keeps_its_share(table, fraction):
    whole = label_fraction(table)["01"].train.emotion.value_counts()
    part = label_fraction(table, fraction=fraction)["01"].train.emotion.value_counts()
    assert part.to_dict() == {name: round(fraction * n) for name, n in whole.items()}


def test_the_rest_trains_without_label_or_not_at_all(table, toy_table):
    extra = toy_table(["x", "y"], ("",), corpus="extra")
    whole = label_fraction(table, extra)["01"]
    fold = label_fraction(table, extra, fraction=0.25)["01"]
    rest = kept(whole) - kept(fold)
    assert set(fold.unlabelled.utterance) == rest | set(extra.utterance)
    assert set(fold.unlabelled.emotion) == {""}
    dropped = label_fraction(table, extra, fraction=0.25, rest="drop")["01"]
    assert kept(dropped) == kept(fold)
    assert set(dropped.unlabelled.utterance) == set(extra.utterance)


def test_an_utterance_without_label_has_no_ratings_either(table):
    rated = table.assign(activation=0.5, valence=-0.5)
    fold = label_fraction(rated, fraction=0.25)["01"]
    assert len(fold.unlabelled)
    assert fold.unlabelled[["activation", "valence"]].isna().all(axis=None)
    assert (fold.train[["activation", "valence"]] == [0.5, -0.5]).all(axis=None)
    assert (fold.dev.valence == -0.5).all()


def test_development_and_test_speech_are_those_of_the_other_protocol(table):
    arguments = {"folds": 4}
    few = label_fraction(table, fraction=0.5, protocol="k_fold", arguments=arguments)
    for name, fold in k_fold(table, **arguments).items():
        assert set(few[name].dev.utterance) == set(fold.dev.utterance)
        assert few[name].fingerprints()["test"] == fold.fingerprints()["test"]


def test_an_utterance_keeps_its_label_in_every_fold_that_it_trains_in(table):
    by_fold = label_fraction(table, fraction=0.5).values()
    orders = {}
    for fold in by_fold:
        for name in fold.unlabelled.utterance:
            orders.setdefault(name, []).append("rest")
        for name in fold.train.utterance:
            orders.setdefault(name, []).append("kept")
    steady = sum(len(set(found)) == 1 for found in orders.values())
    assert steady > 0.7 * len(
        orders
    )  # ranks shift a little if other utterances are absent


def test_another_seed_keeps_other_labels(table):
    one, other = (label_fraction(table, fraction=0.5, seed=s)["01"] for s in (0, 1))
    assert kept(one) != kept(other)


@pytest.mark.parametrize(
    "arguments",
    [{"fraction": 0}, {"fraction": 1.1}, {"rest": "burn"}, {"protocol": "fifty_fold"}],
)
def test_invalid_values_are_rejected(table, arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"`{name}` must be .*Received"):
        label_fraction(table, **arguments)


def test_an_emotion_without_a_label_is_rejected(table):
    with pytest.raises(ValueError, match="needs a labelled utterance of each emotion"):
        label_fraction(table, fraction=0.01)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"fraction": 2.0}, "`fraction` must be a number above 0 and up to 1.*2.0"),
        ({"fraction": 0}, "`fraction` must be"),
        ({"fraction": True}, "`fraction` must be"),
        ({"fraction": 0.5, "rest": "Unlabelled"}, "`rest` must be.*'Unlabelled'"),
        ({"fraction": 1, "rest": "keep"}, "`rest` must be.*'keep'"),
    ],
)
def test_one_fold_takes_the_same_arguments_only(table, arguments, words):
    fold = label_fraction(table)["01"]
    with pytest.raises(ValueError, match=words):
        with_few_labels(fold, **arguments)
