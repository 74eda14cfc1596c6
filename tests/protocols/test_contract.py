"""Every protocol keeps speakers apart, is deterministic and rejects tiny corpora."""

import pandas as pd
import pytest
from toy_folds import EMODB, RAVDESS, assert_same, assert_whole, utterances

from keras_ser import protocols

# The arguments that each protocol needs with the table of `table_for`.
ARGUMENTS = {
    "leave_one_speaker_out": {},
    "held_out_speakers": {"test": ("toy/03", "toy/08"), "dev": ("toy/09",)},
    "k_fold": {"folds": 5},
    "cross_corpus": {"train": "other", "test": "toy"},
    "cross_language": {},
    "each_corpus": {},
    "held_out_corpora": {"train": ("other",)},
    "leave_one_corpus_out": {},
    "label_fraction": {"fraction": 0.5},
    "few_speakers": {"fraction": 0.5},
}
TESTS_ALL = [
    "leave_one_speaker_out",
    "k_fold",
    "each_corpus",
    "label_fraction",
    "few_speakers",
]
TWO_CORPORA = [
    "cross_corpus",
    "cross_language",
    "held_out_corpora",
    "leave_one_corpus_out",
]
every_protocol = pytest.mark.parametrize("name", protocols.PROTOCOLS)


def table_for(name, toy_table):
    """EMO-DB's speakers, with speakers of another corpus if a protocol needs two."""
    emodb = toy_table(EMODB)
    if name not in TWO_CORPORA:
        return emodb
    others = dict(list(RAVDESS.items())[:6])
    other = toy_table(others, corpus="other").assign(language="eng")
    return pd.concat([emodb, other], ignore_index=True)


def divide_emodb(name, table, **more):
    return protocols.PROTOCOLS[name](table, **ARGUMENTS[name], **more)


@every_protocol
def test_a_protocol_keeps_speakers_apart_and_tests_nothing_twice(toy_table, name):
    table = table_for(name, toy_table)
    folds = divide_emodb(name, table)
    tested = utterances(
        *(table for fold in folds.values() for table in fold.tests.values())
    )
    assert len(tested) == len(set(tested))
    if name in TESTS_ALL:
        assert_whole(folds, table)
    for key, fold in folds.items():
        assert fold.name == key
        assert "/" not in key
        assert utterances(*fold.sides().values()) == sorted(table.utterance)


@every_protocol
def test_a_protocol_tests_the_speakers_that_it_promises(toy_table, name):
    table = table_for(name, toy_table)
    tested = [
        names
        for fold in divide_emodb(name, table).values()
        for names in fold.speakers()["test"]
    ]
    assert len(tested) == len(set(tested))
    dev = [fold.speakers()["dev"] for fold in divide_emodb(name, table).values()]
    promised = {
        "held_out_speakers": set(ARGUMENTS["held_out_speakers"]["test"]),
        "cross_corpus": {*table.speaker[table.corpus == "toy"]} - {*sum(dev, [])},
        "cross_language": {*table.speaker} - {*sum(dev, [])},
        "held_out_corpora": {*table.speaker[table.corpus == "toy"]},
    }
    assert set(tested) == promised.get(name, set(table.speaker))


@every_protocol
def test_a_protocol_rejects_an_utterance_that_stands_twice(toy_table, name):
    table = table_for(name, toy_table)
    with pytest.raises(ValueError, match="each once in its table"):
        divide_emodb(name, pd.concat([table, table]))


@every_protocol
def test_a_protocol_is_deterministic_and_ignores_row_order(toy_table, name):
    table = table_for(name, toy_table)
    before = table.copy()
    folds = divide_emodb(name, table)
    assert_same(folds, divide_emodb(name, table.sample(frac=1, random_state=1)))
    pd.testing.assert_frame_equal(table, before)


@every_protocol
def test_a_protocol_rejects_a_corpus_of_too_few_speakers(toy_table, name):
    with pytest.raises(ValueError, match="Protocol `.*` needs"):
        divide_emodb(name, toy_table("a" if name == "few_speakers" else "ab"))


@every_protocol
def test_a_protocol_drops_unlabelled_speech_of_held_out_speakers(toy_table, name):
    extra = toy_table([*EMODB, "99"], emotions=("",)).assign(source="")
    extra["digest"] = "extra " + extra.digest
    extra["utterance"] = "extra " + extra.utterance
    table = table_for(name, toy_table)
    for fold in divide_emodb(name, table, unlabelled=extra).values():
        held_out = {*fold.speakers()["test"], *fold.speakers()["dev"]}
        if fold.train_speakers_select:
            held_out -= set(fold.train.speaker)
        known = set(fold.unlabelled.speaker) - set(table.speaker[table.corpus != "toy"])
        assert known == set(extra.speaker) - held_out


def test_protocols_are_registered_by_their_names():
    assert set(ARGUMENTS) == set(protocols.PROTOCOLS), (
        "add arguments for the new protocol"
    )
    for name, function in protocols.PROTOCOLS.items():
        assert function.__name__ == name
