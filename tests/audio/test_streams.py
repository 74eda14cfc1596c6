"""Blocks of a waveform are equal to its whole, and small."""

import tracemalloc

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_audio import FORMATS, encode, fading_noise

from keras_ser import audio
from keras_ser.audio import streams


@given(
    source_rate=st.sampled_from([8000, 16_000, 22_050, 44_100, 48_000, 96_000]),
    rate=st.sampled_from([8000, 16_000, 44_100]),
    samples=st.integers(2, 30_000),
    block_seconds=st.sampled_from([1e-9, 0.01, 0.1, 0.33, 30.0]),
)
@settings(max_examples=40, deadline=None)
def test_the_joined_blocks_are_what_read_returns(
    tmp_path_factory, source_rate, rate, samples, block_seconds
):
    samples = min(samples, 300) if block_seconds < 0.01 else samples
    path = tmp_path_factory.getbasetemp() / "blocks.wav"
    wave = np.random.default_rng(samples).normal(size=(samples, 2)) / 8
    soundfile.write(path, wave, source_rate, subtype="FLOAT")
    blocks = list(audio.stream(path, rate=rate, block_seconds=block_seconds))
    assert all(len(block) for block in blocks)
    assert {block.dtype for block in blocks} == {np.dtype("float32")}
    np.testing.assert_array_equal(np.concatenate(blocks), audio.read(path, rate=rate))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("start", [None, 0.3])
def test_blocks_of_each_format(tmp_path, name, start):
    path = tmp_path / f"a.{name}"
    path.write_bytes(encode(name, fading_noise(1.0)))
    found = np.concatenate(list(audio.stream(path, start, block_seconds=0.05)))
    np.testing.assert_array_equal(found, audio.read(path, start))


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_a_segment_in_blocks(write_audio, noise, rate):
    path = write_audio("a.flac", noise(2.0, rate=rate), rate)
    found = np.concatenate(list(audio.stream(path, 0.3, 1.7, block_seconds=0.2)))
    np.testing.assert_array_equal(found, audio.read(path, 0.3, 1.7))


def test_blocks_are_about_as_long_as_asked_for(write_audio, noise):
    path = write_audio("a.wav", noise(2.0, rate=44_100), 44_100)
    lengths = [len(block) for block in audio.stream(path, block_seconds=0.5)]
    assert len(lengths) in (4, 5)
    assert max(lengths) < 1.1 * 8000


def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(audio.content, "MAX_BYTES_AT_ONCE", 100)
    peaks = []
    for seconds in (20, 80):
        path = tmp_path / f"{seconds}.wav"
        wave = np.random.default_rng(0).normal(size=seconds * 44_100) / 8
        soundfile.write(path, wave, 44_100)
        list(audio.read(path, end=1.0))  # imports count for nobody
        tracemalloc.start()
        for _ in audio.stream(path, block_seconds=1.0):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0] < 4e6


def test_what_is_wrong_is_raised_at_the_end_at_the_latest(write_audio, noise):
    silent = write_audio("silent.wav", 0 * noise(1.0))
    changed = write_audio("changed.wav", noise(1.0))
    wave = noise(1.0)
    wave[15_000] = np.nan
    broken = write_audio("nan.wav", wave, subtype="FLOAT")
    cut = write_audio("cut.mp3", noise(4.0))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    for path, message in (
        (silent, "Expected sound"),
        (broken, "Expected finite samples"),
        (cut, "truncated"),
    ):
        with pytest.raises(ValueError, match=message):
            list(audio.stream(path, block_seconds=0.1))
    with pytest.raises(ValueError, match="has changed since"):
        list(audio.stream(changed, digest="0" * 32))


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
def test_a_block_has_a_length(write_audio, noise, seconds):
    with pytest.raises(ValueError, match="`block_seconds` must be positive"):
        list(audio.stream(write_audio("a.wav", noise()), block_seconds=seconds))


def test_blocks_of_one_rate_are_passed_on(noise):
    blocks = [noise()[:10], noise()[10:]]
    found = list(streams.resample_blocks(blocks, 16_000, 16_000))
    assert all(a is b for a, b in zip(found, blocks, strict=True))
