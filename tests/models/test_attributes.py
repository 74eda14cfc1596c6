"""What is specific to the CNN-BLSTM with attributes."""

import inspect

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from toy_attributes import APPROACHES, BOTH, CLASSES, NAMES, batch_for, compiled

from keras_ser import models
from keras_ser.models.attributes import PRESETS

needs_state = pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="its training steps have no state"
)
SMALL = {"filters": (4, 6), "units": 5, "dense_units": 7, "discriminator_units": 6}


def build(approach="multi_task", attributes=BOTH, **arguments):
    keras.utils.set_random_seed(0)
    return models.AttributeCNNLSTM(
        CLASSES,
        NAMES,
        attributes=attributes,
        approach=approach,
        **{"dimensions": 16, **SMALL, **arguments},
    )


def count(layers):
    return sum(layer.count_params() for layer in layers)


def test_the_preset_of_the_paper_has_its_numbers_of_parameters():
    """About 1.8 million in the shared layers, about 1 million in a discriminator."""
    model = models.AttributeCNNLSTM(
        CLASSES, NAMES, preset="paper", attributes=BOTH, approach="discriminator"
    )
    shared = [model.get_layer(f"encoder_{n}") for n in (1, 2)]
    shared += [model.get_layer(name) for name in ("emotion_blstm", "embedding")]
    expected = (5 * 40 + 1) * 256 + (5 * 256 + 1) * 256
    expected += 2 * 4 * 288 * (256 + 288 + 1) + (2 * 288 + 1) * 256
    assert count(shared) == expected == 1_782_784
    sizes = []
    for attribute in BOTH:
        parts = (f"{attribute}_dense_1", f"{attribute}_dense_2", attribute)
        sizes.append(count(model.get_layer(name) for name in parts))
    assert sizes == [4 * 1000 + 1001 * 1000 + 1001 * k for k in (2, 3)]
    emotion = 257 * 3
    assert model.count_params() == expected + emotion + sum(sizes)


def test_the_small_preset_has_a_quarter_of_the_widths():
    small, paper = PRESETS["small"], PRESETS["paper"]
    assert small["kernels"] == paper["kernels"]
    for name in ("units", "dense_units"):
        assert 4 * small[name] == paper[name]
    assert [4 * each for each in small["filters"]] == list(paper["filters"])
    assert (small["pooling"], paper["pooling"]) == ("mean", "last")
    assert models.AttributeCNNLSTM.recipe == "in_the_wild"


def test_the_embedding_reads_the_last_states_of_both_directions(rng):
    model = build(attributes=(), pooling="last")
    x = rng.normal(size=(2, 30, 16)).astype("float32")
    x[1, 17:] = 0
    code = convert_to_numpy(model.encoder(x))
    assert code.shape == (2, 8, 6)
    oracle = keras.layers.Bidirectional(keras.layers.LSTM(5))
    oracle.build(code.shape)
    oracle.set_weights(model.get_layer("emotion_blstm").get_weights())
    states = [
        convert_to_numpy(oracle(code[:1])),
        convert_to_numpy(oracle(code[1:, :5])),
    ]
    kernel, bias = model.get_layer("embedding").get_weights()
    expected = np.maximum(np.concatenate(states) @ kernel + bias, 0)
    found = convert_to_numpy(model.embedding_model(x))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_dropout_is_in_front_of_the_dense_layer(rng):
    model = build(attributes=(), dropout=0.9)
    x = rng.normal(size=(2, 8, 16)).astype("float32")
    (before,) = {model.get_layer("embedding").input.name}
    assert before == model.get_layer("dropout").output.name
    first, second = (convert_to_numpy(model.embedding_model(x)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    dropped = convert_to_numpy(model.embedding_model(x, training=True))
    assert np.abs(dropped - first).max() > 1e-4


@pytest.mark.parametrize("approach", APPROACHES)
def test_attributes_are_heads_of_every_approach(approach):
    model = build(approach)
    assert model.heads == ("emotion", *BOTH)
    assert model.columns(attributes=BOTH, approach=approach) == BOTH
    source = {
        "multi_task": "embedding",
        "gradient_reversal": "reversal",
        "discriminator": "corpus_dense_2",
    }[approach]
    layer = model.get_layer("corpus")
    assert layer.input is model.get_layer(source).output
    models.check_saveable(model)


@pytest.mark.parametrize(
    "approach", [*APPROACHES[:2], pytest.param(APPROACHES[2], marks=needs_state)]
)
def test_each_approach_is_trained_and_saved(approach, tmp_path):
    model = compiled(build(approach, dropout=0.0), rate=0.05)
    features, labels, weights = batch_for(model)
    history = model.fit(
        features, labels, sample_weight=weights, epochs=2, batch_size=6, verbose=0
    ).history
    assert history["emotion_loss"][1] < history["emotion_loss"][0]
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.alpha == model.alpha and list(again.optimizers) == list(
        model.optimizers
    )
    outputs = model(features)
    for head, output in again(features).items():
        np.testing.assert_array_equal(
            convert_to_numpy(output), convert_to_numpy(outputs[head])
        )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"preset": "large"}, "`preset` must be one of"),
        ({"filters": (8,)}, "`filters` must be 2 positive integers"),
        ({"kernels": (3, 0)}, "`kernels` must be 2 positive integers"),
        ({"units": 0}, "`units` must be a positive integer"),
        ({"dense_units": 1.5}, "`dense_units` must be a positive integer"),
        ({"discriminator_units": -1}, "`discriminator_units` must be a positive"),
        ({"dropout": 1.0}, "`dropout` must be a number"),
        ({"dimensions": 0}, "`dimensions` must be a positive integer"),
        ({"approach": "reversal"}, "`approach` must be one of"),
        ({"attributes": "gender"}, "`attributes` must be a list"),
    ],
)
def test_impossible_arguments_are_rejected(arguments, words):
    with pytest.raises(ValueError, match=words):
        models.AttributeCNNLSTM.check(**arguments)
    with pytest.raises(ValueError, match=words):
        build(**arguments)


def test_documented_arguments_are_those_of_the_constructor():
    names = set(inspect.signature(models.AttributeCNNLSTM).parameters) - {"kwargs"}
    for name in names:
        assert f"        {name}: " in models.AttributeCNNLSTM.__doc__, name


def test_the_mean_over_the_steps_ignores_the_padding(rng):
    features = rng.normal(size=(2, 40, 16)).astype("float32")
    features[1, 24:] = 0
    model = build(attributes=(), pooling="mean")
    states = model.get_layer("emotion_blstm").output
    found = keras.Model(model.input, [states, model.get_layer("pooled").output])
    hidden, pooled = map(convert_to_numpy, found(features))
    np.testing.assert_allclose(pooled[0], hidden[0].mean(0), atol=1e-5)
    np.testing.assert_allclose(pooled[1], hidden[1, :6].mean(0), atol=1e-5)


def test_another_pooling_is_rejected():
    with pytest.raises(ValueError, match="`pooling` must be one of"):
        build(pooling="max")
