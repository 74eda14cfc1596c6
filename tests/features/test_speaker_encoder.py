"""The states of a speaker encoder as a front-end."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from toy_networks import FakeTensor, write_torch

from keras_ser import audio
from keras_ser.features import FeatureStore, SpeakerEncoder, speaker_encoder
from keras_ser.features.contract import BadFrontEnd, named_settings
from keras_ser.features.speaker_encoder import (
    at_level,
    mel_power,
    weight_shapes,
    weights_of,
)

PUBLISHED = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
INSTALLED = importlib.util.find_spec("resemblyzer") is not None


def drawn_weights(seed=0):
    draw = np.random.default_rng(seed).uniform
    return {
        name: draw(-0.06, 0.06, shape).astype("<f4")
        for name, shape in weight_shapes().items()
    }


def write(path, weights) -> str:
    tensors = {name: FakeTensor(values) for name, values in weights.items()}
    return str(write_torch(path, {"model_state": tensors, "step": 3}, "legacy"))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(tmp_path_factory.mktemp("weights") / "w.pt", drawn_weights())


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(inputs, weights, layer):
    """An LSTM of PyTorch, by its equations, `(frames, 256)`."""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    inner, recurrent, *biases = (
        weights[f"lstm.{name}_l{layer}"].astype(float) for name in names
    )
    hidden = cell = np.zeros(256)
    states = []
    for frame in inputs:
        gates = inner @ frame + recurrent @ hidden + sum(biases)
        let_in, forget, new, let_out = np.split(gates, 4)
        cell = sigmoid(forget) * cell + sigmoid(let_in) * np.tanh(new)
        hidden = sigmoid(let_out) * np.tanh(cell)
        states.append(hidden)
    return np.array(states)


@pytest.mark.parametrize("every", [1, 4])
def test_the_states_are_those_of_three_lstms(path, every, noise):
    wave = noise(0.4)
    states, weights = [mel_power(at_level(wave)).astype(float)], drawn_weights()
    for layer in range(3):
        states.append(lstm(states[-1], weights, layer))
    found = SpeakerEncoder(path, every=every)(wave)
    expected = np.concatenate(states[1:], axis=1)[::every]
    assert found.shape == expected.shape == (-(-41 // every), 768)
    np.testing.assert_allclose(found, expected, rtol=6e-4, atol=2e-6)  # of float16


def test_quiet_speech_is_amplified_and_loud_speech_is_not(rng):
    wave = rng.normal(size=16_000)
    for scale in (1e-4, 1e-2):
        found = at_level(scale * wave)
        assert 20 * np.log10(np.sqrt(np.mean(found**2))) == pytest.approx(-30)
    np.testing.assert_array_equal(at_level(0.5 * wave), 0.5 * wave)
    np.testing.assert_array_equal(at_level(np.zeros(10)), np.zeros(10))


def test_the_spectrum_is_mel_power_without_a_logarithm(noise):
    import librosa

    found = mel_power(noise(0.3))
    assert found.shape == (31, 40) and found.dtype == np.float32
    expected = librosa.feature.melspectrogram(
        y=noise(0.3), sr=16_000, n_fft=400, hop_length=160, n_mels=40
    )
    np.testing.assert_array_equal(found, expected.T)


def test_an_untrained_network_is_always_the_same(noise):
    one, two = SpeakerEncoder(trained=False), SpeakerEncoder(trained=False, every=2)
    np.testing.assert_array_equal(one(noise(0.3)), two(noise(0.3))[::2])
    weights = weights_of(one)
    assert all(np.abs(each).max() <= 1 / 16 for each in weights.values())
    assert np.abs(weights["lstm.weight_hh_l1"]).max() > 0.062


# === The file of the weights ===


def test_the_hash_of_the_file_is_a_setting_and_its_place_is_not(path, tmp_path):
    other = tmp_path / "copy.pt"
    other.write_bytes(Path(path).read_bytes())
    one, two = SpeakerEncoder(path), SpeakerEncoder(str(other))
    assert named_settings(one) == named_settings(two)
    assert len(named_settings(one)["sha256"]) == 64
    third = SpeakerEncoder(write(tmp_path / "other.pt", drawn_weights(1)))
    assert third.sha256 != one.sha256
    with pytest.raises(ValueError, match="needs the weights with the SHA-256"):
        SpeakerEncoder(str(other), sha256=third.sha256)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(speaker_encoder, "PACKAGE", "no_such_package_at_all")
    with pytest.raises(ValueError, match="pip install --no-deps resemblyzer, or give"):
        SpeakerEncoder()
    known = SpeakerEncoder(sha256=PUBLISHED)  # enough for features from a cache
    assert known.sha256 == PUBLISHED and known.dimensions == 768
    with pytest.raises(ValueError, match="pip install --no-deps resemblyzer"):
        known(np.zeros(1600, "f4"))


def test_weights_that_are_absent_are_no_fault_of_the_audio(
    monkeypatch, tmp_path, write_audio, noise
):
    monkeypatch.setattr(speaker_encoder, "PACKAGE", "no_such_package_at_all")
    store, bad = FeatureStore(tmp_path, SpeakerEncoder(sha256=PUBLISHED)), []
    file = write_audio("a.wav", noise(0.3))
    row = {"utterance": "a", "file": str(file), "start": np.nan, "end": np.nan}
    table = pd.DataFrame([{**row, "digest": audio.digest(file)}])
    with pytest.raises(BadFrontEnd, match="pip install --no-deps resemblyzer"):
        store.prepare(table, progress=False, bad=bad)
    assert bad == []


def test_a_path_may_be_below_the_home(path, monkeypatch):
    monkeypatch.setenv("HOME", str(Path(path).parent))
    found = SpeakerEncoder("~/w.pt")
    assert found.sha256 == SpeakerEncoder(path).sha256 and found.path == "~/w.pt"


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(ValueError, match="Received: .*absent.pt"):
        SpeakerEncoder(str(tmp_path / "absent.pt"))


@pytest.mark.parametrize("change", ["absent", "other shape", "no dictionary"])
def test_a_file_of_another_network_is_rejected(change, tmp_path, noise):
    weights = drawn_weights()
    if change == "absent":
        del weights["lstm.bias_ih_l2"]
    if change == "other shape":
        weights["lstm.bias_ih_l2"] = np.zeros(4, "<f4")
    own = tmp_path / "w.pt"
    if change == "no dictionary":
        write_torch(own, [FakeTensor(np.zeros(2, "<f4"))])
    else:
        write(own, weights)
    with pytest.raises(ValueError, match="three LSTMs of 256 units on 40 mel bands"):
        SpeakerEncoder(str(own))(noise(0.1))


@pytest.mark.parametrize(
    "settings",
    [
        {"every": 0},
        {"every": 2.0},
        {"every": 1000},
        {"trained": 1},
        {"path": 3},
        {"trained": False, "path": "w.pt"},
        {"trained": False, "sha256": "0" * 64},
    ],
)
def test_settings_are_checked(settings):
    with pytest.raises(ValueError, match="Received"):
        SpeakerEncoder(**settings)


@pytest.mark.pretrained
@pytest.mark.skipif(not INSTALLED, reason="needs the weights of resemblyzer 0.1.4")
def test_the_published_weights_give_known_states():
    """The mean of each layer, computed with PyTorch's LSTM on the same mel power."""
    front_end = SpeakerEncoder(every=1)
    assert front_end.sha256 == PUBLISHED
    time = np.arange(16_000) / 16_000
    wave = 0.1 * np.sin(2 * np.pi * 220 * time * (1 + 0.1 * time)).astype("f4")
    means = front_end(wave).reshape(-1, 3, 256).mean((0, 2))
    np.testing.assert_allclose(means, GOLDEN, atol=5e-5)


GOLDEN = [0.0018102, 0.0106457, -0.0107128]
