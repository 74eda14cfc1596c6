"""Configs load; errors say what was expected and how to correct it."""

import dataclasses
from pathlib import Path

import pytest

from keras_ser.experiments import config
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


@pytest.fixture
def write_config(tmp_path):
    def write(text):
        path = tmp_path / "toy.py"
        path.write_text(text)
        return path

    return write


GOOD = """
from keras_ser.experiments.config import Experiment, System
config = Experiment(name="toy", corpus="synthetic", systems={"a": System()})
"""


def test_load_applies_overrides_in_their_order(write_config):
    loaded = config.load_config(
        write_config(GOOD), ["repeats=2", "name=x", "repeats=3"]
    )
    assert (loaded.name, loaded.repeats) == ("x", 3)


def test_an_absent_config_is_named_with_a_next_step(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        config.load_config(tmp_path / "gone.py")
    message = str(caught.value)
    assert message.startswith("Expected a config file. Received: ")
    assert "gone.py, which does not exist. Give the path" in message


@pytest.mark.parametrize(
    ("text", "received"),
    [("", "NoneType"), ("config = 5", "int"), ("config = {'name': 'a'}", "dict")],
)
def test_a_file_without_experiment_is_rejected(write_config, text, received):
    path = write_config(text)
    with pytest.raises(ValueError) as caught:
        config.load_config(path)
    message = str(caught.value)
    assert f"Expected {path} to define `config = Experiment(…)`." in message
    assert f"Received: {received}." in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n1 / 0", "line 2: ZeroDivisionError: division by zero"),
        ("x = 1\n\nx = = 2", "line 3: SyntaxError: invalid syntax"),
        ("import sys\nsys.exit(3)", "line 2: SystemExit: 3"),
        ("def f():\n    raise KeyError('a')\nf()", "line 2: KeyError: 'a'"),
        ("import keras_ser.nothing", "line 1: ModuleNotFoundError"),
        ("import json\njson.loads('{')", "line 2: JSONDecodeError"),
        ("x = '\0'", "Error"),
    ],
)
def test_an_error_inside_a_config_names_its_line(write_config, text, words):
    path = write_config(text)
    with pytest.raises(ValueError) as caught:
        config.load_config(path)
    message = str(caught.value)
    assert f"Expected a config file that runs. Received: {path}, line " in message
    assert words in message
    assert caught.value.__cause__ is not None
    assert message.endswith("Correct this line.")


@pytest.mark.parametrize(
    "text",
    [
        "from keras_ser.config import Experiment, System",
        "from keras_ser.config import *",
        "import keras_ser.config as c",
        "from keras_ser import config",
        "from keras_ser.systems import NETWORKS",
        "from keras_ser import Experiment, systems",
    ],
)
def test_the_error_of_a_module_that_moved_says_what_to_write(write_config, text):
    path = write_config(f"x = 1\n{text}\n")
    with pytest.raises(ValueError) as caught:
        config.load_config(path)
    message = str(caught.value)
    assert f"Received: {path}, line 2: " in message
    assert "`from keras_ser import Experiment, Features, System, Training`" in message
    assert "`from keras_ser.experiments import …`" in message


def test_what_the_error_of_a_moved_module_says_to_write_works(write_config):
    path = write_config(
        "from keras_ser import Experiment, Features, System, Training\n"
        "from keras_ser.experiments import NETWORKS, PAPER_TRAINING\n"
        "config = Experiment('toy', 'emodb', {'a': NETWORKS['baseline']},\n"
        "    training=PAPER_TRAINING, features=Features())\n"
    )
    assert config.load_config(path).training == config.PAPER_TRAINING


@pytest.mark.parametrize(
    ("call", "old", "new"),
    [
        ("Training(rows=5)", "rows", "Training(rows_per_utterance=…)"),
        ("Training(unlabelled=2)", "unlabelled", "Training(unlabelled_ratio=…)"),
        ("System(unlabelled=True)", "unlabelled", "System(use_unlabelled=…)"),
        (
            "Experiment('a', 'b', {}, unlabelled='c')",
            "unlabelled",
            "Experiment(unlabelled_corpus=…)",
        ),
        ("Experiment('a', 'b', {}, against='c')", "against", "Experiment(reference=…)"),
    ],
)
def test_the_error_of_an_old_setting_names_the_new_one(write_config, call, old, new):
    path = write_config(f"from keras_ser import *\n{call}\n")
    with pytest.raises(ValueError) as caught:
        config.load_config(path)
    message = str(caught.value)
    assert f"Received: {path}, line 2: TypeError: " in message
    name = new.partition("(")[2].removesuffix("=…)")
    assert message.endswith(f"`{old}` is called `{name}` now: write `{new}`.")


@pytest.mark.parametrize("kind", ["Experiment", "System", "Training"])
def test_every_new_name_of_a_setting_is_a_field(kind):
    fields = {field.name for field in dataclasses.fields(getattr(config, kind))}
    renamed = config.RENAMED[kind]
    assert set(renamed.values()) <= fields
    assert fields.isdisjoint(renamed)


def test_the_error_of_an_unknown_setting_names_no_new_one(write_config):
    path = write_config("from keras_ser import *\nTraining(batches=5)\n")
    with pytest.raises(ValueError, match="'batches'.* Correct this line.$"):
        config.load_config(path)


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


FILES = sorted(CONFIGS.rglob("*.py"))


def test_there_are_configs():
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(CONFIGS)))
def test_every_config_loads_and_names_what_exists(path):
    from keras_ser import augment, classical, corpora, features, models, protocols

    loaded = config.load_config(path)
    assert set(loaded.needed) <= set(corpora.CORPORA)
    assert loaded.labels in {"all", *corpora.LABEL_SETS}
    assert loaded.protocol in protocols.PROTOCOLS
    features.FRONT_ENDS[loaded.features.front_end](**loaded.features.settings)
    for system in loaded.systems.values():
        assert system.model in models.MODELS | classical.CLASSICAL
        assert set(system.augment) <= set(augment.AUGMENTATIONS)


def test_configs_of_one_name_are_one_table():
    """Their runs share a folder, so that their systems and settings must be equal.

    Unlabelled speech may differ, because only the systems that ask for it use it.
    """
    tables = {}
    for path in FILES:
        loaded = dataclasses.replace(
            config.load_config(path), unlabelled_corpus="emodb"
        )
        known = tables.setdefault(loaded.name, loaded)
        if known is not loaded:
            for name in set(known.systems) & set(loaded.systems):
                assert known.systems[name] == loaded.systems[name], (path, name)
            systems = {**known.systems, **loaded.systems}
            tables[loaded.name] = dataclasses.replace(known, systems=systems)
            alone = dataclasses.replace(loaded, systems=systems)
            assert alone == tables[loaded.name], path
