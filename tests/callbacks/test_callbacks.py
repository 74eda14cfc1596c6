"""The schedule on scripted scores, seeds, centers."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import callbacks, models

KEYS = {"monitor": "val_emotion_accuracy", "tie": "val_emotion_loss"}


class Script(keras.callbacks.Callback):
    """Puts given development scores into the logs, and notes the learning rate."""

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
    """Keeps all variables of each epoch's end."""

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


def test_halving_goes_on_from_the_best_epoch():
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


def small_model():
    model = models.MTLAug(("a", "b"), bands=16)
    model.compile("sgd", **model.objective())
    return model


def test_dropout_depends_on_seed_and_epoch_alone(rng):
    features = rng.normal(size=(2, 16, 16)).astype("float32")

    def masks(seed, epoch, before=0):
        keras.utils.set_random_seed(0)
        model = small_model()
        reseed = callbacks.ReseedEachEpoch(seed)
        reseed.set_model(model)
        for _ in range(before):
            model(features, training=True)
        reseed.on_epoch_begin(epoch)
        return convert_to_numpy(model(features, training=True)["augmentation"])

    np.testing.assert_array_equal(masks(1, 3), masks(1, 3, before=2))
    assert (masks(1, 3) != masks(1, 4)).any()
    assert (masks(1, 3) != masks(2, 3)).any()


def test_centers_start_at_the_class_means(rng):
    model = small_model()
    features = rng.normal(size=(6, 16, 16)).astype("float32")
    truth = np.array([0, 1, 0, 1, 0, 0])
    weight = np.float32([1, 1, 1, 1, 1, 0])
    batch = (
        features,
        {"center": np.eye(2, dtype="float32")[truth]},
        {"center": weight},
    )
    start = callbacks.InitialiseCenters([batch])
    start.set_model(model)
    start.on_train_begin()
    deep = convert_to_numpy(model.deep_features_model(features))
    chosen = weight == 1
    expected = [deep[(truth == k) & chosen].mean(axis=0) for k in range(2)]
    centers = model.get_layer("center").centers
    np.testing.assert_allclose(
        convert_to_numpy(centers), expected, rtol=1e-4, atol=1e-6
    )
    centers.assign(np.ones_like(expected))
    start.on_train_begin()  # trained centers stay
    assert (convert_to_numpy(centers) == 1).all()


def test_a_class_without_an_utterance_starts_at_the_mean_of_all(rng):
    model = small_model()
    features = rng.normal(size=(3, 16, 16)).astype("float32")
    labels = {"center": np.eye(2, dtype="float32")[[0, 0, 0]]}
    start = callbacks.InitialiseCenters(
        [(features, labels, {"center": np.ones(3, "float32")})]
    )
    start.set_model(model)
    start.on_train_begin()
    mean = convert_to_numpy(model.deep_features_model(features)).mean(axis=0)
    centers = convert_to_numpy(model.get_layer("center").centers)
    np.testing.assert_allclose(centers, [mean, mean], rtol=1e-4, atol=1e-6)
