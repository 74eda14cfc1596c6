"""What is specific to the CNN-BLSTM and the CNN with attention."""

import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest
from keras.ops import convert_to_numpy

import keras_ser as ser
from keras_ser import models
from keras_ser.experiments import checks, network
from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.experiments.job import Job
from keras_ser.layers import BLSTM, ConvBlock

CLASSES = ("anger", "neutral", "sadness")
CONVOLUTIONS = {"CNNBLSTMAttention": 2, "CNNAttention": 4}


def layers_of(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


@pytest.mark.parametrize(("name", "stages"), CONVOLUTIONS.items())
def test_the_layers_are_those_of_the_description(name, stages):
    model = models.MODELS[name](CLASSES)
    assert model.heads == ("emotion",)
    assert len(layers_of(model, ConvBlock)) == stages
    assert len(layers_of(model, keras.layers.MaxPooling2D)) == stages
    assert [each.units for each in layers_of(model, BLSTM)] == [128] * (stages == 2)
    steps = model.attention_model(np.ones((1, 100, 128), "float32")).shape[1]
    assert steps == -(-100 // 2**stages)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_the_softmax_reads_the_attended_sequence(name, rng):
    """p = softmax(W Σ_i α_i h_i + b), with the sequence h that attention reads."""
    keras.utils.set_random_seed(0)
    model = models.MODELS[name](CLASSES, dimensions=16)
    x = rng.normal(size=(2, 40, 16)).astype("float32")
    attention = model.get_layer("attention")
    sequence = keras.Model(model.input, attention.input[0])
    hidden = convert_to_numpy(sequence(x))
    weights = convert_to_numpy(model.attention_model(x))
    pooled = np.einsum("bt,btf->bf", weights, hidden)
    np.testing.assert_allclose(
        convert_to_numpy(model.embedding_model(x)), pooled, rtol=1e-4, atol=1e-6
    )
    kernel, bias = model.get_layer("emotion").get_weights()
    logits = np.exp(pooled @ kernel + bias)
    np.testing.assert_allclose(
        convert_to_numpy(model(x)["emotion"]),
        logits / logits.sum(axis=1, keepdims=True),
        rtol=1e-4,
    )


def test_pooling_takes_the_loudest_of_two_frames_and_bands(rng):
    keras.utils.set_random_seed(0)
    model = models.CNNAttention(CLASSES, dimensions=16)
    x = rng.normal(size=(1, 32, 16)).astype("float32")
    block, pool = model.get_layer("encoder_1"), model.get_layer("pool_1")
    before, after = (
        convert_to_numpy(keras.Model(model.input, layer.output)(x))
        for layer in (block, pool)
    )
    assert before.shape == (1, 32, 16, 16)
    expected = before.reshape(1, 16, 2, 8, 2, 16).max(axis=(2, 4))
    np.testing.assert_array_equal(after, expected)


def norm(filters):
    return 4 * filters


def test_parameter_counts():
    blstm = 2 * 4 * 128 * (32 * 32 + 128 + 1)
    expected = 25 * 16 + norm(16) + 9 * 16 * 32 + norm(32)
    expected += blstm + 256 + 257 * 4
    assert models.CNNBLSTMAttention(tuple("abcd")).count_params() == expected
    expected = 25 * 16 + 9 * (16 * 32 + 32 * 64 + 64 * 64)
    expected += norm(16 + 32 + 64 + 64) + 8 * 64 + (8 * 64 + 1) * 4
    assert models.CNNAttention(tuple("abcd")).count_params() == expected


def test_moving_moments_converge_in_an_epoch_of_a_small_corpus(rng):
    """30 updates: the last 10 make up two thirds of moments that start at 0 and 1."""
    keras.utils.set_random_seed(0)
    model = models.CNNAttention(CLASSES, dimensions=16, filters=(4, 4, 4, 4))
    block = model.get_layer("encoder_1")
    assert block.normalisation.momentum == model.momentum == 0.9
    x = 0.1 * rng.normal(size=(4, 40, 16)).astype("float32")
    for _ in range(30):
        model(x, training=True)
    convolved = convert_to_numpy(block.convolution(x[..., None]))
    found = convert_to_numpy(block.normalisation.moving_variance)
    expected = convolved.var(axis=(0, 1, 2))
    np.testing.assert_allclose(found - expected, 0.9**30 * (1 - expected), rtol=1e-2)
    other = models.CNNAttention(CLASSES, dimensions=16, momentum=0.5)
    again = models.CNNAttention.from_config(other.get_config())
    assert again.get_layer("encoder_4").normalisation.momentum == 0.5


def test_sizes_are_arguments_and_are_saved(tmp_path):
    model = models.CNNBLSTMAttention(
        CLASSES, dimensions=8, filters=[4, 6], kernels=[3, 1], units=5
    )
    convolutions = [each for each in model.weights if "encoder_" in each.path]
    shapes = [tuple(each.shape) for each in convolutions if each.name == "kernel"]
    assert shapes == [(3, 3, 1, 4), (1, 1, 4, 6)]
    assert model.embedding_model.output.shape == (None, 10)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.get_config() == model.get_config()
    assert loaded.count_params() == model.count_params()


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        (
            "CNNBLSTMAttention",
            {"dimensions": 18},
            "`dimensions` must be a multiple of 4",
        ),
        ("CNNAttention", {"dimensions": 8}, "`dimensions` must be a multiple of 16"),
        ("CNNAttention", {"filters": (8, 8)}, "`filters` must be 4 positive integers"),
        (
            "CNNBLSTMAttention",
            {"kernels": (3, 0)},
            "`kernels` must be 2 positive integers",
        ),
        ("CNNBLSTMAttention", {"kernels": 3}, "`kernels` must be 2 positive integers"),
        ("CNNBLSTMAttention", {"units": 0}, "`units` must be a positive integer"),
        ("CNNAttention", {"momentum": 1}, "`momentum` must be a number of at least 0"),
    ],
)
def test_bad_arguments_are_named(name, arguments, words):
    given = {"dimensions": 16, **arguments}
    kind = models.MODELS[name]
    for check in (kind.check, lambda **sizes: kind(CLASSES, **sizes)):
        with pytest.raises(ValueError, match=words):
            check(**given)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_unknown_arguments_are_rejected(name):
    with pytest.raises(TypeError, match="augmentations"):
        models.MODELS[name](CLASSES, dimensions=16, augmentations=("none", "speed"))


# === As systems of an experiment ===

CONFIG = Experiment(
    name="toy",
    corpus="emodb",
    systems={
        "unaugmented": System("CNNAttention", augment=()),
        "augmented": System("CNNBLSTMAttention", arguments={"units": 8}),
    },
    features=Features(settings={"n_mels": 16}, seconds=1.0),
    training=Training(batch=4, epochs=1, learning_rate=1e-2),
)


@pytest.mark.parametrize("system", CONFIG.systems)
def test_an_experiment_trains_monitors_saves_and_tests_them(
    system, spoken_table, tmp_path
):
    checks.check(CONFIG)
    fold = ser.protocols.leave_one_speaker_out(spoken_table)["1"]
    store = ser.FeatureStore(tmp_path, ser.LogMel(n_mels=16), speeds=(0.9, 1.0, 1.1))
    tables = [fold.train, fold.dev, *fold.tests.values()]
    store.prepare(pd.concat(tables), progress=False)
    job = Job(CONFIG, system, fold, 0, tmp_path)
    (tmp_path / "config.json").write_text("{}")  # gets the tasks
    frame, metrics = network.train_and_test(job, store, tmp_path, monitor=True)
    tested = fold.tests["test"].utterance.tolist()
    assert frame.utterance.tolist() == tested
    assert metrics["epochs"] == 1 and "speed_probe" not in metrics
    assert list((tmp_path / "logs" / "monitor").glob("events.*"))
    saved = ser.load(tmp_path / "model.keras")
    assert type(saved.model) is models.MODELS[CONFIG.systems[system].model]
    again = ser.evaluation.predictions(saved, fold.tests["test"])
    np.testing.assert_allclose(again.p_anger, frame.p_anger, atol=1e-4)


@pytest.mark.parametrize(
    ("system", "words"),
    [
        (System("CNNAttention", objective={"center": 1e-3}), "objective` takes"),
        (System("CNNAttention", arguments={"units": 8}), "arguments` takes"),
        (System("CNNAttention", arguments={"augmentations": ["a"]}), "takes"),
        (System("CNNAttention", arguments={"filters": (1, 2)}), "4 positive integers"),
    ],
)
def test_a_config_with_wrong_arguments_is_rejected(system, words):
    with pytest.raises(ValueError, match=words):
        checks.check(dataclasses.replace(CONFIG, systems={"a": system}))
