"""Arguments of a config are checked against the signatures of the code."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import toy_networks

from keras_ser.classical import OpenSmileSVM
from keras_ser.corpora import COLUMNS
from keras_ser.experiments import checks
from keras_ser.experiments.config import Experiment, Features, System
from keras_ser.experiments.config_file import load_config
from keras_ser.experiments.overrides import override
from keras_ser.models import BASELINE, MTLAug
from keras_ser.models.base import SpeechModel

CONFIGS = Path(__file__).parents[2] / "configs"
TOY = Experiment("toy", "emodb", {"a": System()})


def check_rejected(name, expected, received, **change):
    with pytest.raises(ValueError) as caught:
        checks.check(dataclasses.replace(TOY, **change))
    message = str(caught.value)
    assert f"`{name}` " in message
    assert f"{expected}. Received: {received}" in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arguments.attention=false", "must be True or False"),
        ("arguments.mask_padding=0", "must be True or False"),
        ("arguments.dropout=abc", "must be a finite number"),
        ("arguments.dropout=True", "must be a finite number"),
        ("arguments.preset=[]", "must be text"),
        ("arguments.dimensions=8", "takes"),
        ("objective.center=abc", "must be a finite number"),
        ("objective.center=-1", "must be a finite number, 0 or more"),
        ("objective.augmentation=abc", "must be a finite number, 0 or more"),
        ("objective.auxiliary=nan", "must be a finite number"),
    ],
)
def test_an_override_of_another_type_is_rejected(text, expected):
    changed = override(TOY, f"systems.a.{text}")
    with pytest.raises(ValueError) as caught:
        checks.check(changed)
    name = text.partition("=")[0]
    message = str(caught.value)
    assert f"`systems.a.{name}` {expected}. Received: " in message or (
        expected == "takes" and "`systems.a.arguments` takes" in message
    )


@pytest.mark.parametrize("dropout", [1.5, 1.0, -0.1])
def test_a_rate_out_of_range_is_rejected(dropout):
    received = f"{dropout}."
    systems = {"a": System(arguments={"dropout": dropout})}
    check_rejected("dropout", "at least 0 and below 1", received, systems=systems)


def test_unlabelled_rows_are_a_whole_number():
    """Batch and ratio can be overridden one after the other, in any order."""
    systems = {"a": System(use_unlabelled=True)}
    both = dataclasses.replace(TOY, systems=systems, unlabelled_corpus="librispeech")
    changed = override(override(both, "training.batch=10"), "training.epochs=2")
    for config in (TOY, both):
        checks.check(override(override(config, "training.batch=12"), RATIO))
    checks.check(override(override(TOY, "training.batch=10"), RATIO))
    with pytest.raises(ValueError, match=r"2.5 rows. Choose 0.2 or 0.3.*batch`"):
        checks.check(override(changed, RATIO))


RATIO = "training.unlabelled_ratio=0.25"


def test_sizes_that_no_model_has_are_rejected():
    systems = {"a": System(arguments={"preset": "huge"})}
    check_rejected("preset", "one of ['paper', 'small']", "'huge'", systems=systems)
    odd = Features(settings={"n_mels": 20})
    check_rejected("dimensions", "of the encoder halves them", "20", features=odd)


@pytest.mark.parametrize(
    ("model", "arguments", "name", "expected"),
    [
        ("LengthProbe", {"train_on_dev": "no"}, "train_on_dev", "True or False"),
        ("OpenSmileSVM", {"train_on_dev": 1}, "train_on_dev", "True or False"),
        ("OpenSmileSVM", {"features": []}, "features", "text"),
        ("OpenSmileSVM", {"C": "x"}, "C", "a finite number"),
    ],
)
def test_classical_systems_are_checked_too(model, arguments, name, expected):
    system = System(model, arguments=arguments, augment=())
    where = f"systems.a.arguments.{name}"
    received = repr(arguments[name])
    check_rejected(where, f"must be {expected}", received, systems={"a": system})


@pytest.mark.parametrize(
    ("arguments", "name", "expected"),
    [
        ({"test": 5}, "test", "must be a tuple or list"),
        ({"test": "emodb/03"}, "test", "must be a tuple or list"),
        ({"dev": ("emodb/03", 5)}, "dev[…]", "must be text"),
    ],
)
def test_a_protocols_arguments_are_checked(arguments, name, expected):
    given = {"protocol": "held_out_speakers", "protocol_arguments": arguments}
    check_rejected(f"protocol_arguments.{name}", expected, "", **given)
    folds = {"protocol": "k_fold", "protocol_arguments": {"folds": "5"}}
    check_rejected("protocol_arguments.folds", "must be a whole number", "'5'", **folds)
    table = {"protocol": "k_fold", "protocol_arguments": {"unlabelled": 1}}
    check_rejected("protocol_arguments", "takes ['folds']", "['unlabelled']", **table)


class Own(SpeechModel):
    """A network that is in no registry, of which nothing is built."""

    def __init__(self, classes, units, dimensions=128, column="gender", **kwargs):
        raise AssertionError("a check must not build a model")

    @staticmethod
    def check(units, dimensions=128, **unchecked):
        if units > dimensions:
            raise ValueError(f"`units` must be at most {dimensions}.")

    @classmethod
    def columns(cls, column="gender", **arguments):
        return (column,)


def check_own(augment=(), objective=None, columns=COLUMNS, **arguments):
    system = System(Own, arguments, objective or {}, augment)
    checks.check(dataclasses.replace(TOY, systems={"a": system}), columns)


def test_a_class_of_ones_own_is_checked_by_its_signature():
    check_own(units=5)
    check_own(units=5, column="language", augment=("mixup",))
    check_own(units=128)
    for arguments, words in (
        ({}, r"`systems.a.arguments` needs \['units'\], which have no default"),
        ({"units": 5, "size": 1}, r"takes \['units', 'column'\]. Received: \['size'\]"),
        ({"units": 5, "column": 3}, "`systems.a.arguments.column` must be text"),
        ({"units": 129}, "`units` must be at most 128"),
    ):
        with pytest.raises(ValueError, match=words):
            check_own(**arguments)


@pytest.mark.parametrize("name", checks.FILLED)
def test_what_the_experiment_fills_in_cannot_be_set(name):
    words = rf"Received: \['{name}'\]. The experiment itself fills in \['{name}'\]"
    with pytest.raises(ValueError, match=words):
        check_own(units=5, **{name: 8})
    with pytest.raises(ValueError, match=words):
        checks.check(override(TOY, f"systems.a.arguments.{name}=8"))


def test_weights_of_losses_go_by_the_names_of_heads():
    check_own(units=5, objective={"emotion": 1, "gender": 0.5})
    with pytest.raises(ValueError, match="objective.gender` must be a finite number"):
        check_own(units=5, objective={"gender": -1})


def test_the_columns_that_a_model_learns_are_in_the_table():
    with pytest.raises(ValueError) as caught:
        check_own(units=5, column="dialect")
    message = str(caught.value)
    assert "`systems.a.model` needs a table with the columns ['dialect']" in message
    assert f"a head of {__name__}.Own learns them" in message
    check_own(units=5, column="dialect", columns=[*COLUMNS, "dialect"])


@pytest.mark.parametrize("returned", ["gender", {"gender": 1}, ("gender", 1), None])
def test_columns_are_returned_as_a_tuple_of_names(monkeypatch, returned):
    monkeypatch.setattr(Own, "columns", classmethod(lambda cls, **_: returned))
    with pytest.raises(ValueError) as caught:
        check_own(units=5)
    message = str(caught.value)
    expected = f"`columns` of {__name__}.Own must return a tuple of names of columns"
    assert f"`systems.a.model`: {expected}. Received: {returned!r}. Return" in message


def test_a_model_that_needs_vocabularies_names_their_columns(monkeypatch):
    def needs(self, classes, vocabularies, units, dimensions=128, **kwargs):
        raise AssertionError("a check must not build a model")

    monkeypatch.setattr(Own, "__init__", needs)
    check_own(units=5)
    monkeypatch.setattr(Own, "columns", classmethod(lambda cls, **_: ()))
    words = r"Own needs `vocabularies`, .* Received: no column\. Return their names"
    with pytest.raises(ValueError, match=words):
        check_own(units=5)


def test_a_class_that_is_no_model_is_rejected():
    where, received = "systems.a.model", "builtins.dict. Derive this class from"
    change = {"systems": {"a": System(dict)}}
    check_rejected(
        where, "front_end, vectors, estimator, posteriors", received, **change
    )


def test_registered_classes_are_checked_as_their_names_are():
    wrong = {"systems": {"a": System(MTLAug, {"dropout": 2.0})}}
    check_rejected("dropout", "at least 0 and below 1", "2.0", **wrong)
    svm = {"systems": {"a": System(OpenSmileSVM)}}
    with pytest.raises(ValueError, match="because `OpenSmileSVM` is not a network"):
        checks.check(dataclasses.replace(TOY, **svm))
    change = {**svm, "conditions": ("clean", "fgsm:0.1")}
    with pytest.raises(ValueError, match=r"systems \['a'\], which have no network"):
        checks.check(dataclasses.replace(TOY, **change))


@pytest.mark.parametrize("augment", [(), {}])
def test_an_augmentation_head_needs_augmentation(augment):
    systems = {"a": System(augment=augment)}
    with pytest.raises(ValueError) as caught:
        checks.check(dataclasses.replace(TOY, systems=systems))
    message = str(caught.value)
    assert "needs two or more types to tell apart. Received: ['none']." in message
    assert "Set augmentation=False" in message and "or augment the training" in message
    without = {"a": System(arguments={"augmentation": False}, augment=augment)}
    checks.check(dataclasses.replace(TOY, systems=without))
    checks.check(dataclasses.replace(TOY, systems={"a": System(augment=("mixup",))}))


def test_labels_and_options_fit_the_corpora():
    both = dataclasses.replace(TOY, corpus=("emodb", "ravdess"))
    fitting = {"emodb": "four", "ravdess": {"calm": "neutral"}}
    checks.check(dataclasses.replace(both, labels=fitting))
    with pytest.raises(ValueError, match="one label set for each of the labelled corp"):
        checks.check(dataclasses.replace(both, labels={"emodb": "four"}))
    options = {"ravdess": {"x": 1}, "demand": {"y": 2}}
    with pytest.raises(ValueError, match=r"options of \['demand', 'ravdess'\]"):
        checks.check(dataclasses.replace(TOY, corpus_options=options))
    noisy = dataclasses.replace(both, noise="demand", corpus_options=options)
    checks.check(noisy)


@pytest.mark.parametrize(
    ("augment", "words"),
    [
        ({"speed": {"x": 1}}, r"`systems.a.augment.speed` takes \['factors'\]"),
        ({"speed": {"factors": ["a"]}}, r"speed.factors\[…\]` must be a finite number"),
        ({"speed": {"factors": 0.9}}, "speed.factors` must be a tuple or list"),
        ({"speed": {"factors": [0]}}, "finite numbers above 0"),
        ({"specaugment": {"frequency": 4}}, "`least` of SpecAugment must be at most"),
        ({"specaugment": {"time": 3.5}}, "specaugment.time` must be a whole number"),
        ({"mixup": {"x": 1}}, r"augment.mixup` takes \[\]"),
        (("speed", "speed"), "different names"),
    ],
)
def test_augmentations_are_checked(augment, words):
    with pytest.raises(ValueError, match=words):
        checks.check(dataclasses.replace(TOY, systems={"a": System(augment=augment)}))


def stored(folder) -> dict:
    np.save(folder / "a.npy", np.ones((10, 4)))
    return {"folder": str(folder)}


# Settings of front-ends that need files which a config does not have.
WITH_FILES = {
    "Onnx": lambda folder: {"folder": toy_networks.onnx_folder()},
    "SpeakerEncoder": lambda folder: {"trained": False},
    "Stored": stored,
}


@pytest.mark.parametrize(
    "path",
    sorted(CONFIGS.rglob("*.py")),
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_every_config_passes(path, tmp_path):
    loaded = load_config(path)
    features, specaugment = loaded.features, {"share": 1}
    if features.front_end in WITH_FILES:
        settings = WITH_FILES[features.front_end](tmp_path)
        features = dataclasses.replace(features, settings=settings)
        specaugment["channels"] = True  # their dimensions are in no order
    given = {
        "unaugmented": System(arguments=BASELINE, augment=()),
        "full": System(
            arguments={"dropout": 0, "preset": "paper"},
            objective={"center": 0, "augmentation": None, "reconstruction": 0.1},
            augment={"speed": {"factors": [0.8, 2]}, "specaugment": specaugment},
        ),
    }
    systems = {**loaded.systems, **given}
    checks.check(dataclasses.replace(loaded, systems=systems, features=features))


def test_a_model_raises_the_error_of_its_check():
    with pytest.raises(ValueError, match="`dropout` must be a number of at least 0"):
        MTLAug(("a", "b"), dimensions=8, dropout=1.5)
