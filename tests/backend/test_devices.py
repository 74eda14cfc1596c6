"""Devices that share a batch, and the precision of layers."""

import dataclasses
import json
import os
import pickle
import subprocess
import sys
from importlib import util
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from keras_ser import backend
from keras_ser.backend import devices
from keras_ser.experiments import plan
from keras_ser.experiments.config import Experiment, Features, System, Training

ROOT = Path(__file__).parents[2]
DEVICES = ["gpu:0", "gpu:1", "gpu:2"]
RUN = """
import pickle, sys
from keras_ser.experiments import runner
with open(sys.argv[1], "rb") as file:
    job, cache, devices = pickle.load(file)
runner.run_job(job, cache, threads=1, devices=devices)
"""


@pytest.fixture
def jax(monkeypatch):
    """Pretends that the backend is JAX with three devices."""
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(backend, "device_names", lambda: DEVICES)


@pytest.mark.parametrize("name", ["tensorflow", "torch"])
def test_a_backend_that_ignores_devices_is_rejected(name, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: name)
    with pytest.raises(ValueError, match=f"2 on {name}. Set KERAS_BACKEND=jax"):
        with devices.share_batches(2, 16):
            pass
    devices.check_devices(1, 16)


def test_rows_and_processes_must_fit_the_devices(jax):
    devices.check_devices(2, 16)
    with pytest.raises(ValueError, match="number of devices, 3. Received: 16"):
        devices.check_devices(3, 16)
    with pytest.raises(ValueError, match="2 devices, 4 workers"):
        devices.check_devices(2, 16, workers=4)
    devices.check_devices(1, 15, workers=4)


def test_more_devices_than_exist_are_rejected(jax):
    with pytest.raises(ValueError, match="at most 3, .*Received: 4.*device_count=4"):
        with devices.share_batches(4, 16):
            pass


def test_devices_are_shared_inside_the_context_only(jax):
    assert keras.distribution.distribution() is None
    with devices.share_batches(2, 16):
        mesh = keras.distribution.distribution().device_mesh
        assert mesh.devices.tolist() == DEVICES[:2]
    assert keras.distribution.distribution() is None
    with devices.share_batches(1, 15):
        assert keras.distribution.distribution() is None


def test_rows_that_cannot_be_shared_go_to_each_device(jax):
    with devices.share_batches(2, 16):
        layout = keras.distribution.distribution().get_data_layout
        assert layout((6, 40, 128)).axes == ("batch", None, None)
        assert layout((5, 40, 128)).axes == (None, None, None)


def test_the_short_batch_comes_first_if_devices_share(jax):
    batches = tf.data.Dataset.range(7).batch(3)

    def sizes():
        return [len(batch) for batch in devices.shortest_first(batches)]

    assert sizes() == [3, 3, 1]
    with devices.share_batches(2, 16):
        assert sizes() == [1, 3, 3]
        rows = np.concatenate(list(devices.shortest_first(batches)))
    assert sorted(rows) == list(range(7))


def test_layers_have_the_precision_inside_the_context_only():
    with devices.precision("mixed_bfloat16"):
        layer = keras.layers.Dense(1)
    assert layer.compute_dtype == "bfloat16"
    assert layer.variable_dtype == "float32"
    with pytest.raises(RuntimeError), devices.precision("mixed_float16"):
        raise RuntimeError
    assert keras.layers.Dense(1).compute_dtype == "float32"


@pytest.fixture
def job(spoken_table, tmp_path):
    """A job whose development batches do not all have the same number of rows."""
    config = Experiment(
        name="toy",
        corpus="emodb",
        systems={"mtl_aug": System()},
        features=Features(settings={"n_mels": 16}, seconds=1.0),
        training=Training(batch=4, epochs=2),
    )
    dev = spoken_table.index[spoken_table.speaker == "toy/2"]
    table = spoken_table.drop(dev[0]).reset_index(drop=True)
    (planned,) = plan.plan_jobs(config, table, None, tmp_path, folds=["1"])
    assert len(planned.fold.dev) % 4 == 3
    return planned


@pytest.mark.slow
@pytest.mark.skipif(not util.find_spec("jax"), reason="needs jax")
def test_two_devices_have_the_result_of_one(job, tmp_path):
    one, two = (_run_on(devices, job, tmp_path) for devices in (1, 2))
    environments = [
        json.loads((f / "environment.json").read_text()) for f in (one, two)
    ]
    assert "devices" not in environments[0]
    assert environments[1]["devices"] == ["cpu:0", "cpu:1"]
    assert {each["backend"] for each in environments} == {"jax"}
    assert (one / "config.json").read_bytes() == (two / "config.json").read_bytes()
    expected, found = (pd.read_csv(f / "history.csv") for f in (one, two))
    assert len(found) == 2
    np.testing.assert_allclose(found, expected, atol=1e-4)
    expected, found = (pd.read_csv(f / "predictions.csv") for f in (one, two))
    columns = [name for name in expected if name.startswith("p_")]
    np.testing.assert_allclose(found[columns], expected[columns], atol=1e-3)


def _run_on(devices: int, job, folder: Path) -> Path:
    """Runs a job on JAX in a process with two virtual devices."""
    job = dataclasses.replace(job, out=folder / str(devices))
    (folder / "job").write_bytes(pickle.dumps((job, folder / "cache", devices)))
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(folder / "job")],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return job.folder


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((0, 1, False, ""), "`together` must be a number of networks.*0"),
        ((True, 1, False, ""), "`together` must be a number of networks.*True"),
        ((4, 2, False, ""), "`together` excludes `workers`.*workers=2"),
        ((4, 1, True, ""), "`together` excludes `monitor`.*monitor=True"),
        ((4, 1, False, "dask://a:1"), "`together` excludes `cluster`.*dask"),
    ],
)
def test_what_excludes_training_together_is_named(jax, arguments, message):
    devices.check_together(4, 1, False, "")
    with pytest.raises(ValueError, match=message):
        devices.check_together(*arguments)


def test_training_together_needs_jax(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    with pytest.raises(ValueError, match="needs the Keras backend jax.*tensorflow"):
        devices.check_together(4, 1, False, "")
