"""What every model promises: those of the registry, and two of a user.

New models are picked up from the registry. The user's models derive from `SpeechModel`
and are in no registry.
"""

import inspect
import json

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from toy_models import Attributes, Critic

import keras_ser as ser
from keras_ser import models, tasks
from keras_ser.backend import makes_variables_in_graphs, stacking
from keras_ser.data import Pipeline

CLASSES = ("anger", "neutral", "sadness")
GENDERS = {"gender": ("female", "male")}
DIMENSIONS = 16
WITH_ATTENTION = ("MTLAug", "MTLAug of frames", "CNNBLSTMAttention", "CNNAttention")
OF_ANY_SIZE = ("AttributeCNNLSTM",)  # whose convolutions are over time only
TOYS = {"Attributes": Attributes, "Critic": Critic}
FRAMES = "MTLAug of frames"  # with another encoder
KINDS = {**models.MODELS, FRAMES: models.MTLAug, **TOYS}

registered = pytest.mark.parametrize("name", models.MODELS)
every_model = pytest.mark.parametrize("name", KINDS)


def skip_unless_trainable(name):
    if keras.backend.backend() not in KINDS[name].backends:
        pytest.skip(f"{name} cannot be trained on this backend")


def build(name, **arguments):
    skip_unless_trainable(name)
    keras.utils.set_random_seed(0)
    if name in TOYS:
        arguments["vocabularies"] = GENDERS
    if name == FRAMES:
        given = {"encoder_type": "frames", "input_layers": 2, "filters": (16, 8)}
        arguments = {**given, **arguments}
    if "depth" in inspect.signature(KINDS[name]).parameters:
        arguments.setdefault("depth", 1)  # graphs are built faster
    return KINDS[name](CLASSES, dimensions=DIMENSIONS, **arguments)


def speech(rng, batch=4, time=41):
    features = rng.normal(size=(batch, time, DIMENSIONS)).astype("float32")
    features[1, max(1, time // 2) :] = 0
    return features


def targets(model, features):
    """Labels and weights of all heads, as the tasks make them of a batch."""
    rows = len(features)
    labels = {
        task.name: np.eye(task.size, dtype="float32")[np.arange(rows) % task.size]
        for task in model.tasks
        if task.table_column and task.classes
    }
    labels["valence"] = np.linspace(0, 1, rows, dtype="float32")[:, None]
    ones = np.ones(rows, "float32")
    known = dict.fromkeys(model.heads, ones)
    batch = {
        "features": features,
        "reconstruction": features,
        "labels": labels,
        "known": known,
        "unmixed_labels": labels,
        "unmixed_known": known,
        "is_unmixed": ones,
        "type": np.eye(4, dtype="float32")[np.arange(rows) % 4],
        "type_weight": ones,
        "ones": ones,
    }
    made = {task.name: task.target(batch) for task in model.tasks}
    return tuple({head: pair[part] for head, pair in made.items()} for part in (0, 1))


def compiled(name, optimizer=keras.optimizers.Adam, **arguments):
    model = build(name, **arguments)
    given = {each: optimizer(1e-2) for each in model.optimizer_names}
    model.compile(given, **model.objective())
    return model


# === Tasks and outputs ===


@every_model
def test_outputs_and_objective_are_named_by_the_tasks(name):
    model = build(name)
    assert isinstance(model, models.SpeechModel)
    weight = model.tasks[0].weight
    expected = tasks.Classification("emotion", CLASSES, weight=weight)
    assert model.tasks[0] == expected
    assert model.heads == tuple(task.name for task in model.tasks)
    assert set(model.output) == set(model.heads)
    assert (model.classes, model.dimensions) == (CLASSES, DIMENSIONS)
    assert model.mask_padding is True
    objective = model.objective()
    for part in objective.values():
        assert list(part) == list(model.heads)
    for task in model.tasks:
        assert objective["loss_weights"][task.name] == task.weight
        assert type(objective["loss"][task.name]) is type(task.loss())


@every_model
def test_outputs_have_the_size_of_their_task(name, rng):
    model = build(name)
    features = speech(rng)
    outputs = model(features)
    for task in model.tasks:
        shape = tuple(outputs[task.name].shape)
        assert shape[0] == 4
        if task.size:
            assert shape[1] == task.size
        else:
            assert shape == features.shape


@every_model
@pytest.mark.parametrize("time", [1, 40, 41])
def test_any_length_gives_probabilities(name, time, rng):
    model = build(name)
    outputs = model(speech(rng, time=time))
    for task in model.tasks:
        values = convert_to_numpy(outputs[task.name])
        assert np.isfinite(values).all()
        if task.is_scored and task.classes:
            np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-5)


# === Sub-models ===


@every_model
def test_submodels_are_built_once_and_share_the_outputs(name, rng):
    features = speech(rng)
    model = build(name)
    outputs = {head: convert_to_numpy(each) for head, each in model(features).items()}
    scored = [task.name for task in model.tasks if task.is_scored]
    assert model.emotion_model is model.emotion_model
    assert model.emotion_model is model.head_model(model.heads[0])
    with pytest.raises(ValueError, match="must have the head. Received: 'typo'"):
        model.head_model("typo")
    assert model.prediction_model is model.prediction_model
    assert model.embedding_model is model.embedding_model
    found = convert_to_numpy(model.emotion_model(features))
    np.testing.assert_array_equal(found, outputs["emotion"])
    predicted = model.prediction_model(features)
    assert set(predicted) == set(scored)
    for head in scored:
        found = convert_to_numpy(predicted[head])
        np.testing.assert_array_equal(found, outputs[head])
    embedding = convert_to_numpy(model.embedding_model(features))
    assert embedding.shape == (4, model.embedding_model.output.shape[-1])
    names = [layer.name for layer in model.layers]
    assert len(names) == len(set(names))
    assert not any(isinstance(layer, keras.Model) for layer in model.layers)
    assert len(model.weights) == len(build(name).weights)


@every_model
def test_the_code_and_the_attention_have_steps(name, rng):
    model = build(name)
    features = speech(rng)
    assert model.encoder is model.encoder
    assert model.attention_model is model.attention_model
    assert (model.encoder is None) == (name in TOYS)
    assert (model.attention_model is None) == (name not in WITH_ATTENTION)
    if name in TOYS:
        return
    rows, steps, size = model.encoder(features).shape
    assert (rows, size) == (4, model.encoder.output.shape[-1])
    assert 1 <= steps <= 41
    if name not in WITH_ATTENTION:
        return
    weights = convert_to_numpy(model.attention_model(features))
    assert weights.shape == (rows, steps)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)


# === Padding ===


@every_model
@pytest.mark.parametrize("training", [False, True])
def test_the_emotion_does_not_depend_on_the_padding(name, training, rng):
    features = speech(rng)
    has_dropout = "dropout" in inspect.signature(KINDS[name]).parameters
    dropout = {"dropout": 0.0} if has_dropout else {}
    model = build(name, **dropout)
    longer = np.pad(features, ((0, 0), (0, 37), (0, 0)))
    training = training and name not in TOYS  # they have dropout
    short, long = (
        convert_to_numpy(model(x, training=training)["emotion"])
        for x in (features, longer)
    )
    np.testing.assert_allclose(short, long, atol=1e-5)
    if model.attention_model is not None:
        weights = convert_to_numpy(model.attention_model(longer))
        speech_steps = -(-41 * weights.shape[1] // 78)
        assert not weights[:, speech_steps + 1 :].any()


@registered
def test_without_masks_the_padding_counts(name, rng):
    features = speech(rng)
    model = build(name, mask_padding=False)
    assert model.mask_padding is False
    longer = np.pad(features, ((0, 0), (0, 40), (0, 0)))
    short, long = (convert_to_numpy(model(x)["emotion"]) for x in (features, longer))
    assert np.abs(short - long).max() > 1e-4


@every_model
def test_an_utterance_does_not_depend_on_its_neighbours(name, rng):
    features = speech(rng)
    model = build(name).emotion_model
    together = convert_to_numpy(model(features))
    alone = convert_to_numpy(model(features[1:2]))
    np.testing.assert_allclose(alone[0], together[1], atol=1e-5)


@every_model
def test_a_model_computes_the_same_with_stacked_weights(name, rng):
    """Layers use other operations then; see `backend.stacking`."""
    features = speech(rng)
    model = build(name)
    expected = model(features)
    with stacking.stacking():
        found = model(features)
    for head in model.heads:
        np.testing.assert_allclose(
            convert_to_numpy(found[head]),
            convert_to_numpy(expected[head]),
            atol=2e-4,
            rtol=1e-3,
        )


# === Training ===


@pytest.fixture(scope="module", params=KINDS)
def trained(request):
    """A model after eight epochs: it, its speech, labels, weights, history and traces.

    Most of the time of these tests goes into compiling a step, so that they share it.
    """
    model = compiled(request.param)
    features = speech(np.random.default_rng(0))
    labels, weights = targets(model, features)
    step, calls = model.train_step, []
    model.train_step = lambda batch: calls.append(1) or step(batch)
    history = model.fit(
        features,
        labels,
        sample_weight=weights,
        validation_data=(features, labels, weights),
        epochs=8,
        verbose=0,
    ).history
    del model.train_step
    return model, (features, labels, weights), history, len(calls)


def test_fit_lowers_the_loss_and_logs_every_head(trained):
    model, _, history, traces = trained
    if makes_variables_in_graphs():
        assert traces == 1  # a step that made variables would be traced twice
    assert history["loss"][-1] < history["loss"][0]
    for task in model.tasks:
        for side in ("", "val_"):
            assert f"{side}{task.name}_loss" in history
            for metric in task.metrics(f"{side}{task.name}_"):
                assert metric.name in history


def test_a_compiled_model_is_loaded_with_its_optimizers(trained, tmp_path):
    model, (features, labels, weights), _, _ = trained
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert list(again.optimizers) == list(model.optimizers)
    for part, optimizer in model.optimizers.items():
        pairs = zip(again.optimizers[part].variables, optimizer.variables, strict=True)
        for found, expected in pairs:
            np.testing.assert_array_equal(
                convert_to_numpy(found), convert_to_numpy(expected)
            )
    logs = [
        each.evaluate(features, labels, sample_weight=weights, verbose=0)
        for each in (model, again)
    ]
    np.testing.assert_allclose(logs[1], logs[0], rtol=1e-5)


def test_a_model_that_is_not_compiled_says_so(rng):
    model, features = build("CNN"), speech(rng)
    labels, _ = targets(model, features)
    for method in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match="must call `compile"):
            method(features, labels)


@every_model
def test_optimizers_have_names_and_variables_of_their_own(name):
    model = build(name)
    assert model.optimizers == {}
    model = compiled(name)
    assert tuple(model.optimizers) == model.optimizer_names
    every = {id(each) for each in model.trainable_variables}
    found = [
        [id(each) for each in model.variables_of(part)] for part in model.optimizers
    ]
    assert set().union(*found) == every
    for own in found:
        assert own
        assert len(own) == len(set(own))
    with pytest.raises((ValueError, KeyError), match="other"):
        model.variables_of("other")


def test_a_single_optimizer_needs_no_name():
    model = build("CNNAttention")
    optimizer = keras.optimizers.SGD(0.1)
    model.compile(optimizer, **model.objective())
    assert model.optimizers == {"main": optimizer}
    model.compile({"main": "adam"}, **model.objective())
    assert isinstance(model.optimizers["main"], keras.optimizers.Adam)
    assert model.optimizer is model.optimizers["main"]


@pytest.mark.parametrize("name", ["CNNAttention", "Critic"])
def test_wrong_names_of_optimizers_are_rejected(name):
    model = build(name)
    with pytest.raises(ValueError, match="mapping from .*main.*Received: .*other"):
        model.compile({"main": "sgd", "other": "sgd"}, **model.objective())
    if name == "Critic":
        with pytest.raises(ValueError, match="mapping from .*critic.*Received: adam"):
            model.compile("adam", **model.objective())


def test_several_optimizers_are_built_for_their_own_variables():
    model = compiled("Critic")
    for name, optimizer in model.optimizers.items():
        assert optimizer.built
        assert len(optimizer._trainable_variables) == len(model.variables_of(name))


def test_a_model_that_does_not_say_what_an_optimizer_updates_is_named():
    skip_unless_trainable("Critic")

    class Undecided(Critic):
        variables_of = models.SpeechModel.variables_of

    model = Undecided(CLASSES, GENDERS, dimensions=DIMENSIONS)
    with pytest.raises(ValueError, match="Undecided.variables_of.*'main'.*Override"):
        model.compile({"main": "sgd", "critic": "sgd"}, **model.objective())


@every_model
def test_a_backend_that_a_model_cannot_be_trained_on_is_rejected(name, monkeypatch):
    model = build(name)
    assert keras.backend.backend() in model.backends
    monkeypatch.setattr(type(model), "backends", ("mlx",))
    with pytest.raises(
        ValueError, match=f"{KINDS[name].__name__}.*mlx.*Set KERAS_BACKEND"
    ):
        model.compile("sgd", **model.objective())


def test_the_objective_takes_a_weight_per_head():
    model = build("Attributes")
    weights = model.objective(valence=0.1, gender=None)["loss_weights"]
    assert weights == {"emotion": 1.0, "valence": 0.1, "gender": 1.0}
    with pytest.raises(ValueError, match="heads of the model.*Received: .*speaker"):
        model.objective(speaker=1.0)


@every_model
def test_half_precision_keeps_heads_in_float32(name, rng):
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = compiled(name)
        model.run_eagerly = keras.backend.backend() == "tensorflow"  # nothing to trace
        features = speech(rng)
        labels, weights = targets(model, features)
        history = model.fit(features, labels, sample_weight=weights, verbose=0)
        outputs = model(features)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert np.isfinite(history.history["loss"]).all()
    for head in model.heads if name not in TOYS else ():
        kind = keras.backend.standardize_dtype(outputs[head].dtype)
        assert kind == "float32", head


def test_each_optimizer_scales_the_loss_in_half_precision():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = compiled("Critic")
    finally:
        keras.mixed_precision.set_global_policy("float32")
    for optimizer in model.optimizers.values():
        assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)


# === Saving ===


@every_model
def test_a_saved_model_predicts_the_same(name, rng, tmp_path):
    model = build(name)
    features = speech(rng)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again) is KINDS[name]
    assert again.get_config() == model.get_config()
    assert again.tasks == model.tasks
    for head in model.heads:
        np.testing.assert_array_equal(
            convert_to_numpy(again(features)[head]),
            convert_to_numpy(model(features)[head]),
        )


@every_model
def test_the_config_is_json(name):
    config = build(name).get_config()
    assert json.loads(json.dumps(config)) == config
    assert config["classes"] == list(CLASSES)
    assert config["dimensions"] == DIMENSIONS


# === Arguments ===


@every_model
def test_unknown_arguments_are_rejected(name):
    words = "no arguments.*'layers_of_gold'.*It has: classes, .*dimensions"
    words = f"{KINDS[name].__name__}.*{words}"
    with pytest.raises(TypeError, match=words) as caught:
        build(name, layers_of_gold=3)
    valid = set(inspect.signature(KINDS[name]).parameters) - {"kwargs"}
    listed = str(caught.value).partition("It has: ")[2].rstrip(".").split(", ")
    assert set(listed) == valid | {"name", "trainable"}
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("taken", ["layers", "heads", "loss", "classes", "encoder"])
def test_arguments_that_every_model_has_already_are_rejected(taken):
    emotion = [tasks.Classification("emotion", CLASSES)]
    with pytest.raises(ValueError, match=rf"`arguments`.*Received: \['{taken}'\]"):
        functional({"emotion": 3}, emotion, arguments={taken: 3, "units": 4})
    model = functional({"emotion": 3}, emotion, arguments={f"n_{taken}": 3})
    assert getattr(model, f"n_{taken}") == model.get_config()[f"n_{taken}"] == 3


@every_model
def test_a_text_instead_of_a_list_of_classes_is_rejected(name):
    arguments = {"vocabularies": GENDERS} if name in TOYS else {}
    with pytest.raises(ValueError, match="list of different names.*'anger'"):
        KINDS[name]("anger", dimensions=DIMENSIONS, **arguments)


def test_a_text_instead_of_a_list_of_types_is_rejected():
    with pytest.raises(ValueError, match="list of different names.*'speed'"):
        build("MTLAug", augmentations="speed")


@registered
def test_impossible_sizes_are_rejected_before_a_model_is_built(name):
    kind = models.MODELS[name]
    is_free = name in OF_ANY_SIZE
    words = "a positive integer" if is_free else r"a multiple of \d+"
    for check in (kind.check, lambda dimensions: kind(CLASSES, dimensions=dimensions)):
        for dimensions in (0,) if is_free else (0, 18):
            with pytest.raises(ValueError, match=f"`dimensions` must be {words}"):
                check(dimensions=dimensions)


@registered
def test_defaults_pass_the_check_and_need_no_column(name):
    kind = models.MODELS[name]
    kind.check()
    kind.check(dimensions=DIMENSIONS, mask_padding=False)
    assert kind.columns() == ()


@every_model
@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((2, 40), "expected ndim=3, found ndim=2"),
        ((2, 40, DIMENSIONS, 1), "expected ndim=3, found ndim=4"),
        ((2, 40, 15), "expected axis -1 of input shape to have value 16"),
    ],
)
def test_a_wrong_shape_has_the_message_of_keras(name, shape, words):
    with pytest.raises(ValueError, match=words):
        build(name)(np.ones(shape, "float32"))


def functional(outputs, of_tasks, **keywords):
    """A bare `SpeechModel` with dense heads of the given sizes."""
    features = keras.Input((None, DIMENSIONS), name="features")
    mean = keras.layers.GlobalAveragePooling1D()(features)
    made = {name: keras.layers.Dense(n)(mean) for name, n in outputs.items()}
    return models.SpeechModel(
        inputs=features, outputs=made, tasks=of_tasks, embedding=mean, **keywords
    )


def test_tasks_and_outputs_must_match():
    emotion, valence = tasks.Classification("emotion", CLASSES), tasks.Regression("v")
    assert functional({"emotion": 3, "v": 1}, [emotion, valence]).heads == (
        "emotion",
        "v",
    )
    for outputs, of_tasks in (
        ({"emotion": 3}, [emotion, valence]),
        ({"emotion": 3, "v": 1}, [emotion]),
        ({"v": 1}, [valence, valence]),
        ({}, []),
    ):
        with pytest.raises(ValueError, match="one output per task"):
            functional(outputs, of_tasks)
    for outputs in ({"emotion": 4, "v": 1}, {"emotion": 3, "v": 2}):
        with pytest.raises(ValueError, match=r"must have shape \(batch, [13]\)"):
            functional(outputs, [emotion, valence])


def test_a_main_task_without_classes_has_none():
    model = functional({"v": 1}, [tasks.Regression("v")])
    assert model.classes == ()
    assert model.emotion_model.output.shape == (None, 1)
    assert set(model.objective()["weighted_metrics"]) == {"v"}
    found = [each.name for each in model.objective()["weighted_metrics"]["v"]]
    assert found == ["v_ccc", "v_loss"]


# === With the pipeline ===


@pytest.mark.parametrize("name", TOYS)
def test_a_model_of_a_user_trains_on_the_batches_of_the_pipeline(
    name, spoken_table, tmp_path
):
    skip_unless_trainable(name)
    table = spoken_table.assign(valence=np.linspace(0, 1, len(spoken_table)))
    table.loc[::5, "valence"] = np.nan
    fold = ser.protocols.leave_one_speaker_out(table)["1"]
    store = ser.FeatureStore(tmp_path, ser.LogMel(n_mels=DIMENSIONS))
    columns = KINDS[name].columns()
    keras.utils.set_random_seed(0)
    model = KINDS[name](
        fold.classes,
        vocabularies={each: tasks.vocabulary(fold.train, each) for each in columns},
        dimensions=DIMENSIONS,
    )
    data = Pipeline(fold, store, batch=4, tasks=model.tasks, progress=False)
    given = {each: keras.optimizers.Adam(1e-2) for each in model.optimizer_names}
    model.compile(given, **model.objective())
    history = model.fit(
        data.train(0, 2),
        steps_per_epoch=data.steps,
        validation_data=data.dev(),
        epochs=2,
        verbose=0,
    ).history
    assert all(np.isfinite(values).all() for values in history.values())
    for task in model.tasks:
        assert f"val_{task.name}_loss" in history
    if name == "Attributes":
        assert -1 <= history["val_valence_ccc"][-1] <= 1
