"""Threads and the machine, in processes of their own; gradients on any backend."""

import json
import subprocess
import sys
from importlib import metadata, util

import keras
import numpy as np
import pytest

import keras_ser as ser
from keras_ser import backend
from keras_ser.backend import machine


def answer(code):
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


def test_the_description_is_json():
    code = """
import json
from keras_ser import backend
print(json.dumps(backend.describe()))
"""
    described = json.loads(answer(code))
    assert {"librosa", "numpy", "scikit-learn", "soundfile", "soxr"} <= set(described)
    assert described["numpy"] == np.__version__
    assert {"keras", "tensorflow", "python", "backend", "device"} <= set(described)


def arrays(tensors):
    return [keras.ops.convert_to_numpy(tensor) for tensor in tensors]


def test_value_and_gradient_equal_the_closed_form(rng):
    a, b, other = (rng.normal(size=shape).astype("float32") for shape in [3, (2, 3), 4])

    def function(tensors):
        first, second, _ = tensors
        return keras.ops.sum(first**3) + keras.ops.sum(second * first)

    value, gradients = backend.value_and_gradient(function, [a, b, other])
    np.testing.assert_allclose(float(value), (a**3).sum() + (b * a).sum(), rtol=1e-5)
    expected = [3 * a**2 + b.sum(axis=0), np.broadcast_to(a, (2, 3)), np.zeros(4)]
    for found, right in zip(arrays(gradients), expected, strict=True):
        assert found.dtype == np.float32 and found.shape == right.shape
        np.testing.assert_allclose(found, right, rtol=1e-5)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"


def test_gradient_in_weights_leaves_the_model_as_it_is(rng):
    """y = γ (x W − μ) / √(σ² + ε) + β in inference, dropout away: L = mean y²."""
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(2, use_bias=False)
    norm = keras.layers.BatchNormalization(epsilon=1e-3)
    model = keras.Sequential(
        [keras.Input((3,)), dense, norm, keras.layers.Dropout(0.5)]
    )
    norm.set_weights(np.float32([[2.0, 0.5], [0.1, -0.3], [0.2, 0.4], [1.5, 0.7]]))
    x = rng.normal(size=(5, 3)).astype("float32")
    before = arrays(model.variables)  # of dropout's seed, too

    def loss(values):
        with keras.StatelessScope(state_mapping=[(dense.kernel, values[0])]):
            return keras.ops.mean(keras.ops.square(model(x, training=False)))

    value, gradients = backend.value_and_gradient(loss, [dense.kernel.value])
    gamma, beta, mean, variance = norm.get_weights()
    scale = gamma / np.sqrt(variance + 1e-3)
    y = (x @ dense.get_weights()[0] - mean) * scale + beta
    np.testing.assert_allclose(float(value), np.mean(y**2), rtol=1e-5)
    expected = x.T @ (2 * y * scale / y.size)
    np.testing.assert_allclose(arrays(gradients)[0], expected, rtol=1e-4, atol=1e-6)
    for one, other in zip(before, arrays(model.variables), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_gradient_in_the_input_is_its_slope(rng):
    """Along its own gradient g, a network's output rises by ‖g‖."""
    keras.utils.set_random_seed(0)
    features = keras.Input((None, 3))
    lengths = ser.layers.Frames()(features)
    hidden = ser.layers.BLSTM(2)(features, lengths)
    weights = ser.layers.AttentionWeights()(hidden, lengths)
    model = keras.Model(features, ser.layers.WeightedSum()(hidden, weights))
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    x[1, 4:] = 0  # padding

    def score(tensors):
        return model(tensors[0], training=False)[0, 0]

    slope = arrays(backend.value_and_gradient(score, [x])[1])[0]
    norm = np.linalg.norm(slope)
    up, down = (score([x + sign * 0.01 * slope / norm]) for sign in (1, -1))
    np.testing.assert_allclose(arrays([up - down])[0] / 0.02, norm, rtol=0.01)
    assert not slope[1].any()  # no row knows of another


def test_what_is_no_scalar_is_refused():
    with pytest.raises(ValueError, match=r"must return a scalar.*shape \(2,\)"):
        backend.value_and_gradient(lambda each: each[0], [np.ones(2, "float32")])


# === Threads and description of each backend ===

THREADS = """
import json
import keras
from keras_ser import backend
backend.set_threads(1)
keras.ops.zeros(3) + 1
described = backend.describe()
try:
    backend.set_threads(2)
except ValueError as error:
    described["refused"] = str(error)
print(json.dumps(described))
"""


@pytest.mark.parametrize("name", ["jax", "torch"])
def test_threads_and_description_of_another_backend(name, monkeypatch):
    if not util.find_spec(name):
        pytest.skip(f"needs {name}")
    monkeypatch.setenv("KERAS_BACKEND", name)
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    monkeypatch.delenv(backend.JAX_THREADS, raising=False)
    described = json.loads(answer(THREADS))
    assert described["backend"] == name
    assert described[name] == metadata.version(name)
    assert described["threads"] == 1
    assert "devices" not in described
    assert ("before JAX is used" in described.get("refused", "")) == (name == "jax")


def test_the_devices_are_those_of_the_backend(monkeypatch):
    (found,) = set(each.partition(":")[0] for each in backend.device_names())
    described = backend.describe()["device"]
    assert ("CPU" in described) == (found == "cpu")
    monkeypatch.setattr(machine, "device_names", lambda: ["cpu:0", "cpu:1"])
    assert backend.describe()["device"].startswith("2 × CPU, ")


def test_tensorflow_leaves_the_gpu_to_another_backend(monkeypatch):
    calls = []
    where = "tensorflow.config.set_visible_devices"
    monkeypatch.setattr(where, lambda *each: calls.append(each))
    for name, hidden in (("tensorflow", []), ("jax", [([], "GPU")])):
        monkeypatch.setattr(keras.backend, "backend", lambda name=name: name)
        backend.reserve_accelerators()
        assert calls == hidden

    def started(*_):
        raise RuntimeError("Visible devices cannot be modified")

    monkeypatch.setattr(where, started)
    with pytest.raises(ValueError, match="On backend jax.*Start a new process"):
        backend.reserve_accelerators()


def test_jax_alone_compiles_each_shape(monkeypatch):
    for name in ("jax", "tensorflow", "torch"):
        monkeypatch.setattr(keras.backend, "backend", lambda name=name: name)
        assert backend.compiles_each_shape() == (name == "jax")
