"""Waveforms: reading, resampling and mixing down.

A waveform is a mono float32 array of shape `(samples,)` with values in [-1, 1].
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from keras_ser.audio import content, levels, sound
from keras_ser.audio.content import digest as digest
from keras_ser.audio.sound import RATES as RATES

RATE = 16_000  # Hz


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
            silent (see `audio.levels`), holds NaN, infinity or integers on another
            scale than ±1, or has a different digest.
    """
    with open_checked(path, start, end, digest) as (blocks, source_rate):
        wave = np.concatenate(list(blocks))
    return resample(wave, source_rate, rate)


@contextlib.contextmanager
def open_checked(
    path: str | Path,
    start: float | None = None,
    end: float | None = None,
    digest: str = "",
    block_seconds: float | None = None,
) -> Iterator[tuple[Iterator[np.ndarray], int]]:
    """Opens a segment as mono blocks at the file's own rate, which are checked.

    Args:
        path, start, end, digest: See `read`.
        block_seconds: Length of a block, by default as much as is decoded at a time.

    Returns:
        A context of the blocks, float32 of shape `(samples,)`, and the rate in Hz. The
        last check follows the last block.
    """
    with content.open_bytes(path) as raw:
        stream = content.load_verified(raw, path, digest)
        with sound.open_sound(stream, path) as file:
            check = levels.Check(path, file.rate, start, end)
            size = block_seconds and max(1, round(block_seconds * file.rate))
            yield _checked(file.blocks(start, end, size), check), file.rate


def _checked(blocks: Iterator[np.ndarray], check: levels.Check) -> Iterator[np.ndarray]:
    yield from map(check.add, blocks)
    check.finish()


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
    """The seconds of audio in a file.

    They are read from the header. Only of files whose header cannot be trusted is more
    looked at: the frames of an MP3 and the pages of an Ogg file are counted, without
    decoding, and a FLAC file that states no length is decoded.

    Raises:
        FileNotFoundError: The file does not exist or is not a regular file.
        ValueError: The file is not audio or is truncated.
    """
    with content.open_bytes(path) as stream, sound.open_sound(stream, path) as file:
        return file.frames / file.rate
