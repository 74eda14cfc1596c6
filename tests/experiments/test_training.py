"""Training in an experiment, and Keras's own `fit` with the parts of the package."""

import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest
from toy_models import Attributes, Critic, Pooled

import keras_ser as ser
from keras_ser.backend import devices, first_step
from keras_ser.experiments import config, training, validation
from keras_ser.experiments.config import PAPER_TRAINING, Training


@pytest.fixture
def data(spoken_table, tmp_path):
    fold = ser.protocols.leave_one_speaker_out(spoken_table)["1"]
    store = ser.FeatureStore(tmp_path / "cache", ser.LogMel(n_mels=16))
    return pipeline(fold, store)


def pipeline(fold, store, tasks=None, seconds=1.0):
    options = {"batch": 4, "augment": ("mixup",), "progress": False}
    return ser.Pipeline(fold, store, seconds=seconds, tasks=tasks, **options)


@pytest.fixture
def model(data):
    keras.utils.set_random_seed(0)
    model = Pooled(data.fold.classes, data.types, dimensions=16)
    data.tasks = model.tasks
    return model


def test_history_and_logs_are_written(data, model, tmp_path):
    result = training.fit(
        model, data, Training(batch=4, epochs=3, learning_rate=1e-2), {}, tmp_path, 0
    )
    history = pd.read_csv(tmp_path / "history.csv")
    assert result["epochs"] == len(history) == 3
    assert result["updates_per_epoch"] == data.steps
    for head in ("emotion", "center", "augmentation"):
        assert np.isfinite(history[f"{head}_loss"]).all()
    assert np.isfinite(history.val_emotion_loss).all()
    assert np.isfinite(history.val_center_loss).tolist() == [True, False, True]
    assert list((tmp_path / "logs" / "train").iterdir())
    assert list((tmp_path / "logs" / "validation").iterdir())


def test_complete_validations_change_nothing_but_what_is_logged(data, model, tmp_path):
    found = {}
    for every in (1, 2):
        keras.utils.set_random_seed(0)
        fresh = type(model).from_config(model.get_config())
        settings = Training(
            batch=4, epochs=5, learning_rate=1e-2, select="best", validate_every=every
        )
        (tmp_path / str(every)).mkdir()
        training.fit(fresh, data, settings, {}, tmp_path / str(every), 0)
        found[every] = fresh.get_weights()
    for one, other in zip(found[1], found[2], strict=True):
        np.testing.assert_array_equal(one, other)
    whole, fewer = (pd.read_csv(tmp_path / name / "history.csv") for name in "12")
    assert list(whole) == list(fewer)
    complete = [True, True, False, True, True]  # epochs 1, 2, 4 and 5
    scored = ("val_emotion_accuracy", "val_emotion_loss", "val_emotion_uar")
    others = [name for name in whole if name.startswith("val_") and name not in scored]
    assert {"val_loss", "val_center_loss", "val_augmentation_loss"} <= set(others)
    for name in others:
        assert np.isfinite(fewer[name]).tolist() == complete, name
    missing = fewer.isna()
    assert not missing.drop(columns=others).any(axis=None)
    np.testing.assert_allclose(fewer, whole.mask(missing), rtol=1e-5)


def test_a_model_whose_heads_are_all_scored_is_validated_in_each_epoch(data, model):
    settings = Training(epochs=7, validate_every=3)
    assert validation.validated_epochs(model, settings) == [1, 3, 6, 7]
    assert validation.scored_windows(model, settings, data.fold.dev) is True
    single = Single(data.fold.classes, dimensions=16)
    assert validation.validated_epochs(single, settings) == [1, 2, 3, 4, 5, 6, 7]
    assert validation.scored_windows(single, settings, data.fold.dev) is None
    model.validates_each_epoch = True  # it has a discriminator, for example
    assert validation.validated_epochs(model, settings) == [1, 2, 3, 4, 5, 6, 7]
    del model.validates_each_epoch
    each = dataclasses.replace(settings, validate_every=1)
    assert validation.scored_windows(model, each, data.fold.dev) is None
    windows = dataclasses.replace(each, dev_windows="all")
    assert validation.scored_windows(model, windows, data.fold.dev) is False


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow traces")
def test_a_step_is_traced_once_and_learns_the_same(data, model, tmp_path, monkeypatch):
    traced, settings = [], Training(batch=4, epochs=1)

    def trained(name):
        keras.utils.set_random_seed(0)
        fresh = type(model).from_config(model.get_config())
        step = fresh.train_step
        fresh.train_step = lambda batch: traced.append(name) or step(batch)
        (tmp_path / name).mkdir()
        training.fit(fresh, data, settings, {}, tmp_path / name, 0)
        return fresh.get_weights(), (tmp_path / name / "history.csv").read_bytes()

    weights, history = trained("once")
    monkeypatch.setattr(training, "create_variables", lambda *_: None)
    monkeypatch.setattr(first_step, "zeros_like", lambda *_: None)  # in `fit`
    others, other_history = trained("twice")
    assert traced == ["once", "twice", "twice"]
    assert history == other_history
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(one, other)


def test_uar_can_select_the_epoch_once(data, model, tmp_path):
    settings = Training(batch=4, epochs=3, learning_rate=1e-2, monitor="uar")
    result = training.fit(model, data, settings, {}, tmp_path, 0)
    history = pd.read_csv(tmp_path / "history.csv")
    chosen = history.val_emotion_uar[result["epoch"] - 1]
    assert chosen == history.val_emotion_uar.max()
    # A training that ended before an interruption is not run again.
    again = type(model).from_config(model.get_config())
    again.fit = None
    assert training.fit(again, data, settings, {}, tmp_path, 0) == result
    for one, other in zip(model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_plain_keras_fit_learns_what_can_be_learnt(data, spoken_table):
    """A user's script calls compile and fit of Keras."""
    keras.utils.set_random_seed(0)
    model = ser.models.MTLAug(data.fold.classes, data.types, dimensions=16)
    model.compile(keras.optimizers.Adam(1e-2), **model.objective(center=1e-3))
    schedule = ser.callbacks.HalveAndRestore("val_emotion_accuracy", patience=5)
    model.fit(
        data.train(0, 4),
        steps_per_epoch=data.steps,
        epochs=4,
        validation_data=data.dev(),
        callbacks=[schedule],
        verbose=0,
    )
    recogniser = ser.Recogniser(model, data.preprocessing)
    table = ser.evaluation.score(recogniser, data.fold.tests["test"])
    assert table.loc["clean", "uar"] == 100  # loud or soft


class Worse(keras.callbacks.Callback):
    """Makes the score of each epoch worse than the last one, and keeps weights."""

    def __init__(self):
        super().__init__()
        self.epochs, self.end = [], None

    def on_epoch_end(self, epoch, logs=None):
        logs["val_emotion_accuracy"] = -epoch
        self.epochs.append(self.model.get_weights())

    def on_train_end(self, logs=None):
        self.end = self.model.get_weights()


def test_watchers_run_before_the_schedule_and_monitors_after_it(data, model, tmp_path):
    settings = dataclasses.replace(
        PAPER_TRAINING, batch=4, epochs=4, learning_rate=1e-2, patience=2
    )
    watcher, monitor = Worse(), Worse()
    folder, callbacks = tmp_path, {"watchers": [watcher], "monitors": [monitor]}
    training.fit(model, data, settings, {}, folder, 0, **callbacks)
    first, last = watcher.epochs[0], watcher.epochs[-1]
    for seen, expected in (
        (watcher.end, last),  # of the last epoch: not restored yet
        (monitor.end, first),  # of the best epoch
        (monitor.epochs[2], first),  # patience had run out
    ):
        for one, other in zip(seen, expected, strict=True):
            np.testing.assert_array_equal(one, other)
    assert any((a != b).any() for a, b in zip(first, last, strict=True))


@pytest.mark.parametrize("name", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_trains_with_heads_and_losses_in_single(name, data, tmp_path):
    keras.utils.set_random_seed(0)
    with devices.precision(name):
        model = ser.models.MTLAug(data.fold.classes, data.types, dimensions=16)
    settings = Training(batch=4, epochs=2, learning_rate=1e-2)
    training.fit(model, data, settings, {}, tmp_path, 0)
    history = pd.read_csv(tmp_path / "history.csv")
    assert np.isfinite(history).all(axis=None)
    assert history.loss[1] < history.loss[0]
    np.testing.assert_allclose(history.learning_rate, 1e-2, rtol=1e-6)
    features, labels, weights = next(iter(data.dev()))
    features = np.array(features)
    output = model(features)
    for head in model.heads:
        truth, weight = np.array(labels[head]), np.array(weights[head])
        loss = model.objective()["loss"][head](truth, output[head], weight)
        for each in (output[head], loss):
            assert keras.backend.standardize_dtype(each.dtype) == "float32"
    code = model.get_layer("encoder_1").output
    assert keras.backend.standardize_dtype(code.dtype) == name.removeprefix("mixed_")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_is_not_finite_ends_the_run(data, model, tmp_path, capsys):
    model.get_layer("emotion").kernel.assign(np.full((16, 2), np.nan))
    with pytest.raises(RuntimeError, match="must stay finite.*nan.*learning_rate"):
        training.fit(model, data, Training(batch=4, epochs=2), {}, tmp_path, 0)
    assert capsys.readouterr().out == ""
    assert len(pd.read_csv(tmp_path / "history.csv")) == 1


@keras.saving.register_keras_serializable("toy")
class Single(ser.models.SpeechModel):
    """An emotion from the mean over time, with batch normalisation and dropout."""

    def __init__(self, classes, dimensions=16, **kwargs):
        features = keras.Input((None, dimensions), name="features")
        mean = keras.layers.BatchNormalization()(ser.layers.MaskedMean()(features))
        dropped = keras.layers.Dropout(0.2, seed=1)(mean)
        softmax = keras.layers.Dense(len(classes), "softmax", name="emotion")
        super().__init__(
            inputs=features,
            outputs={"emotion": softmax(dropped)},
            tasks=(ser.tasks.Classification("emotion", classes),),
            embedding=mean,
            **kwargs,
        )


def small(data, kind=Single, seed=0):
    """A small model, and the pipeline of its tasks with windows of half a second."""
    keras.utils.set_random_seed(seed)
    genders = {"vocabularies": {"gender": ("female", "male")}}
    model = kind(data.fold.classes, **(genders if kind is Critic else {}))
    return model, pipeline(data.fold, data.store, model.tasks, seconds=0.5)


EVERY = {
    "averaged": {"average": 0.9},
    "last": {"average": 0.9, "schedule": "cosine", "select": "last", "monitor": "uar"},
    "windows": {"average": 0.9, "dev_windows": "all", "schedule": "halve", "stop": 3},
    "loss": {"monitor": "loss", "optimizer": "sgd", "clip_norm": 0.5},
    "constant": {"schedule": "constant", "optimizer": "adamw"},
}


def settings_of(name, **more):
    return Training(batch=4, epochs=5, learning_rate=1e-2, **EVERY[name], **more)


@pytest.mark.parametrize("name", EVERY)
def test_the_model_at_the_end_is_the_validated_one_of_the_selected_epoch(
    data, tmp_path, name
):
    """Also if that is an average: nothing but the history says what it must score."""
    model, data = small(data)
    result = training.fit(model, data, settings_of(name), {}, tmp_path, 0)
    history = pd.read_csv(tmp_path / "history.csv")
    if EVERY[name].get("select") == "last":
        assert result["epoch"] == len(history)
    elif name == "loss":
        assert result["epoch"] == history.val_emotion_loss.argmin() + 1
    else:
        score = history.val_emotion_accuracy
        assert score[result["epoch"] - 1] == score.max()
    row = history.loc[result["epoch"] - 1]
    scores = model.evaluate(data.dev(), return_dict=True, verbose=0)
    np.testing.assert_allclose(row.val_loss, scores["loss"], rtol=1e-6)
    assert history.val_loss.round(6).nunique() == len(history)  # which epoch it was
    if name == "windows":  # the callback scores all of them, `fit` the first ones
        windows = ser.callbacks.ScoreDevWindows(data)
        windows.set_model(model)
        windows.on_train_begin()
        found = {}
        windows.on_epoch_end(0, found)
        assert abs(found["val_emotion_loss"] / scores["emotion_loss"] - 1) > 1e-3
        scores["emotion_loss"] = found["val_emotion_loss"]
    np.testing.assert_allclose(row.val_emotion_loss, scores["emotion_loss"], rtol=1e-5)


class Kill(keras.callbacks.Callback):
    """Interrupts the training at the end of an epoch, before its checkpoint."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="its train_step needs TensorFlow"
)


@pytest.mark.parametrize("kind", [Single, pytest.param(Critic, marks=on_tensorflow)])
@pytest.mark.parametrize("name", ["averaged", "last", "windows"])
def test_an_interrupted_training_resumes_with_every_option(data, tmp_path, kind, name):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
    settings = settings_of(name, patience=1)
    expected, data = small(data, kind)
    result = training.fit(expected, data, settings, {}, whole, 0)
    for seed, epoch in ((0, 1), (1, 3)):  # weights of another seed are replaced
        with pytest.raises(KeyboardInterrupt):
            fresh, data = small(data, kind, seed)
            watchers = [Kill(epoch)]
            training.fit(fresh, data, settings, {}, parts, 0, watchers=watchers)
    found, data = small(data, kind, seed=2)
    assert training.fit(found, data, settings, {}, parts, 0) == result
    for one, other in zip(expected.weights, found.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    history = (whole / "history.csv").read_bytes()
    assert (parts / "history.csv").read_bytes() == history


@on_tensorflow
def test_every_optimizer_has_the_settings_and_its_own_variables(data, tmp_path):
    model, data = small(data, Critic)
    settings = Training(
        batch=4,
        epochs=2,
        optimizer="sgd",
        optimizer_arguments={"nesterov": True},
        clip_norm=2,
        learning_rate=1,
    )
    result = training.fit(model, data, settings, {}, tmp_path, 0)
    assert list(model.optimizers) == ["main", "critic"]
    for name, optimizer in model.optimizers.items():
        assert type(optimizer) is keras.optimizers.SGD
        config = optimizer.get_config()
        assert (config["momentum"], config["nesterov"]) == (0.9, True)
        assert config["global_clipnorm"] == 2.0
        # One momentum per weight, next to the count of updates and the rate.
        assert len(optimizer.variables) == 2 + len(model.variables_of(name))
        assert int(optimizer.iterations) == result["epoch"] * data.steps


def test_monitors_see_the_averages_and_watchers_the_weights(data, tmp_path):
    (model, data), seen, raw = small(data), Worse(), Worse()
    arguments = {"monitors": [seen], "watchers": [raw]}
    settings = Training(batch=4, epochs=3, average=0.9, select="best")
    training.fit(model, data, settings, {}, tmp_path, 0, **arguments)
    for averaged, weights in zip(seen.epochs, raw.epochs, strict=True):
        pairs = zip(averaged, weights, strict=True)
        assert all((one != other).any() for one, other in pairs)
    for one, other in zip(seen.epochs[0], seen.end, strict=True):
        np.testing.assert_array_equal(one, other)  # the first epoch was best


class NoScore(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["val_emotion_accuracy"] = float("nan")


def test_a_score_that_is_never_a_number_is_an_error(data, tmp_path):
    (model, data), settings = small(data), Training(batch=4, epochs=2, select="best")
    with pytest.raises(RuntimeError, match="`val_emotion_accuracy` must be a number"):
        training.fit(model, data, settings, {}, tmp_path, 0, watchers=[NoScore()])


def test_each_schedule_of_a_config_is_a_callback():
    for name, word in config.SCHEDULES.items():
        kind = getattr(ser.callbacks, word)
        settings = Training(schedule=name, stop=7, patience=3, monitor="loss")
        schedule = training.make_schedule(settings, "valence")
        assert type(schedule) is kind
        assert schedule.monitor == schedule.tie == "val_valence_loss"
        assert schedule.stop == 7
        assert getattr(schedule, "patience", 3) == 3
        assert getattr(schedule, "floor", 0.0) == 0.0
        without = training.make_schedule(dataclasses.replace(settings, stop=0), "x")
        assert getattr(without, "floor", None) is None


NUMBER = ser.tasks.Regression("valence")
CLASS = ser.tasks.Classification("x", ["a", "b"])


@pytest.mark.parametrize(
    ("task", "known"), [(NUMBER, ["ccc", "loss"]), (CLASS, ["accuracy", "uar", "loss"])]
)
def test_the_monitored_score_is_one_of_the_main_task(task, known):
    for monitor in config.MONITORS:
        settings = Training(monitor=monitor)
        if monitor in known:
            training.check_monitor(settings, task)
            continue
        with pytest.raises(ValueError) as caught:
            training.check_monitor(settings, task)
        message = str(caught.value)
        assert f"`training.monitor` must be one of {known}" in message
        assert f"`{task.name}`, which is the main task of this model" in message
        assert f"Received: {monitor!r}. Set it to one of these" in message


def test_a_main_task_without_a_score_is_rejected():
    types = ser.tasks.AugmentationType("augmentation", ("none", "speed"))
    with pytest.raises(ValueError, match="Change the order of `tasks`"):
        training.check_monitor(Training(monitor="loss"), types)


class Ratings(ser.models.SpeechModel):
    """A valence, and nothing else."""

    def __init__(self, classes=(), dimensions=16, **kwargs):
        features = keras.Input((None, dimensions), name="features")
        embedding = ser.layers.MaskedMean()(features)
        super().__init__(
            inputs=features,
            outputs={"valence": keras.layers.Dense(1, name="valence")(embedding)},
            tasks=(NUMBER,),
            embedding=embedding,
            **kwargs,
        )


def test_a_regression_can_be_the_main_task(data, tmp_path, spoken_table):
    rated = spoken_table.assign(valence=np.linspace(-1, 1, len(spoken_table)))
    fold = ser.protocols.leave_one_speaker_out(rated)["1"]
    data, model = pipeline(fold, data.store, (NUMBER,)), Ratings()
    with pytest.raises(ValueError, match="`training.monitor` must be one of"):
        training.fit(model, data, Training(batch=4), {}, tmp_path, 0)
    assert not list(tmp_path.glob("*.csv"))  # no epoch was run
    settings = Training(batch=4, epochs=3, monitor="ccc", learning_rate=0.1)
    result = training.fit(model, data, settings, {}, tmp_path, 0)
    history = pd.read_csv(tmp_path / "history.csv")
    best = history.val_valence_ccc.max()
    assert history.val_valence_ccc[result["epoch"] - 1] == best


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "nothing: the last epoch is tested"),
        ({"schedule": "cosine"}, "nothing: the last epoch is tested"),
        ({"select": "best"}, "{dev}"),
        ({"select": "best", "schedule": "halve"}, "{dev}"),
        (
            {"schedule": "halve_and_restore"},
            "nothing: the last epoch is tested, the schedule follows {dev}",
        ),
        (
            {"stop": 3},
            "nothing: the last epoch is tested, the schedule follows {dev}",
        ),
    ],
)
def test_what_selects_the_epoch_is_described(data, settings, expected):
    dev = data.fold.selected_by
    found = training.describe_selection(Training(**settings), data.fold)
    assert found == expected.format(dev=dev)


def test_development_scores_are_those_of_all_utterances(spoken_table, tmp_path):
    """Batches without a label, and the correlation of a batch, do not count."""
    valence = np.where(spoken_table.emotion == "anger", 1.0, -1.0)
    valence = valence + np.arange(len(spoken_table)) / 50
    table = spoken_table.assign(valence=valence)
    fold = ser.protocols.leave_one_speaker_out(table)["1"]
    dev = fold.dev.sort_values("valence").assign(
        emotion=lambda x: x.emotion.where(np.arange(len(x)) > 5, "")
    )
    fold = dataclasses.replace(fold, dev=dev.reset_index(drop=True))
    store = ser.FeatureStore(tmp_path / "cache", ser.LogMel(n_mels=16))
    keras.utils.set_random_seed(0)
    model = Attributes(fold.classes, {"gender": ("female", "male")}, 16)
    data = pipeline(fold, store, model.tasks)
    training.fit(model, data, Training(batch=4, epochs=1), {}, tmp_path, 0)
    (logs,) = pd.read_csv(tmp_path / "history.csv").to_dict("records")
    outputs = ser.Recogniser(model, data.preprocessing).outputs(
        [
            data.preprocessing.normalised(store.read(path))[: data.preprocessing.window]
            for path in store.paths(fold.dev)
        ]
    )
    ccc = ser.scores.ccc(fold.dev.valence, outputs["valence"][:, 0])
    assert logs["val_valence_loss"] == pytest.approx(1 - ccc, abs=1e-4)
    labels = model.tasks[0].read(fold.dev)
    known = labels >= 0
    likelihood = outputs["emotion"][known, labels[known]]
    expected = -np.log(likelihood).mean()
    assert logs["val_emotion_loss"] == pytest.approx(expected, rel=1e-3)


def test_a_main_task_without_development_labels_is_rejected(data, model, tmp_path):
    fold = dataclasses.replace(data.fold, dev=data.fold.dev.assign(emotion=""))
    data = pipeline(fold, data.store, model.tasks)
    with pytest.raises(ValueError, match="Fold `1` needs development utterances with"):
        training.fit(model, data, Training(batch=4, epochs=1), {}, tmp_path, 0)
