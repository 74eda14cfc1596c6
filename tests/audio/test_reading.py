"""Reading and resampling, tested on signals whose result is known."""

import hashlib
import shutil

import numpy as np
import pytest
import soundfile
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


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.aiff"])
def test_every_format_gives_the_same_mono_float32(write_audio, tone, name):
    wave = audio.read(write_audio(name, tone()))
    assert wave.dtype == np.float32
    assert wave.shape == (8000,)
    np.testing.assert_allclose(wave, tone(), atol=0.02)  # ogg is lossy


def test_channels_are_averaged(write_audio, tone, noise):
    stereo = np.stack([tone(), noise()], axis=1)
    wave = audio.read(write_audio("a.wav", stereo, subtype="FLOAT"))
    np.testing.assert_allclose(wave, (tone() + noise()) / 2, atol=1e-6)


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000])
def test_read_resamples_and_keeps_pitch_length_and_level(write_audio, tone, rate):
    wave = audio.read(write_audio("a.wav", tone(1000, rate=rate), rate))
    assert len(wave) == pytest.approx(8000, abs=1)
    assert wave.dtype == np.float32
    assert strongest(wave) == pytest.approx(1000, abs=1)
    assert level(wave) == pytest.approx(level(tone(1000)), rel=0.01)


def test_resampling_removes_what_would_alias(tone):
    wave = audio.resample(tone(12_000, rate=48_000), 48_000, 16_000)
    assert level(wave) < 1e-3 * level(tone())


def test_resampling_to_the_same_rate_returns_the_samples(noise):
    wave = noise()
    np.testing.assert_array_equal(audio.resample(wave, 16_000, 16_000), wave)


def test_reading_at_another_rate(write_audio, tone):
    assert len(audio.read(write_audio("a.wav", tone()), rate=8000)) == 4000


@pytest.mark.parametrize(
    ("start", "end", "samples"),
    [
        (None, None, slice(None)),
        (float("nan"), float("nan"), slice(None)),
        (0.25, None, slice(4000, None)),
        (None, 0.25, slice(None, 4000)),
        (0.1, 0.2, slice(1600, 3200)),
        (0.1, 99.0, slice(1600, None)),
    ],
)
def test_a_segment_is_that_part_of_the_file(write_audio, noise, start, end, samples):
    path = write_audio("a.wav", noise(), subtype="FLOAT")
    np.testing.assert_array_equal(audio.read(path, start, end), noise()[samples])


# All segments are longer than one sample, because a constant segment is silent.
@given(
    cuts=st.lists(st.integers(1, 3999).map(lambda n: 2 * n), max_size=6, unique=True)
)
@settings(max_examples=30, deadline=None)
def test_adjoining_segments_make_up_the_file(tmp_path_factory, cuts):
    path = tmp_path_factory.getbasetemp() / "adjoining.wav"
    whole = np.random.default_rng(0).normal(size=8000).astype(np.float32)
    if not path.exists():
        soundfile.write(path, whole, 16_000, subtype="FLOAT")
    edges = [0.0, *(cut / 16_000 for cut in sorted(cuts)), 0.5]
    pairs = zip(edges[:-1], edges[1:], strict=True)
    parts = [audio.read(path, start, end) for start, end in pairs]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize(
    ("start", "end"), [(0.2, 0.1), (0.1, 0.1), (-0.1, 0.1), (0.6, 0.7), (0.6, None)]
)
def test_an_impossible_segment_is_rejected(write_audio, start, end):
    path = write_audio("a.wav")
    with pytest.raises(ValueError) as caught:
        audio.read(path, start, end)
    message = str(caught.value)
    assert "Expected 0 <= start < end <= 0.500 s" in message
    assert f"Received: start={start}, end={end}" in message
    assert str(path) in message


@pytest.mark.parametrize("function", [audio.read, audio.duration, audio.digest])
def test_an_absent_file_is_named_with_a_next_step(tmp_path, function):
    with pytest.raises(FileNotFoundError) as caught:
        function(tmp_path / "gone.wav")
    message = str(caught.value)
    assert message.startswith("Expected an audio file. Received: ")
    assert "gone.wav, which does not exist" in message
    assert "Check the path, or the folder given for the corpus" in message


@pytest.mark.parametrize("function", [audio.read, audio.duration, audio.digest])
def test_a_folder_is_called_a_folder(tmp_path, function):
    with pytest.raises(FileNotFoundError, match="which is a folder"):
        function(tmp_path)


@pytest.mark.parametrize("name", ["page.wav", "page.txt", "page.flac", "page.raw"])
@pytest.mark.parametrize("function", [audio.read, audio.duration])
def test_a_file_that_is_no_audio_is_named_with_a_next_step(tmp_path, function, name):
    path = tmp_path / name
    path.write_text("not found")
    with pytest.raises(ValueError) as caught:
        function(path)
    message = str(caught.value)
    assert message.startswith("Expected audio that libsndfile reads.")
    assert f"Received: {path}" in message
    assert "Convert it to wav or flac" in message


def test_a_file_without_bytes_is_no_audio(tmp_path):
    (tmp_path / "a.wav").touch()
    with pytest.raises(ValueError, match="Expected audio that libsndfile reads"):
        audio.read(tmp_path / "a.wav")


@pytest.mark.parametrize(("start", "end"), [(None, None), (0.0, 1.0), (1.0, 2.0)])
def test_a_file_without_samples_is_named(write_audio, start, end):
    path = write_audio("a.wav", np.zeros(0, np.float32))
    with pytest.raises(ValueError) as caught:
        audio.read(path, start, end)
    assert "Expected at least one sample" in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_samples_that_are_not_numbers_are_rejected(write_audio, tone, value, rate):
    wave = tone(rate=rate)
    wave[100] = value
    path = write_audio("a.wav", wave, rate, subtype="FLOAT")
    with pytest.raises(ValueError) as caught:
        audio.read(path)
    assert "Expected finite samples" in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_flac_truncated_in_the_middle_is_rejected(write_audio, noise):
    path = write_audio("a.flac", noise(2.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match="Expected audio that libsndfile reads"):
        audio.read(path)


def test_duration_is_samples_over_rate(write_audio, tone):
    path = write_audio("a.wav", tone(seconds=0.7, rate=44_100), 44_100)
    assert audio.duration(path) == pytest.approx(0.7)


def test_digest_is_blake2b_of_the_bytes_and_knows_no_name(write_audio, noise):
    path = write_audio("a.wav", noise())
    other = write_audio("b.wav", noise(seed=1))
    copy = shutil.copy(path, path.with_name("copy.wav"))
    oracle = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    assert audio.digest(path) == audio.digest(copy) == oracle
    assert audio.digest(other) != oracle
