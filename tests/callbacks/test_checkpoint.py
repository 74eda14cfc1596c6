"""An interrupted training that resumes ends like an uninterrupted one."""

import json
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from keras.ops import convert_to_numpy

from keras_ser import callbacks
from keras_ser.callbacks.checkpoint import FILE_NAME as NAME
from keras_ser.callbacks.checkpoint import Checkpoint

SCORES = [0.5, 0.9, 0.1, 0.1, 0.1, 0.2]  # two halvings at patience 2


class Script(keras.callbacks.Callback):
    """Writes development scores to the logs, and interrupts training in an epoch."""

    def __init__(self, killed_in=None, loss=None):
        super().__init__()
        self.killed_in = killed_in
        self.loss = loss

    def on_epoch_begin(self, epoch, logs=None):
        self.trained = True

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.killed_in:
            raise KeyboardInterrupt
        if self.loss is not None:
            logs["loss"] = self.loss
        logs["val_emotion_accuracy"] = SCORES[epoch]
        logs["val_emotion_loss"] = 0.1 * epoch


def train(folder, units=3, epochs=6, floor=None, **arguments):
    keras.utils.set_random_seed(len(list(folder.iterdir())))  # different each time
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(units), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.1), "mse")
    if not (folder / "start.npz").exists():
        np.savez(folder / "start.npz", *model.get_weights())
    schedule = callbacks.HalveAndRestore(patience=2, floor=floor)
    checkpoint = Checkpoint(folder, schedule)
    first = checkpoint.resume(model)
    if not first and units == 3:
        with np.load(folder / "start.npz") as archive:
            model.set_weights(list(archive.values()))
    script = Script(**arguments)
    if checkpoint.ended:
        schedule.on_train_end()
    else:
        x = np.linspace(-1, 1, 8, dtype="float32").reshape(4, 2)
        model.fit(
            x, x[:, :1] ** 2, epochs=epochs, initial_epoch=first, verbose=0,
            shuffle=False, callbacks=[script, schedule, checkpoint],
        )  # fmt: skip
    return model, schedule, checkpoint, script


def state_of(model, schedule, checkpoint, _):
    weights = [convert_to_numpy(v) for v in model.weights + model.optimizer.variables]
    return weights, schedule.get_state(), schedule.kept, checkpoint.rows


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, state_of(*train(folder))


@pytest.mark.parametrize("moments", [(0,), (1,), (3,), (5,), (1, 2, 2, 4)])
def test_an_interrupted_training_ends_as_an_undisturbed_one(whole, tmp_path, moments):
    undisturbed, expected = whole
    start = (undisturbed / "start.npz").read_bytes()
    (tmp_path / "start.npz").write_bytes(start)
    for moment in moments:
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path, killed_in=moment)
    received = state_of(*train(tmp_path))
    for one, other in zip(expected[0], received[0], strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(expected[2], received[2], strict=True):
        np.testing.assert_array_equal(one, other)
    assert (expected[1], expected[3]) == (received[1], received[3])
    history = (undisturbed / "history.csv").read_bytes()
    assert (tmp_path / "history.csv").read_bytes() == history


def test_the_history_has_one_row_per_epoch(whole):
    table = pd.read_csv(whole[0] / "history.csv")
    assert list(table) == [
        "epoch", "learning_rate", "loss", "val_emotion_accuracy", "val_emotion_loss",
    ]  # fmt: skip
    assert table.val_emotion_accuracy.tolist() == SCORES
    np.testing.assert_allclose(table.learning_rate, [0.1] * 4 + [0.05] * 2, rtol=1e-6)


@pytest.mark.parametrize("floor", [None, 0.09])
def test_an_ended_training_is_not_trained_again(tmp_path, floor):
    """Training can end after the last epoch or be stopped by the schedule."""
    expected = state_of(*train(tmp_path, floor=floor))
    (tmp_path / "history.csv").unlink()
    *again, script = train(tmp_path, floor=floor)
    assert not hasattr(script, "trained")
    received = state_of(*again, script)
    assert len(received[3]) == (6 if floor is None else 4)
    for one, other in zip(expected[0], received[0], strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(pd.read_csv(tmp_path / "history.csv")) == len(received[3])


def test_an_epoch_of_infinite_loss_is_in_the_history_only(tmp_path):
    *_, checkpoint, _ = train(tmp_path, epochs=1, loss=np.inf)
    assert not (tmp_path / NAME).exists()
    assert np.isinf(pd.read_csv(tmp_path / "history.csv").loss[0])
    assert np.isinf(checkpoint.rows[0]["loss"])


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("interrupted")
    with pytest.raises(KeyboardInterrupt):
        train(folder, killed_in=2)
    return (folder / NAME).read_bytes()


@pytest.mark.parametrize("damage", ["empty", "half", "byte", "text"])
def test_a_damaged_checkpoint_restarts_with_a_warning(interrupted, tmp_path, damage):
    flipped = bytearray(interrupted)
    flipped[len(flipped) // 3] ^= 1
    contents = {
        "empty": b"",
        "half": interrupted[: len(interrupted) // 2],
        "byte": bytes(flipped),
        "text": b"no checkpoint",
    }
    (tmp_path / NAME).write_bytes(contents[damage])
    with pytest.warns(UserWarning, match="checkpoint.npz is damaged.*restarts"):
        *_, checkpoint, _ = train(tmp_path, epochs=1)
    assert [row["epoch"] for row in checkpoint.rows] == [0]


def test_the_checkpoint_of_another_model_is_rejected(interrupted, tmp_path):
    (tmp_path / NAME).write_bytes(interrupted)
    with pytest.raises(ValueError, match=r"\[2, 3\]\] instead of .*\[2, 4\]\].*delete"):
        train(tmp_path, units=4)
    assert (tmp_path / NAME).read_bytes() == interrupted


def test_a_checkpoint_is_whole_or_absent(interrupted, tmp_path, monkeypatch):
    (tmp_path / NAME).write_bytes(interrupted)

    def fill(path, content):
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill)
    with pytest.raises(OSError, match="No space"):
        train(tmp_path)
    assert (tmp_path / NAME).read_bytes() == interrupted
    assert not list(tmp_path.glob(".*"))


def test_the_state_is_text(interrupted, tmp_path):
    (tmp_path / NAME).write_bytes(interrupted)
    with np.load(tmp_path / NAME, allow_pickle=False) as archive:
        state = json.loads(str(archive["state"]))
    assert state["schedule"]["best"] == [0.9, -0.1]
    assert state["schedule"]["best_epoch"] == 1
    assert not state["ended"]
