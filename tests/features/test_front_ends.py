"""Front-ends of the power spectrum, compared with an implementation in numpy."""

import dataclasses
import warnings

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser import audio
from keras_ser.features import short_time
from keras_ser.features.front_ends import FRONT_ENDS, FilterBank, LogMel, Spectrogram

SMALL = LogMel(window_seconds=0.02, hop_seconds=0.01, n_mels=20, n_fft=512)


def mel(front_end) -> np.ndarray:
    """W of `LogMel`."""
    return librosa.filters.mel(
        sr=16_000,
        n_fft=front_end.n_fft,
        n_mels=front_end.dimensions,
        fmin=front_end.fmin,
        fmax=front_end.fmax,
    )


def means(front_end) -> np.ndarray:
    """W of `Spectrogram`: the mean over groups of bins, none of which is Nyquist's."""
    bank = np.zeros((front_end.n_bins, front_end.n_fft // 2 + 1))
    group = front_end.n_fft // 2 // front_end.n_bins
    for band in range(front_end.n_bins):
        bank[band, band * group : (band + 1) * group] = 1 / group
    return bank


def oracle(wave, front_end) -> np.ndarray:
    """ln(max(W |S|², 1e-10)), computed frame by frame."""
    bank = mel(front_end) if isinstance(front_end, LogMel) else means(front_end)
    window, hop = (
        round(s * 16_000) for s in (front_end.window_seconds, front_end.hop_seconds)
    )
    time = np.arange(window)
    hamming = 0.54 - 0.46 * np.cos(2 * np.pi * time / window)
    padded = np.pad(wave.astype(np.float64), window)
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
        FilterBank(),
        Spectrogram(),
        Spectrogram(n_bins=256),
        Spectrogram(window_seconds=0.02, hop_seconds=0.0125, n_bins=1, n_fft=322),
        Spectrogram(window_seconds=0.04, n_bins=16, n_fft=2048),
    ],
)
@pytest.mark.parametrize("seconds", [0.5, 0.503, 0.0631])
def test_a_front_end_equals_an_implementation_in_numpy(noise, front_end, seconds):
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


def test_the_defaults_of_the_spectrogram_are_those_of_its_paper():
    front_end = Spectrogram()
    assert dataclasses.astuple(front_end) == (0.025, 0.010, 128, 512)
    assert front_end.dimensions == 128
    assert front_end.frames(2.56) == 256


def test_the_defaults_of_the_filterbank_are_those_of_its_paper():
    front_end = FilterBank()
    assert dataclasses.astuple(front_end) == (0.025, 0.010, 40, 512, 0.0, 8000.0)
    assert front_end.dimensions == 40
    assert front_end.frames(2.5) == 250
    same = LogMel(**dataclasses.asdict(front_end))
    assert front_end != same  # of another class, so with entries of its own


@pytest.mark.parametrize("front_end", [SMALL, Spectrogram()])
def test_the_floor_is_absolute(front_end):
    silence = front_end(np.zeros(4000, np.float32))
    np.testing.assert_allclose(silence, np.log(1e-10), rtol=1e-3)
    loudest = front_end(np.where(np.arange(4000) % 2, 1, -1).astype(np.float32))
    assert np.isfinite(loudest).all()


def test_a_tone_is_loudest_in_its_band(tone):
    bank = librosa.filters.mel(sr=16_000, n_fft=1024, n_mels=128, fmax=6800)
    band = bank[:, round(1000 * 1024 / 16_000)].argmax()
    loudest = LogMel()(tone(1000))[5:-5].argmax(axis=1)
    assert (np.abs(loudest - band) <= 1).all()


@pytest.mark.parametrize("hertz", [93.75, 1000.0, 4031.25, 7968.75])
def test_a_tone_is_loudest_in_its_band_of_equal_width(tone, hertz):
    loudest = Spectrogram()(tone(hertz))[5:-5].argmax(axis=1)
    assert (np.abs(loudest - hertz / 62.5) <= 1).all()


def test_the_band_of_nyquist_is_left_out():
    """A wave at 8 kHz has power in the highest band by leakage only."""
    wave = np.resize(np.float32([0.3, -0.3]), 4000)
    spectrum = librosa.stft(wave, n_fft=512, hop_length=160, win_length=400)
    nyquist = np.log(np.abs(spectrum[-1]) ** 2)
    found = Spectrogram(n_bins=256)(wave)[5:-5]
    assert found.shape[1] == len(spectrum) - 1
    assert found.max() < nyquist[5:-5].min()


@given(gain=st.floats(0.05, 20.0), front_end=st.sampled_from([SMALL, Spectrogram()]))
@settings(max_examples=15, deadline=None)
def test_a_gain_adds_its_logarithm_to_every_band(gain, front_end):
    wave = np.random.default_rng(0).normal(scale=0.1, size=3200).astype(np.float32)
    difference = front_end(gain * wave) - front_end(wave)
    np.testing.assert_allclose(difference, 2 * np.log(gain), atol=0.02)


@pytest.mark.parametrize("front_end", [LogMel(), FilterBank()])
def test_no_band_of_the_defaults_is_empty(front_end):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bank = librosa.filters.mel(
            sr=16_000,
            n_fft=front_end.n_fft,
            n_mels=front_end.dimensions,
            fmax=front_end.fmax,
        )
    assert (bank.sum(axis=1) > 0).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_bins": 100}, ["`n_bins` must divide half of `n_fft`", "n_bins=100"]),
        ({"n_bins": 512}, ["`n_bins` must divide half of `n_fft`", "n_bins=512"]),
        ({"n_bins": 1, "n_fft": 401}, ["half of `n_fft`", "n_fft=401"]),
        ({"n_bins": 0}, ["`n_bins` above 0", "n_bins=0"]),
        ({"n_bins": -4}, ["`n_bins` above 0", "n_bins=-4"]),
        ({"n_bins": 64.0}, ["`n_bins`", "finite int", "64.0"]),
        ({"n_bins": True}, ["`n_bins`", "finite int", "True"]),
        ({"n_fft": 256}, ["must hold a window of 0.025 s", "n_fft=256"]),
        ({"n_fft": 2**17}, ["be at most 65536", "n_fft=131072"]),
        ({"n_fft": 2**16, "n_bins": 2**15}, ["up to 16777216", "n_bins=32768"]),
        ({"window_seconds": float("nan")}, ["`window_seconds`", "finite float", "nan"]),
        ({"window_seconds": 1e-5}, ["at least one sample", "window_seconds=1e-05"]),
        ({"hop_seconds": 0.0}, ["`hop_seconds`", "above 0", "hop_seconds=0.0"]),
        ({"hop_seconds": 2.0}, ["`hop_seconds` up to 1.0 s", "hop_seconds=2.0"]),
        ({"hop_seconds": 1 / 16_000, "n_bins": 128}, ["up to 262144", "longer hop"]),
    ],
)
def test_impossible_settings_of_the_spectrogram_are_rejected(settings, words):
    with pytest.raises(ValueError) as caught:
        Spectrogram(**settings)
    for word in words:
        assert word in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(("hop", "nearest"), [(0.0116, "0.011625"), (1e-4, "0.000125")])
@pytest.mark.parametrize("kind", [LogMel, FilterBank, Spectrogram])
def test_a_hop_is_a_whole_number_of_samples(kind, hop, nearest):
    small = {"n_bins": 16} if kind is Spectrogram else {"n_mels": 16}
    with pytest.raises(
        ValueError, match="`hop_seconds` must be a whole.*value"
    ) as found:
        kind(hop_seconds=hop, **small)
    assert f"value, {nearest}." in str(found.value)
    assert kind(hop_seconds=float(nearest), **small).frames(float(nearest) * 7) == 7


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
            Spectrogram(),
            Spectrogram(hop_seconds=0.5, n_bins=8),
        ]
    ),
)
@settings(max_examples=40, deadline=None)
def test_blocks_of_a_waveform_have_the_features_of_the_whole(samples, cuts, front_end):
    wave = np.random.default_rng(samples).normal(scale=0.1, size=samples)
    wave = wave.astype(np.float32)
    parts = np.split(wave, sorted(int(cut * samples) for cut in cuts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(short_time, "BLOCK_VALUES", 20 * front_end.n_fft)
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


@pytest.mark.real_speech
@pytest.mark.parametrize("name", ["emodb/wav/03a01Fa.wav", "ravdess/Actor_01"])
def test_log_mel_of_real_speech_is_that_of_librosa(corpora_root, name):
    """Before both are rounded to float16."""
    path = corpora_root / name
    wave = audio.read(sorted(path.iterdir())[0] if path.is_dir() else path)
    front_end = LogMel()
    power = librosa.feature.melspectrogram(
        y=wave,
        sr=16_000,
        n_fft=1024,
        win_length=640,
        hop_length=160,
        window="hamming",
        n_mels=128,
        fmin=0.0,
        fmax=6800.0,
        pad_mode="constant",
    )
    expected = np.log(np.maximum(power, 1e-10)).T
    found = front_end._exact(np.pad(wave, 512))[: len(expected)]
    np.testing.assert_allclose(found, expected, atol=1e-3)
    np.testing.assert_array_equal(front_end(wave), found.astype(np.float16))
