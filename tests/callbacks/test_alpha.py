"""α in each epoch of a training, in the logs, in averages and after the training."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from toy_attributes import batch_for, compiled, small

from keras_ser import callbacks

EPOCHS = 6
RAMP = [0, 0.1, 0.2, 0.3, 0.4, 0.5]


class Watch(keras.callbacks.Callback):
    """Reads α during each epoch and at its end, and writes given scores."""

    def __init__(self, scores=()):
        super().__init__()
        self.scores, self.during, self.validated, self.logs = scores, [], [], []

    def on_train_batch_begin(self, batch, logs=None):
        self.during.append(self.model.alpha)

    def on_test_begin(self, logs=None):
        self.validated.append(self.model.alpha)

    def on_epoch_end(self, epoch, logs=None):
        self.logs.append(dict(logs))
        if self.scores:
            logs["val_emotion_accuracy"] = self.scores[epoch]
            logs["val_emotion_loss"] = 0.0


def fit(model, *watchers, epochs=EPOCHS):
    features, labels, weights = batch_for(model)
    model.fit(
        features,
        labels,
        sample_weight=weights,
        batch_size=len(features),
        validation_data=(features, labels, weights),
        epochs=epochs,
        callbacks=[callbacks.SetAlpha(), *watchers],
        verbose=0,
    )
    return model


def test_alpha_is_set_in_each_epoch_and_logged():
    watch = Watch()
    fit(compiled(small("gradient_reversal")), watch)
    assert watch.during == pytest.approx(RAMP)
    assert watch.validated == pytest.approx(RAMP)
    assert [logs["alpha"] for logs in watch.logs] == pytest.approx(RAMP)


def test_the_loss_of_an_epoch_has_its_alpha():
    watch = Watch()
    fit(compiled(small("gradient_reversal"), rate=0.0), watch, epochs=3)
    for alpha, logs in zip((0, 0.25, 0.5), watch.logs, strict=True):
        attributes = (logs["gender_loss"] + logs["corpus_loss"]) / 2
        expected = (1 - alpha) * logs["emotion_loss"] + alpha * attributes
        assert logs["loss"] == pytest.approx(expected, rel=1e-5)


def test_a_model_without_alpha_is_left_unchanged():
    watch = Watch()
    fit(compiled(small(attributes=())), watch, epochs=1)
    assert watch.during == [None] and "alpha" not in watch.logs[0]
    plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    plain.compile("sgd", "mse")
    x = np.ones((2, 2), "float32")
    plain.fit(x, x[:, :1], callbacks=[callbacks.SetAlpha()], verbose=0)


def test_averages_have_the_present_alpha():
    model, watch = compiled(small("gradient_reversal")), Watch()
    average = callbacks.AverageWeights(0.9)
    fit(model, watch, average)
    assert watch.validated == pytest.approx(RAMP)
    assert model.alpha == pytest.approx(0.5)
    assert len(average.snapshot()) == len(model.weights) - 2 + 1


@pytest.mark.parametrize("averages", [False, True])
def test_the_best_epoch_comes_back_with_its_alpha(averages):
    scores = [0.9, 0.8, 0.1, 0.5, 0.2, 0.2]  # without a limit, the first would be best
    model, watch = compiled(small("gradient_reversal")), Watch(scores)
    average = callbacks.AverageWeights(0.9) if averages else None
    schedule = callbacks.Constant(
        "val_emotion_accuracy", averaging=average, first=model.first_selectable(EPOCHS)
    )
    fit(model, watch, schedule, *([average] if average else []))
    assert schedule.best_epoch == 3
    assert model.alpha == pytest.approx(RAMP[3])


def test_a_checkpoint_holds_alpha(tmp_path):
    scores = [0.1] * EPOCHS

    def parts(model):
        schedule = callbacks.Constant("val_emotion_accuracy")
        return Watch(scores), schedule, callbacks.Checkpoint(tmp_path, schedule)

    model = compiled(small("gradient_reversal"))
    watch, schedule, checkpoint = parts(model)

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(model, watch, schedule, checkpoint, Interrupt())
    again = compiled(small("gradient_reversal"))
    *_, checkpoint = parts(again)
    assert checkpoint.resume(again) == 3
    assert [row["alpha"] for row in checkpoint.rows] == pytest.approx(RAMP[:3])
    assert again.alpha == pytest.approx(RAMP[2])
    for one, other in zip(model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(convert_to_numpy(one), convert_to_numpy(other))
