"""What training writes, and that plain `fit` works with the package's parts."""

import keras
import numpy as np
import pandas as pd
import pytest

import keras_ser as ser
from keras_ser import training
from keras_ser.config import Training


@pytest.fixture
def data(spoken_table, tmp_path):
    fold = ser.protocols.leave_one_speaker_out(spoken_table)["1"]
    store = ser.FeatureStore(tmp_path / "cache", ser.LogMel(bands=16))
    return ser.Pipeline(
        fold, store, seconds=1.0, batch=4, augment=("mixup",), progress=False
    )


@pytest.fixture
def model(data):
    keras.utils.set_random_seed(0)
    return ser.models.MTLAug(
        data.fold.classes, data.types, bands=16, reconstruction=False
    )


def test_history_and_logs_are_written(data, model, tmp_path):
    data.heads = model.heads
    result = training.fit(
        model, data, Training(batch=4, epochs=3, learning_rate=1e-2), {}, tmp_path, 0
    )
    history = pd.read_csv(tmp_path / "history.csv")
    assert result["epochs"] == len(history) == 3
    assert result["updates_per_epoch"] == data.steps
    for head in ("emotion", "center", "augmentation"):
        assert np.isfinite(history[[f"{head}_loss", f"val_{head}_loss"]]).all(axis=None)
    assert list((tmp_path / "logs" / "train").iterdir())
    assert list((tmp_path / "logs" / "validation").iterdir())


def test_uar_can_select_the_epoch_once(data, model, tmp_path):
    data.heads = model.heads
    settings = Training(batch=4, epochs=3, learning_rate=1e-2, monitor="uar")
    result = training.fit(model, data, settings, {}, tmp_path, 0)
    history = pd.read_csv(tmp_path / "history.csv")
    chosen = history.val_emotion_uar[result["epoch"] - 1]
    assert chosen == history.val_emotion_uar.max()
    # Interrupted before its predictions, a training that ended is not run again.
    again = type(model).from_config(model.get_config())
    again.fit = None
    assert training.fit(again, data, settings, {}, tmp_path, 0) == result
    for one, other in zip(model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_plain_keras_fit_learns_what_can_be_learnt(data, spoken_table):
    """The script of a user: nothing of the package behind compile and fit."""
    keras.utils.set_random_seed(0)
    model = ser.models.MTLAug(data.fold.classes, data.types, bands=16)
    model.compile(keras.optimizers.Adam(1e-2), **model.objective(center=1e-3))
    schedule = ser.callbacks.HalveAndRestore("val_emotion_accuracy", patience=5)
    model.fit(
        data.train(0, 4),
        steps_per_epoch=data.steps,
        epochs=4,
        validation_data=data.dev(),
        callbacks=[schedule],
        verbose=0,
    )
    recogniser = ser.Recogniser(model, data.preprocessing)
    table = ser.evaluation.score(recogniser, data.fold.tests["test"])
    assert table.loc["clean", "uar"] == 1.0  # loud or soft: anybody can tell


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_is_no_number_ends_the_run(data, model, tmp_path, capsys):
    data.heads = model.heads
    model.get_layer("emotion").kernel.assign(np.full((128, 2), np.nan))
    with pytest.raises(RuntimeError, match="must stay finite.*nan.*learning_rate"):
        training.fit(model, data, Training(batch=4, epochs=2), {}, tmp_path, 0)
    assert capsys.readouterr().out == ""
    assert len(pd.read_csv(tmp_path / "history.csv")) == 1
