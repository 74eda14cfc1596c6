"""What is specific to MTL-AUG, for all models of Table 7."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import callbacks, layers, models

CLASSES = ("anger", "neutral", "sadness")
DIMENSIONS = 16


def build(**arguments):
    keras.utils.set_random_seed(0)
    return models.MTLAug(CLASSES, dimensions=DIMENSIONS, **arguments)


def speech(rng, batch=4, time=41):
    features = rng.normal(size=(batch, time, DIMENSIONS)).astype("float32")
    features[1, time // 2 :] = 0
    return features


def targets(model, features):
    emotion = np.eye(len(CLASSES), dtype="float32")[np.arange(len(features)) % 3]
    kind = np.eye(4, dtype="float32")[np.arange(len(features)) % 4]
    labels = {
        "emotion": emotion,
        "center": emotion,
        "augmentation": kind,
        "reconstruction": features,
    }
    weights = {head: np.ones(len(features), "float32") for head in model.heads}
    return {head: labels[head] for head in model.heads}, weights


@pytest.mark.parametrize("row", models.TABLE_7)
def test_table_7_has_the_heads_of_the_paper(row, rng):
    model = build(**models.TABLE_7[row])
    heads = ("emotion", "center", "augmentation", "reconstruction")
    present = {1: heads, 2: (*heads[:2], heads[3]), 3: heads[:2]}
    assert model.heads == present.get(row, ("emotion",))
    attends = any(layer.name == "attention" and layer.weights for layer in model.layers)
    assert attends == (row < 5)


@pytest.mark.parametrize("time", [1, 40, 41])
def test_reconstruction_has_the_shape_of_the_input(rng, time):
    features = speech(rng, time=time)
    assert build()(features)["reconstruction"].shape == features.shape


@pytest.mark.parametrize("training", [False, True])
def test_outputs_do_not_depend_on_the_padding(rng, training):
    features = speech(rng)
    model = build(dropout=0.0)
    longer = np.pad(features, ((0, 0), (0, 37), (0, 0)))
    short, long = (model(x, training=training) for x in (features, longer))
    for head in model.heads:
        one, other = convert_to_numpy(short[head]), convert_to_numpy(long[head])
        other = other[:, : one.shape[1]]
        np.testing.assert_allclose(one, other, atol=1e-5, err_msg=head)


def test_probabilities_and_attention_sum_to_one(rng):
    features = speech(rng)
    model = build()
    outputs = model(features)
    for head in ("emotion", "augmentation"):
        np.testing.assert_allclose(
            convert_to_numpy(outputs[head]).sum(axis=1), 1, rtol=1e-5
        )
    weights = convert_to_numpy(model.attention_model(features))
    assert weights.shape == (4, 6)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    assert (weights[1, 3:] == 0).all()  # 20 of 41 frames are 3 of 6 steps


def test_center_head_is_the_difference_of_the_embedding_to_each_center(rng):
    features = speech(rng)
    model = build()
    layer = model.get_layer("center")
    layer.centers.assign(rng.normal(size=(3, 128)))
    embedding = convert_to_numpy(model.embedding_model(features))
    centers = convert_to_numpy(layer.centers)
    np.testing.assert_allclose(
        convert_to_numpy(model(features)["center"]),
        embedding[:, None] - centers,
        rtol=1e-5,
        atol=1e-6,
    )


def test_one_type_of_augmentation_leaves_nothing_to_recognise(rng):
    model = build(augmentations=("none",), augmentation=False)
    assert model.heads == ("emotion", "center", "reconstruction")
    assert set(model(speech(rng))) == set(model.heads)
    with pytest.raises(ValueError, match="two or more types.*augmentation=False"):
        build(augmentations=("none",))


def test_the_tasks_have_the_weights_of_the_objective():
    weights = build().objective()["loss_weights"]
    expected = {
        "emotion": 1.0,
        "center": 1e-3,
        "augmentation": 0.3,
        "reconstruction": 0.3,
    }
    assert weights == expected == {task.name: task.weight for task in build().tasks}


@pytest.mark.parametrize("row", models.TABLE_7)
def test_fit_lowers_the_loss(row, rng):
    model = build(**models.TABLE_7[row])
    model.compile(keras.optimizers.Adam(1e-2), **model.objective())
    features = speech(rng)
    labels, weights = targets(model, features)
    history = model.fit(features, labels, sample_weight=weights, epochs=8, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert "emotion_uar" in history.history
    assert "emotion_loss" in history.history


def test_total_loss_is_the_weighted_sum(rng):
    model = build(dropout=0.0)
    model.compile("sgd", **model.objective(center=0.01, auxiliary=0.2))
    features = speech(rng)
    labels, weights = targets(model, features)
    logs = model.evaluate(
        features, labels, sample_weight=weights, return_dict=True, verbose=0
    )
    expected = (
        logs["emotion_loss"]
        + 0.01 * logs["center_loss"]
        + 0.2 * (logs["augmentation_loss"] + logs["reconstruction_loss"])
    )
    assert logs["loss"] == pytest.approx(expected, rel=1e-5)


def test_an_auxiliary_loss_can_have_its_own_weight():
    weights = build().objective(auxiliary=0.3, reconstruction=0.0)["loss_weights"]
    assert weights["augmentation"] == 0.3
    assert weights["reconstruction"] == 0.0


@pytest.mark.parametrize("row", models.TABLE_7)
def test_a_saved_model_predicts_the_same(row, rng, tmp_path):
    model = build(**models.TABLE_7[row])
    features = speech(rng)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again) is models.MTLAug
    assert again.get_config() == model.get_config()
    np.testing.assert_array_equal(
        convert_to_numpy(again(features)["emotion"]),
        convert_to_numpy(model(features)["emotion"]),
    )


@pytest.mark.parametrize(
    ("preset", "arguments"),
    [("small", {}), ("paper", {}), ("small", models.BASELINE)],
)
def test_parameter_count(preset, arguments):
    model = models.MTLAug(tuple("abcd"), preset=preset, **arguments)
    assert model.count_params() == parameters(preset, set(arguments))


def test_sizes_replace_those_of_the_preset_and_are_saved(tmp_path):
    model = models.MTLAug(
        CLASSES,
        dimensions=DIMENSIONS,
        filters=(4, 6, 8),
        kernels=(5, 3, 3),
        normalisation="batch",
    )
    kernels = [each for each in model.weights if "encoder_" in each.path]
    shapes = [tuple(each.shape) for each in kernels if each.name == "kernel"]
    assert shapes == [(5, 5, 1, 4), (3, 3, 4, 6), (3, 3, 6, 8)]
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.models.load_model(path)
    assert loaded.get_config() == model.get_config()
    assert loaded.count_params() == model.count_params()


def parameters(preset, absent):
    """Number of parameters from the equations of the layers."""
    first, second, third = {"small": (16, 32, 32), "paper": (32, 64, 64)}[preset]

    def norm(filters):  # batch normalisation has moving moments, too
        return {"small": 2, "paper": 4}[preset] * filters

    def dense(inputs, units):
        return (inputs + 1) * units

    def blstm(inputs, units):
        return 2 * 4 * units * (inputs + units + 1)

    total = 49 * first + norm(first)
    total += 25 * first * second + norm(second) + 9 * second * third + norm(third)
    total += blstm(16 * third, 128) + 256 + dense(256, 128) + dense(128, 4)
    if "center" not in absent:
        total += 4 * 128
    if "augmentation" not in absent:
        total += blstm(16 * third, 256) + dense(512, 128) + dense(128, 128)
        total += dense(128, 4)
    if "reconstruction" not in absent:
        total += 9 * third * second + norm(second)
        total += 25 * second * first + norm(first) + 49 * first + 1
    return total


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"dimensions": 20}, "multiple of 8"),
        ({"dimensions": 0}, "multiple of 8"),
        ({"preset": "huge"}, "paper.*small"),
        ({"filters": (8, 8)}, "`filters` must be 3 positive integers"),
        ({"kernels": (3, 3, 0)}, "`kernels` must be 3 positive integers"),
        ({"kernels": 3}, "`kernels` must be 3 positive integers"),
        ({"dropout": 1.0}, "`dropout` must be a number of at least 0 and below 1"),
        ({"embedding_dropout": -0.1}, "`embedding_dropout` must be a number"),
        ({"momentum": 1}, "`momentum` must be a number"),
        ({"normalisation": "layer"}, "`normalisation` must be one of.*batch.*group"),
        ({"moments": "few"}, "`moments` must be 'all' or 'labelled'"),
        (
            {"moments": "labelled", "normalisation": "group"},
            "`moments` must be 'all' with group normalisation",
        ),
        (
            {"filters": (8, 12, 8), "normalisation": "group"},
            "`filters` must be multiples of 8 with group normalisation",
        ),
        ({"center_update": "median"}, "centers must be one of.*mean.*optimizer"),
        ({"center_rate": 0.0}, "rate of class centers must be a number above 0"),
    ],
)
def test_bad_arguments_are_named(arguments, words):
    given = {"dimensions": DIMENSIONS, **arguments}
    kind = models.MTLAug
    for check in (kind.check, lambda **sizes: kind(CLASSES, **sizes)):
        with pytest.raises(ValueError, match=words):
            check(**given)


@pytest.mark.parametrize("name", ["attention", "center", "mask_padding"])
@pytest.mark.parametrize("value", ["no", None, 1])
def test_a_switch_is_true_or_false(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be True or False. Received"):
        models.MTLAug(CLASSES, dimensions=DIMENSIONS, **{name: value})


@pytest.mark.parametrize("weight", [np.nan, np.inf, -0.1, "x", True])
@pytest.mark.parametrize("name", ["center", "auxiliary", "reconstruction"])
def test_impossible_weights_are_rejected(name, weight):
    model = models.MTLAug(CLASSES, dimensions=DIMENSIONS)
    with pytest.raises(ValueError, match="must be a finite number of at least 0"):
        model.objective(**{name: weight})


# === Options that are off by default ===

BATCH = {"normalisation": "batch"}


def blocks_of(model):
    return [layer for layer in model.layers if isinstance(layer, layers.ConvBlock)]


def normalisations_of(model):
    return [each.normalisation for each in blocks_of(model) if each.normalisation]


def test_the_momentum_is_that_of_all_batch_normalisations():
    for arguments, momentum in (
        ({"preset": "small", **BATCH}, 0.9),
        ({"preset": "paper"}, 0.99),
        ({"momentum": 0.5, **BATCH}, 0.5),
    ):
        found = normalisations_of(build(**arguments))
        # three in the encoder, two in the decoder
        assert [each.momentum for each in found] == [momentum] * 5


def test_the_normalisation_is_that_of_the_preset():
    """Preset `small`: docs/studies/reference.md. Preset `paper` stays the paper's."""
    for preset, kind, name in (
        ("small", layers.SpeechGroupNorm, "group"),
        ("paper", layers.SpeechBatchNorm, "batch"),
    ):
        model = build(preset=preset)
        assert [type(each) for each in normalisations_of(model)] == [kind] * 5
        assert model.get_config()["normalisation"] == name


def test_group_normalisation_makes_training_independent_of_the_batch(rng):
    features = speech(rng)
    model = build(normalisation="group", dropout=0.0)
    kinds = [type(block.normalisation) for block in blocks_of(model)]
    assert kinds == [layers.SpeechGroupNorm] * 5 + [type(None)]
    together, still = (model(features, training=each) for each in (True, False))
    alone = model(features[1:2], training=True)
    for head in model.heads:
        found = convert_to_numpy(together[head])
        np.testing.assert_allclose(found, convert_to_numpy(still[head]), atol=1e-5)
        one = convert_to_numpy(alone[head])[0]
        np.testing.assert_allclose(one, found[1], atol=1e-5)
    plain = build(dropout=0.0, **BATCH)(features, training=True)["emotion"]
    assert (convert_to_numpy(plain) != convert_to_numpy(together["emotion"])).any()


def test_moments_of_labelled_rows_do_not_see_the_others(rng):
    features = speech(rng)
    other = features.copy()
    other[2:] = 5 + 3 * other[2:]
    found = []
    for rows in (features, other):
        model = build(moments="labelled", labelled_rows=2, dropout=0.0, **BATCH)
        outputs = convert_to_numpy(model(rows, training=True)["emotion"])
        moments = [w for w in model.non_trainable_weights if "moving" in w.path]
        found.append([outputs[:2], *map(convert_to_numpy, moments)])
    for one, two in zip(*found, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)
    alone = build(dropout=0.0, **BATCH)(features[:2], training=True)["emotion"]
    np.testing.assert_allclose(found[0][0], convert_to_numpy(alone), atol=1e-5)


def test_moments_of_all_rows_ignore_the_number_of_labelled_rows(rng):
    features = speech(rng)
    one, two = (
        build(labelled_rows=rows, dropout=0.0, **BATCH)(features, training=True)[
            "emotion"
        ]
        for rows in (None, 2)
    )
    np.testing.assert_array_equal(convert_to_numpy(one), convert_to_numpy(two))


@pytest.mark.parametrize(
    ("rows", "words"), [(None, "needs `labelled_rows`.*Pipeline"), (0, "positive")]
)
def test_moments_of_labelled_rows_need_their_number(rows, words):
    models.MTLAug.check(dimensions=DIMENSIONS, moments="labelled", **BATCH)
    with pytest.raises(ValueError, match=words):
        build(moments="labelled", labelled_rows=rows, **BATCH)


def test_dropout_lies_between_the_embedding_and_the_softmax_only(rng):
    features = speech(rng)
    model = build(embedding_dropout=0.5, dropout=0.0, normalisation="group")
    draws = [model(features, training=True) for _ in range(2)]
    one, two = ({h: convert_to_numpy(each[h]) for h in each} for each in draws)
    assert (one["emotion"] != two["emotion"]).any()
    for head in ("center", "augmentation", "reconstruction"):
        np.testing.assert_allclose(one[head], two[head], atol=1e-6)
    layer = model.get_layer("embedding_dropout")
    assert layer.rate == 0.5
    assert "embedding_dropout" not in [each.name for each in build().layers]
    one, two = (convert_to_numpy(model(features)["emotion"]) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_options_are_saved(rng, tmp_path):
    options = {
        "normalisation": "batch",
        "momentum": 0.8,
        "moments": "labelled",
        "labelled_rows": 3,
        "embedding_dropout": 0.2,
        "center_update": "optimizer",
        "center_rate": 0.25,
    }
    for given in (options, {"normalisation": "group"}):
        model = build(**given)
        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        config = again.get_config()
        assert config == model.get_config()
        assert {name: config[name] for name in given} == given
        features = speech(rng)
        np.testing.assert_array_equal(
            convert_to_numpy(again(features)["emotion"]),
            convert_to_numpy(model(features)["emotion"]),
        )


# === Centers ===


def centers_of(model):
    return convert_to_numpy(model.get_layer("center").centers)


def with_centers(rng, **arguments):
    """A compiled model with random centers, and a batch for it."""
    model = build(dropout=0.0, reconstruction=False, augmentation=False, **arguments)
    model.get_layer("center").centers.assign(rng.normal(size=(3, 128)))
    model.compile("sgd", **model.objective())
    features = speech(rng)
    return model, features, *targets(model, features)


def test_a_training_step_moves_the_centers_after_its_loss(rng):
    model, features, labels, weights = with_centers(rng, center_rate=0.25)
    weights["center"][3] = 0  # of the two rows of class 0, one counts
    before = centers_of(model)
    embedding = keras.Model(model.input, model.embedding_model.output)
    found = convert_to_numpy(embedding(features, training=True))
    own = found[:3] - before
    logs = model.train_on_batch(
        features, labels, sample_weight=weights, return_dict=True
    )
    np.testing.assert_allclose(
        centers_of(model), before + 0.25 * own / 2, rtol=1e-4, atol=1e-5
    )
    expected = 0.5 * np.square(own).sum(axis=1).mean()
    assert logs["center_loss"] == pytest.approx(expected, rel=1e-4)


def test_mixed_rows_rows_without_weight_and_absent_classes_move_no_center(rng):
    model, features, labels, weights = with_centers(rng)
    labels["center"][1] = [0.5, 0.5, 0]
    labels["center"][2] = [0, 0, 1]
    weights["center"][2] = 0
    before = centers_of(model)
    model.train_on_batch(features, labels, sample_weight=weights)
    np.testing.assert_array_equal(centers_of(model)[1:], before[1:])
    assert (centers_of(model)[0] != before[0]).any()


def test_evaluation_and_other_losses_move_no_center(rng):
    model, features, labels, weights = with_centers(rng)
    before = centers_of(model)
    model.evaluate(features, labels, sample_weight=weights, verbose=0)
    model.predict(features, verbose=0)
    model.objective()["loss"]["center"](
        labels["center"], model(features, training=True)["center"], weights["center"]
    )
    np.testing.assert_array_equal(centers_of(model), before)
    model.compute_loss(features, labels, model(features), None, training=False)
    np.testing.assert_array_equal(centers_of(model), before)
    model.compute_loss(features, labels, model(features), None)
    assert (centers_of(model) != before).any()


def test_a_stateless_loss_returns_the_moved_centers(rng):
    """JAX computes losses like this."""
    model, features, labels, weights = with_centers(rng)
    outputs = model(features)
    before = centers_of(model)
    model.compute_loss(features, labels, outputs, weights, training=False)  # built
    _, (_, found, _) = model.stateless_compute_loss(
        [each.value for each in model.trainable_variables],
        [each.value for each in model.non_trainable_variables],
        [each.value for each in model.metrics_variables],
        x=features,
        y=labels,
        y_pred=outputs,
        sample_weight=weights,
        training=True,
    )
    np.testing.assert_array_equal(centers_of(model), before)
    model.compute_loss(features, labels, outputs, weights, training=True)
    variable = model.get_layer("center").centers
    place = [each is variable for each in model.non_trainable_variables].index(True)
    found = convert_to_numpy(found[place])
    np.testing.assert_allclose(found, centers_of(model), rtol=1e-6)
    assert (found != before).any()


def test_an_optimizer_moves_the_centers_if_it_is_asked_to(rng):
    model, features, labels, weights = with_centers(rng, center_update="optimizer")
    variable = model.get_layer("center").centers
    assert any(each is variable for each in model.trainable_variables)
    before = centers_of(model)
    outputs = convert_to_numpy(model(features, training=True)["center"])
    model.train_on_batch(features, labels, sample_weight=weights)
    pull = np.einsum("bk,bkf->kf", labels["center"], outputs) / 4  # of the mean
    np.testing.assert_allclose(
        centers_of(model), before + 0.01 * 1e-3 * pull, rtol=1e-5, atol=1e-6
    )
    model = build()
    variable = model.get_layer("center").centers
    assert not any(each is variable for each in model.trainable_variables)


def test_trained_centers_lie_within_their_classes(rng):
    """With Adam, as an optimizer's weights, they stayed behind."""
    truth = np.arange(48) % 3
    labels = np.eye(3, dtype="float32")[truth]
    features = rng.normal(size=(48, 24, DIMENSIONS)).astype("float32")
    features[:, :, :3] += 1.5 * labels[:, None]
    # The moving moments catch up within the 40 updates.
    model = build(reconstruction=False, augmentation=False, momentum=0.5, **BATCH)
    model.compile(keras.optimizers.Adam(1e-3), **model.objective())
    both = {"emotion": labels, "center": labels}
    start = callbacks.InitialiseCenters(
        [(features, both, {"center": np.ones(48, "float32")})]
    )
    model.fit(features, both, batch_size=12, epochs=10, callbacks=[start], verbose=0)
    embedding = convert_to_numpy(model.embedding_model(features))
    means = np.stack([embedding[truth == k].mean(axis=0) for k in range(3)])
    distance = np.linalg.norm(centers_of(model)[:, None] - means, axis=-1)
    scatter = [
        np.sqrt(np.square(embedding[truth == k] - means[k]).sum(axis=1).mean())
        for k in range(3)
    ]
    assert (distance.argmin(axis=1) == np.arange(3)).all()
    assert (np.diag(distance) < scatter).all()
