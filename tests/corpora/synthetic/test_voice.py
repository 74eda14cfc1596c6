import numpy as np
import pytest
from scipy.signal import find_peaks, freqz, lfilter

from keras_ser.corpora.synthetic import voice
from keras_ser.corpora.synthetic.phones import PHONES

QUALITY = voice.Quality(
    tract=1.0, tilt=6.0, jitter=0.0, shimmer=0.0, breath=-60.0, opening=0.6
)


def say(phone, hertz=125.0, quality=QUALITY, seconds=0.5):
    phases = [PHONES[phone][-1]._replace(seconds=seconds)]
    count = voice.frame_edges(phases)[-1]
    rng = np.random.default_rng(0)
    pitch, level = np.full(count, hertz), np.zeros(count)
    return voice.synthesise(phases, pitch, level, quality, rng)


def spectrum(wave):
    """Power in dB, one bin per hertz."""
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), voice.RATE)) ** 2
    return 10 * np.log10(power + 1e-12)


def test_a_constant_filter_is_scipys():
    signal = np.random.default_rng(0).standard_normal(4000)
    denominator = voice._resonance(np.array([500.0]), 80.0)
    ours = voice._filter(signal, np.ones((50, 1)), np.repeat(denominator, 50, axis=0))
    np.testing.assert_allclose(ours, lfilter([1.0], denominator[0], signal), atol=1e-3)


@pytest.mark.parametrize("hertz", [300.0, 1500.0, 4000.0])
def test_a_resonance_peaks_at_its_frequency_and_keeps_dc(hertz):
    taps = voice._resonance(np.array([hertz]), 60.0)[0]
    grid = np.arange(0.0, 8000.0, 5.0)
    _, response = freqz([1.0], taps, worN=grid, fs=voice.RATE)
    assert abs(grid[np.abs(response).argmax()] - hertz) <= 10
    assert abs(response[0]) == pytest.approx(1.0)


@pytest.mark.parametrize("tilt", [2.0, 8.0, 16.0])
def test_tilt_is_the_attenuation_at_3_khz(tilt):
    pole = voice._tilt_pole(tilt)
    _, response = freqz([1 - pole], [1, -pole], worN=[0.0, 3000.0], fs=voice.RATE)
    loss = -20 * np.log10(np.abs(response))
    np.testing.assert_allclose(loss, [0.0, tilt], atol=1e-6)


def test_the_flow_opens_and_closes_once_per_cycle():
    flow = voice._flow(np.array([0.0, 0.35, 0.7, 1.0, 1.5]))
    np.testing.assert_allclose(flow, [0.0, 0.5, 1.0, 0.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("hertz", [100.0, 250.0])
def test_harmonics_are_at_multiples_of_the_pitch(hertz):
    power = spectrum(say("a", hertz))
    for harmonic in (1, 2, 3):
        at, between = harmonic * hertz, (harmonic + 0.5) * hertz
        assert power[int(at)] > power[int(between)] + 15


@pytest.mark.parametrize("tract", [1.0, 1.17])
@pytest.mark.parametrize("vowel", ["a", "i", "E"])
def test_vowels_have_the_formants_of_their_phone(vowel, tract):
    quality = voice.Quality(**{**vars(QUALITY), "tract": tract})
    phases = [PHONES[vowel][0]]
    tracks = voice._tracks(phases, voice.frame_edges(phases)[-1])
    numerator, denominator = voice._tract(tracks, quality)
    grid = np.arange(0.0, 3700.0, 5.0)
    _, response = freqz(numerator[9], denominator[9], worN=grid, fs=voice.RATE)
    peaks = grid[find_peaks(np.abs(response))[0]]
    wanted = tract * np.array(PHONES[vowel][0].formants)
    np.testing.assert_allclose(peaks[: len(wanted)], wanted, rtol=0.04)


def test_vowels_sound_different():
    def slope(vowel):
        power = spectrum(say(vowel))
        return power[2000:2600].max() - power[600:1100].max()

    assert slope("i") > slope("u") + 20


def test_fricatives_are_noise_at_their_place():
    s, x = spectrum(say("s")), spectrum(say("x"))
    assert s[4500:6500].mean() > s[500:2500].mean() + 10
    assert x[1200:2200].mean() > x[4500:6500].mean() + 10


def test_breath_fills_the_gaps_between_harmonics():
    breathy = voice.Quality(**{**vars(QUALITY), "breath": -10.0})
    gaps = np.arange(5, 20) * 125 + 62
    clean, rough = spectrum(say("a")), spectrum(say("a", quality=breathy))
    assert rough[gaps].mean() > clean[gaps].mean() + 10


def test_jitter_makes_cycles_irregular():
    rng = np.random.default_rng(0)
    lengths = np.diff(voice._onsets(np.full(32000, 100.0), 0.02, rng))[1:-2]
    assert lengths.mean() == pytest.approx(160.0, rel=0.01)
    assert lengths.std() / lengths.mean() == pytest.approx(0.02, rel=0.3)


def test_pitch_has_to_fit_the_phases():
    with pytest.raises(ValueError, match="Expected: 24 values. Received: 3"):
        voice.synthesise(
            [PHONES["i"][0]],
            np.ones(3),
            np.ones(3),
            QUALITY,
            np.random.default_rng(0),
        )
