"""What is specific to MTL-AUG, for all models of Table 7."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import models

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


def test_without_masks_the_padding_counts(rng):
    features = speech(rng)
    model = build(mask_padding=False)
    longer = np.pad(features, ((0, 0), (0, 40), (0, 0)))
    short, long = (convert_to_numpy(model(x)["emotion"]) for x in (features, longer))
    assert np.abs(short - long).max() > 1e-4


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


def test_center_head_measures_the_embedding(rng):
    features = speech(rng)
    model = build()
    embedding = convert_to_numpy(model.embedding_model(features))
    centers = convert_to_numpy(model.get_layer("center").centers)
    expected = 0.5 * np.square(embedding[:, None] - centers).sum(axis=-1)
    np.testing.assert_allclose(
        convert_to_numpy(model(features)["center"]), expected, rtol=1e-4, atol=1e-6
    )


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


def test_half_precision_keeps_heads_in_float32(rng):
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = build()
        model.compile("adam", **model.objective())
        features = speech(rng)
        labels, weights = targets(model, features)
        history = model.fit(features, labels, sample_weight=weights, verbose=0)
        outputs = model(features)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert np.isfinite(history.history["loss"]).all()
    types = {
        head: keras.backend.standardize_dtype(outputs[head].dtype) for head in outputs
    }
    assert types == dict.fromkeys(model.heads, "float32")


@pytest.mark.parametrize(
    ("preset", "arguments"),
    [("small", {}), ("paper", {}), ("small", models.BASELINE)],
)
def test_parameter_count(preset, arguments):
    model = models.MTLAug(tuple("abcd"), preset=preset, **arguments)
    assert model.count_params() == parameters(preset, set(arguments))


def test_sizes_replace_those_of_the_preset_and_are_saved(tmp_path):
    model = models.MTLAug(
        CLASSES, dimensions=DIMENSIONS, filters=(4, 6, 8), kernels=(5, 3, 3)
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

    def norm(filters):
        return 4 * filters

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
    ],
)
def test_bad_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        models.MTLAug(CLASSES, **{"dimensions": DIMENSIONS, **arguments})
