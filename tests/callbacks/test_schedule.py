"""The learning rate schedules on scripted scores."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from toy_optimizers import two_parts

from keras_ser import callbacks
from keras_ser.backend.optimizers import optimizers_of, rate_of, state_of

KEYS = {"monitor": "val_emotion_accuracy", "tie": "val_emotion_loss"}
needs_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="its train_step needs TensorFlow"
)


class Script(keras.callbacks.Callback):
    """Writes given development scores to the logs and records the learning rates."""

    def __init__(self, scores, ties=None):
        super().__init__()
        self.scores = scores
        self.ties = ties or [0.0] * len(scores)
        self.rates, self.logs = [], []

    def on_train_batch_begin(self, batch, logs=None):  # the only one of its epoch
        optimizers = optimizers_of(self.model).values()
        self.rates.append([rate_of(each) for each in optimizers])

    def on_epoch_end(self, epoch, logs=None):
        logs[KEYS["monitor"]] = self.scores[epoch]
        logs[KEYS["tie"]] = self.ties[epoch]
        self.logs.append(logs)


class Weights(keras.callbacks.Callback):
    """Keeps the values of all variables at the end of each epoch."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def on_epoch_end(self, epoch, logs=None):
        self.kept.append(variables(self.model))


def variables(model):
    states = [state_of(each) for each in optimizers_of(model).values()]
    return [convert_to_numpy(v) for v in sum(states, list(model.weights))]


def plain_model(rate):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(rate), "mse")
    return model


def train(scores, ties=None, rate=0.1, kind="HalveAndRestore", model=None, **arguments):
    keras.utils.set_random_seed(0)
    model = model or plain_model(rate)
    script, before, after = Script(scores, ties), Weights(), Weights()
    schedule = getattr(callbacks, kind)(**arguments)
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    # The scripted scores come first: the schedule never sees logs without them.
    watchers = [script, before, schedule, after]
    model.fit(x, y, epochs=len(scores), verbose=0, callbacks=watchers)
    return model, schedule, script, before


def rates(script):
    return [each for (each,) in script.rates]


def assert_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def is_different(found, expected):
    pairs = zip(found, expected, strict=True)
    return any((one != other).any() for one, other in pairs)


@pytest.mark.parametrize("kind", ["HalveAndRestore", "Halve"])
def test_the_rate_halves_after_patience_and_stops_below_a_tenth(kind):
    _, schedule, script, _ = train([0.5] + [0.4] * 40, kind=kind, patience=5)
    # One good epoch, then five without a better one at each rate.
    expected = np.repeat([0.1, 0.05, 0.025, 0.0125], [6, 5, 5, 5])
    np.testing.assert_allclose(rates(script), expected, rtol=1e-6)
    logged = [logs["learning_rate"] for logs in script.logs]
    np.testing.assert_allclose(logged, expected, rtol=1e-6)
    assert schedule.best_epoch == 0


@pytest.mark.parametrize("kind", ["HalveAndRestore", "Halve"])
def test_without_a_floor_the_rate_halves_until_stop(kind):
    """Progress in every seventh epoch halves the rate as often, and never stops."""
    scores = [0.01 * (epoch // 7) for epoch in range(50)] + [0.0] * 30
    arguments = {"patience": 5, "floor": 0.0, "stop": 20}
    _, schedule, script, _ = train(scores, kind=kind, **arguments)
    assert schedule.best_epoch == 49
    assert len(script.rates) == 49 + 20 + 1
    halvings = 49 // 7 + 20 // 5 - 1  # the last one comes after the last epoch
    np.testing.assert_allclose(rates(script)[-1], 0.1 / 2**halvings, rtol=1e-6)


def test_an_improvement_starts_the_count_again():
    scores = [0.5, 0.4, 0.4, 0.6, 0.5, 0.5, 0.5, 0.5]
    _, schedule, script, _ = train(scores, patience=3)
    np.testing.assert_allclose(rates(script), [0.1] * 7 + [0.05], rtol=1e-6)
    assert schedule.best_epoch == 3


@pytest.mark.parametrize("kind", ["HalveAndRestore", "Halve", "Cosine", "Constant"])
def test_the_end_brings_back_weights_and_optimizer(kind):
    model, schedule, _, weights = train([0.5, 0.9, 0.1, 0.1, 0.1], kind=kind)
    assert schedule.best_epoch == 1
    assert_same(variables(model), weights.kept[1])
    assert is_different(variables(model), weights.kept[-1])


@pytest.mark.parametrize("kind", ["HalveAndRestore", "Halve", "Cosine", "Constant"])
def test_the_last_epoch_can_be_selected(kind):
    scores = [0.5, 0.9, 0.1, 0.1, 0.1]
    patience = {"patience": 3} if kind.startswith("Halve") else {}  # at its end
    model, schedule, _, weights = train(scores, kind=kind, select="last", **patience)
    assert schedule.best_epoch == 4
    assert_same(variables(model), weights.kept[4])


def test_the_last_epoch_is_also_that_at_which_the_rate_is_too_low():
    scores = [0.9] + [0.1] * 9
    model, schedule, script, weights = train(
        scores, patience=2, floor=0.04, select="last"
    )
    np.testing.assert_allclose(rates(script), [0.1] * 3 + [0.05] * 2, rtol=1e-6)
    assert schedule.best_epoch == 4
    assert_same(variables(model), weights.kept[4])
    assert_same(schedule.kept, weights.kept[0])


def test_training_continues_from_the_best_epoch_after_halving():
    _, _, _, weights = train([0.9, 0.1, 0.1, 0.1], patience=2)
    first, *_, after = weights.kept
    # The epoch after the restoration starts from the best one: one Adam step at
    # half the rate away from it.
    moved = np.abs(after[0] - first[0]).max()
    assert 0 < moved < 0.11


def test_halving_alone_continues_from_the_last_epoch():
    scores = [0.9, 0.1, 0.1, 0.1]
    *_, alone = train(scores, kind="Halve", patience=2)
    *_, constant = train(scores, kind="Constant")
    for epoch in (0, 1, 2):
        assert_same(alone.kept[epoch], constant.kept[epoch])
    steps = [
        kept[3][0] - kept[2][0] for kept in (alone.kept, constant.kept)
    ]  # of the kernel
    np.testing.assert_allclose(steps[0], steps[1] / 2, rtol=1e-4)


@pytest.mark.parametrize("kind", ["HalveAndRestore", "Halve", "Cosine", "Constant"])
def test_training_stops_after_epochs_without_progress(kind):
    scores = [0.5, 0.4, 0.6] + [0.5] * 20
    patience = {"patience": 3} if kind.startswith("Halve") else {}
    _, schedule, script, _ = train(scores, kind=kind, stop=4, **patience)
    assert len(script.rates) == 3 + 4
    assert schedule.best_epoch == 2


def test_the_rate_follows_a_half_cosine():
    _, _, script, _ = train([0.5] * 8, kind="Cosine", rate=0.2)
    expected = [0.1 * (1 + np.cos(np.pi * epoch / 8)) for epoch in range(8)]
    assert expected[0] == 0.2
    np.testing.assert_allclose(rates(script), expected, rtol=1e-6)


def test_the_rate_can_stay():
    _, _, script, _ = train([0.5] + [0.4] * 9, kind="Constant")
    np.testing.assert_allclose(rates(script), [0.1] * 10, rtol=1e-6)


def test_equal_scores_are_decided_by_the_tie():
    _, schedule, _, _ = train([0.5, 0.5, 0.5], ties=[0.3, 0.2, 0.4], patience=9)
    assert schedule.best_epoch == 1


def test_of_a_loss_the_lowest_is_best():
    _, schedule, script, _ = train(
        [0.1, 0.2, 0.3, 0.4, 0.5],
        ties=[0.3, 0.2, 0.4, 0.5, 0.6],
        monitor="val_emotion_loss",
        patience=2,
    )
    assert schedule.best_epoch == 1
    np.testing.assert_allclose(rates(script), [0.1] * 4 + [0.05], rtol=1e-6)


def test_a_score_that_is_no_number_is_no_progress():
    model, schedule, script, weights = train([np.nan] * 4, patience=2)
    assert schedule.best_epoch is None and schedule.kept is None
    np.testing.assert_allclose(rates(script), [0.1, 0.1, 0.05, 0.05], rtol=1e-6)
    assert_same(variables(model), weights.kept[-1])


def test_a_floor_of_its_own():
    _, _, script, _ = train([0.5] + [0.4] * 9, patience=1, floor=0.04)
    np.testing.assert_allclose(rates(script), [0.1, 0.1, 0.05], rtol=1e-6)


def test_unknown_keys_are_named():
    with pytest.raises(ValueError, match="keys of the logs.*val_speaker"):
        train([0.5], monitor="val_speaker")


def test_an_unknown_selection_is_rejected():
    with pytest.raises(ValueError, match=r"`select` must be one of.*first"):
        callbacks.Constant(select="first")


@pytest.mark.parametrize(
    "arguments",
    [
        *({"patience": value} for value in (0, -1, 2.5, "5")),
        *({"factor": value} for value in (0, 1, 2.0, -0.5, np.nan, "0.5")),
        *({"floor": value} for value in (-1, np.nan, np.inf, "0")),
        *({"stop": -5}, {"first": -3}, {"first": 1.5}, {"monitor": None}, {"tie": ""}),
    ],
    ids=str,
)
def test_impossible_numbers_are_rejected(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"`{name}` must be .*Received: "):
        callbacks.HalveAndRestore(**arguments)


@pytest.mark.parametrize("kind", ["HalveAndRestore", "Halve", "Cosine"])
def test_an_optimizer_with_a_schedule_of_its_own_is_rejected_at_once(kind):
    decay = keras.optimizers.schedules.CosineDecay(0.1, 10)
    with pytest.raises(ValueError, match=f"`{kind}` needs .*`main` with a CosineDec"):
        train([0.5], model=plain_model(decay), kind=kind, **KEYS)


def test_the_rate_of_a_schedule_can_stay():
    decay = keras.optimizers.schedules.CosineDecay(0.1, 10)
    train([0.5, 0.5], model=plain_model(decay), kind="Constant", **KEYS)


@pytest.mark.parametrize("same", [True, False])
def test_a_second_training_knows_nothing_of_the_first(same):
    scores = [0.9, 0.5, 0.5, 0.5]
    model, schedule, _, _ = train(scores, patience=2, **KEYS)
    assert schedule.best_epoch == 0
    other = model if same else plain_model(0.1)
    script, weights = Script([0.1, 0.3, 0.2]), Weights()
    x, y = np.ones((4, 2), "float32"), np.zeros((4, 1), "float32")
    watchers = [script, weights, schedule]
    other.fit(x, y, epochs=3, verbose=0, callbacks=watchers)
    assert schedule.best_epoch == 1
    assert_same(variables(other), weights.kept[1])


def test_another_model_forgets_even_if_it_starts_later():
    _, schedule, _, _ = train([0.9], **KEYS)
    other, script = plain_model(0.1), Script([0.0, 0.2])
    x, y = np.ones((4, 2), "float32"), np.zeros((4, 1), "float32")
    watchers = [script, schedule]
    other.fit(x, y, initial_epoch=1, epochs=2, verbose=0, callbacks=watchers)
    assert schedule.best_epoch == 1


def test_a_later_initial_epoch_continues():
    model, schedule, _, _ = train([0.9], **KEYS)
    before = variables(model)
    x, y = np.ones((4, 2), "float32"), np.zeros((4, 1), "float32")
    watchers = [Script([0.9, 0.2]), schedule]
    model.fit(x, y, initial_epoch=1, epochs=2, verbose=0, callbacks=watchers)
    assert schedule.best_epoch == 0
    assert_same(variables(model), before)


@needs_tensorflow
@pytest.mark.parametrize("kind", ["HalveAndRestore", "Halve"])
def test_all_optimizers_are_halved_each_from_its_own_rate(kind):
    scores = [0.5] + [0.4] * 40
    model = two_parts((0.1, 0.02))
    _, _, script, _ = train(scores, kind=kind, patience=2, model=model)
    body = np.repeat([0.1, 0.05, 0.025, 0.0125], [3, 2, 2, 2])
    np.testing.assert_allclose(script.rates, np.stack([body, body / 5], 1), rtol=1e-6)
    assert script.logs[-1]["learning_rate"] == script.rates[-1][0]
    assert script.logs[-1]["learning_rate_head"] == script.rates[-1][1]


@needs_tensorflow
def test_all_optimizers_follow_the_cosine():
    _, _, script, _ = train([0.5] * 4, kind="Cosine", model=two_parts((0.1, 0.02)))
    body = [0.05 * (1 + np.cos(np.pi * epoch / 4)) for epoch in range(4)]
    expected = np.stack([body, np.array(body) / 5], axis=1)
    np.testing.assert_allclose(script.rates, expected, rtol=1e-6)


@needs_tensorflow
def test_all_optimizers_are_restored():
    scores = [0.5, 0.9, 0.1, 0.1, 0.1]
    model, _, script, weights = train(scores, patience=2, model=two_parts())
    assert_same(variables(model), weights.kept[1])
    assert len(variables(model)) == len(model.weights) + (1 + 2 * 4) + (1 + 2)
    np.testing.assert_allclose(script.rates[-1], [0.05, 0.01], rtol=1e-6)
    # The epoch after the halving starts from the states of the best epoch: both
    # optimizers count its update as their third.
    counts = [value for value in weights.kept[-1] if value.dtype == np.int64]
    assert [int(count) for count in counts] == [3, 3]


@pytest.mark.parametrize("kind", ["HalveAndRestore", "Halve", "Cosine", "Constant"])
def test_epochs_before_the_first_are_never_selected(kind):
    model, schedule, _, weights = train([0.9, 0.8, 0.1, 0.5, 0.4], kind=kind, first=2)
    assert schedule.best_epoch == 3
    assert_same(variables(model), weights.kept[3])
    _, schedule, _, _ = train([0.9, 0.8, 0.1, 0.1], kind=kind, first=3)
    assert schedule.best_epoch == 3


@pytest.mark.parametrize("kind", ["HalveAndRestore", "Halve", "Cosine", "Constant"])
def test_stopping_counts_from_the_first_epoch(kind):
    _, schedule, script, _ = train([0.9] + [0.5] * 20, kind=kind, stop=3, first=5)
    assert schedule.best_epoch == 5
    assert len(script.rates) == 5 + 1 + 3
    _, schedule, script, _ = train([np.nan] * 20, kind=kind, stop=3, first=5)
    assert schedule.best_epoch is None
    assert len(script.rates) == 5 + 3


@pytest.mark.parametrize("kind", ["HalveAndRestore", "Halve"])
def test_a_patience_counts_from_the_first_epoch(kind):
    _, _, script, _ = train([0.9] + [0.5] * 8, kind=kind, patience=2, first=4)
    expected = [0.1] * 7 + [0.05] * 2  # epoch 4 is best, 5 and 6 are no progress
    np.testing.assert_allclose(rates(script), expected, rtol=1e-6)


def test_before_the_first_epoch_there_is_nothing_to_return_to():
    model, schedule, _, weights = train([0.9, 0.1, 0.2], patience=1, first=9)
    assert (schedule.best_epoch, schedule.kept) == (None, None)
    assert_same(variables(model), weights.kept[-1])


def test_the_last_epoch_may_be_one_before_the_first():
    _, schedule, _, _ = train([0.9, 0.1], kind="Constant", select="last", first=9)
    assert schedule.best_epoch == 1
