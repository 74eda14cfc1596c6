"""What every model of the registry promises. New models are picked up from there."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import models

CLASSES = ("anger", "neutral", "sadness")
DIMENSIONS = 16


def build(name, **arguments):
    keras.utils.set_random_seed(0)
    return models.MODELS[name](CLASSES, dimensions=DIMENSIONS, **arguments)


def speech(rng, batch=4, time=41):
    features = rng.normal(size=(batch, time, DIMENSIONS)).astype("float32")
    features[1, max(1, time // 2) :] = 0
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


every_model = pytest.mark.parametrize("name", models.MODELS)


@every_model
def test_outputs_and_objective_are_named_by_the_heads(name):
    model = build(name)
    assert model.heads[0] == "emotion"
    assert set(model.output) == set(model.heads)
    for part in model.objective().values():
        assert set(part) == set(model.heads)
    assert (model.classes, model.dimensions) == (CLASSES, DIMENSIONS)
    assert model.mask_padding is True


@every_model
@pytest.mark.parametrize("time", [1, 40, 41])
def test_any_length_gives_probabilities_and_attention(name, time, rng):
    features = speech(rng, time=time)
    model = build(name)
    posterior = convert_to_numpy(model(features)["emotion"])
    assert posterior.shape == (4, 3)
    np.testing.assert_allclose(posterior.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(
        convert_to_numpy(model.emotion_model(features)), posterior
    )
    weights = convert_to_numpy(model.attention_model(features))
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    assert weights.shape[1] <= time
    embedding = convert_to_numpy(model.embedding_model(features))
    assert embedding.shape == (4, model.embedding_model.output.shape[-1])


@every_model
@pytest.mark.parametrize("training", [False, True])
def test_the_emotion_does_not_depend_on_the_padding(name, training, rng):
    features = speech(rng)
    dropout = {"dropout": 0.0} if name == "MTLAug" else {}
    model = build(name, **dropout)
    longer = np.pad(features, ((0, 0), (0, 37), (0, 0)))
    short, long = (
        convert_to_numpy(model(x, training=training)["emotion"])
        for x in (features, longer)
    )
    np.testing.assert_allclose(short, long, atol=1e-5)
    weights = convert_to_numpy(model.attention_model(longer))
    speech_steps = -(-41 * weights.shape[1] // 78)
    assert not weights[:, speech_steps + 1 :].any()


@every_model
def test_without_masks_the_padding_counts(name, rng):
    features = speech(rng)
    model = build(name, mask_padding=False)
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
def test_fit_lowers_the_loss(name, rng):
    model = build(name)
    model.compile(keras.optimizers.Adam(1e-2), **model.objective())
    features = speech(rng)
    labels, weights = targets(model, features)
    history = model.fit(features, labels, sample_weight=weights, epochs=8, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert {"emotion_uar", "emotion_accuracy", "emotion_loss"} <= set(history.history)


@every_model
def test_a_saved_model_predicts_the_same(name, rng, tmp_path):
    model = build(name)
    features = speech(rng)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again) is models.MODELS[name]
    assert again.get_config() == model.get_config()
    np.testing.assert_array_equal(
        convert_to_numpy(again(features)["emotion"]),
        convert_to_numpy(model(features)["emotion"]),
    )


@every_model
def test_half_precision_keeps_heads_in_float32(name, rng):
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = build(name)
        model.compile("adam", **model.objective())
        features = speech(rng)
        labels, weights = targets(model, features)
        history = model.fit(features, labels, sample_weight=weights, verbose=0)
        outputs = model(features)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert np.isfinite(history.history["loss"]).all()
    for head in model.heads:
        kind = keras.backend.standardize_dtype(outputs[head].dtype)
        assert kind == "float32", head


@every_model
def test_impossible_sizes_are_rejected_before_a_model_is_built(name):
    kind = models.MODELS[name]
    for check in (kind.check, lambda dimensions: kind(CLASSES, dimensions=dimensions)):
        with pytest.raises(ValueError, match=r"`dimensions` must be a multiple of \d+"):
            check(dimensions=18)
