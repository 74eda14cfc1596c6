"""Experiments check their values; errors say what was expected."""

import dataclasses
from pathlib import Path

import pytest

from keras_ser.experiments.config import (
    PRESETS,
    Experiment,
    Features,
    System,
    Training,
)
from keras_ser.experiments.config_file import load_config
from keras_ser.reports.comparison import choose_reference
from keras_ser.reports.text import sort_systems

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
        (Training, {"unlabelled_ratio": True}),
        (Training, {"unlabelled_ratio": 1e10}),
        (Training, {"unlabelled_ratio": float("nan")}),
        (Training, {"learning_rate": float("nan")}),
        (Training, {"learning_rate": 0}),
        (Training, {"monitor": "f1"}),
        (Training, {"precision": "bfloat16"}),
        (Training, {"seed": "0"}),
        (Training, {"optimizer": "lion"}),
        (Training, {"optimizer_arguments": [1]}),
        (Training, {"optimizer_arguments": {"beta_1": float("inf")}}),
        (Training, {"clip_norm": -1}),
        (Training, {"clip_norm": True}),
        (Training, {"clip_norm": float("inf")}),
        (Training, {"schedule": "step"}),
        (Training, {"stop": -1}),
        (Training, {"stop": 1.5}),
        (Training, {"average": 1}),
        (Training, {"average": -0.1}),
        (Training, {"average": float("nan")}),
        (Training, {"select": "first"}),
        (Training, {"dev_windows": 2}),
        (Training, {"segments": 2}),
        (Features, {"seconds": float("inf")}),
        (Features, {"seconds": 0.0}),
        (Features, {"settings": [1]}),
        (Features, {"normalise": "all"}),
        (Features, {"speech_db": 0}),
        (Features, {"speech_db": float("inf")}),
        (Features, {"speech_db": "60"}),
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
        (Experiment, {"primary": None}),
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


@pytest.mark.parametrize("primary", ["a", "nothing"])
def test_the_primary_system_is_compared_with_the_reference(experiment, primary):
    systems = {"a": System(), "b": System()}
    two = dataclasses.replace(experiment, systems=systems, reference="a")
    assert dataclasses.replace(two, primary="b").primary == "b"
    with pytest.raises(ValueError, match=r"one of \['b'\]. Received: '" + primary):
        dataclasses.replace(two, primary=primary)


@pytest.mark.parametrize(
    ("names", "reference", "primary", "words"),
    [
        (("baseline", "mtl"), "", "mtl", None),
        (("baseline", "mtl"), "mtl", "baseline", None),
        (("baseline", "mtl"), "", "baseline", r"\['mtl'\].*which is the reference"),
        (("baseline", "baseline_augmented"), "", "baseline", None),
        (("baseline_augmented", "baseline"), "", "baseline_augmented", "'baseline'"),
        (("mtl", "other"), "", "mtl", None),  # a part of the systems of a config
        (("mtl",), "", "mtl", None),
        (("mtl",), "mtl", "mtl", "no other system, and nothing to compare"),
    ],
)
def test_the_primary_system_is_no_baseline_that_is_the_reference(
    experiment, names, reference, primary, words
):
    systems = {name: System() for name in names}
    change = {"systems": systems, "reference": reference, "primary": primary}
    if words is None:
        assert dataclasses.replace(experiment, **change).primary == primary
        return
    with pytest.raises(ValueError, match=words):
        dataclasses.replace(experiment, **change)


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*/*.py")), ids=lambda p: p.stem)
def test_the_primary_system_of_a_config_is_compared(path):
    made = load_config(path)
    reference = choose_reference(sort_systems(made.systems), made.reference)
    assert not made.primary or made.primary in set(made.systems) - {reference}
    is_alone = len(made.systems) == 1  # and compared with published figures
    is_without = made.name == "figure2" or path.parent.name == "classical"
    assert made.primary or is_alone or is_without


def test_labels_may_be_a_mapping(experiment):
    labels = {"anger": "negative", "sadness": "negative"}
    assert dataclasses.replace(experiment, labels=labels).labels == labels


def test_labels_may_differ_between_corpora(experiment):
    mapping = {"anger": "negative"}
    labels = {"emodb": "four", "ravdess": mapping}
    both = dataclasses.replace(experiment, corpus=("emodb", "ravdess"), labels=labels)
    assert both.labels_by_corpus == labels
    one = dataclasses.replace(experiment, labels=mapping)
    assert one.labels_by_corpus == {"synthetic": mapping}
    wrong = dataclasses.replace(both, labels={"emodb": "four"})
    with pytest.raises(ValueError, match=r"the labelled corpora \['emodb', 'ravdess'"):
        _ = wrong.labels_by_corpus


@pytest.mark.parametrize(
    "labels",
    [
        {"emodb": {"anger": 5}, "ravdess": "four"},
        {"emodb": {"anger": "x"}, "ravdess": None},
        {"emodb": {"anger": {"x": "y"}}, "ravdess": "four"},
        {5: {"anger": "x"}},
    ],
)
def test_labels_of_a_corpus_are_text_or_a_mapping_to_text(experiment, labels):
    with pytest.raises(ValueError, match="^`labels` must be .* or one of these per co"):
        dataclasses.replace(experiment, labels=labels)


def test_a_model_may_be_a_class():
    class Own:
        pass

    assert System(Own).model is Own
    with pytest.raises(ValueError, match="^`System.model` must be a name or a class"):
        System(Own())


def test_training_has_options_for_all_papers():
    made = Training(
        optimizer="sgd",
        optimizer_arguments={"nesterov": True},
        clip_norm=5,
        schedule="halve",
        stop=20,
        average=0.98,
        monitor="loss",
        select="last",
        dev_windows="all",
    )
    assert (made.clip_norm, made.stop, made.average) == (5, 20, 0.98)


def test_by_default_the_averages_of_the_last_epoch_are_tested():
    """The preset `small`; docs/studies/reference.md says why."""
    made = Training()
    assert (made.optimizer, made.optimizer_arguments) == ("adam", {})
    assert (made.schedule, made.average, made.select) == ("constant", 0.98, "last")
    assert (made.monitor, made.dev_windows) == ("accuracy", "first")
    assert made.clip_norm == made.stop == 0
    assert PRESETS["small"] == made


def test_the_preset_of_the_paper_stays_that_of_the_paper():
    """Latif et al. 2022, section 4.3, and docs/paper_gaps.md."""
    assert dataclasses.asdict(PRESETS["paper"]) == {
        **{"batch": 32, "rows_per_utterance": 5, "unlabelled_ratio": 1, "epochs": 60},
        **{"learning_rate": 1e-4, "patience": 5, "monitor": "accuracy", "seed": 0},
        **{"precision": "float32", "optimizer": "adam", "optimizer_arguments": {}},
        **{"clip_norm": 0.0, "schedule": "halve_and_restore", "stop": 0},
        **{"average": 0.0, "select": "best", "dev_windows": "first"},
        **{"segments": "random", "segment_weight": "utterance"},
        **{"validate_every": 5},  # changes no result
    }


def test_unlabelled_speech_may_be_of_several_corpora():
    systems = {"a": System(use_unlabelled=True)}
    several = Experiment("toy", "x", systems, unlabelled_corpus=("b", "c"))
    assert several.unlabelled_corpora == ("b", "c")
    assert several.needed_corpora == ("x", "b", "c")
    assert Experiment(
        "toy", "x", systems, unlabelled_corpus="b"
    ).unlabelled_corpora == ("b",)
    assert Experiment("toy", "x", {"a": System()}).unlabelled_corpora == ()


@pytest.mark.parametrize("value", [(), ("b", "b"), ("b", 5), 5])
def test_other_unlabelled_corpora_are_rejected(value):
    with pytest.raises(ValueError, match="`unlabelled_corpus` must be a name, or sev"):
        Experiment("toy", "x", {"a": System()}, unlabelled_corpus=value)


@pytest.mark.parametrize("value", [-1, 1.5, True, "8"])
def test_the_number_of_unlabelled_speakers_is_a_count_or_none(value):
    with pytest.raises(
        ValueError, match="`System.unlabelled_speakers` must be a whole"
    ):
        System(use_unlabelled=True, unlabelled_speakers=value)


def test_a_limit_without_unlabelled_speech_is_rejected():
    with pytest.raises(ValueError, match="`use_unlabelled=True`. Received: 8 without"):
        System(unlabelled_speakers=8)


def test_no_unlabelled_speaker_needs_no_corpus():
    Experiment("toy", "x", {"a": System(use_unlabelled=True, unlabelled_speakers=0)})


@pytest.mark.parametrize("value", [-0.1, 1, 1.0, "0.1", None, float("nan")])
def test_the_heard_fraction_is_below_1(value):
    with pytest.raises(
        ValueError, match="`heard_fraction` must be a number from 0, be"
    ):
        Experiment("toy", "x", {"a": System()}, heard_fraction=value)


@pytest.mark.parametrize("value", ["gender", ("a", "a"), (5,), None])
def test_probes_are_different_names(experiment, value):
    words = "`probes` must be a tuple of different names of columns. Received: "
    with pytest.raises(ValueError, match=words):
        dataclasses.replace(experiment, probes=value)
    assert dataclasses.replace(experiment, probes=("a", "b")).probes == ("a", "b")
