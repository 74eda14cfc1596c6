"""Waveforms in blocks, so that a recording of hours needs little memory."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from keras_ser.audio.reading import RATE, open_checked

BLOCK_SECONDS = 30.0  # 2 MB at 16 kHz


def stream(
    path: str | Path,
    start: float | None = None,
    end: float | None = None,
    rate: float = RATE,
    digest: str = "",
    block_seconds: float = BLOCK_SECONDS,
) -> Iterator[np.ndarray]:
    """Yields what `read` returns as consecutive blocks.

    The blocks joined are equal to the waveform of `read`, bit by bit, for any
    `block_seconds`. No more than a few blocks are in memory, and the bytes of the file
    if they are fewer than 64 MB.

    Args:
        path: Any file that `read` reads.
        start, end: The segment in seconds. None or NaN stands for the start or the
            end of the file.
        rate: The sampling rate of the blocks in Hz.
        digest: The value that the function `digest` returned for the file earlier.
            An empty string accepts any content.
        block_seconds: The approximate length of a block in seconds.

    Yields:
        float32 arrays of shape `(samples,)`, none of them empty.

    Raises:
        FileNotFoundError, ValueError: In the same cases as `read`. What a block cannot
            tell, such as silence, is raised after the last block: use nothing of what
            was computed before the iterator has ended.

    Example:
        >>> seconds = sum(len(block) for block in audio.stream("interview.wav")) / 16e3
    """
    if not block_seconds > 0:
        raise ValueError(
            f"`block_seconds` must be positive. Received: {block_seconds}. "
            "Leave it out for blocks of 30 seconds."
        )
    with open_checked(path, start, end, digest, block_seconds) as (blocks, own_rate):
        yield from resample_blocks(blocks, own_rate, rate)


def resample_blocks(
    blocks: Iterable[np.ndarray], source_rate: float, rate: float
) -> Iterator[np.ndarray]:
    """Resamples consecutive blocks as `resample` resamples their whole.

    The resampler keeps its state from block to block, so no seam is heard or seen: the
    joined results are equal to `resample` of the joined blocks, bit by bit.

    Args:
        blocks: Arrays of shape `(samples,)`.
        source_rate: Their sampling rate in Hz.
        rate: The sampling rate of the results in Hz.
    """
    if source_rate == rate:
        yield from blocks
        return
    import soxr

    resampler = soxr.ResampleStream(source_rate, rate, 1, "float32", "HQ")
    received = sent = 0
    for block in blocks:
        received += len(block)
        part = resampler.resample_chunk(block)
        sent += len(part)
        if len(part):
            yield part
    left = int(np.ceil(received * (float(rate) / source_rate))) - sent
    rest = resampler.resample_chunk(np.zeros(0, np.float32), last=True)[:left]
    if left > 0:  # `resample` rounds the length up, soxr to the nearest
        yield np.pad(rest, (0, left - len(rest)))
