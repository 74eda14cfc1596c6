"""A plain Keras model predicts, is saved, and is loaded as a recogniser."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import inference, models
from keras_ser.features import LogMel, Preprocessing

CLASSES = ("anger", "sadness")


def network(units=2):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.layers.Conv1D(4, 3, padding="same", activation="relu"),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(units, "softmax"),
        ]
    )


@pytest.fixture
def preprocessing():
    mean, std = np.full(16, -8.0), np.full(16, 3.0)
    return Preprocessing(LogMel(n_mels=16), CLASSES, 1.0, "train", mean, std)


def test_it_answers_as_the_network(rng):
    own = network()
    features = rng.normal(size=(3, 9, 16)).astype("float32")
    wrapped = models.Wrapped(CLASSES, 16, own)
    expected = convert_to_numpy(own(features))
    found = convert_to_numpy(wrapped(features)["emotion"])
    np.testing.assert_array_equal(found, expected)
    assert (wrapped.classes, wrapped.dimensions) == (CLASSES, 16)
    assert wrapped.heads == ("emotion",) and not wrapped.mask_padding


def test_it_can_be_saved():
    models.check_saveable(models.Wrapped(CLASSES, 16, network(), mask_padding=True))


def test_a_recogniser_takes_it_saves_it_and_loads_it(
    preprocessing, write_audio, noise, tmp_path
):
    files = [write_audio(f"{seed}.wav", noise(0.4, seed=seed)) for seed in range(2)]
    recogniser = inference.Recogniser(network(), preprocessing)
    table = recogniser.predict(files)
    assert list(table.columns[-2:]) == ["p_anger", "p_sadness"]
    loaded = inference.load(recogniser.save(tmp_path / "model.keras"))
    assert loaded.predict(files).equals(table)
    assert isinstance(loaded.model, models.Wrapped)
    with pytest.raises(ValueError, match="with an embedding"):
        loaded.embed(files)


def test_it_is_trained_like_any_model(rng):
    wrapped = models.Wrapped(CLASSES, 16, network())
    wrapped.compile("adam", **wrapped.objective())
    features = rng.normal(size=(8, 9, 16)).astype("float32")
    labels = {"emotion": np.eye(2, dtype="float32")[rng.integers(0, 2, 8)]}
    history = wrapped.fit(features, labels, epochs=2, verbose=0).history
    assert "emotion_loss" in history and np.isfinite(history["loss"]).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda: network(3), r"one output per class, \(batch, 2\).*None, 3"),
        (lambda: keras.Sequential([keras.layers.Dense(2)]), "one output per class"),
        (lambda: "model.keras", "Expected a Keras model"),
        (lambda: fixed(), "takes features"),
    ],
)
def test_what_does_not_fit_is_named(given, words):
    with pytest.raises(ValueError, match=words):
        models.Wrapped(CLASSES, 16, given())


def fixed():
    """A network for other features."""
    features = keras.Input((20, 5))
    return keras.Model(features, keras.layers.Flatten()(features))


def test_code_in_a_network_is_not_loaded(preprocessing, tmp_path):
    layers = [
        keras.layers.GlobalAveragePooling1D(),
        keras.layers.Lambda(lambda x: x[:, :2], output_shape=(2,)),
    ]
    recogniser = inference.Recogniser(keras.Sequential(layers), preprocessing)
    path = recogniser.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="within the model.s settings"):
        inference.load(path)
