"""Waveforms: reading, resampling, mixing down and changing speed.

A waveform is a float32 array of shape `(samples,)`, mono, in [-1, 1].
"""

import contextlib
import functools
import hashlib
import io
import os
import re

import numpy as np

RATE = 16_000
RATES = (1_000, 768_000)  # Hz; beyond, a header is damaged
WHOLE = 64 * 2**20  # bytes up to which a file is read at once
SLACK = 128  # bytes; some writers count the header as data

# What libsndfile says of a container that promises more than it holds. Of RIFF the
# data counts: an outer size is often wrong in files that are whole.
_SIZES = re.compile(
    r"^\s*(?:data|SSND|Data Size|riff|Riff size)\s*: (\d+) \(should be (\d+)\)", re.M
)
_OPEN_END = 0x7FFFF000  # sizes that stand for "unknown" in streams
_OGG = ("Last page lacks an end-of-stream bit", "Junk after the last page")


def read(path, start=None, end=None, rate: int = RATE, digest: str = "") -> np.ndarray:
    """Reads a file, or a segment of it, as mono speech at `rate`.

    Channels are averaged. Resampling is soxr's high quality band-limited
    interpolation, after the segment was cut. The bytes that are decoded are those
    whose digest is checked.

    Args:
        path: any file that libsndfile reads (wav, flac, ogg, mp3, aiff, …).
        start, end: seconds; None or NaN stand for the file's start and end.
        rate: Hz of the returned waveform.
        digest: what `digest` gave for the file before; empty for any.

    Returns:
        float32 array of shape `(samples,)`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is no audio, cannot be read, is empty, cut or silent,
            holds NaN or infinity, or has another digest.
    """
    with _opened(path) as stream:
        wave, source_rate = _decoded(_checked(stream, path, digest), path, start, end)
    if len(wave) == 0:
        raise ValueError(
            f"Expected at least one sample of audio. Received: {path} with none. "
            "Remove the file from the corpus or record it again."
        )
    if not np.isfinite(wave).all():
        raise ValueError(
            f"Expected finite samples. Received: {path} with NaN or infinity. "
            "Export the file again from its source."
        )
    if wave.min() == wave.max():
        raise ValueError(
            f"Expected sound. Received: {path} with {len(wave)} samples that are all "
            f"{wave[0]:g} (start={start}, end={end}, channels averaged). Remove the "
            "file from the corpus or record it again."
        )
    return resample(wave, source_rate, rate)


def resample(wave: np.ndarray, source_rate: float, rate: float) -> np.ndarray:
    """Band-limited resampling from `source_rate` to `rate` (Hz)."""
    if source_rate == rate:
        return wave
    import librosa

    return librosa.resample(
        wave, orig_sr=source_rate, target_sr=rate, res_type="soxr_hq"
    )


def duration(path) -> float:
    """Seconds of audio in a file, read from its header."""
    with _opened(path) as stream, _sound(stream, path) as file:
        return file.frames / file.samplerate


def digest(path) -> str:
    """A name for a file's content: 128 bits of BLAKE2b over its bytes."""
    with _opened(path) as stream:
        return _digest(stream)


def _digest(stream) -> str:
    return hashlib.file_digest(
        stream, lambda: hashlib.blake2b(digest_size=16)
    ).hexdigest()


@functools.lru_cache(maxsize=64)
def _digest_of_version(path: str, size: int, changed: int) -> str:
    """The digest of a large file, once for all of its segments."""
    return digest(path)


@contextlib.contextmanager
def _opened(path):
    """A file's bytes as a stream; whatever the system objects to names the file."""
    _require_file(path)
    try:
        with open(path, "rb") as stream:
            yield stream
    except OSError as error:
        raise ValueError(
            f"Expected a file that can be read. Received: {path} "
            f"({error.strerror or error}). Check its permissions and its disk."
        ) from error


def _checked(stream, path, digest: str):
    """The stream, or its bytes in memory, once they have the digest."""
    state = os.fstat(stream.fileno())
    if state.st_size <= WHOLE:
        stream = io.BytesIO(stream.read())
        found = _digest(stream) if digest else ""
        stream.seek(0)
    elif digest:
        version = str(path), state.st_size, state.st_mtime_ns
        found = _digest_of_version(*version)
    if digest and found != digest:
        raise ValueError(
            f"Expected the audio that the table was read from, of digest {digest}. "
            f"Received: {path}, which has changed since, of digest {found}. Read the "
            "corpus again."
        )
    return stream


class _Bytes:
    """A stream for libsndfile, which seeks before the start of damaged files."""

    def __init__(self, stream):
        self.readinto, self.tell, self._seek = stream.readinto, stream.tell, stream.seek

    def seek(self, offset: int, whence: int) -> None:
        with contextlib.suppress(ValueError, OSError):  # it reads the place by `tell`
            self._seek(offset, whence)


@contextlib.contextmanager
def _sound(stream, path):
    """The stream as a SoundFile that holds what its header promises."""
    import soundfile

    try:
        with soundfile.SoundFile(_Bytes(stream)) as file:
            _refuse_cut(path, file.extra_info)
            if not RATES[0] <= file.samplerate <= RATES[1]:
                raise ValueError(
                    f"Expected a sample rate of {RATES[0]} to {RATES[1]} Hz. "
                    f"Received: {path} with {file.samplerate}. Its header is damaged: "
                    "export the file again from its source."
                )
            yield file
    except soundfile.LibsndfileError as error:
        # Its text as a whole names the stream, by its place in memory.
        raise ValueError(
            "Expected audio that libsndfile reads. Received: "
            f"{path} ({error.error_string or f'error {error.code}'}). "
            "Convert it to wav or flac, or remove it from the corpus."
        ) from error


def _decoded(stream, path, start, end) -> tuple[np.ndarray, int]:
    """The segment, mixed down, at the file's own rate.

    In blocks: a damaged header may promise more samples than memory holds.
    """
    with _sound(stream, path) as file:
        first, last = _segment(path, start, end, file.samplerate, file.frames)
        file.seek(first)
        blocks, left, size = [], last - first, max(1, 2**20 // file.channels)
        while left:
            block = file.read(min(left, size), dtype="float32", always_2d=True)
            if len(block) == 0:
                raise _cut(path, f"{last - first} samples", last - first - left)
            with np.errstate(all="ignore"):  # `read` looks at what comes of it
                blocks.append(block.mean(axis=1))
            left -= len(block)
        return np.concatenate([np.zeros(0, np.float32), *blocks]), file.samplerate


def _refuse_cut(path, log: str) -> None:
    """Refuses what libsndfile would read as if it were shorter."""
    for size in _SIZES.finditer(log):
        promised, held = int(size[1]), int(size[2])
        if held + SLACK < promised < _OPEN_END:
            raise _cut(path, f"{promised} bytes", held)
    for sign in _OGG:
        if sign in log:
            raise _cut(path, "an Ogg stream with its end", f"`{sign}`")


def _cut(path, promised, held) -> ValueError:
    return ValueError(
        f"Expected {promised}, as the header promises. Received: {path} with {held}: "
        "the file is cut. Copy it again from its source."
    )


def _segment(path, start, end, rate, frames) -> tuple[int, int]:
    if frames == 0:
        return 0, 0
    first = 0 if _missing(start) else round(np.clip(start * rate, -1, frames))
    last = frames if _missing(end) else round(np.clip(end * rate, -1, frames))
    if not 0 <= first < last:
        raise ValueError(
            f"Expected 0 <= start < end <= {frames / rate:.3f} s in {path}. "
            f"Received: start={start}, end={end}. Correct the table's segments."
        )
    return first, last


def _missing(seconds) -> bool:
    return seconds is None or np.isnan(seconds)


def _require_file(path) -> None:
    if not os.path.isfile(path):
        state = "is no plain file" if os.path.exists(path) else "does not exist"
        state = "is a folder" if os.path.isdir(path) else state
        raise FileNotFoundError(
            f"Expected an audio file. Received: {path}, which {state}. "
            "Check the path; of a corpus, the folder given for it."
        )
