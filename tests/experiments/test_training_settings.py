"""The settings of training, and the names that they share with their classes."""

import keras
import pytest

from keras_ser import callbacks
from keras_ser.experiments import config, training_settings
from keras_ser.experiments.training_settings import Training


def test_a_config_has_the_names_of_this_module():
    for name in ("MONITORS", "OPTIMIZERS", "PRESETS", "SCHEDULES", "Training"):
        assert getattr(config, name) is getattr(training_settings, name)


def test_each_name_is_that_of_a_class():
    for word in training_settings.OPTIMIZERS.values():
        assert issubclass(getattr(keras.optimizers, word), keras.optimizers.Optimizer)
    for word in training_settings.SCHEDULES.values():
        assert issubclass(getattr(callbacks, word), callbacks.Schedule)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("monitor", ("accuracy", "uar", "ccc", "loss")),
        ("optimizer", ("adam", "adamw", "sgd")),
        ("schedule", ("halve_and_restore", "halve", "cosine", "constant")),
    ],
)
def test_choices_are_checked(name, known):
    for value in known:
        assert getattr(Training(**{name: value}), name) == value
    with pytest.raises(ValueError) as caught:
        Training(**{name: "other"})
    expected = f"`training.{name}` must be one of {known}. Received: 'other'."
    assert str(caught.value) == expected
