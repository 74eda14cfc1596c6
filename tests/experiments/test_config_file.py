"""Config files load; errors say what was expected and how to correct it."""

import configparser
import dataclasses
import types
from importlib import metadata
from pathlib import Path

import pytest

from keras_ser.experiments import config, config_file
from keras_ser.experiments.config_file import RENAMED, load_config

CONFIGS = Path(__file__).parents[2] / "configs"


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
    loaded = load_config(write_config(GOOD), ["repeats=2", "name=x", "repeats=3"])
    assert (loaded.name, loaded.repeats) == ("x", 3)


def test_an_absent_config_is_named_with_a_next_step(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        load_config(tmp_path / "gone.py")
    message = str(caught.value)
    assert message.startswith("Expected a config file, or the name of a config of")
    assert "gone.py, which is neither" in message and "keras-ser configs" in message


@pytest.mark.parametrize(
    "name",
    [
        *("mtl_aug/emodb", "mtl_aug/emodb.py", "./mtl_aug/emodb"),
        *("configs/mtl_aug/emodb.py", "configs/mtl_aug/emodb"),
        Path("mtl_aug") / "emodb",
    ],
)
def test_a_config_of_the_package_is_found_by_its_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_config(name).name == "emodb_four"


def test_a_file_has_precedence_over_a_name(write_config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mtl_aug").mkdir()
    write_config(GOOD).rename("mtl_aug/emodb.py")
    assert load_config("mtl_aug/emodb.py").name == "toy"


def test_a_name_that_is_nearly_right_is_offered():
    with pytest.raises(FileNotFoundError, match="Did you mean mtl_aug/emodb"):
        load_config("mtl_aug/emdb")


def test_every_config_is_listed_with_what_it_shows():
    known = config_file.list_configs()
    assert known["ss_aae/table3"] == CONFIGS / "ss_aae" / "table3.py"
    assert len(known) == len(list(CONFIGS.glob("*/*.py")))
    for path in known.values():
        assert len(config_file.describe_config(path)) > 30


def test_every_folder_of_configs_is_installed():
    settings = configparser.ConfigParser()
    settings.read(CONFIGS.parent / "setup.cfg")
    installed = settings["options.data_files"]
    expected = {
        f"share/keras_ser/configs/{folder.name}": f"configs/{folder.name}/*.py"
        for folder in CONFIGS.iterdir()
        if any(folder.glob("*.py"))
    }
    assert {name: files.strip() for name, files in installed.items()} == expected


def test_an_installation_finds_its_configs(tmp_path, monkeypatch):
    shared = tmp_path / "share" / "keras_ser" / "configs" / "mtl_aug" / "emodb.py"
    shared.parent.mkdir(parents=True)
    shared.touch()
    package = tmp_path / "lib" / "site-packages" / "keras_ser" / "experiments"
    monkeypatch.setattr(config_file, "__file__", str(package / "config_file.py"))
    record = metadata.PackagePath("../../share/keras_ser/configs/mtl_aug/emodb.py")
    record.dist = metadata.PathDistribution(package.parents[1] / "k.dist-info")
    package.parents[1].mkdir(parents=True)
    found = [types.SimpleNamespace(files=None), types.SimpleNamespace(files=[record])]
    monkeypatch.setattr(metadata, "distributions", lambda name: found)
    assert config_file.list_configs() == {"mtl_aug/emodb": shared}
    monkeypatch.setattr(metadata, "distributions", lambda name: [])
    with pytest.raises(FileNotFoundError, match="an installation without them"):
        config_file.list_configs()


@pytest.mark.parametrize(
    ("text", "received"),
    [("", "NoneType"), ("config = 5", "int"), ("config = {'name': 'a'}", "dict")],
)
def test_a_file_without_experiment_is_rejected(write_config, text, received):
    path = write_config(text)
    with pytest.raises(ValueError) as caught:
        load_config(path)
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
        load_config(path)
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
        load_config(path)
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
    assert load_config(path).training == config.PAPER_TRAINING


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
        load_config(path)
    message = str(caught.value)
    assert f"Received: {path}, line 2: TypeError: " in message
    name = new.partition("(")[2].removesuffix("=…)")
    assert message.endswith(f"`{old}` is called `{name}` now: write `{new}`.")


@pytest.mark.parametrize("kind", ["Experiment", "System", "Training"])
def test_every_new_name_of_a_setting_is_a_field(kind):
    fields = {field.name for field in dataclasses.fields(getattr(config, kind))}
    renamed = RENAMED[kind]
    assert set(renamed.values()) <= fields
    assert fields.isdisjoint(renamed)


def test_the_error_of_an_unknown_setting_names_no_new_one(write_config):
    path = write_config("from keras_ser import *\nTraining(batches=5)\n")
    with pytest.raises(ValueError, match="'batches'.* Correct this line.$"):
        load_config(path)


FILES = sorted(CONFIGS.rglob("*.py"))


def test_there_are_configs():
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(CONFIGS)))
def test_every_config_loads_and_names_what_exists(path):
    from keras_ser import augment, classical, corpora, features, models, protocols

    loaded = load_config(path)
    assert set(loaded.needed_corpora) <= set(corpora.CORPORA)
    assert loaded.labels in {"all", *corpora.LABEL_SETS}
    assert loaded.protocol in protocols.PROTOCOLS
    kind = features.FRONT_ENDS[loaded.features.front_end]
    fields = {field.name: field for field in dataclasses.fields(kind)}
    assert set(loaded.features.settings) <= set(fields)
    if not any(field.metadata.get("location") for field in fields.values()):
        kind(**loaded.features.settings)  # needs no files
    for system in loaded.systems.values():
        assert system.model in models.MODELS | classical.CLASSICAL
        assert set(system.augment) <= set(augment.AUGMENTATIONS)


def test_configs_of_one_name_are_one_table():
    """Their runs share a folder, so that their systems and settings must be equal.

    Unlabelled speech may differ, because only the systems that ask for it use it. The
    primary system may differ, because it concerns reports only.
    """
    shared = {"unlabelled_corpus": "emodb", "primary": ""}
    tables = {}
    for path in FILES:
        loaded = dataclasses.replace(load_config(path), **shared)
        known = tables.setdefault(loaded.name, loaded)
        if known is not loaded:
            for name in set(known.systems) & set(loaded.systems):
                assert known.systems[name] == loaded.systems[name], (path, name)
            systems = {**known.systems, **loaded.systems}
            tables[loaded.name] = dataclasses.replace(known, systems=systems)
            alone = dataclasses.replace(loaded, systems=systems)
            assert alone == tables[loaded.name], path
