"""`Spectrogram` as a layer: the values of numpy without rounding, and a gradient."""

import dataclasses

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import audio, backend, features, layers
from keras_ser.layers.short_time import TRANSFORMS

SETTINGS = [
    {},
    {"n_bins": 256},
    {"window_seconds": 0.04, "hop_seconds": 0.0125, "n_bins": 16, "n_fft": 1024},
    # Odd sizes, and gaps between frames.
    {"window_seconds": 321 / 16_000, "hop_seconds": 0.03, "n_bins": 7, "n_fft": 434},
]
SECONDS = [0.5, 0.503, 0.0631, 1 / 16_000]

both = pytest.mark.parametrize("transform", TRANSFORMS)


def oracle(wave, made) -> np.ndarray:
    """ln(max(1/g Σ_k |S[k]|², 1e-10)), as sums over the samples of each frame."""
    size, hop = (round(s * 16_000) for s in (made.window_seconds, made.hop_seconds))
    time, bins = np.arange(size), np.arange(made.n_fft // 2)
    hamming = 0.54 - 0.46 * np.cos(2 * np.pi * time / size)
    waves = np.exp(-2j * np.pi * np.outer(time, bins) / made.n_fft)
    padded = np.pad(wave.astype(np.float64), made.n_fft)
    before = made.n_fft // 2 - (made.n_fft - size) // 2  # as librosa rounds
    firsts = made.n_fft - before + hop * np.arange(1 + len(wave) // hop)
    spectrum = [padded[first : first + size] * hamming @ waves for first in firsts]
    power = (np.abs(spectrum) ** 2).reshape(len(firsts), made.n_bins, -1)
    return np.log(np.maximum(power.mean(axis=2), 1e-10))


def speech_like(seconds, seed=0) -> np.ndarray:
    """Noise that gets softer, with silence in the middle."""
    rng = np.random.default_rng(seed)
    wave = rng.normal(scale=0.1, size=round(seconds * 16_000))
    wave *= np.geomspace(1, 1e-3, len(wave))
    wave[len(wave) // 2 : 2 * len(wave) // 3] = 0
    return wave.astype(np.float32)


@both
@pytest.mark.parametrize("settings", SETTINGS)
def test_it_equals_its_equation(settings, transform):
    layer = layers.Spectrogram(**settings, transform=transform)
    for seconds in SECONDS:
        wave = speech_like(seconds)
        found = convert_to_numpy(layer(wave[None]))[0]
        expected = oracle(wave, layer)
        assert found.dtype == np.float32
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


@both
@pytest.mark.parametrize("settings", SETTINGS)
def test_it_is_the_front_end_without_rounding(settings, transform):
    layer = layers.Spectrogram(**settings, transform=transform)
    wave = speech_like(0.5)
    rounded = features.Spectrogram(**settings)(wave)
    found = convert_to_numpy(layer(wave[None]))[0]
    # From 16 on, float16 has steps of 2^-6, and the floor is at -23.
    np.testing.assert_allclose(found, rounded, rtol=0, atol=2**-7 + 1e-3)


@both
@pytest.mark.real_speech
def test_it_is_the_front_end_on_real_speech(corpora_root, transform):
    files = sorted((corpora_root / "emodb").rglob("*.wav"))
    layer, rounded = layers.Spectrogram(transform=transform), features.Spectrogram()
    assert files
    for file in files[:: max(1, len(files) // 12)]:
        wave = audio.read(file)
        found = convert_to_numpy(layer(wave[None]))[0]
        np.testing.assert_allclose(found, rounded(wave), rtol=0, atol=2**-7 + 1e-3)


def test_its_defaults_are_the_front_ends():
    config = layers.Spectrogram().get_config()
    expected = dataclasses.asdict(features.Spectrogram())
    assert {name: config[name] for name in expected} == expected


@both
def test_a_row_does_not_depend_on_its_batch(transform):
    waves = np.stack([speech_like(0.3, seed) for seed in range(3)])
    layer = layers.Spectrogram(transform=transform)
    together = convert_to_numpy(layer(waves))
    alone = [convert_to_numpy(layer(wave[None]))[0] for wave in waves]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-4)


@both
def test_silence_is_the_floor(transform):
    layer = layers.Spectrogram(transform=transform)
    found = convert_to_numpy(layer(np.zeros((1, 900), "float32")))
    np.testing.assert_allclose(found, np.log(1e-10), rtol=1e-6)
    assert found.shape == (1, 6, 128)


@both
def test_the_number_of_samples_may_be_unknown(transform):
    inputs = keras.Input((None,))
    layer = layers.Spectrogram(n_bins=16, transform=transform)
    model = keras.Model(inputs, layer(inputs))
    assert model.output.shape == (None, None, 16)
    assert layer.compute_output_shape((2, 1601)) == (2, 11, 16)
    for samples in (1599, 1601):
        wave = speech_like(samples / 16_000)
        found = model.predict(wave[None], verbose=0)[0]
        np.testing.assert_allclose(found, oracle(wave, layer), rtol=0, atol=1e-3)


@both
def test_its_gradient_is_that_of_differences(transform, rng):
    layer = layers.Spectrogram(n_bins=16, transform=transform)
    wave = rng.normal(scale=0.1, size=(2, 700)).astype("float32")
    weights = rng.normal(size=(2, 5, 16)).astype("float32")
    layer.build(wave.shape)

    def value(tensors):
        return keras.ops.sum(keras.ops.multiply(layer(tensors[0]), weights))

    _, (gradient,) = backend.value_and_gradient(value, [wave])
    gradient = convert_to_numpy(gradient)
    direction = np.sign(gradient)
    ahead, back = (float(value([wave + step * direction])) for step in (1e-4, -1e-4))
    expected = (gradient * direction).sum()
    assert (ahead - back) / 2e-4 == pytest.approx(expected, rel=0.02)


@both
def test_it_has_no_weights_and_survives_saving(transform, tmp_path):
    inputs = keras.Input((None,))
    outputs = layers.Spectrogram(n_bins=64, transform=transform)(inputs)
    model = keras.Model(inputs, outputs)
    assert model.weights == []
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert again.layers[1].get_config() == model.layers[1].get_config()
    wave = speech_like(0.2)[None]
    np.testing.assert_array_equal(
        convert_to_numpy(again(wave)), convert_to_numpy(model(wave))
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_fft": 256}, "a window no longer than `n_fft` samples.*n_fft=256"),
        ({"window_seconds": 0.0}, "window_seconds=0.0"),
        ({"hop_seconds": 1e-5}, "at least one sample.*hop_seconds=1e-05"),
        ({"n_bins": 0}, "`n_bins` above 0.*n_bins=0"),
        ({"n_bins": -2}, "`n_bins` above 0.*n_bins=-2"),
        ({"n_bins": 100}, "divides half of `n_fft`.*n_bins=100, n_fft=512"),
        ({"transform": "dct"}, "`transform` must be one of.*'dct'"),
        ({"dtype": "mixed_float16"}, "`Spectrogram` needs float32.*float16"),
    ],
)
def test_impossible_settings_are_rejected_with_their_values(settings, words):
    with pytest.raises(ValueError, match=words):
        layers.Spectrogram(**settings)


def test_integers_are_rejected():
    with pytest.raises(ValueError, match="floats in .*int16.*32768"):
        layers.Spectrogram()(np.zeros((1, 1600), "int16"))
