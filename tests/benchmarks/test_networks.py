"""The networks that tables compare, and the benchmark of their training."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from keras_ser import models

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def variants(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("variants")


@pytest.fixture
def networks(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")  # which the module sets for good
    return importlib.import_module("networks")


def test_every_model_is_listed_in_all_of_its_presets(variants):
    names = variants.every_name()
    assert set(names) == {*models.MODELS, "BASELINE"}
    listed = [each for name in names for each in variants.list_variants(name)]
    titles = [each.title for each in listed]
    assert len(set(titles)) == len(titles)
    assert {"MTLAug, small", "BASELINE, paper", "CNNAttention"} <= set(titles)
    for each in listed:
        model = models.MODELS[each.model]
        model.check(**({"preset": each.preset} if each.preset else {}))


def test_the_baseline_is_the_fourth_model_of_table_7(variants):
    found = {each.title: each.build() for each in variants.list_variants("TABLE_7")}
    (baseline, _) = variants.list_variants("BASELINE")
    assert len(found) == 10
    assert found["model 4, small"].count_params() == baseline.build().count_params()
    assert found["model 1, paper"].heads == models.MTLAug(tuple("ab")).heads


def test_an_unknown_network_is_an_error(variants):
    with pytest.raises(ValueError, match="must be one of.*Received: 'Transformer'"):
        variants.list_variants("Transformer")


def test_networks_of_one_preset_with_the_baseline_first(networks):
    found = networks.find_variants(["CNNAttention", "BASELINE", "MTLAug"], "paper")
    assert [each.title for each in found] == [
        *("BASELINE, paper", "CNNAttention", "MTLAug, paper")
    ]


def test_windows_are_as_long_as_emodb_and_cut(networks):
    features = networks.make_batch(2.56)
    lengths = np.any(features, axis=-1).sum(axis=1)
    assert features.shape == (16, 256, 128)
    assert 120 <= lengths.min() < lengths.max() == 256


def test_every_step_trains_all_heads_on_the_batch(networks, monkeypatch):
    features = networks.make_batch(1.2)[:4, :16, :16]
    model = models.MTLAug(("anger", "neutral"), dimensions=16)
    given = []
    monkeypatch.setattr(model, "train_on_batch", lambda *batch: given.append(batch))
    networks.training(model, features, steps=3)()
    assert len(given) == 3 and model.optimizer is not None
    inputs, labels, weights = given[0]
    np.testing.assert_array_equal(labels.pop("reconstruction"), inputs)
    shapes = {"emotion": (4, 2), "center": (4, 2), "augmentation": (4, 4)}
    assert {head: each.shape for head, each in labels.items()} == shapes
    assert set(weights) == set(model.heads)
    for each in labels.values():
        np.testing.assert_array_equal(each.sum(axis=1), 1)


def test_a_row_compares_a_network_with_the_baseline(networks):
    times = {"BASELINE": [1.0, 2.0, 4.0], "CNN": [2.0, 5.0, 8.0]}
    assert networks._cells(times, "CNN", steps=10) == ("500", "14.5", "2.00")
    assert networks._cells(times, "BASELINE", steps=10)[2] == "1.00"
