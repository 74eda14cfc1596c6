"""`LogMel`, compared with an implementation in numpy."""

import dataclasses
import warnings

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser.features import front_ends
from keras_ser.features.front_ends import FRONT_ENDS, LogMel

SMALL = LogMel(window_seconds=0.02, hop_seconds=0.01, n_mels=20, n_fft=512)


def oracle(wave, front_end) -> np.ndarray:
    """ln(max(W |S|², 1e-10)), computed frame by frame."""
    window, hop = (
        round(s * 16_000) for s in (front_end.window_seconds, front_end.hop_seconds)
    )
    time = np.arange(window)
    hamming = 0.54 - 0.46 * np.cos(2 * np.pi * time / window)
    padded = np.pad(wave.astype(np.float64), window)
    bank = librosa.filters.mel(
        sr=16_000,
        n_fft=front_end.n_fft,
        n_mels=front_end.dimensions,
        fmin=front_end.fmin,
        fmax=front_end.fmax,
    )
    rows = []
    for frame in range(1 + len(wave) // hop):
        first = window + frame * hop - window // 2  # centred on frame · hop
        spectrum = np.fft.rfft(
            padded[first : first + window] * hamming, front_end.n_fft
        )
        rows.append(np.log(np.maximum(bank @ np.abs(spectrum) ** 2, 1e-10)))
    return np.array(rows)


@pytest.mark.parametrize(
    "front_end",
    [
        LogMel(),
        LogMel(fmax=8000.0),
        SMALL,
        LogMel(
            window_seconds=0.025,
            hop_seconds=0.0125,
            n_mels=40,
            n_fft=512,
            fmin=60.0,
            fmax=7600.0,
        ),
    ],
)
@pytest.mark.parametrize("seconds", [0.5, 0.503, 0.0631])
def test_log_mel_equals_an_implementation_in_numpy(noise, front_end, seconds):
    wave = noise(seconds)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "n_fft=", UserWarning)
        found = front_end(wave)
    expected = oracle(wave, front_end)
    assert (
        found.shape
        == expected.shape
        == (
            1 + len(wave) // round(front_end.hop_seconds * 16_000),
            front_end.dimensions,
        )
    )
    np.testing.assert_allclose(found, expected, rtol=2**-11, atol=2e-3)


def test_log_mel_is_float32_with_the_precision_of_float16(noise):
    found = LogMel()(noise())
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, found.astype(np.float16))


def test_the_floor_is_absolute():
    silence = SMALL(np.zeros(4000, np.float32))
    np.testing.assert_allclose(silence, np.log(1e-10), rtol=1e-3)
    loudest = SMALL(np.where(np.arange(4000) % 2, 1, -1).astype(np.float32))
    assert np.isfinite(loudest).all()


def test_a_tone_is_loudest_in_its_band(tone):
    bank = librosa.filters.mel(sr=16_000, n_fft=1024, n_mels=128, fmax=6800)
    band = bank[:, round(1000 * 1024 / 16_000)].argmax()
    loudest = LogMel()(tone(1000))[5:-5].argmax(axis=1)
    assert (np.abs(loudest - band) <= 1).all()


@given(gain=st.floats(0.05, 20.0))
@settings(max_examples=15, deadline=None)
def test_a_gain_adds_its_logarithm_to_every_band(gain):
    wave = np.random.default_rng(0).normal(scale=0.1, size=3200).astype(np.float32)
    difference = SMALL(gain * wave) - SMALL(wave)
    np.testing.assert_allclose(difference, 2 * np.log(gain), atol=0.02)


def test_no_band_of_the_defaults_is_empty():
    front_end = LogMel()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bank = librosa.filters.mel(
            sr=16_000,
            n_fft=front_end.n_fft,
            n_mels=front_end.dimensions,
            fmax=front_end.fmax,
        )
    assert (bank.sum(axis=1) > 0).all()


def test_frames_of_a_window_is_seconds_over_hop():
    assert LogMel().frames(7.5) == 750
    assert LogMel(hop_seconds=0.0125).frames(1.0) == 80


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"n_fft": 512},
            ["`n_fft` must hold a window of 0.04 s", "Received: n_fft=512"],
        ),
        ({"fmax": 8001.0}, ["fmax <= 8000 Hz", "fmax=8001.0"]),
        ({"fmin": 6800.0}, ["0 <= fmin < fmax", "fmin=6800.0"]),
        ({"fmin": -1.0}, ["0 <= fmin", "fmin=-1.0"]),
        ({"hop_seconds": 0.0}, ["`hop_seconds`", "above 0", "hop_seconds=0.0"]),
        (
            {"window_seconds": -0.1},
            ["`window_seconds`", "above 0", "window_seconds=-0.1"],
        ),
        ({"n_mels": 0}, ["`n_mels`", "above 0", "n_mels=0"]),
        ({"n_fft": 2**40}, ["`n_fft`", "finite int up to 1e+09", str(2**40)]),
        ({"n_fft": 2**20}, ["be at most 65536", "n_fft=1048576"]),
        ({"n_fft": 10**400}, ["finite int", f"{10**100}"[:100]]),
        ({"fmax": 10**400}, ["`fmax`", "finite float", f"{10**100}"[:100]]),
        ({"n_fft": 2**16, "n_mels": 257}, ["up to 16777216", "n_mels=257"]),
        ({"hop_seconds": 1 / 16_000}, ["up to 262144", "longer hop"]),
    ],
)
def test_impossible_settings_are_rejected_with_their_values(settings, words):
    with pytest.raises(ValueError) as caught:
        LogMel(**settings)
    for word in words:
        assert word in str(caught.value)
    assert len(str(caught.value)) < 500


@given(
    samples=st.integers(1, 40_000),
    cuts=st.lists(st.floats(0, 1), max_size=6),
    front_end=st.sampled_from(
        [
            SMALL,
            LogMel(),
            LogMel(n_fft=641, n_mels=8),
            LogMel(hop_seconds=0.5, n_mels=8),
        ]
    ),
)
@settings(max_examples=40, deadline=None)
def test_blocks_of_a_waveform_have_the_features_of_the_whole(samples, cuts, front_end):
    wave = np.random.default_rng(samples).normal(scale=0.1, size=samples)
    wave = wave.astype(np.float32)
    parts = np.split(wave, sorted(int(cut * samples) for cut in cuts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front_ends, "BLOCK_VALUES", 20 * front_end.n_fft)
        found = list(front_end.blocks(iter(parts)))
        np.testing.assert_array_equal(np.concatenate(found), front_end(wave))
    hop = round(front_end.hop_seconds * 16_000)
    assert max(map(len, found)) <= 20
    assert sum(map(len, found)) == 1 + samples // hop
    # The whole as one block differs by no more than one step of float16.
    np.testing.assert_allclose(np.concatenate(found), front_end(wave), rtol=2**-10)


def test_every_front_end_is_registered_under_its_name():
    for name, front_end in FRONT_ENDS.items():
        assert front_end.__name__ == name
        assert dataclasses.is_dataclass(front_end)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (159, 1), (160, 2), (900, 6)])
def test_speech_shorter_than_a_window_is_padded_without_a_warning(samples, frames):
    features = LogMel(n_mels=16)(np.full(samples, 0.1, np.float32))
    assert features.shape == (frames, 16)
    assert np.isfinite(features).all()
