"""The frames of an MP3 are counted, whatever its header states."""

import functools
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_audio import encode, fading_noise

from keras_ser import audio
from keras_ser.audio import mp3

OPTIONS = {"bitrate_mode": "VARIABLE", "compression_level": 0.4}


@functools.cache
def variable(rate=16_000, **options) -> bytes:
    return encode("mp3", fading_noise(rate=rate), rate, **{**OPTIONS, **options})


def bare(data: bytes) -> bytes:
    """The MP3 without the frame that states its length."""
    first = mp3.find_parts(data)[0]
    return data[first.first.size :]


def seconds(tmp_path, data: bytes) -> float:
    path = tmp_path / "a.mp3"
    path.write_bytes(data)
    wave = audio.read(path)
    assert audio.duration(path) == pytest.approx(len(wave) / 16_000, abs=1e-3)
    return len(wave) / 16_000


@pytest.mark.parametrize("mode", ["VARIABLE", "CONSTANT", "AVERAGE"])
@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100])
def test_the_count_is_what_the_encoder_states(mode, rate):
    (part,) = mp3.find_parts(variable(rate, bitrate_mode=mode))
    assert part.promised == part.frames
    assert part.first.rate == rate
    assert (part.frames - 4) * part.first.samples < 2 * rate
    assert (part.frames + 1) * part.first.samples > 2 * rate


@pytest.mark.parametrize("mode", ["VARIABLE", "CONSTANT"])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_without_a_stated_length_all_is_read(tmp_path, mode, rate):
    data = bare(variable(rate, bitrate_mode=mode))
    assert mp3.find_parts(data)[0].promised is None
    assert seconds(tmp_path, data) == pytest.approx(2.0, abs=0.1)
    assert seconds(tmp_path, data + bytes(3000)) == pytest.approx(2.0, abs=0.1)


def test_the_sound_is_that_of_the_file_with_a_header(tmp_path):
    data = variable()
    (tmp_path / "a.mp3").write_bytes(data)
    (tmp_path / "b.mp3").write_bytes(bare(data))
    whole, found = (audio.read(tmp_path / name) for name in ("a.mp3", "b.mp3"))
    lags = [np.dot(found[lag : lag + 20_000], whole[:20_000]) for lag in range(1300)]
    lag = int(np.argmax(lags))  # the delay of encoder and decoder
    np.testing.assert_allclose(found[lag : lag + 30_000], whole[:30_000], atol=1e-3)


@pytest.mark.parametrize("first", ["whole", "bare"])
@pytest.mark.parametrize("second", ["whole", "bare"])
def test_joined_files_are_read_to_the_end(tmp_path, first, second):
    kinds = {"whole": variable(), "bare": bare(variable())}
    found = seconds(tmp_path, kinds[first] + b"TAG".ljust(128) + kinds[second])
    assert found == pytest.approx(4.0, abs=0.2)


def test_a_length_that_is_stated_wrong(tmp_path):
    data = variable()
    at = data.index(b"Xing") + 8
    frames = int.from_bytes(data[at : at + 4], "big")
    for stated, right in ((frames // 2, True), (0, True), (frames + 9, False)):
        edited = data[:at] + stated.to_bytes(4, "big") + data[at + 4 :]
        if right:
            assert seconds(tmp_path, edited) == pytest.approx(2.0, abs=0.15)
        else:
            with pytest.raises(ValueError, match=f"{frames + 9} MP3 frames"):
                seconds(tmp_path, edited)


def test_one_lost_frame_is_noticed_but_not_a_frame_counted_twice(tmp_path):
    data = variable()
    at = data.index(b"Xing") + 8
    frames = int.from_bytes(data[at : at + 4], "big")
    last = data.rindex(data[:2])
    with pytest.raises(ValueError, match=f"{frames} MP3 frames"):
        seconds(tmp_path, data[:last])
    more = data[:at] + (frames + 1).to_bytes(4, "big") + data[at + 4 :]
    assert seconds(tmp_path, more) == pytest.approx(2.0, abs=0.15)


@given(share=st.floats(0.05, 0.95), headed=st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_cut_is_noticed(share, headed):
    data = variable() if headed else bare(variable())
    cut = data[: int(share * len(data))]
    (whole,), parts = mp3.find_parts(data), mp3.find_parts(cut)
    if parts[0].frames == whole.frames:
        return
    ends_on_a_frame = parts[0].runs[-1][1] == len(cut)
    assert mp3.is_whole(cut, parts[0]) is (ends_on_a_frame and not headed)


def test_bytes_between_frames_are_damage():
    data = bare(variable())
    at = mp3.find_parts(data)[0].first.size
    (part,) = mp3.find_parts(data[:at] + b"damage" * 99 + data[at:])
    assert not part.complete


def test_other_files_are_no_mp3():
    for name in ("wav", "flac", "ogg"):
        assert not mp3.is_mp3(encode(name, fading_noise()))
    assert not mp3.is_mp3(b"") and not mp3.is_mp3(b"\xff\xfb")
    assert mp3.is_mp3(variable()) and mp3.is_mp3(b"ID3" + bytes(7) + variable())


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_made_frame_states_the_count(rate, channels):
    wave = np.stack([fading_noise(rate=rate)] * channels, axis=1)
    data = bare(encode("mp3", wave, rate, **OPTIONS))
    (part,) = mp3.find_parts(data)
    stream = io.BytesIO(mp3.view(data, part).read())
    (again,) = mp3.find_parts(stream.getvalue())
    assert again.promised == again.frames == part.frames
