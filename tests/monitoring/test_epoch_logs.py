"""The logs of an epoch, read back from the event files."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ser.monitoring import EpochLogs
from keras_ser.monitoring.epoch_logs import TAGS


def read(folder) -> dict:
    """The scalars in a folder: lists of (step, value) by tag."""
    found = {}
    for path in sorted(folder.glob("events.*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                number = float(tf.make_ndarray(value.tensor))
                found.setdefault(value.tag, []).append((event.step, number))
    return found


def write(folder, *epochs):
    """The summaries of the logs of a few epochs, of training and of validation."""
    callback = EpochLogs(folder, write_graph=False)
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, logs in enumerate(epochs):
        callback.on_epoch_end(epoch, dict(logs))
    callback.on_train_end()
    return read(folder / "train"), read(folder / "validation")


def test_an_adversary_has_its_groups_and_each_key_one_tag(tmp_path):
    keys = {key: float(number) for number, key in enumerate(TAGS)}
    logs = {"loss": 0.5, **keys, "val_loss": 0.25}
    logs |= {f"val_{key}": -value for key, value in keys.items()}
    train, validation = write(tmp_path, logs, logs)
    expected = {tag: [(0, keys[key]), (1, keys[key])] for key, tag in TAGS.items()}
    rate = train.pop("epoch_learning_rate")
    assert [step for step, _ in rate] == [0, 1]
    assert train == {"epoch_loss": [(0, 0.5), (1, 0.5)], **expected}
    negative = {tag: [(s, -v) for s, v in each] for tag, each in expected.items()}
    assert validation == {"epoch_loss": [(0, 0.25), (1, 0.25)], **negative}
    groups = {tag.partition("/")[0] for tag in TAGS.values()}
    assert groups == {"adversary", "code"}


@pytest.mark.parametrize("key", ["emotion_loss", "code_loss", "my_code_mean"])
def test_other_keys_are_written_as_keras_writes_them(tmp_path, key):
    train, validation = write(tmp_path, {key: 1.0, f"val_{key}": 2.0})
    assert train[f"epoch_{key}"] == [(0, 1.0)]
    assert validation == {f"epoch_{key}": [(0, 2.0)]}


def test_no_logs_and_no_adversary_write_no_group(tmp_path):
    train, validation = write(tmp_path, {}, {"loss": 1.0})
    assert set(train) == {"epoch_loss", "epoch_learning_rate"} and not validation


class Adversarial(keras.Model):
    """A linear model that logs the mean of its input as `code_mean`."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)
        self.tracker = keras.metrics.Mean("code_mean")

    def call(self, inputs):
        self.tracker.update_state(inputs)
        return self.dense(inputs)


def test_an_evaluation_in_training_repeats_no_measurement(tmp_path):
    """Keras also writes the result of each validation against the iterations."""
    model, ones = Adversarial(), np.ones((4, 2), "float32")
    model.compile("sgd", "mse")
    logs = EpochLogs(tmp_path, write_graph=False)
    fitting = {"epochs": 2, "verbose": 0, "callbacks": [logs]}
    model.fit(ones, ones[:, :1], validation_data=(2 * ones, ones[:, :1]), **fitting)
    assert read(tmp_path / "train")["code/mean"] == [(0, 1.0), (1, 1.0)]
    validation = read(tmp_path / "validation")
    assert validation["code/mean"] == [(0, 2.0), (1, 2.0)]
    assert [tag for tag in validation if "code" in tag] == ["code/mean"]
    assert "evaluation_loss_vs_iterations" in validation
