"""What counts as sound, and what as another scale."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser import audio
from keras_ser.audio import levels


def judge(wave, rate=16_000, size=None):
    """The message of a check of blocks of `size` samples, or an empty text."""
    wave = np.asarray(wave, np.float32)
    wave = wave[:, None] if wave.ndim == 1 else wave
    check = levels.Check("a.wav", rate)
    try:
        for at in range(0, len(wave), size or len(wave)):
            check.add(wave[at : at + (size or len(wave))])
        check.finish()
    except ValueError as error:
        return str(error)
    return ""


def test_the_bound_of_silence_is_its_level(noise):
    unit = noise(1.0) / 0.1
    assert judge(unit * 10 ** (-76 / 20)) == ""
    assert "loudest 20 ms are at -8" in judge(unit * 10 ** (-86 / 20))


def test_an_offset_is_no_sound(noise):
    assert "loudest 20 ms" in judge(0.25 + 1e-6 * noise(1.0))
    assert "that are all 0.25" in judge(np.full(100, 0.25))
    assert judge(0.25 + noise(1.0)) == ""


@pytest.mark.parametrize(("samples", "sound"), [(1, False), (900, False), (2000, True)])
def test_sound_lasts_longer_than_a_click(noise, samples, sound):
    wave = np.zeros(32_000)
    wave[10_000 : 10_000 + samples] = noise(1.0)[:samples] + 0.5
    found = judge(wave)
    assert (found == "") is sound
    assert sound or "s are above -80 dBFS" in found


@pytest.mark.parametrize("samples", [2, 100, 700])
def test_a_short_segment_is_sound(noise, samples):
    assert judge(noise(1.0)[:samples]) == ""


@pytest.mark.parametrize("gain", [-1.0, -0.9999, -0.97])
def test_channels_that_cancel_are_named(noise, gain):
    found = judge(np.stack([noise(1.0), gain * noise(1.0)], axis=1))
    assert "2 channels that cancel each other" in found
    assert "Invert one channel" in found


@pytest.mark.parametrize("channels", [1, 2, 8, 64])
def test_empty_channels_do_not_cancel(noise, channels):
    wave = np.zeros((16_000, channels))
    wave[:, 0] = noise(1.0)
    assert judge(wave) == ""


def test_unrelated_channels_do_not_cancel(noise):
    assert judge(np.stack([noise(1.0), noise(1.0, seed=1)], axis=1)) == ""


@pytest.mark.parametrize("scale", [127, 32_768, 2**31, 1e30])
def test_integers_written_as_floats_are_named(tone, scale):
    assert "Expected samples within about ±1" in judge(scale * tone() / 0.3)
    assert judge(4 * tone() / 0.3) == ""


@given(size=st.integers(1, 5000), kind=st.sampled_from(["noise", "click", "faint"]))
@settings(max_examples=40, deadline=None)
def test_blocks_make_no_difference(size, kind):
    wave = np.random.default_rng(0).normal(size=(5000, 2)).astype(np.float32) / 8
    wave *= {"noise": 1.0, "click": 0.0, "faint": 1e-7}[kind]
    wave[100] += 0.5 * (kind == "click")
    assert judge(wave, size=size) == judge(wave)
    assert (judge(wave) == "") == (kind == "noise")


def test_reading_names_the_file_and_the_segment(write_audio, noise):
    path = write_audio("a.wav", 1e-7 * noise(1.0), subtype="FLOAT")
    with pytest.raises(ValueError, match=r"Expected sound.*a\.wav.*start=0\.2"):
        audio.read(path, 0.2)


@pytest.mark.real_speech
def test_the_quietest_speech_of_ravdess_is_sound(corpora_root):
    files = sorted(corpora_root.glob("ravdess/Actor_[02][069]/*.flac"))
    waves = {file.name: audio.read(file) for file in files}
    quiet = [name for name, wave in waves.items() if np.abs(wave).max() < 0.01]
    assert len(quiet) > 10
