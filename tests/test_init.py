"""`import keras_ser` is light, and its names lead somewhere."""

import importlib
import importlib.util
import subprocess
import sys

import pytest

import keras_ser


def in_fresh_process(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("name", "heavy"),
    [
        ("keras_ser", ["tensorflow", "keras", "librosa", "pandas", "numpy"]),
        ("keras_ser.config", ["tensorflow", "keras", "numpy"]),
        ("keras_ser.protocols", ["tensorflow", "keras", "librosa"]),
        ("keras_ser.features", ["tensorflow", "keras", "librosa"]),
    ],
)
def test_a_module_is_light_to_import(name, heavy):
    code = f"import sys, {name}; print(*sorted(sys.modules))"
    loaded = set(in_fresh_process(code).split())
    assert name in loaded
    assert loaded.isdisjoint(heavy)


def test_a_submodule_is_imported_when_first_used():
    code = "import sys, keras_ser as ser; print(ser.files.__name__, 'keras_ser.config' "
    assert in_fresh_process(code + "in sys.modules)").split() == [
        "keras_ser.files",
        "False",
    ]


@pytest.mark.parametrize("name", keras_ser._MODULES)
def test_every_module_that_is_named_exists(name):
    assert importlib.util.find_spec(f"keras_ser.{name}") is not None


@pytest.mark.parametrize("name", ["Experiment", "FeatureStore", "LogMel", "System"])
def test_a_class_is_its_modules_class(name):
    module = importlib.import_module(f"keras_ser.{keras_ser._NAMES[name]}")
    assert getattr(keras_ser, name) is getattr(module, name)


def test_every_class_is_of_a_named_module_that_defines_it():
    for name, module in keras_ser._NAMES.items():
        assert module in keras_ser._MODULES
        source = importlib.util.find_spec(f"keras_ser.{module}").origin
        with open(source, encoding="utf-8") as file:
            assert f"class {name}" in file.read()


def test_dir_lists_what_the_package_offers():
    assert {"__version__", "load", "corpora", "LogMel"} <= set(dir(keras_ser))
    assert len(set(keras_ser.__all__)) == len(keras_ser.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(
        AttributeError, match="`keras_ser` has no attribute 'Recognizr'"
    ):
        keras_ser.Recognizr  # noqa: B018
    with pytest.raises(ImportError):
        from keras_ser import nothing_of_the_kind  # noqa: F401


def test_version_is_that_of_a_release():
    numbers = keras_ser.__version__.split(".")
    assert len(numbers) == 3
    assert numbers[0].isdigit() and numbers[1].isdigit()
