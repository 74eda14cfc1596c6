"""Threads and the description of the machine, in separate processes."""

import json
import os
import subprocess
import sys
import warnings
from importlib import metadata, util

import keras
import numpy as np
import pytest

from keras_ser import backend
from keras_ser.backend import machine


def answer(code):
    """The last line that a separate process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip().splitlines()[-1]


def test_threads_can_be_limited_before_use_only():
    code = """
import tensorflow as tf
from keras_ser import backend
backend.set_threads(1)
tf.constant(1.0) + 1
backend.set_threads(1)
try:
    backend.set_threads(2)
except ValueError as error:
    print(backend.describe()["threads"], error)
"""
    text = answer(code)
    assert text.startswith("1 Threads must be set before")
    assert "Received: 2" in text


EARLY = """
from keras_ser import backend
backend.set_tensorflow_defaults()
from tensorflow.python.util import _pywrap_util_port
print(backend.describe()["onednn"], int(_pywrap_util_port.IsMklEnabled()))
"""
LATE = f"import tensorflow\n{EARLY}"


@pytest.mark.parametrize("given", [None, "0", "1"])
def test_a_record_says_whether_an_imported_tensorflow_uses_onednn(given, monkeypatch):
    """Processes that are started inherit it, so that they compute the same."""
    monkeypatch.delenv(machine.ONEDNN, raising=False)
    if given is not None:
        monkeypatch.setenv(machine.ONEDNN, given)
    recorded, used = answer(LATE).split()
    assert recorded == used
    assert used == (given or used)


@pytest.mark.parametrize(
    ("processor", "backend_name", "warns"),
    [
        ("x86_64", "tensorflow", True),
        ("x86_64", "jax", False),
        ("aarch64", "tensorflow", False),
    ],
)
def test_a_tensorflow_imported_without_onednn_is_warned_about_once(
    processor, backend_name, warns, monkeypatch
):
    monkeypatch.setitem(sys.modules, "tensorflow", object())
    monkeypatch.setenv(machine.ONEDNN, "")  # so that it is restored
    monkeypatch.delenv(machine.ONEDNN)
    monkeypatch.setattr(machine, "_uses_onednn", lambda: False)
    monkeypatch.setattr(machine.platform, "machine", lambda: processor)
    monkeypatch.setattr(keras.backend, "backend", lambda: backend_name)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        backend.set_tensorflow_defaults()
        backend.set_tensorflow_defaults()
    messages = [str(each.message) for each in caught]
    assert messages == [machine.WITHOUT_ONEDNN] * warns
    assert os.environ[machine.ONEDNN] == "0"


def test_onednn_is_switched_on_before_tensorflow_is_imported(monkeypatch):
    monkeypatch.delenv(machine.ONEDNN, raising=False)
    assert answer(EARLY).split() == ["1", "1"]


def test_the_description_is_json():
    code = """
import json
import os
from keras_ser import backend
print(json.dumps(backend.describe()))
"""
    described = json.loads(answer(code))
    assert {"librosa", "numpy", "scikit-learn", "soundfile", "soxr"} <= set(described)
    assert described["numpy"] == np.__version__
    assert {"keras", "tensorflow", "python", "backend", "device"} <= set(described)


THREADS = """
import json
import os
import keras
from keras_ser import backend
backend.set_threads(1)
keras.ops.zeros(3) + 1
described = backend.describe()
try:
    backend.set_threads(2)
except ValueError as error:
    described["error"] = str(error)
print(json.dumps(described))
"""


@pytest.mark.parametrize("name", ["jax", "torch"])
def test_threads_and_description_of_another_backend(name, monkeypatch):
    if not util.find_spec(name):
        pytest.skip(f"needs {name}")
    monkeypatch.setenv("KERAS_BACKEND", name)
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    monkeypatch.delenv(machine.JAX_THREADS, raising=False)
    described = json.loads(answer(THREADS))
    assert described["backend"] == name
    assert described[name] == metadata.version(name)
    assert described["threads"] == 1
    assert "devices" not in described
    assert ("before JAX is used" in described.get("error", "")) == (name == "jax")


def test_the_devices_are_those_of_the_backend(monkeypatch):
    (found,) = set(each.partition(":")[0] for each in backend.device_names())
    described = backend.describe()["device"]
    assert ("CPU" in described) == (found == "cpu")
    monkeypatch.setattr(machine, "device_names", lambda: ["cpu:0", "cpu:1"])
    assert backend.describe()["device"].startswith("2 × CPU, ")


def test_tensorflow_leaves_the_gpu_to_another_backend(monkeypatch):
    calls = []
    function = "tensorflow.config.set_visible_devices"
    monkeypatch.setattr(function, lambda *each: calls.append(each))
    for name, hidden in (("tensorflow", []), ("jax", [([], "GPU")])):
        monkeypatch.setattr(keras.backend, "backend", lambda name=name: name)
        backend.reserve_accelerators()
        assert calls == hidden

    def fail(*_):
        raise RuntimeError("Visible devices cannot be modified")

    monkeypatch.setattr(function, fail)
    with pytest.raises(ValueError, match="On backend jax.*Start a new process"):
        backend.reserve_accelerators()


def test_jax_alone_compiles_each_shape(monkeypatch):
    for name in ("jax", "tensorflow", "torch"):
        monkeypatch.setattr(keras.backend, "backend", lambda name=name: name)
        assert backend.compiles_each_shape() == (name == "jax")


WITHOUT_TENSORFLOW = """
import sys
sys.modules["tensorflow"] = None  # any import of it fails
import json
import os
from keras_ser import backend
backend.set_threads(1)
backend.reserve_accelerators()
print(json.dumps(backend.describe()))
"""


def test_another_backend_needs_no_tensorflow(monkeypatch):
    if not util.find_spec("jax"):
        pytest.skip("needs jax")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    monkeypatch.delenv(machine.JAX_THREADS, raising=False)
    described = json.loads(answer(WITHOUT_TENSORFLOW))
    assert (described["backend"], described["threads"]) == ("jax", 1)
    # It is installed here. Its version is that of the package, and is not imported.
    assert described["tensorflow"] == metadata.version("tensorflow")


def test_the_version_of_an_absent_tensorflow_is_left_out(monkeypatch):
    monkeypatch.setattr(machine, "_versions", lambda names: {})
    assert machine._tensorflow_version("jax") == {}
    assert set(machine._tensorflow_version("tensorflow")) == {"tensorflow"}


@pytest.mark.parametrize(
    ("device", "gpus", "visible", "warns"),
    [
        ("CPU, 2 cores", 1, None, True),
        ("CPU, 2 cores", 1, "0", True),
        ("CPU, 2 cores", 1, "-1", False),
        ("CPU, 2 cores", 1, "", False),
        ("CPU, 2 cores", 0, None, False),
        ("CPU, 2 cores", None, None, False),
        ("NVIDIA H200", 1, None, False),
    ],
)
def test_an_unused_gpu_is_named(tmp_path, monkeypatch, device, gpus, visible, warns):
    monkeypatch.setattr(machine, "GPUS", tmp_path / "gpus")
    if gpus is not None:
        (tmp_path / "gpus").mkdir()
        for number in range(gpus):
            (tmp_path / "gpus" / f"0000:0{number}:00.0").mkdir()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        backend.warn_of_unused_gpu("tensorflow", device)
    assert [("and-cuda" in str(each.message)) for each in found] == [True] * warns
