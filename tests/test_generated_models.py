"""The tables of docs/models.md, from networks and counts that are given."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

from keras_ser.models import LayerSummary, Summary

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture
def tables():
    spec = importlib.util.spec_from_file_location(
        "generated_models", DOCS / "generated_models.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def variant(preset):
    return SimpleNamespace(name="Toy", preset=preset, title=f"Toy, {preset}")


def summary(code, *layers):
    stride = code and 8
    return Summary(256, 1234567, 89, code, stride, (128,), layers)


CONVOLUTION = LayerSummary("first", "ConvBlock", (256, 64, 8), 1500)
POOLING = LayerSummary("pool", "MaxPooling2D", (128, 32, 8), 0)


@pytest.fixture
def toys(tables, monkeypatch):
    found = [
        (variant("small"), summary(None, CONVOLUTION)),
        (variant("paper"), summary((32, 512), CONVOLUTION, POOLING)),
    ]
    counts = {"per_second": 5.67e6, "emotion_per_second": 4e6, "per_utterance": 890}
    monkeypatch.setattr(tables, "_summaries", lambda name: found)
    monkeypatch.setattr(
        tables, "_counts", lambda: {each.title: counts for each, _ in found}
    )
    return tables


def test_a_row_per_preset(toys):
    header, line, small, paper = toys.networks("Toy").splitlines()
    assert line == "|---|---|" + "---:|" * (header.count("|") - 3)
    sizes = "1,234,567 | 89 | 5.7 | 4.0 | 0.9"
    assert small == f"| `Toy` | small | {sizes} | - | - | 128 |"
    assert paper == f"| `Toy` | paper | {sizes} | 8 | 32 × 512 | 128 |"


def test_a_layer_that_one_preset_lacks_is_a_gap_there(toys):
    assert toys.network("Toy").splitlines()[2:] == [
        "| `first` | ConvBlock | 256 × 64 × 8 | 1,500 | 256 × 64 × 8 | 1,500 |",
        "| `pool` | MaxPooling2D | - | - | 128 × 32 × 8 | - |",
        "| all |  |  | 1,500 |  | 1,500 |",
    ]


def test_without_jax_the_error_says_what_to_install(tables, monkeypatch):
    monkeypatch.setattr(tables.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"JAX must be.*pip install -e"):
        tables._counts()


def test_a_count_that_fails_is_an_error_with_its_last_words(tables, monkeypatch):
    failed = SimpleNamespace(returncode=1, stderr="x" * 5000 + "no such layer\n")
    monkeypatch.setattr(tables.subprocess, "run", lambda *words, **options: failed)
    monkeypatch.setattr(tables.importlib.util, "find_spec", lambda name: True)
    with pytest.raises(RuntimeError, match="no such layer$") as caught:
        tables._counts()
    assert len(str(caught.value)) < 1300
