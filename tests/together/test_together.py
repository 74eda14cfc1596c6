"""Models that train together end as they end alone, with the files of single runs."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

import keras_ser as ser

pytest.importorskip("jax")

SCRIPT = Path(__file__).parents[1] / "toy_together.py"
FILES = ("predictions.csv", "history.csv", "metrics.json")
REVERSAL = "attributes/reversal/1-0"
ALONE = (
    *("steered/baseline/1-0", "steered/mtl_aug/1-0", "plain/baseline/1-0"),
    REVERSAL,
)
BASELINES = [f"steered/baseline/{run}" for run in ("1-0", "1-1", "2-0", "2-1")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, spoken_table):
    """The folder of the script, which has run all scenarios."""
    folder = tmp_path_factory.mktemp("together")
    sheet = spoken_table[["file", "speaker", "gender", "emotion"]].assign(
        speaker=spoken_table.speaker.str.removeprefix("toy/")
    )
    sheet.to_csv(folder / "speech.csv", index=False)
    done = subprocess.run(
        [sys.executable, SCRIPT, folder / "speech.csv", folder],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr[-5000:]
    return folder


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def weights_of(path):
    """The arrays of a model file, those of its optimizer included."""
    found = {}

    def add(name, value):
        if isinstance(value, h5py.Dataset):
            found[name] = value[()]

    with zipfile.ZipFile(path) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith(".h5")]
        with h5py.File(archive.open(name)) as file:
            file.visititems(add)
    return found


def assert_alike(one, other, tolerance=0.02):
    """Asserts that two runs differ by what is rounded only.

    In the first epoch that is little. Later it has grown: a sum that is rounded to the
    other side of 0 lets a ReLU pass a gradient.
    """
    history, expected = (pd.read_csv(each / "history.csv") for each in (one, other))
    assert list(history) == list(expected)
    first = history.iloc[0], expected.iloc[0]
    np.testing.assert_allclose(*first, rtol=2e-4, atol=2e-4)
    np.testing.assert_allclose(history, expected, rtol=tolerance, atol=tolerance)
    found, wanted = (pd.read_csv(each / "predictions.csv") for each in (one, other))
    shares = [name for name in found if name.startswith("p_")]
    np.testing.assert_allclose(found[shares], wanted[shares], atol=tolerance)
    names = [name for name in found if name not in (*shares, "prediction")]
    pd.testing.assert_frame_equal(found[names], wanted[names])
    arrays, others = (weights_of(each / "model.keras") for each in (one, other))
    assert set(arrays) == set(others)
    for name, array in arrays.items():
        np.testing.assert_allclose(array, others[name], atol=tolerance, err_msg=name)


@pytest.mark.parametrize("run", ALONE)
def test_ends_as_it_ends_alone(folder, run):
    one, other = folder / "together" / run, folder / "alone" / run
    assert_alike(one, other)
    for name in ("config.json", "preprocessing.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes()
    metrics, expected = (
        read_json(one / "metrics.json"),
        read_json(other / "metrics.json"),
    )
    assert set(metrics) == set(expected)
    for name in ("epoch", "epochs", "updates_per_epoch", "parameters", "selected_by"):
        assert metrics[name] == expected[name]
    files = {each.name for each in other.iterdir()} - {"logs"}
    assert {each.name for each in one.iterdir()} == files


def test_the_weight_of_attributes_rises(folder):
    run = folder / "together" / REVERSAL
    history = pd.read_csv(run / "history.csv")
    np.testing.assert_allclose(history.alpha, [0, 0.5 / 3, 1 / 3, 0.5][: len(history)])
    metrics = read_json(run / "metrics.json")
    assert metrics["epoch"] >= 3
    tested = history.alpha[metrics["epoch"] - 1]
    assert metrics["alpha"] == pytest.approx(tested)


def test_the_schedules_of_models_differ(folder):
    """Otherwise nothing would show that each model has its own."""
    runs = [folder / "together" / run for run in BASELINES]
    rates = {tuple(pd.read_csv(run / "history.csv").learning_rate) for run in runs}
    epochs = {read_json(run / "metrics.json")["epoch"] for run in runs}
    assert len(rates) > 1 or len(epochs) > 1
    steps = {read_json(run / "metrics.json")["updates_per_epoch"] for run in runs}
    assert min(steps) > 1


def test_names_the_runs_that_shared_a_group(folder):
    run = folder / "together/steered/mtl_aug/2-1"
    environment = read_json(run / "environment.json")
    expected = [f"mtl_aug/{name}" for name in ("1-0", "1-1", "2-0", "2-1")]
    assert environment["together"] == expected
    assert environment["sessions"][0]["together"] == expected
    assert environment["seconds"] > 0 and environment["backend"] == "jax"
    alone = read_json(folder / "alone/steered/mtl_aug/1-0/environment.json")
    assert "together" not in alone


def test_a_run_can_be_loaded(folder):
    recogniser = ser.load(folder / "together/steered/mtl_aug/1-1")
    assert recogniser.classes == ("anger", "sadness")


@pytest.mark.parametrize("run", [BASELINES[0], BASELINES[2]])
def test_models_are_divided_among_devices(folder, run):
    assert_alike(folder / "devices" / run, folder / "together" / run)
    assert (folder / "devices/steered/baseline/3-0").exists()


@pytest.mark.parametrize("run", BASELINES)
def test_a_group_that_is_interrupted_resumes(folder, run):
    """It resumes from its last epoch, and ends with the same bytes."""
    left = pd.read_csv(folder / "left.csv")
    assert len(left) == 2
    for name in FILES:
        one, other = (
            folder / "interrupted" / run / name,
            folder / "together" / run / name,
        )
        assert one.read_bytes() == other.read_bytes()
    environment = read_json(folder / "interrupted" / run / "environment.json")
    assert environment["resumed"] == 1 and len(environment["sessions"]) == 2


@pytest.mark.parametrize("run", BASELINES)
def test_a_group_that_is_too_large_trains_in_parts(folder, run):
    assert_alike(folder / "parts" / run, folder / "together" / run)
    text = (folder / "warnings.txt").read_text(encoding="utf-8")
    assert "4 models need" in text and "for 2 models" in text
    assert "They train in parts of 2" in text and "They train in parts of 1" in text


def test_one_that_fails_stops_no_other(folder):
    text = (folder / "error.txt").read_text(encoding="utf-8")
    assert "The loss must stay finite. Received: nan in epoch 1" in text
    assert "2-1.partial" in text
    runs = folder / "broken/steered/baseline"
    assert "must stay finite" in (runs / "2-1.log").read_text(encoding="utf-8")
    for name in ("1-0", "1-1", "2-0"):
        run = f"steered/baseline/{name}"
        assert_alike(folder / "broken" / run, folder / "together" / run)
    assert not (runs / "2-1").exists()


def test_a_run_that_another_process_has_finished_is_kept(folder):
    run = folder / "second/steered/baseline/1-0"
    environment = read_json(run / "environment.json")
    assert environment["resumed"] == 0 and len(environment["sessions"]) == 1
    assert not run.with_name("1-0.partial").exists()
