"""The learning rate schedule on scripted scores."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import callbacks

KEYS = {"monitor": "val_emotion_accuracy", "tie": "val_emotion_loss"}


class Script(keras.callbacks.Callback):
    """Writes given development scores to the logs and records the learning rates."""

    def __init__(self, scores, ties=None):
        super().__init__()
        self.scores = scores
        self.ties = ties or [0.0] * len(scores)
        self.rates = []

    def on_epoch_begin(self, epoch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate))

    def on_epoch_end(self, epoch, logs=None):
        logs[KEYS["monitor"]] = self.scores[epoch]
        logs[KEYS["tie"]] = self.ties[epoch]


class Weights(keras.callbacks.Callback):
    """Keeps the values of all variables at the end of each epoch."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def on_epoch_end(self, epoch, logs=None):
        self.kept.append(variables(self.model))


def variables(model):
    rate = model.optimizer.learning_rate
    moments = [v for v in model.optimizer.variables if v is not rate]
    return [convert_to_numpy(v) for v in model.weights + moments]


def train(scores, ties=None, rate=0.1, **arguments):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(rate), "mse")
    script, weights = Script(scores, ties), Weights()
    schedule = callbacks.HalveAndRestore(**arguments)
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    model.fit(
        x, y, epochs=len(scores), verbose=0, callbacks=[script, weights, schedule]
    )
    return model, schedule, script, weights


def test_the_rate_halves_after_patience_and_stops_below_a_tenth():
    _, schedule, script, _ = train([0.5] + [0.4] * 40, patience=5)
    # One good epoch, then five without a better one at each rate.
    expected = np.repeat([0.1, 0.05, 0.025, 0.0125], [6, 5, 5, 5])
    np.testing.assert_allclose(script.rates, expected, rtol=1e-6)
    assert schedule.best_epoch == 0


def test_an_improvement_starts_the_count_again():
    scores = [0.5, 0.4, 0.4, 0.6, 0.5, 0.5, 0.5, 0.5]
    _, schedule, script, _ = train(scores, patience=3)
    np.testing.assert_allclose(script.rates, [0.1] * 7 + [0.05], rtol=1e-6)
    assert schedule.best_epoch == 3


def test_restoring_brings_back_weights_and_optimizer():
    model, _, _, weights = train([0.5, 0.9, 0.1, 0.1, 0.1], patience=10)
    for value, best in zip(variables(model), weights.kept[1], strict=True):
        np.testing.assert_array_equal(value, best)
    last = zip(variables(model), weights.kept[-1], strict=True)
    assert any((value != other).any() for value, other in last)


def test_training_continues_from_the_best_epoch_after_halving():
    _, _, _, weights = train([0.9, 0.1, 0.1, 0.1], patience=2)
    first, *_, after = weights.kept
    # The epoch after the restoration starts from the best one: one Adam step at
    # half the rate away from it.
    moved = np.abs(after[0] - first[0]).max()
    assert 0 < moved < 0.11


def test_equal_scores_are_decided_by_the_tie():
    _, schedule, _, _ = train([0.5, 0.5, 0.5], ties=[0.3, 0.2, 0.4], patience=9)
    assert schedule.best_epoch == 1


def test_a_floor_of_its_own():
    _, _, script, _ = train([0.5] + [0.4] * 9, patience=1, floor=0.04)
    np.testing.assert_allclose(script.rates, [0.1, 0.1, 0.05], rtol=1e-6)


def test_unknown_keys_are_named():
    with pytest.raises(ValueError, match="keys of the logs.*val_speaker"):
        train([0.5], monitor="val_speaker")
