"""The speakers of a search, and that none of them is tested after it."""

import dataclasses

import pandas as pd
import pytest

from keras_ser.experiments.config import Experiment, System
from keras_ser.protocols import PROTOCOLS
from keras_ser.tuning.folds import among_speakers, inside_fold

GENDERS = {f"{number}": ("female", "male")[number % 2] for number in range(9)}
CONFIG = Experiment(name="toy", corpus="emodb", systems={"a": System()})


@pytest.fixture
def table(toy_table):
    return toy_table(GENDERS, ("anger", "sadness") * 4)


@pytest.fixture
def both(toy_table):
    german = toy_table(GENDERS, corpus="g")
    english = toy_table(GENDERS, corpus="e").assign(language="eng")
    return pd.concat([german, english], ignore_index=True)


def across(**arguments):
    arguments = {"train": "e", "test": "g", **arguments}
    return dataclasses.replace(
        CONFIG, protocol="cross_corpus", protocol_arguments=arguments
    )


def everyone(search) -> set[str]:
    sides = [side for fold in search.folds for side in fold.sides().values()]
    return set(pd.concat(sides).speaker)


def scored(search) -> list[str]:
    return [name for fold in search.folds for name in fold.speakers()["test"]]


@pytest.mark.parametrize("fold", ["0", "4", "8"])
def test_a_search_inside_a_fold_uses_all_but_its_test_speaker(table, fold):
    search = inside_fold(CONFIG, table, None, fold)
    expected = {f"toy/{name}" for name in GENDERS} - {f"toy/{fold}"}
    assert everyone(search) == set(search.speakers) == expected
    assert search.name == fold
    assert search.testable == (fold,)


@pytest.mark.parametrize("divisions", [2, 3, 4])
def test_every_speaker_is_scored_once_by_a_model_of_others(table, divisions):
    search = inside_fold(CONFIG, table, None, "3", divisions)
    assert len(search.folds) == divisions
    assert sorted(scored(search)) == sorted(search.speakers)
    for fold in search.folds:
        sides = fold.speakers()
        assert not set(sides["test"]) & {*sides["train"], *sides["dev"]}


def test_named_speakers_are_used_and_no_fold_with_them_is_left(table):
    names = [f"toy/{number}" for number in range(6)]
    search = among_speakers(CONFIG, table, None, names)
    assert everyone(search) == set(search.speakers) == set(names)
    assert search.testable == ("6", "7", "8")


def test_a_fold_that_tests_one_of_them_is_not_left(table):
    config = dataclasses.replace(
        CONFIG, protocol="k_fold", protocol_arguments={"folds": 3}
    )
    folds = PROTOCOLS["k_fold"](table, folds=3)
    names = [*folds["1"].speakers()["test"], *folds["2"].speakers()["test"][:2]]
    assert among_speakers(config, table, None, names).testable == ("3",)


def test_unlabelled_speech_of_others_is_not_used(table, toy_table):
    others = toy_table(["x", "y"], corpus="libri")
    copies = table.assign(
        utterance=table.utterance + " again",
        source="",
        digest="other " + table.digest,
    )
    unlabelled = pd.concat([others, copies], ignore_index=True).assign(emotion="")
    names = [f"toy/{number}" for number in range(6)]
    search = among_speakers(CONFIG, table, unlabelled, names)
    assert everyone(search) == {*names, "libri/x", "libri/y"}
    assert search.speakers == tuple(names)
    inside = inside_fold(CONFIG, table, unlabelled, "3")
    assert "toy/3" not in everyone(inside)
    assert {"libri/x", "libri/y"} < everyone(inside)


def test_sessions_are_used_as_a_whole(toy_table):
    people = {f"{n}{g}": (g, str(n)) for n in range(6) for g in ("female", "male")}
    table = toy_table(people)
    names = [f"toy/{name}" for name in list(people)[:7]]
    with pytest.raises(ValueError, match="whole recording sessions.*toy/3male"):
        among_speakers(CONFIG, table, None, names)
    search = among_speakers(CONFIG, table, None, [*names, "toy/3male"])
    assert len(search.speakers) == 8
    assert set(search.testable) == {"4female", "4male", "5female", "5male"}


def test_unlabelled_speech_of_another_session_is_not_used(toy_table):
    people = {f"{n}{g}": (g, str(n)) for n in range(6) for g in ("female", "male")}
    table = toy_table(people)
    guest = toy_table({"guest": ("male", "5")}, emotions=("",))
    names = [f"toy/{name}" for name in list(people)[:8]]
    search = among_speakers(CONFIG, table, guest, names)
    assert "toy/guest" not in everyone(search)


def test_across_corpora_the_development_speakers_are_scored(both):
    outer = PROTOCOLS["cross_corpus"](both, **across().protocol_arguments)["e-g"]
    search = inside_fold(across(), both, None, "e-g")
    (fold,) = search.folds
    assert fold.speakers()["test"] == outer.speakers()["dev"]
    trains = {*fold.speakers()["train"], *fold.speakers()["dev"]}
    assert trains == set(outer.speakers()["train"])
    assert not everyone(search) & set(outer.speakers()["test"])


def test_a_fold_whose_test_speakers_select_is_rejected(both):
    config = across(split="utterance")
    with pytest.raises(ValueError, match="must not use its test speakers"):
        inside_fold(config, both, None, "e-g")


def test_named_speakers_stay_within_one_corpus(both):
    words = "speakers of e, g under protocol `{}`. Search inside one of its folds"
    with pytest.raises(ValueError, match=words.format("cross_corpus")):
        among_speakers(across(), both, None, ["e/1", "g/1"])
    config = dataclasses.replace(CONFIG, protocol="each_corpus")
    with pytest.raises(ValueError, match=words.format("each_corpus")):
        among_speakers(config, both, None, ["e/1", "e/2", "g/1", "g/2"])


def test_each_corpus_is_searched_by_itself(both):
    config = dataclasses.replace(CONFIG, protocol="each_corpus")
    search = inside_fold(config, both, None, "e-3")
    assert everyone(search) == {f"e/{name}" for name in GENDERS} - {"e/3"}


def test_a_label_fraction_holds_in_a_search_too(table, toy_table):
    arguments = {"fraction": 0.5, "protocol": "k_fold", "arguments": {"folds": 3}}
    config = dataclasses.replace(
        CONFIG, protocol="label_fraction", protocol_arguments=arguments
    )
    search = inside_fold(config, table, toy_table(["x"], ("",), corpus="l"), "1", 2)
    assert len(search.folds) == 2
    for fold in search.folds:
        speakers = fold.train.speaker.nunique()
        assert len(fold.train) == 8 * speakers / 2
        assert fold.unlabelled.utterance.is_unique
        assert len(fold.unlabelled) == 1 + 8 * speakers / 2
        assert set(fold.unlabelled.emotion) == {""}


@pytest.mark.parametrize(
    ("speakers", "words"),
    [
        (["nobody"], "Unknown speakers: .'nobody'.*'toy/0'"),
        ([f"toy/{name}" for name in GENDERS], "must leave a fold"),
        (["toy/0"], "k_fold` needs"),
    ],
)
def test_impossible_speakers_are_rejected(table, speakers, words):
    with pytest.raises(ValueError, match=words):
        among_speakers(CONFIG, table, None, speakers)


def test_an_unknown_fold_is_rejected(table):
    with pytest.raises(ValueError, match="Unknown fold: 'x'.*'0'"):
        inside_fold(CONFIG, table, None, "x")


def test_speakers_of_an_earlier_search_are_not_tested_either(table):
    config = dataclasses.replace(CONFIG, tuned_on=("toy/3", "toy/8"))
    with pytest.raises(ValueError, match="the search for them used.*toy/3"):
        inside_fold(config, table, None, "3")
    assert inside_fold(config, table, None, "4").testable == ("4",)
    names = [f"toy/{number}" for number in range(6)]
    assert among_speakers(config, table, None, names).testable == ("6", "7")


def test_a_recording_under_two_names_is_found(table):
    """The fold that is left tests a copy of a recording that the search uses."""
    table = table.copy()
    table.loc[table.utterance == "toy/8-0", "digest"] = "digest of toy/0-0"
    names = [f"toy/{number}" for number in range(4)]
    with pytest.raises(ValueError, match="must share no recordings"):
        among_speakers(CONFIG, table, None, names)
