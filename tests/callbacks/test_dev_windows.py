"""Development scores of whole utterances, compared with sums over their windows."""

import contextlib

import keras
import numpy as np
import pandas as pd
import pytest

from keras_ser import callbacks, scores
from keras_ser.features import IDENTITY, FeatureStore, LogMel, Preprocessing, windows
from keras_ser.inference import Recogniser
from keras_ser.models import BASELINE, MTLAug
from keras_ser.tasks import Classification, Regression

CLASSES = ("anger", "sadness")
SECONDS = 0.4  # shorter than all utterances


class Data:
    """The parts of a `Pipeline` that the callback uses, on any backend."""

    def __init__(self, table, store, normalise="train", seconds=SECONDS, batch=5):
        self.fold = type("Fold", (), {"dev": table})
        self.store, self.batch = store, batch
        self.preprocessing = Preprocessing(
            store.front_end,
            CLASSES,
            seconds,
            normalise,
            np.linspace(-9.0, -6.0, 16),
            np.linspace(2.0, 4.0, 16),
        )

    def normalised(self):
        """The features of each utterance, in the order of the table."""
        table, made = self.fold.dev, self.preprocessing
        raw = [self.store.read(path) for path in self.store.paths(table)]
        shared = {
            name: made.statistics([raw[row] for row in rows])
            for name, rows in table.groupby("speaker").indices.items()
        }
        return [
            made.normalised(each, shared[name])
            for each, name in zip(raw, table.speaker, strict=True)
        ]


class ZeroWeights:
    """Averages that are zero, in place of an `AverageWeights`."""

    def __init__(self, model):
        self.model = model

    @contextlib.contextmanager
    def averaged(self):
        kept = self.model.get_weights()
        self.model.set_weights([np.zeros_like(each) for each in kept])
        yield
        self.model.set_weights(kept)


@pytest.fixture(scope="module")
def table(spoken_table):
    """Two speakers, with one emotion that training does not know, and one valence."""
    table = spoken_table[spoken_table.speaker < "toy/3"].reset_index(drop=True)
    table = table.assign(valence=np.linspace(-1, 1, len(table)))
    table.loc[4, "emotion"], table.loc[7, "valence"] = "boredom", np.nan
    return table


@pytest.fixture(scope="module")
def store(table, tmp_path_factory):
    made = FeatureStore(tmp_path_factory.mktemp("cache"), LogMel(n_mels=16))
    made.prepare(table, [IDENTITY], progress=False)
    return made


@pytest.fixture
def model():
    """A model with two classifications, a regression, and a head that is not scored."""
    keras.utils.set_random_seed(0)
    features = keras.Input((None, 16), name="features")
    peak = keras.layers.GlobalMaxPooling1D()(features)
    mean = keras.layers.GlobalAveragePooling1D()(features)
    both = keras.layers.Concatenate()([peak, mean])

    def softmax(name):
        return keras.layers.Dense(2, activation="softmax", name=name)(both)

    heads = {
        "emotion": softmax("emotion"),
        "gender": softmax("gender"),
        "valence": keras.layers.Dense(1, name="valence")(both),
    }
    made = keras.Model(features, {**heads, "other": mean})
    made.prediction_model = keras.Model(features, heads)
    made.mask_padding = False
    made.tasks = (
        Classification("emotion", CLASSES),
        Classification("gender", ("female", "male"), adversarial=True),
        Regression("valence"),
        Unscored("other"),
    )
    return made


class Unscored:
    is_scored = False

    def __init__(self, name):
        self.name = name


def logs_of(model, data, **arguments):
    callback = callbacks.ScoreDevWindows(data, **arguments)
    callback.set_model(model)
    callback.on_train_begin()
    logs = {"loss": 0.5, "val_emotion_uar": -1.0, "val_loss": 2.0}
    callback.on_epoch_end(0, logs)
    return logs


def mean_outputs(model, data):
    """The mean over the windows of each utterance, one window at a time."""
    window, found = data.preprocessing.window, {}
    for features in data.normalised():
        pieces = windows.cover_with_windows(features, window)
        pieces = [windows.pad([piece], 1, window) for piece in pieces]
        outputs = [model.prediction_model.predict_on_batch(piece) for piece in pieces]
        for name in outputs[0]:
            mean = np.mean([np.array(each[name])[0] for each in outputs], axis=0)
            found.setdefault(name, []).append(mean)
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.parametrize("normalise", ["train", "speaker", "utterance"])
def test_scores_are_those_of_the_mean_over_windows(model, table, store, normalise):
    data = Data(table, store, normalise)
    logs = logs_of(model, data)
    outputs = mean_outputs(model, data)
    for name, classes in (("emotion", CLASSES), ("gender", ("female", "male"))):
        known = table[name].isin(classes).to_numpy()
        truth = table[name][known].to_numpy()
        posterior = outputs[name][known]
        prediction = np.array(classes)[posterior.argmax(axis=1)]
        likelihood = posterior[np.arange(len(truth)), [*map(classes.index, truth)]]
        expected = {
            f"val_{name}_uar": scores.uar(truth, prediction),
            f"val_{name}_accuracy": scores.accuracy(truth, prediction),
            f"val_{name}_loss": -np.log(likelihood).mean(),
        }
        assert {key: logs[key] for key in expected} == pytest.approx(expected, rel=1e-4)
    known = table.valence.notna().to_numpy()
    x, y = table.valence[known].to_numpy(), outputs["valence"][known, 0]
    product = np.mean((x - x.mean()) * (y - y.mean()))
    ccc = 2 * product / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    assert logs["val_valence_ccc"] == pytest.approx(ccc, rel=1e-4, abs=1e-5)
    assert logs["val_valence_loss"] == pytest.approx(1 - ccc, rel=1e-4)
    assert (logs["loss"], logs["val_loss"]) == (0.5, 2.0)  # others stay
    assert len(logs) == 2 + 3 + 3 + 2


def test_more_than_the_first_window_counts(model, table, store):
    """The first windows alone, as `fit` validates, give other losses."""
    data = Data(table, store)
    frames = store.frames(store.paths(table))
    assert (frames > data.preprocessing.window).all()
    whole = logs_of(model, data)
    window = data.preprocessing.window
    cut = windows.pad([each[:window] for each in data.normalised()], len(table), window)
    outputs = model.prediction_model.predict_on_batch(cut)
    known = table.emotion.isin(CLASSES).to_numpy()
    truth = [*map(CLASSES.index, table.emotion[known])]
    likelihood = np.array(outputs["emotion"])[known][np.arange(len(truth)), truth]
    difference = whole["val_emotion_loss"] + np.log(likelihood).mean()
    assert abs(difference) > 1e-3
    first = logs_of(model, data, first_only=True)
    expected = -np.log(likelihood).mean()
    assert first["val_emotion_loss"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("seconds", [SECONDS, 5.0])
def test_they_are_the_scores_of_the_recogniser(table, store, seconds):
    keras.utils.set_random_seed(0)
    model = MTLAug(CLASSES, dimensions=16)
    data = Data(table, store, seconds=seconds, batch=16)
    known = table.emotion.isin(CLASSES).to_numpy()
    posterior = Recogniser(model, data.preprocessing).posteriors(data.normalised())
    truth = [*map(CLASSES.index, table.emotion[known])]
    likelihood = posterior[known][np.arange(len(truth)), truth]
    logs = logs_of(model, data)
    assert logs["val_emotion_loss"] == pytest.approx(-np.log(likelihood).mean(), 1e-4)


def test_scores_do_not_depend_on_the_batches_or_on_earlier_epochs(model, table, store):
    expected = logs_of(model, Data(table, store, batch=1))
    assert logs_of(model, Data(table, store, batch=64)) == pytest.approx(expected, 1e-4)
    callback = callbacks.ScoreDevWindows(Data(table, store))
    callback.set_model(model)
    callback.on_train_begin()
    found = [{}, {}]
    for epoch, logs in enumerate(found):
        callback.on_epoch_end(epoch, logs)
    assert found[0] == found[1]
    assert {key: expected[key] for key in found[0]} == pytest.approx(found[0], 1e-4)


def test_averaged_weights_are_scored_and_put_back(model, table, store):
    before = model.get_weights()
    logs = logs_of(model, Data(table, store), averaging=ZeroWeights(model))
    assert logs["val_emotion_loss"] == pytest.approx(np.log(2), 1e-5)
    other = logs_of(model, Data(table, store))["val_emotion_loss"]
    assert abs(other - np.log(2)) > 0.01
    for kept, value in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, value)


def test_rows_without_labels_alone_keep_the_losses_finite(model, table, store):
    unknown = table.assign(emotion="boredom", gender=pd.NA, valence=np.nan)
    logs = logs_of(model, Data(unknown, store))
    assert np.isfinite([*logs.values()]).all()


def test_callbacks_that_follow_read_the_scores(table, store):
    data, seen = Data(table, store), []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(dict(logs))
    )
    keras.utils.set_random_seed(0)
    model = MTLAug(CLASSES, dimensions=16, **BASELINE)
    model.compile("sgd", **model.objective())
    x = np.stack([each[:40] for each in data.normalised()])
    y = {"emotion": np.eye(2, dtype="float32")[[0, 1] * 6]}
    scorer = callbacks.ScoreDevWindows(data)
    model.fit(x[:12], y, epochs=2, verbose=0, callbacks=[scorer, watch])
    losses = [logs["val_emotion_loss"] for logs in seen]
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(logs_of(model, data)["val_emotion_loss"], 1e-4)
