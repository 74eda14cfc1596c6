"""Conditions of the waveform: what each of them changes."""

import numpy as np
import pytest
import soundfile

from keras_ser import audio
from keras_ser.conditions import CODECS, parse
from keras_ser.conditions.degraded import Band, Clean, Codec, Gain, Noise


def test_a_gain_is_one_factor_and_clips_nothing(noise):
    wave = noise()
    np.testing.assert_allclose(Gain(-20.0)(wave), wave / 10, rtol=1e-6)
    assert np.abs(Gain(40.0)(wave)).max() > 1
    assert Gain(6.0)(wave).dtype == np.float32


def spectrum(wave):
    return np.square(np.abs(np.fft.rfft(wave))), np.fft.rfftfreq(len(wave), 1 / 16_000)


@pytest.mark.parametrize("hertz", [1000.0, 4000.0, 6000.0])
def test_nothing_is_left_above_a_band_limit_and_all_below(noise, hertz):
    wave = noise(1.0)
    limited = Band(hertz)(wave)
    assert limited.shape == wave.shape and limited.dtype == np.float32
    (before, places), (after, _) = spectrum(wave), spectrum(limited)
    above, below = places > 1.02 * hertz, places < 0.88 * hertz
    assert after[above].sum() < 1e-4 * before[above].sum()
    assert after[below].sum() == pytest.approx(before[below].sum(), rel=0.01)


@pytest.mark.parametrize("samples", [1601, 12_345])
def test_the_length_stays(noise, samples):
    wave = noise(1.0)[:samples]
    for condition in (Band(3300.0), Codec("mp3"), Codec("opus"), Gain(3.0)):
        assert condition(wave).shape == wave.shape


@pytest.mark.parametrize("codec", CODECS)
def test_lossy_coding_is_near_and_not_the_same(codec, tone):
    wave = tone(440.0, 1.0)
    default, strong = Codec(codec)(wave), Codec(codec, 1.0)(wave)
    power = np.square(wave).mean()
    errors = [np.square(each - wave).mean() / power for each in (default, strong)]
    assert 0 < errors[0] < 0.1  # also in time: there is no delay
    assert errors[0] < errors[1]
    np.testing.assert_array_equal(Codec(codec)(wave), default)


@pytest.mark.parametrize("codec", CODECS)
def test_coding_does_not_clip_what_is_beyond_one(codec, tone):
    wave = 10 * tone(440.0, 1.0)
    coded = Codec(codec)(wave)
    assert np.square(coded - wave).mean() < 0.05 * np.square(wave).mean()


def test_a_codec_that_libsndfile_cannot_write_is_rejected(monkeypatch):
    monkeypatch.setattr(soundfile, "check_format", lambda *_: False)
    with pytest.raises(ValueError, match="needs a libsndfile that can write mp3"):
        parse("codec:mp3")


def test_the_key_of_a_codec_names_the_version_of_libsndfile():
    assert soundfile.__libsndfile_version__ in Codec("mp3").key


def test_noise_needs_noise():
    words = "`noise:rain:10` needs noise.*Received: noise=None"
    with pytest.raises(ValueError, match=words):
        Noise("rain", 10.0).transform(None)


def test_clean_does_nothing():
    assert Clean().text == "clean"
    assert Clean().transform(None) == audio.Speed(1.0)
