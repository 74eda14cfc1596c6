"""Smoke runs: any experiment on a little synthetic speech."""

import dataclasses

import pytest

from keras_ser import protocols
from keras_ser.corpora import CORPORA
from keras_ser.experiments import inputs, smoke_runs
from keras_ser.experiments.config import Experiment, System, Training

SYSTEMS = {"one": System(), "more": System(use_unlabelled=True)}
CROSS = Experiment(
    "across",
    ("iemocap", "msp_improv"),
    SYSTEMS,
    labels="four",
    protocol="label_fraction",
    protocol_arguments={
        "protocol": "cross_corpus",
        "arguments": {"train": "iemocap", "test": "msp_improv", "split": "utterance"},
    },
    unlabelled_corpus="librispeech",
    corpus_options={"iemocap": {"x": 1}, "librispeech": {"y": 2}},
)
WHOLE = Experiment(
    "whole",
    ("a", "b", "c", "d"),
    SYSTEMS,
    "four",
    "held_out_corpora",
    {"train": ("a", "c"), "groups": 10},
    unlabelled_corpus="e",
)


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        (("c",), ["synthetic"]),
        (("a", "c"), ["synthetic", "synthetic_b"]),
        (["b", "a", "d"], ["synthetic", "synthetic_b"]),
    ],
)
@pytest.mark.parametrize("is_nested", [False, True])
def test_two_corpora_train_if_several_do_and_another_one_is_tested(
    train, expected, is_nested
):
    own = {"train": train, "groups": 10}
    nested = {"protocol": "held_out_corpora", "arguments": own}
    changes = {"protocol": "label_fraction", "protocol_arguments": nested}
    plain = {"protocol_arguments": own}
    whole = dataclasses.replace(WHOLE, **(changes if is_nested else plain))
    small = smoke_runs.smoke(whole)
    found = small.protocol_arguments
    found = found["arguments"] if is_nested else found
    assert list(found["train"]) == expected
    assert small.corpora == smoke_runs.CORPORA[: len(expected) + 1]
    assert found["groups"] == smoke_runs.GROUPS


@pytest.mark.parametrize(("count", "expected"), [(2, 2), (3, 3), (5, 3)])
def test_each_of_three_corpora_at_most_is_left_out(count, expected):
    corpora = tuple("abcde"[:count])
    config = Experiment("left", corpora, {"one": System()}, "four")
    left = dataclasses.replace(config, protocol="leave_one_corpus_out")
    assert smoke_runs.smoke(left).corpora == smoke_runs.CORPORA[:expected]
    assert set(smoke_runs.CORPORA) <= set(CORPORA)


def test_corpora_that_become_one_have_the_labels_of_the_first():
    labels = {"a": "four", "b": "all", "c": "three", "d": {"anger": "negative"}}
    small = smoke_runs.smoke(dataclasses.replace(WHOLE, labels=labels))
    assert small.labels_by_corpus == {
        "synthetic": "four",
        "synthetic_b": "three",
        "synthetic_c": "all",
    }


@pytest.mark.parametrize(("ratio", "rows"), [(0.125, 1), (0.25, 2), (1, 8), (0, 0)])
def test_a_small_batch_has_whole_rows_of_unlabelled_speech(ratio, rows):
    training = Training(batch=16, unlabelled_ratio=ratio)
    small = smoke_runs.smoke(dataclasses.replace(CROSS, training=training)).training
    assert small.batch * small.unlabelled_ratio == rows


def test_smoke_keeps_the_systems_and_shortens_the_rest():
    small = smoke_runs.smoke(CROSS)
    assert small.systems == CROSS.systems
    assert small.corpora == ("synthetic", "synthetic_b")
    assert small.unlabelled_corpus == "synthetic_unlabelled"
    assert small.noise == ""
    assert small.training.epochs == 2
    assert small.protocol_arguments["arguments"]["test"] == "synthetic_b"
    assert set(small.corpus_options) == {*small.corpora, small.unlabelled_corpus}


def test_a_smoke_test_needs_little_speech(tmp_path):
    small = smoke_runs.smoke(CROSS)
    table, unlabelled = inputs.read_tables(small, {}, tmp_path)
    assert len(table) == 2 * 6 * 2 * 4
    folds = protocols.PROTOCOLS[small.protocol](
        table, unlabelled, **small.protocol_arguments
    )
    assert list(folds) == ["synthetic-synthetic_b"]


def test_a_smoke_run_has_as_many_unlabelled_speakers_as_there_are():
    system = System(use_unlabelled=True, unlabelled_speakers=24)
    systems = {"all": System(use_unlabelled=True), "many": system}
    config = Experiment(
        "toy", "a", systems, unlabelled_corpus=("c", "d"), heard_fraction=0.01
    )
    small = smoke_runs.smoke(config)
    assert small.unlabelled_corpora == ("synthetic_unlabelled",)
    assert small.systems["many"].unlabelled_speakers == 6
    assert small.systems["all"].unlabelled_speakers is None
    assert small.heard_fraction == 0.5
    without = dataclasses.replace(config, heard_fraction=0.0)
    assert smoke_runs.smoke(without).heard_fraction == 0
