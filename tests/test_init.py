"""`import keras_ser` is light, and all of its names exist."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import keras_ser

HEAVY = {"tensorflow", "keras", "librosa", "matplotlib"}
MODULES = pkgutil.iter_modules(keras_ser.__path__)
PACKAGES = [each.name for each in MODULES if each.ispkg]


def in_fresh_process(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", ["", *PACKAGES])
def test_a_package_is_light_to_import(name):
    module = f"keras_ser.{name}".rstrip(".")
    code = f"import sys, {module}; print(*sorted(sys.modules))"
    loaded = set(in_fresh_process(code).split())
    assert module in loaded
    assert loaded.isdisjoint(HEAVY if name else HEAVY | {"pandas", "numpy"})


def test_a_submodule_is_imported_when_first_used():
    code = (
        "import sys, keras_ser as ser; print(ser.utils.__name__, "
        "'keras_ser.experiments' in sys.modules)"
    )
    assert in_fresh_process(code).split() == ["keras_ser.utils", "False"]


def test_every_name_exists():
    for name in keras_ser.__all__:
        assert getattr(keras_ser, name) is not None


@pytest.mark.parametrize("name", PACKAGES)
def test_every_name_of_a_package_exists(name):
    package = importlib.import_module(f"keras_ser.{name}")
    for public in getattr(package, "__all__", ()):
        assert getattr(package, public) is not None


def test_the_classes_at_the_top_are_those_of_their_packages():
    assert keras_ser.Experiment is keras_ser.experiments.Experiment
    assert keras_ser.Pipeline is keras_ser.data.Pipeline
    assert keras_ser.Recogniser is keras_ser.inference.Recogniser


def test_dir_lists_few_names():
    assert {"__version__", "load", "corpora", "LogMel"} <= set(dir(keras_ser))
    assert len(set(keras_ser.__all__)) == len(keras_ser.__all__) <= 45


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="keras_ser attribute Recognizr"):
        keras_ser.Recognizr  # noqa: B018
    with pytest.raises(ImportError):
        from keras_ser import nothing_of_the_kind  # noqa: F401


def test_version_is_that_of_a_release():
    numbers = keras_ser.__version__.split(".")
    assert len(numbers) == 3
    assert numbers[0].isdigit() and numbers[1].isdigit()
