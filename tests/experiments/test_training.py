"""Training in an experiment, and Keras's own `fit` with the parts of the package."""

import keras
import numpy as np
import pandas as pd
import pytest

import keras_ser as ser
from keras_ser.backend import devices
from keras_ser.experiments import training
from keras_ser.experiments.config import Training


@pytest.fixture
def data(spoken_table, tmp_path):
    fold = ser.protocols.leave_one_speaker_out(spoken_table)["1"]
    store = ser.FeatureStore(tmp_path / "cache", ser.LogMel(n_mels=16))
    return ser.Pipeline(
        fold, store, seconds=1.0, batch=4, augment=("mixup",), progress=False
    )


@pytest.fixture
def model(data):
    keras.utils.set_random_seed(0)
    return ser.models.MTLAug(
        data.fold.classes, data.types, dimensions=16, reconstruction=False
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


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow traces")
def test_a_step_is_traced_once_and_learns_the_same(data, model, tmp_path, monkeypatch):
    data.heads = model.heads
    traced, settings = [], Training(batch=4, epochs=1)

    def trained(name):
        keras.utils.set_random_seed(0)
        fresh = type(model).from_config(model.get_config())
        step = fresh.train_step
        fresh.train_step = lambda batch: traced.append(name) or step(batch)
        (tmp_path / name).mkdir()
        training.fit(fresh, data, settings, {}, tmp_path / name, 0)
        return fresh.get_weights(), (tmp_path / name / "history.csv").read_bytes()

    weights, history = trained("once")
    monkeypatch.setattr(training, "_make_variables", lambda *_: None)
    others, other_history = trained("twice")
    assert traced == ["once", "twice", "twice"]
    assert history == other_history
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(one, other)


def test_uar_can_select_the_epoch_once(data, model, tmp_path):
    data.heads = model.heads
    settings = Training(batch=4, epochs=3, learning_rate=1e-2, monitor="uar")
    result = training.fit(model, data, settings, {}, tmp_path, 0)
    history = pd.read_csv(tmp_path / "history.csv")
    chosen = history.val_emotion_uar[result["epoch"] - 1]
    assert chosen == history.val_emotion_uar.max()
    # A training that ended before an interruption is not run again.
    again = type(model).from_config(model.get_config())
    again.fit = None
    assert training.fit(again, data, settings, {}, tmp_path, 0) == result
    for one, other in zip(model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_plain_keras_fit_learns_what_can_be_learnt(data, spoken_table):
    """A user's script calls compile and fit of Keras."""
    keras.utils.set_random_seed(0)
    model = ser.models.MTLAug(data.fold.classes, data.types, dimensions=16)
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
    assert table.loc["clean", "uar"] == 1.0  # loud or soft


class Worse(keras.callbacks.Callback):
    """Makes the score of each epoch worse than the last one, and keeps weights."""

    def __init__(self):
        super().__init__()
        self.epochs, self.end = [], None

    def on_epoch_end(self, epoch, logs=None):
        logs["val_emotion_accuracy"] = -epoch
        self.epochs.append(self.model.get_weights())

    def on_train_end(self, logs=None):
        self.end = self.model.get_weights()


def test_watchers_run_before_the_schedule_and_monitors_after_it(data, model, tmp_path):
    data.heads = model.heads
    settings = Training(batch=4, epochs=4, learning_rate=1e-2, patience=2)
    watcher, monitor = Worse(), Worse()
    folder, callbacks = tmp_path, {"watchers": [watcher], "monitors": [monitor]}
    training.fit(model, data, settings, {}, folder, 0, **callbacks)
    first, last = watcher.epochs[0], watcher.epochs[-1]
    for seen, expected in (
        (watcher.end, last),  # of the last epoch: not restored yet
        (monitor.end, first),  # of the best epoch
        (monitor.epochs[2], first),  # patience had run out
    ):
        for one, other in zip(seen, expected, strict=True):
            np.testing.assert_array_equal(one, other)
    assert any((a != b).any() for a, b in zip(first, last, strict=True))


@pytest.mark.parametrize("name", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_trains_with_heads_and_losses_in_single(name, data, tmp_path):
    keras.utils.set_random_seed(0)
    with devices.precision(name):
        model = ser.models.MTLAug(data.fold.classes, data.types, dimensions=16)
    settings = Training(batch=4, epochs=2, learning_rate=1e-2)
    training.fit(model, data, settings, {}, tmp_path, 0)
    history = pd.read_csv(tmp_path / "history.csv")
    assert np.isfinite(history).all(axis=None)
    assert history.loss[1] < history.loss[0]
    np.testing.assert_allclose(history.learning_rate, 1e-2, rtol=1e-6)
    features, labels, weights = next(iter(data.dev()))
    features = np.array(features)
    output = model(features)
    for head in model.heads:
        truth, weight = np.array(labels[head]), np.array(weights[head])
        loss = model.objective()["loss"][head](truth, output[head], weight)
        for each in (output[head], loss):
            assert keras.backend.standardize_dtype(each.dtype) == "float32"
    code = model.get_layer("encoder_1").output
    assert keras.backend.standardize_dtype(code.dtype) == name.removeprefix("mixed_")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_is_not_finite_ends_the_run(data, model, tmp_path, capsys):
    data.heads = model.heads
    model.get_layer("emotion").kernel.assign(np.full((128, 2), np.nan))
    with pytest.raises(RuntimeError, match="must stay finite.*nan.*learning_rate"):
        training.fit(model, data, Training(batch=4, epochs=2), {}, tmp_path, 0)
    assert capsys.readouterr().out == ""
    assert len(pd.read_csv(tmp_path / "history.csv")) == 1
