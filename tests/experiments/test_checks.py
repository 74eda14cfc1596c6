"""Arguments of a config are checked against the signatures of the code."""

import dataclasses
from pathlib import Path

import pytest

from keras_ser.experiments import checks
from keras_ser.experiments.config import Experiment, Features, System
from keras_ser.experiments.config_file import load_config
from keras_ser.experiments.overrides import override
from keras_ser.models import BASELINE, MTLAug

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


def test_sizes_that_no_model_has_are_rejected():
    systems = {"a": System(arguments={"preset": "huge"})}
    check_rejected("preset", "one of ['paper', 'small']", "'huge'", systems=systems)
    odd = Features(settings={"n_mels": 20})
    check_rejected("dimensions", "at each stage", "20", features=odd)


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


@pytest.mark.parametrize(
    ("augment", "words"),
    [
        ({"speed": {"x": 1}}, r"`systems.a.augment.speed` takes \['factors'\]"),
        ({"speed": {"factors": ["a"]}}, r"speed.factors\[…\]` must be a finite number"),
        ({"speed": {"factors": 0.9}}, "speed.factors` must be a tuple or list"),
        ({"speed": {"factors": [0]}}, "finite numbers above 0"),
        ({"specaugment": {"time": 3.5}}, "specaugment.time` must be a whole number"),
        ({"mixup": {"x": 1}}, r"augment.mixup` takes \[\]"),
        (("speed", "speed"), "different names"),
    ],
)
def test_augmentations_are_checked(augment, words):
    with pytest.raises(ValueError, match=words):
        checks.check(dataclasses.replace(TOY, systems={"a": System(augment=augment)}))


@pytest.mark.parametrize(
    "path", sorted(CONFIGS.rglob("*.py")), ids=lambda path: path.stem
)
def test_every_config_passes(path):
    loaded = load_config(path)
    networks = {n: s for n, s in loaded.systems.items() if s.model == "MTLAug"}
    given = {
        "unaugmented": System(arguments=BASELINE, augment=()),
        "full": System(
            arguments={"dropout": 0, "preset": "paper"},
            objective={"center": 0, "augmentation": None, "reconstruction": 0.1},
            augment={"speed": {"factors": [0.8, 2]}, "specaugment": {"share": 1}},
        ),
    }
    checks.check(dataclasses.replace(loaded, systems={**networks, **given}))


def test_a_model_raises_the_error_of_its_check():
    with pytest.raises(ValueError, match="`dropout` must be a rate"):
        MTLAug(("a", "b"), dimensions=8, dropout=1.5)
