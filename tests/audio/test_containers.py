"""Ogg pages, unfinished headers, and what follows the sound."""

import errno
import struct

import numpy as np
import pytest
import soundfile
from toy_audio import FORMATS, encode, fading_noise

from keras_ser import audio
from keras_ser.audio import headers, ogg, views

WAVE = fading_noise()
# Where the size of the sound stands, its format, and what it counts beyond the sound.
SIZES = {
    "wav": (lambda data: data.index(b"data") + 4, "<I", 0),
    "aiff": (lambda data: data.index(b"SSND") + 4, ">I", 8),
    "au": (lambda data: 8, ">I", 0),
    "caf": (lambda data: data.index(b"data") + 4, ">q", 4),
    "rf64": (lambda data: data.index(b"ds64") + 16, "<q", 0),
}


def samples(tmp_path, data: bytes) -> np.ndarray:
    path = tmp_path / "a.audio"
    path.write_bytes(data)
    wave = audio.read(path)
    assert audio.duration(path) == pytest.approx(len(wave) / 16_000)
    return wave


def with_size(name: str, data: bytes, size: int) -> bytes:
    place, form, more = SIZES[name]
    at = place(data)
    width = struct.calcsize(form)
    return data[:at] + struct.pack(form, size + more) + data[at + width :]


@pytest.mark.parametrize("name", SIZES)
def test_a_header_without_a_length_is_mended(tmp_path, name):
    data = encode(name, WAVE)
    found = samples(tmp_path, with_size(name, data, 0))
    np.testing.assert_array_equal(found, samples(tmp_path, data))


@pytest.mark.parametrize("name", SIZES)
def test_a_header_with_a_part_of_the_length_is_rejected(tmp_path, name):
    data = with_size(name, encode(name, WAVE), 20_000)
    with pytest.raises(ValueError, match="header states 20000 bytes of sound"):
        samples(tmp_path, data)


@pytest.mark.parametrize("name", SIZES)
def test_a_header_with_more_than_the_file_holds_is_a_cut(tmp_path, name):
    data = encode(name, WAVE)
    with pytest.raises(ValueError, match="the file is truncated"):
        samples(tmp_path, data[: len(data) // 2])


@pytest.mark.parametrize("name", ["caf", "rf64"])
def test_an_unknown_length_is_the_rest_of_the_file(tmp_path, name):
    data = encode(name, WAVE)
    unknown = with_size(name, data, -1 - SIZES[name][2])
    np.testing.assert_array_equal(samples(tmp_path, unknown), samples(tmp_path, data))


@pytest.mark.parametrize("name", ["wav", "rf64", "aiff"])
def test_what_may_follow_the_sound_is_no_sound(tmp_path, name):
    data = encode(name, WAVE)
    form = "<I" if name != "aiff" else ">I"
    chunk = b"LIST" + struct.pack(form, 5000) + b"text." * 1000
    for more in (chunk, chunk + bytes(3000), bytes(5000), b"TAG" + bytes(2000)):
        assert len(samples(tmp_path, data + more)) == 32_000


def test_a_finished_empty_file_is_empty(tmp_path):
    chunk = b"LIST" + struct.pack("<I", 5000) + b"text." * 1000
    data = encode("wav", WAVE[:0]) + chunk
    assert headers.mended(data) is None
    with pytest.raises(ValueError, match="at least one sample"):
        samples(tmp_path, data)


def test_a_sphere_file_that_is_cut(tmp_path):
    data = encode("sph", WAVE)
    assert len(samples(tmp_path, data)) == 32_000
    with pytest.raises(ValueError, match="the file is truncated"):
        samples(tmp_path, data[:40_000])


@pytest.mark.parametrize("name", ["ogg", "opus"])
def test_joined_ogg_is_read_to_the_end(tmp_path, name):
    data, other = encode(name, WAVE), encode(name, 0.5 * WAVE)
    one, two = samples(tmp_path, data), samples(tmp_path, other)
    found = samples(tmp_path, data + other + data)
    np.testing.assert_array_equal(found, np.concatenate([one, two, one]))
    assert len(ogg.find_links(data + other)) == 2


@pytest.mark.parametrize("name", ["ogg", "opus"])
@pytest.mark.parametrize("more", [bytes(3000), b"TAG".ljust(128), b"APETAGEX"])
def test_padding_after_ogg_is_no_cut(tmp_path, name, more):
    data = encode(name, WAVE)
    found = samples(tmp_path, data + more)
    np.testing.assert_array_equal(found, samples(tmp_path, data))


@pytest.mark.parametrize("name", ["ogg", "opus"])
def test_pages_that_are_missing_are_noticed(tmp_path, name):
    data = encode(name, fading_noise(8.0))
    pages = [at for at in range(len(data)) if data[at : at + 4] == b"OggS"]
    lost = data[: pages[3]] + data[pages[4] :]
    for broken in (lost, data[: pages[-1]], data[:-5], data[:-5] + data, data + b"x"):
        with pytest.raises(ValueError, match="the file is truncated"):
            samples(tmp_path, broken)


def test_joined_recordings_of_two_kinds_are_rejected(tmp_path):
    joined = encode("ogg", WAVE) + encode("ogg", WAVE, 8000)
    with pytest.raises(ValueError, match="2 are joined, of 16000 Hz, 1 ch and 8000"):
        samples(tmp_path, joined)


def test_a_flac_of_unknown_length_is_counted(tmp_path):
    data = encode("flac", WAVE)
    unknown = data[:21] + bytes([data[21] & 0xF0]) + bytes(4) + data[26:]
    np.testing.assert_array_equal(samples(tmp_path, unknown), samples(tmp_path, data))
    (tmp_path / "b.flac").write_bytes(unknown)
    part = audio.read(tmp_path / "b.flac", 0.5, 1.0)
    np.testing.assert_array_equal(part, samples(tmp_path, data)[8000:16_000])
    with pytest.raises(ValueError, match="libsndfile reads|truncated"):
        samples(tmp_path, unknown[: len(unknown) // 2])


def test_joined_flac_is_rejected(tmp_path):
    path = tmp_path / "a.flac"
    path.write_bytes(2 * encode("flac", WAVE))
    with pytest.raises(ValueError, match="several FLAC files are joined"):
        audio.read(path)


def test_a_codec_that_cannot_seek_is_read_from_any_place(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(encode("gsm", WAVE))
    whole = audio.read(path)
    assert len(whole) == pytest.approx(32_000, abs=320)
    part = audio.read(path, 0.5, 1.5)
    np.testing.assert_array_equal(part, whole[8000:24_000])


def test_a_view_reads_like_its_bytes():
    data = bytes(range(200))
    spans = [views.Span(data, 10, 20), views.Span(data, 50, 51), views.Span(data, 0, 9)]
    view, joined = views.View(spans), data[10:20] + data[50:51] + data[:9]
    assert view.read() == joined
    for at, size in ((0, 3), (8, 5), (10, 1), (19, 9), (30, 2)):
        view.seek(at)
        assert view.read(size) == joined[at : at + size]
    assert view.seek(-2, 2) == len(joined) - 2
    with pytest.raises(ValueError, match="position from 0"):
        view.seek(-1)


def test_zeros_are_skipped():
    assert views.zeros_from(bytes(9000) + b"a" + bytes(5), 3) == 9000
    assert views.zeros_from(bytes(9000), 3) == 9000


@pytest.mark.parametrize("name", FORMATS)
def test_a_disk_that_cannot_map_files(tmp_path, monkeypatch, name):
    path = tmp_path / f"a.{name}"
    path.write_bytes(encode(name, fading_noise(0.5)))
    expected = audio.duration(path), audio.read(path)

    def refuse(*args, **kwargs):
        raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(views.mmap, "mmap", refuse)
    monkeypatch.setattr(audio.content, "MAX_BYTES_AT_ONCE", 100)
    assert audio.duration(path) == expected[0]
    np.testing.assert_array_equal(audio.read(path), expected[1])


@pytest.mark.parametrize("padding", [b"", b"\0"])
def test_chunks_after_an_odd_number_of_bytes(tmp_path, padding):
    path = tmp_path / "a.wav"
    soundfile.write(path, WAVE[:7999], 16_000, subtype="PCM_U8")
    data = path.read_bytes()[: 44 + 7999]
    chunk = b"LIST" + struct.pack("<I", 2000) + bytes(range(1, 201)) * 10
    assert len(samples(tmp_path, data + padding + chunk)) == 7999
