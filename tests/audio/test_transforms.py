"""Speed perturbation, tested on signals whose result is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser import audio


def strongest(wave, rate=audio.RATE) -> float:
    """The frequency in Hz of the highest peak of the spectrum."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 18))
    return spectrum.argmax() * rate / (1 << 18)


def level(wave) -> float:
    """Root mean square of the middle half, where filters have no edge effects."""
    middle = wave[len(wave) // 4 : -len(wave) // 4]
    return float(np.sqrt(np.mean(middle**2)))


@pytest.mark.parametrize("factor", [0.9, 1.1, 0.5, 2.0])
def test_speed_multiplies_frequency_and_divides_duration(tone, factor):
    wave = audio.speed(tone(1000, seconds=1.0), factor)
    assert len(wave) == pytest.approx(16_000 / factor, abs=1)
    assert strongest(wave) == pytest.approx(1000 * factor, abs=1)
    assert level(wave) == pytest.approx(level(tone(1000)), rel=0.01)
    assert wave.dtype == np.float32


def test_speed_there_and_back_returns_the_waveform(tone):
    wave = tone(300, seconds=1.0)
    back = audio.speed(audio.speed(wave, 0.8), 1 / 0.8)
    np.testing.assert_allclose(back[1000:15_000], wave[1000:15_000], atol=1e-3)


@given(samples=st.integers(1, 4000), factor=st.floats(0.5, 2.0))
@settings(max_examples=40, deadline=None)
def test_speed_of_any_length_and_factor_is_about_n_over_factor(samples, factor):
    wave = audio.speed(np.ones(samples, np.float32), factor)
    assert abs(len(wave) - samples / factor) <= 1
    assert np.isfinite(wave).all()


@pytest.mark.parametrize("factor", [0, -1.0, float("nan")])
def test_speed_rejects_a_factor_that_is_not_positive(noise, factor):
    with pytest.raises(ValueError, match="`factor` must be positive. Received: "):
        audio.speed(noise(), factor)


@pytest.mark.parametrize("factor", [0, -1.0, float("nan"), float("inf"), "1.1", None])
def test_a_speed_transform_has_a_factor_above_0(factor):
    with pytest.raises(ValueError, match="`factor` must be a finite number above 0"):
        audio.Speed(factor)


def test_a_speed_transform_is_the_function_with_a_name(noise):
    wave = noise()
    slower = audio.Speed(0.9)
    np.testing.assert_array_equal(slower(wave), audio.speed(wave, 0.9))
    np.testing.assert_array_equal(audio.Speed()(wave), wave)
    assert slower.key == "speed=0.9"
    # Entries of caches are found by these keys.
    keys = [audio.Speed(factor).key for factor in (1.1, 1.0, 1, np.float64(0.95))]
    assert keys == ["speed=1.1", "speed=1", "speed=1", "speed=0.95"]
    assert audio.Speed(0.9000001).key != slower.key
    assert audio.Speed(1).key == audio.Speed(1.0).key


def test_a_chain_applies_its_transforms_in_order(noise):
    wave = noise()
    chain = audio.Chain(audio.Speed(0.9), audio.Speed(1.1))
    expected = audio.speed(audio.speed(wave, 0.9), 1.1)
    np.testing.assert_array_equal(chain(wave), expected)
    assert chain.key == "speed=0.9 then speed=1.1"
