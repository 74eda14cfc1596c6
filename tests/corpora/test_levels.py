"""Levels of a rating."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from keras_ser.corpora import LABEL_SETS, Levels, find_label_set, relabel

EDGES = (1.0, 2.0, 2.1, 2.5, 2.6, 3.5, 3.6, 5.0)
WORDS = ("low", "low", "medium", "medium", "medium", "medium", "high", "high")


def rated(toy_table, values=EDGES, corpus="iemocap", **columns):
    emotions = ["neutral"] * len(values)
    table = toy_table("a", emotions=emotions, corpus=corpus)
    return table.assign(activation=values, valence=values, **columns)


def test_the_levels_of_iemocap_are_those_of_the_paper(toy_table):
    with pytest.warns(UserWarning) as caught:
        view = relabel(rated(toy_table), "activation_levels")
    assert [str(w.message) for w in caught] == [
        "Label set 'activation_levels' has the classes high 2, low 2, medium 4."
    ]
    assert tuple(view.emotion) == WORDS


def test_msp_improv_has_a_bound_of_its_own(toy_table):
    table = rated(toy_table, corpus="msp_improv")
    with pytest.warns(UserWarning, match="negative 4, neutral 2, positive 2"):
        view = relabel(table, "valence_levels")
    expected = ["negative"] * 4 + ["neutral"] * 2 + ["positive"] * 2
    assert list(view.emotion) == expected


def test_utterances_without_a_rating_are_left_out_and_counted(toy_table):
    table = rated(toy_table).assign(valence=[*EDGES[:-2], np.nan, np.nan])
    table.loc[0, "emotion"] = ""  # a rating counts without an emotion, too
    with pytest.warns(UserWarning, match="leaves out 2 of 8.*without valence 2"):
        view = relabel(table, "valence_levels")
    assert list(view.utterance) == list(table.utterance[:6])
    assert list(view.index) == list(range(6))


def test_own_bounds_and_names_are_an_oracle_of_pandas_cut(toy_table):
    values = np.linspace(1, 5, 41).round(2)
    levels = Levels("activation", bounds=(1.5, 3, 4.2), names=("a", "b", "c", "d"))
    with pytest.warns(UserWarning, match="The given label set has the classes"):
        view = relabel(rated(toy_table, values, corpus="calls"), levels)
    expected = pd.cut(values, [-np.inf, 1.5, 3, 4.2, np.inf], labels=list("abcd"))
    assert list(view.emotion) == list(expected)


def test_a_corpus_without_bounds_needs_them(toy_table):
    table = rated(toy_table, corpus="calls")
    with pytest.raises(ValueError) as caught:
        relabel(table, "activation_levels")
    message = str(caught.value)
    assert "corpus `calls` need 2 bounds. Received: 0" in message
    assert 'Levels("activation", bounds=(2, 3.5)' in message
    start, end = message.index("{"), message.rindex("}") + 1
    on_the_command_line = json.loads(message[start:end])
    with pytest.warns(UserWarning, match="low 2, medium 4|high 2, low 2"):
        assert tuple(relabel(table, on_the_command_line).emotion) == WORDS


@pytest.mark.parametrize("corpus", ["iemocap", "msp_improv", "synthetic"])
def test_dominance_has_no_bounds_of_its_own(toy_table, corpus):
    table = rated(toy_table, corpus=corpus, dominance=EDGES)
    words = "levels of dominance in corpus.*need 2 bounds.*only activation and valence"
    with pytest.raises(ValueError, match=words):
        relabel(table, Levels("dominance"))
    with pytest.warns(UserWarning, match="high 2, low 2, medium 4"):
        relabel(table, Levels("dominance", bounds=(2, 3.5)))


def test_a_corpus_without_ratings_is_rejected(toy_table):
    with pytest.raises(ValueError, match="needs utterances with ratings of valence"):
        relabel(toy_table("ab"), "valence_levels")


@pytest.mark.filterwarnings("error")
def test_speech_without_any_label_stays(toy_table):
    table = toy_table("ab", emotions=("",))
    assert relabel(table, "valence_levels") is table


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"rating": "arousal"}, "`rating` must be one of.*'arousal'"),
        ({"rating": "valence", "bounds": (3, 2)}, "rising order.*3, 2"),
        ({"rating": "valence", "bounds": (2, float("nan"))}, "finite numbers"),
        ({"rating": "valence", "bounds": (2,)}, "2 different names"),
        ({"rating": "valence", "names": ("a", "a")}, "different names"),
        ({"rating": "valence", "names": "ab"}, "different names"),
    ],
)
def test_levels_check_their_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        Levels(**arguments)


@pytest.mark.parametrize("name", ["activation_levels", "valence_levels"])
def test_a_record_of_levels_can_be_read_back(name):
    record = json.loads(json.dumps(dataclasses.asdict(LABEL_SETS[name])))
    assert record["kind"] == "levels"
    assert find_label_set(record) == LABEL_SETS[name]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"kind": "layers", "rating": "valence"}, "must be one of.*levels.*'layers'"),
        ({"kind": "levels"}, r"takes \['rating', 'bounds', 'names'\]"),
        ({"kind": "levels", "rating": "valence", "step": 1}, "Received:.*'step'"),
    ],
)
def test_a_wrong_record_is_rejected(record, words):
    with pytest.raises(ValueError, match=words):
        find_label_set(record)
