"""Trainings of models with attributes: α, the selected epoch, and exact resuming."""

import keras
import pandas as pd
import pytest
from keras.ops import convert_to_numpy
from toy_attributes import small

import keras_ser as ser
from keras_ser.experiments import training
from keras_ser.experiments.training_settings import Training

NAMES = {"gender": ("female", "male")}
SETTINGS = {
    "batch": 4,
    "epochs": 6,
    "learning_rate": 0.05,
    "optimizer": "sgd",
    "clip_norm": 1.0,
    "select": "best",
}
RAMP = [0, 0.1, 0.2, 0.3, 0.4, 0.5]


@pytest.fixture(scope="module")
def data(spoken_table, tmp_path_factory):
    """A pipeline for the tasks of the models here."""
    fold = ser.protocols.leave_one_speaker_out(spoken_table)["1"]
    store = ser.FeatureStore(tmp_path_factory.mktemp("store"), ser.LogMel(n_mels=16))
    options = {"batch": 4, "seconds": 0.5, "progress": False}
    return ser.Pipeline(
        fold, store, tasks=model_of("multi_task", fold).tasks, **options
    )


def model_of(approach, fold, **arguments):
    given = {"attributes": ("gender",), "dropout": 0.3, **arguments}
    return small(approach, fold.classes, NAMES, **given)


class Scores(keras.callbacks.Callback):
    """Writes given development scores to the logs."""

    def __init__(self, scores):
        super().__init__()
        self.scores = scores

    def on_epoch_end(self, epoch, logs=None):
        logs["val_emotion_accuracy"] = self.scores[epoch]


class Kill(keras.callbacks.Callback):
    """Interrupts the training at the end of an epoch, before its checkpoint."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def test_no_epoch_before_four_tenths_of_alpha_is_tested(data, tmp_path):
    model = model_of("gradient_reversal", data.fold)
    watchers = [Scores([0.9, 0.8, 0.1, 0.5, 0.2, 0.2])]
    settings = Training(**SETTINGS, average=0.9)
    result = training.fit(model, data, settings, {}, tmp_path, 0, watchers=watchers)
    assert (result["epoch"], result["alpha"]) == (4, pytest.approx(0.3))
    assert model.alpha == pytest.approx(0.3)
    history = pd.read_csv(tmp_path / "history.csv")
    assert list(history.alpha) == pytest.approx(RAMP)
    text = training.describe_selection(settings, data.fold, model.first_selectable(6))
    assert text == f"{data.fold.selected_by}, among epochs 3 to 6"


def test_the_objective_sets_the_last_alpha(data, tmp_path):
    settings = Training(**{**SETTINGS, "epochs": 2, "select": "last"}, average=0.0)
    model = model_of("gradient_reversal", data.fold)
    result = training.fit(model, data, settings, {"alpha": 0.2}, tmp_path, 0)
    assert result["alpha"] == 0.2
    assert list(pd.read_csv(tmp_path / "history.csv").alpha) == [0, 0.2]


def test_a_model_without_attributes_records_no_alpha():
    assert training.selected_alpha([{"loss": 1.0}], 0) == {}
    assert training.selected_alpha([{"alpha": 0.1}, {"alpha": 0.2}], 1) == {
        "alpha": 0.2
    }


@pytest.mark.parametrize(
    "approach",
    [
        "gradient_reversal",
        pytest.param(
            "discriminator",
            marks=pytest.mark.skipif(
                keras.backend.backend() == "jax", reason="its steps have no state"
            ),
        ),
    ],
)
def test_an_interrupted_training_ends_with_the_same_bytes(data, approach, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
    settings = Training(**SETTINGS, average=0.9, schedule="halve", stop=3, patience=1)
    expected = model_of(approach, data.fold)
    result = training.fit(expected, data, settings, {}, whole, 0)
    with pytest.raises(KeyboardInterrupt):
        interrupted, watchers = model_of(approach, data.fold), [Kill(3)]
        training.fit(interrupted, data, settings, {}, parts, 0, watchers=watchers)
    found = model_of(approach, data.fold)
    assert training.fit(found, data, settings, {}, parts, 0) == result
    for one, other in zip(expected.weights, found.weights, strict=True):
        assert convert_to_numpy(one).tobytes() == convert_to_numpy(other).tobytes()
    history = (whole / "history.csv").read_bytes()
    assert (parts / "history.csv").read_bytes() == history


def test_planning_rejects_an_attribute_with_one_class(spoken_table):
    fold = ser.protocols.leave_one_speaker_out(spoken_table)["1"]
    with pytest.raises(ValueError, match="`corpus` needs two or more classes"):
        ser.tasks.vocabulary(fold.train, "corpus")
