"""The settings of training, and the names that they share with their classes."""

import keras
import pytest

from keras_ser import callbacks
from keras_ser.experiments import config, training_settings
from keras_ser.experiments.training_settings import Training


def test_a_config_has_the_names_of_this_module():
    for name in ("MONITORS", "OPTIMIZERS", "PRESETS", "RECIPES", "SCHEDULES"):
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
        ("segments", ("random", "all")),
        ("segment_weight", ("utterance", "segment")),
    ],
)
def test_choices_are_checked(name, known):
    for value in known:
        assert getattr(Training(**{name: value}), name) == value
    with pytest.raises(ValueError) as caught:
        Training(**{name: "other"})
    expected = f"`training.{name}` must be one of {known}. Received: 'other'."
    assert str(caught.value) == expected


def test_each_recipe_has_the_presets_of_the_command_line():
    for recipe in training_settings.RECIPES.values():
        assert set(recipe) == set(training_settings.PRESETS)
    assert training_settings.RECIPES["mtl_aug"] is training_settings.PRESETS


def test_the_recipe_of_the_densely_connected_networks():
    """Its paper halves the rate after 5 epochs and stops after 20, section 4.4."""
    recipe = training_settings.RECIPES["robust_densenet"]
    for made in recipe.values():
        assert (made.schedule, made.patience, made.stop) == ("halve", 5, 20)
        assert (made.learning_rate, made.dev_windows) == (1e-3, "all")
    paper, small = recipe["paper"], recipe["small"]
    assert (paper.segments, paper.segment_weight) == ("all", "segment")
    assert (paper.batch, paper.rows_per_utterance, paper.epochs) == (32, 3, 100)
    assert (paper.average, paper.select) == (0.0, "best")
    changed = {"schedule": "halve", "stop": 20, "dev_windows": "all"}
    assert small == Training(**changed)
