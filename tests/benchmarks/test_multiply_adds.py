"""Multiply-adds that are counted, next to those that were worked out by hand."""

import importlib
import json
import os
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"

needs_jax = pytest.mark.skipif(not util.find_spec("jax"), reason="needs jax")

COUNT = """
import json, multiply_adds, keras
from keras_ser import layers, models
CLASSES = tuple("abcd")

def chain(layer):
    features = keras.Input((None, 128))
    return keras.Model(features, layer(features))

def up_to(model, layer):
    return keras.Model(model.input, model.get_layer(layer).output)

with keras.StatelessScope(initialize_variables=False):  # drawing takes long
    mtl_aug = models.MTLAug(CLASSES, preset="paper")
    densenet = models.DenseNet(CLASSES, depth=2, growth=8, stem_filters=16)
    baseline = models.MTLAug(CLASSES, preset="small", **models.BASELINE)
    found = {
        "dense": chain(keras.layers.Dense(10)),
        "convolution": chain(keras.layers.Conv1D(10, 5, strides=2, padding="same")),
        "lstm": chain(layers.LSTM(6)),
        "blstm": chain(layers.BLSTM(6)),
        "first": up_to(mtl_aug, "encoder_1"),
        "decoder": up_to(mtl_aug, "decoder_1"),
        "code": up_to(mtl_aug, "encoder_3"),
        "block": up_to(densenet, "block_1"),
        "transition": up_to(densenet, "transition_1"),
    }
found = {name: multiply_adds.of_model(model, 64) for name, model in found.items()}
longer = [multiply_adds.of_model(baseline, frames) for frames in (64, 1024)]
print(json.dumps({**found, "rates": multiply_adds.rates(baseline), "longer": longer}))
"""


def run(*words) -> str:
    """Runs Python with the folder of the benchmarks; returns what it printed."""
    paths = os.pathsep.join(map(str, (BENCHMARKS, ROOT)))
    done = subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def counted():
    return json.loads(run("-c", COUNT).splitlines()[-1])


@needs_jax
def test_single_layers(counted):
    assert counted["dense"] == 64 * 128 * 10
    assert counted["convolution"] == 32 * 5 * 128 * 10
    assert counted["lstm"] == 64 * 4 * 6 * (128 + 6)
    assert counted["blstm"] == 2 * counted["lstm"]


@needs_jax
def test_convolutions_of_mtl_aug(counted):
    first = 32 * 64 * (7 * 7 * 1) * 32  # steps, bands, patch, filters
    assert counted["first"] == first
    second, third = 16 * 32 * (25 * 32) * 64, 8 * 16 * (9 * 64) * 64
    assert counted["code"] == first + second + third
    # A transposed convolution has as many products as the one that it mirrors.
    assert counted["decoder"] - counted["code"] == third


@needs_jax
def test_dense_blocks_read_all_earlier_outputs(counted):
    stem = 32 * 64 * 49 * 16
    block = 16 * 32 * 9 * (16 + 24) * 8
    assert counted["block"] == stem + block
    transition = 8 * 16 * 32 * 16  # behind the pooling
    assert counted["transition"] == stem + block + transition


@needs_jax
def test_rates_of_the_baseline_hold_for_any_length(counted):
    second, utterance = counted["rates"]
    convolutions = [(64, 49 * 1, 16), (32, 25 * 16, 32), (16, 9 * 32, 32)]
    strides = [2, 4, 8]
    per_frame = sum(
        bands * patch * filters / stride
        for (bands, patch, filters), stride in zip(convolutions, strides, strict=True)
    )
    blstm = 2 * 4 * 128 * (512 + 128)
    attention = 256 + 256  # scores, weighted sum
    assert second == 100 * (per_frame + (blstm + attention) / 8)
    assert utterance == 256 * 128 + 128 * 4
    for frames, found in zip((64, 1024), counted["longer"], strict=True):
        assert found == utterance + second * frames / 100


@needs_jax
def test_a_loop_of_unknown_length_cannot_be_counted(monkeypatch):
    import jax

    monkeypatch.syspath_prepend(BENCHMARKS)
    by_products = importlib.import_module("flops").by_products
    matrix = jax.numpy.ones((4, 4))

    def loop(step):
        start = matrix, 0
        return jax.lax.while_loop(lambda state: state[1] < 3, step, start)[0]

    with pytest.raises(ValueError, match="known length.*Received: a `while` loop"):
        step = lambda state: (state[0] @ matrix, state[1] + 1)  # noqa: E731
        by_products(jax.make_jaxpr(lambda: loop(step))())
    step = lambda state: (state[0] + matrix, state[1] + 1)  # noqa: E731
    assert by_products(jax.make_jaxpr(lambda: loop(step))()) == 0


@needs_jax
def test_the_script_prints_the_networks_that_it_is_asked_for():
    lines = run(str(BENCHMARKS / "multiply_adds.py"), "--models", "BASELINE,CNN")
    names = [line.split(" | ")[0].strip("| ") for line in lines.splitlines()[2:]]
    assert names == ["BASELINE, small", "BASELINE, paper", "CNN, small", "CNN, paper"]
