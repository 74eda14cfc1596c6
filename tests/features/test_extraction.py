"""Features of files: read in blocks where the front-end can, else as a whole."""

import dataclasses

import numpy as np
import pytest

from keras_ser import audio
from keras_ser.features import FeatureStore, LogMel, extract, extraction, short_time
from keras_ser.features.contract import BadFrontEnd


@dataclasses.dataclass(frozen=True)
class Whole:
    """The mean of each tenth of a second, from the whole waveform."""

    gain: float = 1.0

    def __call__(self, wave):
        return (
            self.gain
            * wave[: len(wave) // 1600 * 1600].reshape(-1, 1600).mean(1)[:, None]
        )


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of a quarter of a second, and of 20 frames."""
    monkeypatch.setattr(extraction, "BLOCK_SECONDS", 0.25)
    monkeypatch.setattr(short_time, "BLOCK_VALUES", 20 * 1024)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("segment", [(None, None), (0.1, 0.93), (0.5, None)])
@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2)])
def test_blocks_give_the_features_of_the_whole(
    write_audio, noise, segment, rate, channels
):
    wave = np.stack([noise(1.5, rate, seed) for seed in range(channels)], axis=1)
    file = write_audio("a.wav", wave, rate)
    expected = LogMel()(audio.read(file, *segment))
    found = extract(LogMel(), file, *segment)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32 and found.flags.c_contiguous
    whole = extract(Whole(), file, *segment)
    np.testing.assert_array_equal(whole, Whole()(audio.read(file, *segment)))


def test_stored_features_are_those_of_the_cache_with_their_seconds(write_audio, noise):
    file = write_audio("a.flac", noise(1.2345))
    blocks = extraction.StoredBlocks(LogMel(), file)
    assert blocks.seconds == 0
    features = blocks.joined()
    assert features.dtype == np.float16
    np.testing.assert_array_equal(features, extract(LogMel(), file))
    assert blocks.seconds == round(1.2345 * 16_000) / 16_000


def test_a_transform_gets_the_whole_waveform(write_audio, noise):
    file = write_audio("a.wav", noise(1.0))
    speed = audio.Speed(1.1)
    expected = LogMel()(speed(audio.read(file)))
    np.testing.assert_array_equal(extract(LogMel(), file, transform=speed), expected)


def test_features_that_are_not_finite_name_the_loudest_sample(write_audio, noise):
    loud = noise(1.0)
    loud[9000] = 1e30
    file = write_audio("a.wav", loud, subtype="FLOAT")
    with pytest.raises(ValueError, match=r"a.wav with a sample of 1e\+30"):
        extract(LogMel(), file)


class Half(Whole):
    """The same, stored as float16."""

    dtype = "<f2"
    dimensions = 1


class Untyped(Whole):
    """The same without a type."""

    dimensions = 1


@pytest.mark.parametrize("front_end", [LogMel(), Half(), Untyped()])
def test_stored_features_have_the_type_of_the_cache(
    write_audio, noise, tmp_path, front_end
):
    file = write_audio("a.wav", noise(1.0))
    features = extraction.StoredBlocks(front_end, file).joined()
    assert features.dtype == FeatureStore(tmp_path, front_end).dtype


def test_features_that_float16_cannot_hold_are_no_infinity(write_audio, noise):
    file = write_audio("a.wav", noise(1.0))
    large = Half(1e9)
    assert np.isfinite(extract(large, file)).all()
    with pytest.raises(ValueError, match="fit into float16.*`dtype = '<f4'`"):
        extraction.StoredBlocks(large, file).joined()


@pytest.mark.usefixtures("small_blocks")
def test_a_fault_that_is_found_after_the_last_block_is_raised(write_audio):
    file = write_audio("a.wav", np.zeros(16_000, np.float32))
    with pytest.raises(extraction.BadAudio, match="a.wav"):
        extract(LogMel(), file)


def test_a_fault_of_a_transform_is_not_one_of_the_audio(write_audio):
    def fail(wave):
        raise ValueError("no noise")

    with pytest.raises(ValueError, match="no noise") as caught:
        extract(LogMel(), write_audio("a.wav"), transform=fail)
    assert not isinstance(caught.value, extraction.BadAudio)


@dataclasses.dataclass(frozen=True)
class Faulty:
    """Raises an error for every waveform."""

    error: str
    dimensions = 1

    def __call__(self, wave):
        raise {"front-end": BadFrontEnd, "file": FileNotFoundError}.get(
            self.error, ValueError
        )("no weights")


@pytest.mark.parametrize("error", ["front-end", "file"])
def test_a_fault_of_a_front_end_is_not_one_of_the_audio(write_audio, error):
    with pytest.raises(BadFrontEnd, match="no weights"):
        extract(Faulty(error), write_audio("a.wav"))
    with pytest.raises(extraction.BadAudio, match="no weights"):
        extract(Faulty("waveform"), write_audio("a.wav"))


def test_blocks_may_blame_the_front_end(write_audio):
    class Blocks(Faulty):
        def blocks(self, waves):
            yield self(np.concatenate(list(waves)))

    with pytest.raises(BadFrontEnd, match="no weights"):
        extract(Blocks("front-end"), write_audio("a.wav"))
