"""Files on their way to a model: the same windows however they are read."""

import dataclasses

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_ser import audio
from keras_ser.audio.unusable import UnusableAudio
from keras_ser.features import (
    LogMel,
    Preprocessing,
    extract,
    extraction,
    short_time,
    windows,
)
from keras_ser.features.contract import BadFrontEnd
from keras_ser.inference import speech

BANDS = 8
FRONT_END = LogMel(n_mels=BANDS)
HOP = FRONT_END.hop_seconds


@pytest.fixture
def made():
    def make(normalise="train", seconds=0.5, front_end=FRONT_END):
        mean, std = np.full(BANDS, -8.0), np.full(BANDS, 3.0)
        return Preprocessing(front_end, ("a", "b"), seconds, normalise, mean, std)

    return make


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(extraction, "BLOCK_SECONDS", 0.3)
    monkeypatch.setattr(short_time, "BLOCK_VALUES", 16 * 1024)


def read(preprocessing, paths, window=None, hop=None):
    rows = []
    found = list(speech.pieces(preprocessing, [*map(str, paths)], window, hop, rows))
    return rows, found


def check_equal(found, expected):
    assert found[0] == expected[0]
    assert [piece.row for piece in found[1]] == [piece.row for piece in expected[1]]
    for one, other in zip(found[1], expected[1], strict=True):
        np.testing.assert_array_equal(one.features, other.features)


@given(
    samples=st.integers(1, 100_000),
    rate=st.sampled_from([8_000, 16_000, 22_050]),
    window=st.floats(0.01, 8.0) | st.integers(1, 20).map(lambda tenths: tenths / 10),
    hop=st.none() | st.floats(0.05, 3.0) | st.integers(1, 20).map(lambda n: n / 10),
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.usefixtures("small_blocks")
def test_windows_that_are_cut_while_reading_are_those_of_the_whole_file(
    made, tmp_path, samples, rate, window, hop
):
    file = tmp_path / "a.wav"
    wave = np.random.default_rng(samples).normal(scale=0.1, size=max(samples, 2))
    soundfile.write(file, wave, rate)
    preprocessing = made()
    rows, pieces = read(preprocessing, [file], window, hop)
    whole, seconds = extract(FRONT_END, file), audio.duration(file)
    expected = windows.time_spans(seconds, window, hop)
    np.testing.assert_allclose([row[1:] for row in rows], expected, atol=1.1e-6)
    assert max(end for _, _, end in rows) <= seconds
    assert all(0 <= start < end for _, start, end in rows)
    cuts = [
        windows.frame_span(each, seconds, len(whole), FRONT_END) for each in expected
    ]
    parts = [
        (row, part)
        for row, (first, last) in enumerate(cuts)
        for part in windows.cover_with_windows(whole[first:last], preprocessing.window)
    ]
    for piece, (row, part) in zip(pieces, parts, strict=True):
        assert piece.row == row
        np.testing.assert_array_equal(piece.features, preprocessing.normalised(part))


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    "normalise", ["train", "speaker", "utterance", "utterance_std"]
)
def test_a_front_end_without_blocks_gives_the_same(made, write_audio, noise, normalise):
    @dataclasses.dataclass(frozen=True)
    class Whole(LogMel):
        blocks = property()  # no attribute

        def __call__(self, wave):
            return FRONT_END(wave)

    assert not hasattr(Whole(n_mels=BANDS), "blocks")
    files = [write_audio("a.wav", noise(2.1)), write_audio("b.wav", 0.1 * noise(1.3))]
    for arguments in ((), (0.5,), (0.7, 0.2)):
        found = read(made(normalise), files, *arguments)
        other = made(normalise, front_end=Whole(n_mels=BANDS))
        check_equal(read(other, files, *arguments), found)


@pytest.mark.usefixtures("small_blocks")
def test_by_speaker_all_files_have_the_same_statistics(made, write_audio, noise):
    files = [write_audio("a.wav", noise(1.0)), write_audio("b.wav", 0.1 * noise(1.5))]
    _, pieces = read(made("speaker", seconds=2.0), files)
    frames = np.concatenate([piece.features for piece in pieces])
    np.testing.assert_allclose(frames.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(frames.std(axis=0), 1, rtol=1e-4)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("normalise", ["train", "speaker", "utterance"])
@pytest.mark.parametrize("window", [None, 0.5])
def test_all_bad_files_are_listed_even_if_the_fault_is_at_the_end(
    made, write_audio, noise, tmp_path, normalise, window
):
    silent = write_audio("silent.wav", np.zeros(32_000, np.float32))
    nan = noise(2.0)
    nan[-1] = np.nan
    nan = write_audio("nan.wav", nan, subtype="FLOAT")
    files = [write_audio("good.wav", noise(1.0)), silent, nan, tmp_path / "gone.wav"]
    with pytest.raises(UnusableAudio) as caught:
        read(made(normalise), files, window)
    assert [each.file for each in caught.value.found] == [str(f) for f in files[1:]]


def test_a_front_end_with_a_wrong_hop_is_named(made, write_audio, noise):
    @dataclasses.dataclass(frozen=True)
    class Single(LogMel):
        def blocks(self, waves):
            yield from (found[:1] for found in super().blocks(waves))

    preprocessing = made(front_end=Single(n_mels=BANDS))
    with pytest.raises(UnusableAudio, match="one frame per 0.01 s.*`Single`"):
        read(preprocessing, [write_audio("a.wav", noise(2.0))], 0.5)


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), True, "3", [1]])
def test_a_window_is_a_number_of_seconds(value):
    with pytest.raises(ValueError, match="must be positive numbers of seconds"):
        speech.check_windows(value, None, HOP)
    with pytest.raises(ValueError, match="must be positive numbers of seconds"):
        speech.check_windows(1.0, value, HOP)


@pytest.mark.parametrize("value", [1, 0.01, np.float32(0.5), np.int64(2), 1e6])
def test_any_number_of_seconds_is_taken(value):
    speech.check_windows(value, value, HOP)


def test_pieces_are_grouped_without_being_read_ahead():
    seen = []

    def count():
        for number in range(5):
            seen.append(number)
            yield number

    groups = speech.grouped(count(), 2)
    assert (next(groups), seen) == ([0, 1], [0, 1])
    assert list(groups) == [[2, 3], [4]]


@pytest.mark.parametrize("skipped", [None, []])
def test_a_fault_of_the_front_end_is_not_one_of_the_file(skipped):
    tried = []

    def fails(path):
        tried.append(path)
        raise BadFrontEnd("Expected frames of 3 values.")

    with pytest.raises(BadFrontEnd, match="frames of 3 values"):
        list(speech._each(["one.wav", "two.wav"], fails, skipped))
    assert tried == ["one.wav"]
    assert not skipped
