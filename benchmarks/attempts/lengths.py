"""Attempts to have a part of a recording read as if it were the whole.

Every file is made with libsndfile from one signal, and then edited byte by byte:
headers without a length or with a wrong one, joined files, padding, and cuts. A whole
recording must be read whole, or be refused where that is said; a cut one must be
refused. A duration must be that of the sound which is read.
"""

import functools
import io
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from keras_ser import audio

ORDER = 4
PROMISE = "A recording is read to its true end, or rejected"
RATE, SECONDS = 16_000, 3.0
TOLERANCE = 0.1  # seconds that MP3 encoders add at the ends

Attempt = tuple[str, Callable[[], str]]


def attempts(folder: Path) -> Iterator[Attempt]:
    """Yield attempts on healthy, odd and cut files."""
    for number, (name, data, seconds, refusable) in enumerate(_files()):
        path = folder / f"{number}.{name.split()[0]}"
        path.write_bytes(data)
        yield name, functools.partial(_outcome, path, seconds, refusable)


def _outcome(path: Path, seconds: float | None, refusable: bool) -> str:
    """What is wrong with a file of so many seconds, None for a cut one."""
    try:
        found = audio.duration(path), len(audio.read(path)) / RATE
    except ValueError as error:
        return "" if seconds is None or refusable else f"refused: {error}"
    if seconds is None:
        return f"{found[1]:.3f} s of a cut file"
    slack = TOLERANCE * seconds / SECONDS  # for each recording that was joined
    good = all(abs(each - seconds) <= slack for each in found)
    return "" if good else f"{found[0]:.3f} s, read {found[1]:.3f} of {seconds:.3f} s"


def _files() -> Iterator[tuple[str, bytes, float | None, bool]]:
    """Names, bytes, seconds (None for cut files), and whether a refusal is right."""
    yield from _healthy()
    yield from _mp3s()
    yield from _oggs()
    yield from _flacs()
    yield from _headers()
    yield from _cuts()


def _healthy():
    for name, options in FORMATS.items():
        yield f"{name} as written", _encode(**options), SECONDS, False


def _mp3s():
    for mode, rates in (("VARIABLE", (16_000, 44_100)), ("CONSTANT", (44_100,))):
        for rate in rates:
            whole = _mp3(mode, rate)
            bare = _without_info(whole)
            name = f"mp3 {mode.lower()} {rate} Hz"
            yield f"{name} without header", bare, SECONDS, False
            yield f"{name} joined", whole + whole, 2 * SECONDS, False
            yield f"{name} without header, joined", bare + bare, 2 * SECONDS, False
            yield (
                f"{name} without header, then zeros",
                bare + bytes(3000),
                SECONDS,
                False,
            )
            yield f"{name} cut", whole[: len(whole) // 2], None, True
            first = len(bare) // 2
            yield f"{name} without header, cut", _cut_in_frame(bare, first), None, True
    tagged = (
        b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + _without_info(_mp3("VARIABLE", RATE))
    )
    yield "mp3 between tags", tagged + b"TAG".ljust(128), SECONDS, False
    two = _mp3("VARIABLE", 16_000) + _mp3("VARIABLE", 44_100)
    yield "mp3 joined, two rates", two, 2 * SECONDS, True


def _oggs():
    for name in ("ogg", "opus"):
        data = _encode(**FORMATS[name])
        other = _encode(**FORMATS[name], quieter=True)
        yield f"{name} joined", data + other, 2 * SECONDS, False
        yield f"{name} three joined", data + other + data, 3 * SECONDS, False
        yield f"{name} then zeros", data + bytes(3000), SECONDS, False
        yield f"{name} then a tag", data + b"TAG".ljust(128), SECONDS, False
        yield f"{name} cut", data[: len(data) // 2], None, True
        yield (
            f"{name} cut, then a whole one",
            data[: len(data) // 2] + other,
            None,
            True,
        )
        last = data.rfind(b"OggS")
        yield f"{name} without last page", data[:last], None, True


def _flacs():
    data = _encode(**FORMATS["flac"])
    unknown = data[:21] + bytes([data[21] & 0xF0]) + bytes(4) + data[26:]
    yield "flac of unknown length", unknown, SECONDS, False
    yield "flac of unknown length, cut", unknown[: len(unknown) // 2], None, True
    yield "flac then zeros", data + bytes(3000), SECONDS, False
    yield "flac cut", data[: len(data) // 2], None, True


def _headers():
    for name, (form, more) in SIZES.items():
        data = _encode(**FORMATS[name])
        at = _size_at(name, data)
        width = struct.calcsize(form)
        largest = b"\xff" * width if name != "rf64" else struct.pack(form, 2**63 - 1)
        zero, empty = bytes(width), struct.pack(form, more)
        half = struct.pack(form, more + round(SECONDS * RATE))
        for what, size in (("0", zero), ("empty", empty), ("unknown", largest)):
            edited = data[:at] + size + data[at + width :]
            if what == "empty" and more == 0:
                continue
            # What libsndfile cannot parse at all may be refused.
            yield f"{name} with size {what}", edited, SECONDS, name in ("rf64", "caf")
        edited = data[:at] + half + data[at + width :]
        yield f"{name} with half its size", edited, SECONDS, True
    data = _encode(**FORMATS["wav"])
    chunk = b"LIST" + struct.pack("<I", 4000) + bytes(4000)
    yield "wav with a chunk after the sound", data + chunk, SECONDS, False
    yield "wav then zeros", data + bytes(5000), SECONDS, False
    small = data[:4] + struct.pack("<I", 100) + data[8:]
    yield "wav with too small an outer size", small, SECONDS, False


def _cuts():
    for name in ("wav", "aiff", "au", "w64", "rf64", "caf", "sph"):
        data = _encode(**FORMATS[name])
        yield f"{name} cut", data[: len(data) // 2], None, True


FORMATS = {
    "wav": {"format": "WAV", "subtype": "PCM_16"},
    "aiff": {"format": "AIFF", "subtype": "PCM_16"},
    "au": {"format": "AU", "subtype": "PCM_16"},
    "w64": {"format": "W64", "subtype": "PCM_16"},
    "rf64": {"format": "RF64", "subtype": "PCM_16"},
    "caf": {"format": "CAF", "subtype": "PCM_16"},
    "sph": {"format": "NIST", "subtype": "PCM_16"},
    "gsm": {"format": "WAV", "subtype": "GSM610"},
    "flac": {"format": "FLAC", "subtype": "PCM_16"},
    "ogg": {"format": "OGG", "subtype": "VORBIS"},
    "opus": {"format": "OGG", "subtype": "OPUS"},
    "mp3": {"format": "MP3", "subtype": "MPEG_LAYER_III"},
}
# How the size of the sound is written, and what it counts beyond the sound, in bytes.
SIZES = {
    "wav": ("<I", 0),
    "aiff": (">I", 8),
    "au": (">I", 0),
    "caf": (">q", 4),
    "rf64": ("<q", 0),
}


def _size_at(name: str, data: bytes) -> int:
    if name == "au":
        return 8
    if name == "rf64":
        return data.index(b"ds64") + 16
    return data.index({"wav": b"data", "aiff": b"SSND", "caf": b"data"}[name]) + 4


def _signal(rate: int) -> np.ndarray:
    """Noise that is loud at first and then soft, so that bit rates vary."""
    rng = np.random.default_rng(4)
    samples = round(SECONDS * rate)
    envelope = np.repeat([0.3, 0.02, 0.1, 0.005], -(-samples // 4))[:samples]
    return (envelope * rng.normal(size=samples)).clip(-1, 1).astype(np.float32)


def _encode(quieter: bool = False, rate: int = RATE, **options) -> bytes:
    stream = io.BytesIO()
    wave = _signal(rate) * (0.5 if quieter else 1.0)
    soundfile.write(stream, wave, rate, **options)
    return stream.getvalue()


def _mp3(mode: str, rate: int) -> bytes:
    return _encode(
        rate=rate, **FORMATS["mp3"], bitrate_mode=mode, compression_level=0.4
    )


def _without_info(data: bytes) -> bytes:
    """Drops the first frame, in which the encoder states the length."""
    at = max(data.find(b"Xing", 0, 400), data.find(b"Info", 0, 400))
    assert at > 0, "the encoder wrote no length"
    second = data.find(data[:2], at)
    return data[second:]


def _cut_in_frame(data: bytes, near: int) -> bytes:
    """Cuts a file ten bytes after the start of a frame."""
    return data[: data.index(data[:2], near) + 10]
