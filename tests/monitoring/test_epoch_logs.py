"""The logs of an epoch, read back from the event files."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ser.monitoring import EpochLogs
from keras_ser.monitoring.epoch_logs import TAGS


def events(folder):
    for path in sorted(folder.glob("events.*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                yield event.step, value.tag, tf.make_ndarray(value.tensor)


def read(folder) -> dict:
    """The scalars in a folder: lists of (step, value) by tag."""
    found = {}
    for step, tag, value in events(folder):
        if value.dtype != object:
            found.setdefault(tag, []).append((step, float(value)))
    return found


def model_of(*heads):
    """A model with these outputs."""
    given = keras.Input((2,))
    outputs = {name: keras.layers.Dense(1, name=name)(given) for name in heads}
    model = keras.Model(given, outputs)
    model.compile("sgd", dict.fromkeys(heads, "mse"))
    return model


def write(folder, *epochs, heads=("emotion",), **options):
    """The summaries of the logs of a few epochs, of training and of validation."""
    callback = EpochLogs(folder, **options)
    callback.set_model(model_of(*heads))
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
    rate = train.pop("training/learning_rate")
    assert [step for step, _ in rate] == [0, 1]
    assert train == {"training/loss": [(0, 0.5), (1, 0.5)], **expected}
    negative = {tag: [(s, -v) for s, v in each] for tag, each in expected.items()}
    assert validation == {"training/loss": [(0, 0.25), (1, 0.25)], **negative}
    groups = {tag.partition("/")[0] for tag in TAGS.values()}
    assert groups == {"adversary", "code"}


@pytest.mark.parametrize(
    ("key", "tag"),
    [
        ("emotion_uar", "emotion/uar"),
        ("emotion_twice_loss", "emotion_twice/loss"),
        ("loss", "training/loss"),
        ("emotional", "training/emotional"),
        ("my_code_mean", "training/my_code_mean"),
        ("alpha", "training/alpha"),
    ],
)
def test_each_head_is_a_group(tmp_path, key, tag):
    logs, heads = {key: 1.0, f"val_{key}": 2.0}, ("emotion", "emotion_twice")
    train, validation = write(tmp_path, logs, heads=heads)
    assert train[tag] == [(0, 1.0)]
    assert set(train) == {tag, "training/learning_rate"}
    assert validation == {tag: [(0, 2.0)]}


def test_a_learning_rate_that_is_logged_is_not_replaced(tmp_path):
    train, _ = write(tmp_path, {"learning_rate": 0.25})
    assert train == {"training/learning_rate": [(0, 0.25)]}


def test_the_card_is_written_once_also_after_a_resumption(tmp_path):
    for _ in range(2):
        write(tmp_path, {"loss": 1.0}, card="| epochs | 20 |")
    cards = [
        (step, value.item())
        for step, tag, value in events(tmp_path / "train")
        if tag == "settings"
    ]
    assert cards == [(0, b"| epochs | 20 |")]


def test_no_card_writes_none(tmp_path):
    write(tmp_path, {"loss": 1.0})
    assert "settings" not in {tag for _, tag, _ in events(tmp_path / "train")}


def test_training_writes_each_value_once(tmp_path):
    """Keras would also write the result of each validation against the iterations."""
    model, ones = model_of("emotion"), np.ones((4, 2), "float32")
    fitting = {"epochs": 2, "verbose": 0, "callbacks": [EpochLogs(tmp_path)]}
    model.fit(ones, ones[:, :1], validation_data=(ones, ones[:, :1]), **fitting)
    for folder in ("train", "validation"):
        found = read(tmp_path / folder)
        assert "training/loss" in found
        assert all([step for step, _ in each] == [0, 1] for each in found.values())
        tags = {tag.rpartition("/")[2] for tag in found}
        assert len(tags) == len(found)
