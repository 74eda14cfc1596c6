"""The front-end as a layer: the values of librosa without rounding, and a gradient."""

import dataclasses
import itertools
import warnings

import keras
import librosa
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import audio, backend, layers
from keras_ser.features import front_ends
from keras_ser.layers.short_time import TRANSFORMS

SETTINGS = [
    {},
    {"fmax": 8000.0},
    {
        "window_seconds": 0.025,
        "hop_seconds": 0.0125,
        "n_mels": 40,
        "n_fft": 512,
        "fmin": 60.0,
    },
    {
        "window_seconds": 321 / 16_000,
        "hop_seconds": 0.03,
        "n_mels": 20,
        "n_fft": 401,
    },  # odd sizes, gaps between frames
]
SECONDS = [0.5, 0.503, 0.0631, 1 / 16_000]

both = pytest.mark.parametrize("transform", TRANSFORMS)


def by_librosa(wave, front_end) -> np.ndarray:
    """The values of `front_ends.LogMel` before rounding."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "n_fft=", UserWarning)
        power = librosa.feature.melspectrogram(
            y=wave,
            sr=16_000,
            n_fft=front_end.n_fft,
            win_length=round(front_end.window_seconds * 16_000),
            hop_length=round(front_end.hop_seconds * 16_000),
            window="hamming",
            n_mels=front_end.n_mels,
            fmin=front_end.fmin,
            fmax=front_end.fmax,
            pad_mode="constant",
        )
    return np.log(np.maximum(power, 1e-10)).T


def speech_like(seconds, seed=0) -> np.ndarray:
    """Noise that falls by 12 dB per octave: loud, soft, silent, then medium."""
    rng = np.random.default_rng(seed)
    samples = round(seconds * 16_000)
    wave = np.zeros(samples)
    for _ in range(2):  # a pole at 0.98, twice
        noise = rng.normal(size=samples) if not wave.any() else wave
        wave = np.array(list(itertools.accumulate(noise, lambda a, b: 0.98 * a + b)))
    wave *= 0.5 / np.abs(wave).max()
    loudness = np.repeat([1.0, 1e-3, 0.0, 0.1], -(-samples // 4))[:samples]
    return (wave * loudness).astype(np.float32)


@both
@pytest.mark.parametrize("settings", SETTINGS)
def test_it_equals_librosa(settings, transform):
    layer = layers.LogMel(**settings, transform=transform)
    for seconds in SECONDS:
        wave = speech_like(seconds)
        found = convert_to_numpy(layer(wave[None]))[0]
        expected = by_librosa(wave, layer)
        assert found.dtype == np.float32
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


@both
@pytest.mark.real_speech
@pytest.mark.parametrize(
    ("corpus", "pattern"),
    [("emodb", "*.wav"), ("ravdess", "*.flac"), ("librispeech", "*.flac")],
)
def test_it_equals_librosa_on_real_speech(corpora_root, corpus, pattern, transform):
    files = sorted((corpora_root / corpus).rglob(pattern))
    if not files:
        pytest.skip(f"no {pattern} below {corpora_root / corpus}")
    layer, rounded = layers.LogMel(transform=transform), front_ends.LogMel()
    for file in files[:: max(1, len(files) // 12)]:
        wave = audio.read(file)
        found = convert_to_numpy(layer(wave[None]))[0]
        np.testing.assert_allclose(found, by_librosa(wave, layer), rtol=0, atol=1e-3)
        # From 16 on, float16 has steps of 2^-6, and the floor is at -23.
        np.testing.assert_allclose(found, rounded(wave), rtol=0, atol=2**-7 + 1e-3)


def test_its_defaults_are_the_front_ends():
    config = layers.LogMel().get_config()
    expected = dataclasses.asdict(front_ends.LogMel())
    assert {name: config[name] for name in expected} == expected


@both
def test_a_row_does_not_depend_on_its_batch(transform):
    waves = np.stack([speech_like(0.3, seed) for seed in range(3)])
    layer = layers.LogMel(transform=transform)
    together = convert_to_numpy(layer(waves))
    alone = [convert_to_numpy(layer(wave[None]))[0] for wave in waves]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-4)


@both
def test_silence_is_the_floor(transform):
    found = convert_to_numpy(layers.LogMel(transform=transform)(np.zeros((1, 900))))
    np.testing.assert_allclose(found, np.log(1e-10), rtol=1e-6)
    assert found.shape == (1, 6, 128)


@both
def test_the_number_of_samples_may_be_unknown(transform):
    inputs = keras.Input((None,))
    layer = layers.LogMel(n_mels=20, transform=transform)
    model = keras.Model(inputs, layer(inputs))
    assert model.output.shape == (None, None, 20)
    assert layer.compute_output_shape((2, 1601)) == (2, 11, 20)
    for samples in (1599, 1601):
        wave = speech_like(samples / 16_000)
        found = model.predict(wave[None], verbose=0)[0]
        np.testing.assert_allclose(found, by_librosa(wave, layer), rtol=0, atol=1e-3)


@both
def test_it_stays_in_float32_under_half_precision(transform):
    wave = speech_like(0.3)
    expected = convert_to_numpy(layers.LogMel(transform=transform)(wave[None]))
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        found = layers.LogMel(transform=transform)(wave[None])
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    np.testing.assert_array_equal(convert_to_numpy(found), expected)


@both
def test_its_gradient_is_that_of_differences(transform, rng):
    layer = layers.LogMel(n_mels=20, transform=transform)
    wave = rng.normal(scale=0.1, size=(2, 700)).astype("float32")
    weights = rng.normal(size=(2, 5, 20)).astype("float32")
    layer.build(wave.shape)

    def value(tensors):
        return keras.ops.sum(keras.ops.multiply(layer(tensors[0]), weights))

    _, (gradient,) = backend.value_and_gradient(value, [wave])
    gradient = convert_to_numpy(gradient)
    assert (np.abs(gradient) > 0).mean() > 0.99  # all samples where the window is not 0
    direction = np.sign(gradient)
    ahead, back = (float(value([wave + step * direction])) for step in (1e-4, -1e-4))
    expected = (gradient * direction).sum()
    assert (ahead - back) / 2e-4 == pytest.approx(expected, rel=0.02)


@both
def test_it_has_no_weights_and_survives_saving(transform, tmp_path):
    inputs = keras.Input((None,))
    outputs = layers.LogMel(n_mels=20, fmax=7000.0, transform=transform)(inputs)
    model = keras.Model(inputs, outputs)
    assert model.weights == []
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[1].get_config() == model.layers[1].get_config()
    wave = speech_like(0.2)[None]
    np.testing.assert_array_equal(
        convert_to_numpy(again(wave)), convert_to_numpy(model(wave))
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_fft": 512}, "a window no longer than `n_fft` samples.*n_fft=512"),
        ({"window_seconds": 0.0}, "window_seconds=0.0"),
        (
            {"hop_seconds": 1e-5},
            "`hop_seconds` and `window_seconds` of at least one.*hop_seconds=1e-05",
        ),
        ({"n_mels": 0}, "`n_mels` above 0.*n_mels=0"),
        ({"fmax": 8001.0}, "fmax <= 8000 Hz.*fmax=8001.0"),
        ({"fmin": 6800.0}, "fmin < fmax.*fmin=6800.0"),
        ({"transform": "dct"}, "`transform` must be one of.*'dct'"),
        ({"dtype": "mixed_float16"}, "needs float32.*float16"),
    ],
)
def test_impossible_settings_are_rejected_with_their_values(settings, words):
    with pytest.raises(ValueError, match=words):
        layers.LogMel(**settings)


def test_integers_are_rejected():
    with pytest.raises(ValueError, match="floats in .*int16.*32768"):
        layers.LogMel()(np.zeros((1, 1600), "int16"))
