"""Experiments check their values; errors say what was expected."""

import dataclasses
from pathlib import Path

import pytest

from keras_ser.experiments.config import Experiment, Features, System, Training

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture
def experiment():
    return Experiment(name="toy", corpus="synthetic", systems={"a": System()})


def test_an_experiment_needs_a_system():
    with pytest.raises(ValueError, match="`toy` needs at least one system"):
        Experiment(name="toy", corpus="synthetic", systems={})


def test_unlabelled_systems_need_unlabelled_speech():
    systems = {"a": System(), "b": System(use_unlabelled=True)}
    with pytest.raises(ValueError) as caught:
        Experiment(name="toy", corpus="synthetic", systems=systems)
    assert "['b'] train on unlabelled speech" in str(caught.value)
    assert "Set `unlabelled_corpus` to a corpus" in str(caught.value)
    good = Experiment(
        "toy", "synthetic", systems, unlabelled_corpus="synthetic_unlabelled"
    )
    assert good.systems["b"].use_unlabelled


@pytest.mark.parametrize("value", [Training(), System(), Features()])
def test_configs_are_frozen(experiment, value):
    for instance in (value, experiment):
        name = dataclasses.fields(instance)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(instance, name, 1)


BAD_NAMES = ["", "../x", "/abs", "a/b", "a\\b", ".", "..", ".x", "a\0b", "a\nb", " a"]


@pytest.mark.parametrize(
    "name", [*BAD_NAMES, "x" * 101, "ä" * 51, "x.partial", None, 3]
)
def test_names_that_cannot_be_folders_are_rejected(name):
    with pytest.raises(ValueError, match="becomes a folder's name"):
        Experiment(name=name, corpus="synthetic", systems={"a": System()})
    with pytest.raises(ValueError, match="becomes a folder's name"):
        Experiment(name="toy", corpus="synthetic", systems={name: System()})


@pytest.mark.parametrize("name", ["a", "x" * 100, "emodb four", "a=b", "über", "v1.0"])
def test_names_that_can_be_folders_are_accepted(name, tmp_path):
    made = Experiment(name=name, corpus="synthetic", systems={name: System()})
    (tmp_path / made.name).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_no_system_has_the_name_of_the_reports_folder():
    with pytest.raises(ValueError, match="must not be called 'report'"):
        Experiment(name="toy", corpus="synthetic", systems={"report": System()})


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (Training, {"batch": 0}),
        (Training, {"rows_per_utterance": True}),
        (Training, {"epochs": -1}),
        (Training, {"epochs": 10**10}),
        (Training, {"patience": 1.5}),
        (Training, {"unlabelled_ratio": -1}),
        (Training, {"learning_rate": float("nan")}),
        (Training, {"learning_rate": 0}),
        (Training, {"monitor": "loss"}),
        (Training, {"precision": "bfloat16"}),
        (Training, {"seed": "0"}),
        (Features, {"seconds": float("inf")}),
        (Features, {"seconds": 0.0}),
        (Features, {"settings": [1]}),
        (Features, {"normalise": "all"}),
    ],
)
def test_impossible_settings_are_rejected_by_name(kind, change):
    (name,) = change
    with pytest.raises(ValueError, match=rf"`\w+\.{name}` must be .*Received: "):
        kind(**change)


CIRCLE = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (Features, {"front_end": 5}),
        (Features, {"settings": {"n_mels": float("nan")}}),
        (System, {"model": []}),
        (System, {"arguments": 5}),
        (System, {"arguments": {5: 1}}),
        (System, {"arguments": {"dropout": print}}),
        (System, {"arguments": {"dropout": {1, 2}}}),
        (System, {"arguments": {"dropout": CIRCLE}}),
        (System, {"objective": {"center": float("inf")}}),
        (System, {"objective": None}),
        (System, {"augment": 5}),
        (System, {"augment": "speed"}),
        (System, {"augment": ("speed", 5)}),
        (System, {"augment": {"speed": 5}}),
        (System, {"augment": {5: {}}}),
        (System, {"denoising": 1}),
        (System, {"use_unlabelled": "no"}),
        (Experiment, {"corpus": 5}),
        (Experiment, {"labels": {"anger": 5}}),
        (Experiment, {"labels": None}),
        (Experiment, {"protocol": []}),
        (Experiment, {"protocol_arguments": 5}),
        (Experiment, {"protocol_arguments": {"folds": b"5"}}),
        (Experiment, {"unlabelled_corpus": None}),
        (Experiment, {"features": None}),
        (Experiment, {"training": {"epochs": 5}}),
        (Experiment, {"systems": [System()]}),
    ],
)
def test_a_field_of_another_type_is_rejected_by_name(experiment, kind, change):
    (name,) = change
    with pytest.raises(ValueError, match=rf"^`(\w+\.)?{name}` must be .*Received: "):
        if kind is Experiment:
            dataclasses.replace(experiment, **change)
        else:
            kind(**change)


def test_labels_may_be_a_mapping(experiment):
    labels = {"anger": "negative", "sadness": "negative"}
    assert dataclasses.replace(experiment, labels=labels).labels == labels
