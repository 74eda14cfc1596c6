"""Averages of weights, against their equation in NumPy."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import callbacks

DECAY = 0.8  # reached after 34 updates of the warm-up
X = np.random.default_rng(0).normal(size=(12, 2)).astype("float32")
Y = (X[:, :1] * X[:, 1:]).astype("float32")


@keras.saving.register_keras_serializable("toy")
class Count(keras.layers.Layer):
    """Counts in an integer weight how often it is trained."""

    def build(self, shape):
        self.count = self.add_weight(
            shape=(), initializer="zeros", dtype="int32", trainable=False, name="count"
        )

    def call(self, inputs, training=False):
        if training:
            self.count.assign(self.count + 1)
        return inputs


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(4, activation="tanh"),
            layers.BatchNormalization(momentum=0.5),
            Count(),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.1), "mse")
    return model


def values_of(model):
    return [convert_to_numpy(each) for each in model.weights]


class Record(keras.callbacks.Callback):
    """Keeps the weights at the start, after each update and at the end of epochs."""

    def __init__(self, scores=()):
        super().__init__()
        self.steps, self.epochs, self.logs, self.scores = [], [], [], scores

    def on_train_begin(self, logs=None):
        self.steps.append(values_of(self.model))

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(values_of(self.model))

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(values_of(self.model))
        self.logs.append(dict(logs))
        if self.scores:
            logs["val_emotion_accuracy"] = self.scores[epoch]
            logs["val_emotion_loss"] = 0.0


def fit(model, *watchers, epochs=3):
    model.fit(
        X, Y, batch_size=4, epochs=epochs, shuffle=False, verbose=0,
        validation_data=(X, Y), callbacks=list(watchers),
    )  # fmt: skip


def averages(steps, decay=DECAY):
    """The averages after each update, in float64; of integers, the newest value."""
    average, found = [np.float64(value) for value in steps[0]], []
    for count, values in enumerate(steps[1:]):
        d = min(decay, (1 + count) / (10 + count))
        average = [
            d * a + (1 - d) * w if w.dtype.kind == "f" else w
            for a, w in zip(average, values, strict=True)
        ]
        found.append(average)
    return found


def assert_close(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def assert_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("decay", [0, 0.3, DECAY, 0.999])
def test_the_model_at_the_end_has_the_averages_of_the_equation(model, decay):
    record, average = Record(), callbacks.AverageWeights(decay)
    fit(model, record, average, epochs=13)  # 39 updates
    expected = averages(record.steps, decay)
    assert len(expected) == average.updates == 39
    assert_close(values_of(model), expected[-1])
    # Every weight moved, and so did the moments of batch normalisation.
    moved = zip(values_of(model), record.steps[-1], strict=True)
    different = [bool((one != other).any()) for one, other in moved]
    names = [each.path.split("/")[-1] for each in model.weights]
    assert names[4:7] == ["moving_mean", "moving_variance", "count"]
    if decay:  # with 0, they are equal up to rounding
        assert different == [name != "count" for name in names]


def test_training_is_the_same_as_without_averages(model):
    start, record = model.get_weights(), Record()
    fit(model, record)
    again = keras.models.clone_model(model)
    again.set_weights(start)
    again.compile(keras.optimizers.Adam(0.1), "mse")
    averaged = Record()
    fit(again, averaged, callbacks.AverageWeights(DECAY))
    for one, other in zip(record.steps, averaged.steps, strict=True):
        assert_same(one, other)
    assert_same(model.get_weights(), record.steps[-1])


def test_validation_sees_the_averages(model):
    record, average = Record(), callbacks.AverageWeights(DECAY)
    fit(model, record, average)
    expected = averages(record.steps)[2::3]  # after each epoch of three updates
    for epoch, (weights, logs) in enumerate(zip(expected, record.logs, strict=True)):
        model.set_weights([np.asarray(value) for value in weights])
        score = model.evaluate(X, Y, batch_size=4, verbose=0)
        np.testing.assert_allclose(logs["val_loss"], score, rtol=1e-4)
        model.set_weights(record.epochs[epoch])
        raw = model.evaluate(X, Y, batch_size=4, verbose=0)
        assert abs(raw - score) > 1e-3  # the test can tell them apart


class Peek(keras.callbacks.Callback):
    """Looks at the model of each epoch, inside and outside of the context."""

    def __init__(self, averaging):
        super().__init__()
        self.averaging, self.inside, self.outside = averaging, [], []

    def on_epoch_end(self, epoch, logs=None):
        with self.averaging.averaged(), self.averaging.averaged():
            self.inside.append(values_of(self.model))
        self.outside.append(values_of(self.model))

    def on_train_end(self, logs=None):
        self.on_epoch_end(None)


def test_other_callbacks_can_look_at_the_averages(model):
    record, average = Record(), callbacks.AverageWeights(DECAY)
    peek, wrapped = Peek(average), Record()
    shown = callbacks.OnAverages(average, [wrapped])
    fit(model, record, average, peek, shown)
    expected = averages(record.steps)
    for epoch, number in enumerate((2, 5, 8)):
        assert_close(peek.inside[epoch], expected[number])
        assert_same(peek.outside[epoch], record.epochs[epoch])
        assert_same(wrapped.epochs[epoch], peek.inside[epoch])
    assert_same(wrapped.steps[-1], record.steps[-1])  # other events are passed on
    # At the end, the model has the averages inside and outside.
    assert_close(peek.outside[-1], expected[-1])
    assert_same(peek.outside[-1], peek.inside[-1])


def test_an_error_in_the_context_leaves_the_weights(model):
    average = callbacks.AverageWeights(DECAY)
    average.set_model(model)
    average.on_train_begin()
    before = model.get_weights()
    model.set_weights([value + 1 for value in before])
    with pytest.raises(KeyError), average.averaged():
        assert_same(model.get_weights()[:2], before[:2])
        raise KeyError
    assert_same(model.get_weights(), [value + 1 for value in before])


def test_returning_to_the_best_epoch_brings_back_its_averages(model):
    scores = [0.1, 0.9, 0.1, 0.1, 0.1]
    record, average = Record(scores), callbacks.AverageWeights(DECAY)
    schedule = callbacks.HalveAndRestore(patience=2, averaging=average)
    fit(model, record, schedule, average, epochs=5)
    assert schedule.best_epoch == 1
    assert_close(values_of(model), averages(record.steps[:7])[-1])
    # The fifth epoch started from weights and averages of the second one.
    assert average.updates == 6
    after = averages([*record.steps[:7], *record.steps[-3:]])[-1]
    model.set_weights([np.asarray(value) for value in after])
    score = model.evaluate(X, Y, batch_size=4, verbose=0)
    np.testing.assert_allclose(record.logs[-1]["val_loss"], score, rtol=1e-4)


def test_the_last_epoch_leaves_its_own_averages(model):
    record, average = Record([0.9, 0.1, 0.1]), callbacks.AverageWeights(DECAY)
    schedule = callbacks.Cosine(select="last", averaging=average)
    fit(model, record, schedule, average)
    assert_close(values_of(model), averages(record.steps)[-1])


def test_a_second_training_continues_from_the_weights(model):
    record, average = Record(), callbacks.AverageWeights(DECAY)
    fit(model, record, average)
    first = record.steps[-1]
    fit(model, average, record)  # the averages have left the model
    assert_same(record.steps[10], first)
    steps = record.steps[:10] + record.steps[11:]
    assert_close(values_of(model), averages(steps)[-1])
    assert average.updates == 18


def test_a_state_can_be_restored_after_a_training(model):
    """The averages have left the model, because its weights were assigned again."""
    average = callbacks.AverageWeights(DECAY)
    fit(model, average, epochs=1)
    raw = [0 * value for value in values_of(model)]
    state = average.snapshot()
    model.set_weights(raw)
    average.restore(state)
    record = Record()
    fit(model, average, record, epochs=1)
    assert_same(record.steps[0], raw)


def test_another_model_starts_its_own_averages(model):
    average, other = callbacks.AverageWeights(DECAY), keras.models.clone_model(model)
    fit(model, average)
    other.compile("sgd", "mse")
    record = Record()
    fit(other, record, average)
    assert_close(values_of(other), averages(record.steps)[-1])


def test_the_model_gets_no_further_weights(model, tmp_path):
    names = [each.path for each in model.weights]
    fit(model, callbacks.AverageWeights(DECAY))
    assert [each.path for each in model.weights] == names
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    found, expected = (convert_to_numpy(each(X)) for each in (loaded, model))
    np.testing.assert_array_equal(found, expected)


def test_evaluating_elsewhere_sees_what_the_model_has(model):
    average = callbacks.AverageWeights(DECAY)
    fit(model, average)
    before = model.get_weights()
    scores = [
        model.evaluate(X, Y, verbose=0, callbacks=each) for each in ([average], [])
    ]
    assert scores[0] == scores[1]
    assert_same(model.get_weights(), before)


@pytest.mark.parametrize("decay", [1, -0.1, 1.5, np.nan, "0.9"])
def test_impossible_decays_are_rejected(decay):
    with pytest.raises(ValueError, match="`decay` must be a number of at least 0"):
        callbacks.AverageWeights(decay)


def test_a_model_without_weights_is_rejected():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("Keras builds the model first")
    with pytest.raises(ValueError, match="built model.*Call the model"):
        fit(model, callbacks.AverageWeights(DECAY))


def test_several_steps_per_execution_are_rejected(model):
    model.compile("sgd", "mse", steps_per_execution=2)
    with pytest.raises(ValueError, match="after every update.*execution=2"):
        fit(model, callbacks.AverageWeights(DECAY))
