"""An interrupted training that resumes ends like an uninterrupted one."""

import functools
import json
import shutil

import keras
import numpy as np
import pandas as pd
import pytest
from keras.ops import convert_to_numpy
from toy_optimizers import two_parts

from keras_ser import callbacks
from keras_ser.backend.optimizers import optimizers_of
from keras_ser.callbacks.checkpoint import FILE_NAME as NAME
from keras_ser.callbacks.checkpoint import Checkpoint
from keras_ser.utils import files

SCORES = [0.5, 0.9, 0.1, 0.1, 0.1, 0.2]  # two halvings at patience 2
KINDS = ("HalveAndRestore", "Halve", "Cosine", "Constant")
needs_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="its train_step needs TensorFlow"
)


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


def one_optimizer(units):
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((2,)), layers.Dense(units), layers.BatchNormalization()]
    )
    model.add(layers.Dense(1))
    # Without a graph, as many small trainings take less time.
    model.compile(keras.optimizers.Adam(0.1), "mse", run_eagerly=True)
    return model


def train(
    folder,
    units=3,
    epochs=6,
    kind="HalveAndRestore",
    decay=0,
    several=False,
    settings=None,
    **script,
):
    keras.utils.set_random_seed(len(list(folder.iterdir())))  # different each time
    build = functools.partial(two_parts, run_eagerly=True) if several else one_optimizer
    model = build(units=units)
    if not (folder / "start.npz").exists():
        np.savez(folder / "start.npz", *model.get_weights())
    patience = {"patience": 2} if kind.startswith("Halve") else {}
    average = callbacks.AverageWeights(decay) if decay else None
    arguments = {**patience, **(settings or {}), "averaging": average}
    schedule = getattr(callbacks, kind)(**arguments)
    checkpoint = Checkpoint(folder, schedule)
    first = checkpoint.resume(model)
    if not first and units == 3:
        with np.load(folder / "start.npz") as archive:
            model.set_weights(list(archive.values()))
    script = Script(**script)
    steering = [schedule, average] if average else [schedule]
    if checkpoint.ended:
        for each in steering:
            each.on_train_end()
    else:
        x = np.linspace(-1, 1, 8, dtype="float32").reshape(4, 2)
        y = x[:, :1] ** 2
        model.fit(
            x, y, batch_size=2, epochs=epochs, initial_epoch=first, verbose=0,
            shuffle=False, validation_data=(x, y),
            callbacks=[script, *steering, checkpoint],
        )  # fmt: skip
    return model, schedule, checkpoint, script


def state_of(model, schedule, checkpoint, _):
    variables = list(model.weights)
    for optimizer in optimizers_of(model).values():
        variables += optimizer.variables
    values = [convert_to_numpy(each) for each in variables]
    if schedule.averaging:
        values += schedule.averaging.snapshot()
    return values, schedule.get_state(), schedule.kept or [], checkpoint.rows


def assert_same_ends(expected, received):
    for part in (0, 2):
        for one, other in zip(expected[part], received[part], strict=True):
            np.testing.assert_array_equal(one, other)
    assert (expected[1], expected[3]) == (received[1], received[3])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, state_of(*train(folder))


@pytest.mark.parametrize("moments", [(0,), (1,), (3,), (5,), (1, 2, 2, 4)])
def test_an_interrupted_training_ends_as_an_undisturbed_one(whole, tmp_path, moments):
    undisturbed, expected = whole
    shutil.copy(undisturbed / "start.npz", tmp_path)
    for moment in moments:
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path, killed_in=moment)
    assert_same_ends(expected, state_of(*train(tmp_path)))
    history = (undisturbed / "history.csv").read_bytes()
    assert (tmp_path / "history.csv").read_bytes() == history


@pytest.mark.parametrize(
    "several", [False, pytest.param(True, marks=needs_tensorflow)], ids=["one", "two"]
)
@pytest.mark.parametrize("decay", [0, 0.9])
@pytest.mark.parametrize("kind", KINDS)
def test_every_schedule_resumes_exactly(tmp_path, kind, decay, several):
    """Also with averages, with two optimizers, and with the last epoch selected."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    select = "last" if several else "best"
    options = {"kind": kind, "decay": decay, "several": several}
    options["settings"] = {"select": select}
    whole.mkdir()
    expected = state_of(*train(whole, **options))
    parts.mkdir()
    shutil.copy(whole / "start.npz", parts)
    for moment in (1, 4):  # before the first halving and after it
        with pytest.raises(KeyboardInterrupt):
            train(parts, killed_in=moment, **options)
    received = state_of(*train(parts, **options))
    assert_same_ends(expected, received)
    history = (parts / "history.csv").read_bytes()
    assert history == (whole / "history.csv").read_bytes()
    # An ended training leaves the same model when it is asked for again.
    assert_same_ends(expected, state_of(*train(parts, **options)))


def test_the_history_has_one_row_per_epoch(whole):
    table = pd.read_csv(whole[0] / "history.csv")
    assert list(table) == [
        "epoch", "learning_rate", "loss", "val_emotion_accuracy", "val_emotion_loss",
        "val_loss",
    ]  # fmt: skip
    assert table.val_emotion_accuracy.tolist() == SCORES
    np.testing.assert_allclose(table.learning_rate, [0.1] * 4 + [0.05] * 2, rtol=1e-6)


@pytest.mark.parametrize("floor", [None, 0.09])
def test_an_ended_training_is_not_trained_again(tmp_path, floor):
    """Training can end after the last epoch or be stopped by the schedule."""
    settings = {"floor": floor}
    expected = state_of(*train(tmp_path, settings=settings))
    (tmp_path / "history.csv").unlink()
    *again, script = train(tmp_path, settings=settings)
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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"units": 4}, r"`weights`.*\[2, 3\]\] instead of .*\[2, 4\]\]"),
        ({"decay": 0.9}, "`averages`: 0 variables instead of 9"),
        pytest.param(
            {"several": True},
            "`optimizer body`: 0 variables instead of 10",
            marks=needs_tensorflow,
        ),
    ],
)
def test_the_checkpoint_of_another_model_is_rejected(
    interrupted, tmp_path, change, message
):
    (tmp_path / NAME).write_bytes(interrupted)
    with pytest.raises(ValueError, match=f"Received for {message}.*delete"):
        train(tmp_path, **change)
    assert (tmp_path / NAME).read_bytes() == interrupted


def test_a_checkpoint_is_whole_or_absent(interrupted, tmp_path, monkeypatch):
    (tmp_path / NAME).write_bytes(interrupted)

    def fill(path):
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_flush", fill)
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
