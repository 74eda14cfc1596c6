"""Waveforms: reading, resampling and mixing down.

A waveform is a mono float32 array of shape `(samples,)` with values in [-1, 1].
"""

import contextlib
import functools
import hashlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

RATE = 16_000  # Hz
RATES = (1_000, 768_000)  # Hz; a header that says anything else is damaged
MAX_BYTES_AT_ONCE = 64 * 2**20  # bytes; larger files are read in place
HEADER_SLACK_BYTES = 128  # bytes; some writers count the header as data

# How libsndfile logs a container that promises more than it holds. In RIFF files only
# the size of the data counts, because the outer size is often wrong in intact files.
_SIZES = re.compile(
    r"^\s*(?:data|SSND|Data Size|riff|Riff size)\s*: (\d+) \(should be (\d+)\)", re.M
)
_UNKNOWN_SIZE_BYTES = 0x7FFFF000  # streams write this or more for "unknown"
_OGG_WARNINGS = ("Last page lacks an end-of-stream bit", "Junk after the last page")


def read(
    path: str | Path,
    start: float | None = None,
    end: float | None = None,
    rate: float = RATE,
    digest: str = "",
) -> np.ndarray:
    """Reads a file, or a segment of it, as mono speech at `rate`.

    Channels are averaged. The segment is cut first and then resampled with soxr's
    high-quality band-limited interpolation. The digest is checked on the same bytes
    that are decoded.

    Args:
        path: Any file that libsndfile reads (wav, flac, ogg, mp3, aiff, …).
        start, end: The segment in seconds. None or NaN stands for the start or the
            end of the file.
        rate: The sampling rate of the returned waveform in Hz.
        digest: The value that the function `digest` returned for the file earlier.
            An empty string accepts any content.

    Returns:
        float32 array of shape `(samples,)`.

    Raises:
        FileNotFoundError: The file does not exist or is not a regular file.
        ValueError: The file is not audio, cannot be read, is empty, truncated or
            silent, holds NaN or infinity, or has a different digest.
    """
    with _open_bytes(path) as stream:
        wave, source_rate = _decode(
            _load_verified(stream, path, digest), path, start, end
        )
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
    """Resamples a waveform with a band-limited filter.

    Args:
        wave: Float array of shape `(samples,)`.
        source_rate: The sampling rate of `wave` in Hz.
        rate: The sampling rate of the result in Hz.

    Returns:
        Array of shape `(about samples * rate / source_rate,)`.
    """
    if source_rate == rate:
        return wave
    import librosa

    return librosa.resample(
        wave, orig_sr=source_rate, target_sr=rate, res_type="soxr_hq"
    )


def duration(path: str | Path) -> float:
    """The seconds of audio in a file, read from its header."""
    with _open_bytes(path) as stream, _open_sound(stream, path) as file:
        return file.frames / file.samplerate


def digest(path: str | Path) -> str:
    """A hash of a file's content: 128 bits of BLAKE2b over its bytes."""
    with _open_bytes(path) as stream:
        return _digest(stream)


def _digest(stream) -> str:
    return hashlib.file_digest(
        stream, lambda: hashlib.blake2b(digest_size=16)
    ).hexdigest()


@functools.lru_cache(maxsize=64)
def _digest_of_version(path: str, size: int, changed: int) -> str:
    """The digest of a large file, computed once for all of its segments."""
    return digest(path)


@contextlib.contextmanager
def _open_bytes(path) -> Iterator[BinaryIO]:
    """Opens a file as a stream of bytes; errors of the system name the file."""
    _check_is_file(path)
    try:
        with open(path, "rb") as stream:
            yield stream
    except OSError as error:
        raise ValueError(
            f"Expected a file that can be read. Received: {path} "
            f"({error.strerror or error}). Check its permissions and its disk."
        ) from error


def _load_verified(stream, path, digest: str):
    """Returns the stream, or its bytes in memory, if they have this digest."""
    state = os.fstat(stream.fileno())
    if state.st_size <= MAX_BYTES_AT_ONCE:
        stream = io.BytesIO(stream.read())
        found = _digest(stream) if digest else ""
        stream.seek(0)
    elif digest:
        version = str(path), state.st_size, state.st_mtime_ns
        found = _digest_of_version(*version)
    if digest and found != digest:
        raise ValueError(
            f"Expected the audio that the table was read from, with digest {digest}. "
            f"Received: {path}, which has changed since and has digest {found}. Read "
            "the corpus again."
        )
    return stream


class _Bytes:
    """A stream for libsndfile, which seeks before the start of damaged files."""

    def __init__(self, stream):
        self.readinto, self.tell, self._seek = stream.readinto, stream.tell, stream.seek

    def seek(self, offset: int, whence: int) -> None:
        # libsndfile asks `tell` for the position, so a failed seek does no harm.
        with contextlib.suppress(ValueError, OSError):
            self._seek(offset, whence)


@contextlib.contextmanager
def _open_sound(stream, path):
    """Opens the stream as a SoundFile that holds what its header promises."""
    import soundfile

    try:
        with soundfile.SoundFile(_Bytes(stream)) as file:
            _check_complete(path, file.extra_info)
            if not RATES[0] <= file.samplerate <= RATES[1]:
                raise ValueError(
                    f"Expected a sample rate of {RATES[0]} to {RATES[1]} Hz. "
                    f"Received: {path} with {file.samplerate}. Its header is damaged: "
                    "export the file again from its source."
                )
            yield file
    except soundfile.LibsndfileError as error:
        # The full text of the error names the stream by its address in memory.
        raise ValueError(
            "Expected audio that libsndfile reads. Received: "
            f"{path} ({error.error_string or f'error {error.code}'}). "
            "Convert it to wav or flac, or remove it from the corpus."
        ) from error


def _decode(stream, path, start, end) -> tuple[np.ndarray, int]:
    """Returns the segment, mixed down to mono, and the file's own rate.

    It reads in blocks because a damaged header may promise more samples than fit
    into memory.
    """
    with _open_sound(stream, path) as file:
        first, last = _segment_bounds(path, start, end, file.samplerate, file.frames)
        file.seek(first)
        blocks, left, size = [], last - first, max(1, 2**20 // file.channels)
        while left:
            block = file.read(min(left, size), dtype="float32", always_2d=True)
            if len(block) == 0:
                raise _truncation_error(
                    path, f"{last - first} samples", last - first - left
                )
            with np.errstate(all="ignore"):  # `read` checks the result
                blocks.append(block.mean(axis=1))
            left -= len(block)
        return np.concatenate([np.zeros(0, np.float32), *blocks]), file.samplerate


def _check_complete(path, log: str) -> None:
    """Raises ValueError for a file that libsndfile would read as a shorter one."""
    for size in _SIZES.finditer(log):
        promised, held = int(size[1]), int(size[2])
        if held + HEADER_SLACK_BYTES < promised < _UNKNOWN_SIZE_BYTES:
            raise _truncation_error(path, f"{promised} bytes", held)
    for warning in _OGG_WARNINGS:
        if warning in log:
            raise _truncation_error(path, "an Ogg stream with its end", f"`{warning}`")


def _truncation_error(path, promised, held) -> ValueError:
    return ValueError(
        f"Expected {promised}, as the header promises. Received: {path} with {held}: "
        "the file is truncated. Copy it again from its source."
    )


def _segment_bounds(path, start, end, rate, frames) -> tuple[int, int]:
    """The first sample of a segment and the one after its last."""
    if frames == 0:
        return 0, 0
    first = 0 if _is_missing(start) else round(np.clip(start * rate, -1, frames))
    last = frames if _is_missing(end) else round(np.clip(end * rate, -1, frames))
    if not 0 <= first < last:
        raise ValueError(
            f"Expected 0 <= start < end <= {frames / rate:.3f} s in {path}. "
            f"Received: start={start}, end={end}. Correct the table's segments."
        )
    return first, last


def _is_missing(seconds) -> bool:
    return seconds is None or np.isnan(seconds)


def _check_is_file(path) -> None:
    if not os.path.isfile(path):
        state = "is not a regular file" if os.path.exists(path) else "does not exist"
        state = "is a folder" if os.path.isdir(path) else state
        raise FileNotFoundError(
            f"Expected an audio file. Received: {path}, which {state}. "
            "Check the path, or the folder given for the corpus."
        )
