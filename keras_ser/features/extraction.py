"""Features of one file or of a segment of it, computed while it is read."""

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from keras_ser import audio
from keras_ser.features.contract import (
    BadFrontEnd,
    FrontEnd,
    looks_up,
    stored_type,
)

IDENTITY = audio.Speed(1.0)
BLOCK_SECONDS = 10.0  # of audio that is read at a time


class BadAudio(ValueError):
    """A fault of the audio, as opposed to a fault of a setting."""


def extract(
    front_end: FrontEnd,
    file: str | Path,
    start: float | None = None,
    end: float | None = None,
    transform: Callable[[np.ndarray], np.ndarray] = IDENTITY,
    digest: str = "",
) -> np.ndarray:
    """Computes the features of a file or of a segment of it.

    A front-end with a method `blocks` (see `features.contract`) gets the audio in
    blocks while it is read. Any other front-end gets the whole waveform, and so does a
    `transform`. Their memory grows by 230 MB per hour of audio.

    Args:
        front_end: The front-end, see `features.contract`.
        file, start, end, digest: See `audio.read`.
        transform: The waveform transform that is applied before the front-end.

    Returns:
        float32 array of shape `(frames, dimensions)`.

    Raises:
        FileNotFoundError: The file does not exist.
        BadFrontEnd: A setting or a file of the front-end is wrong.
        ValueError: The audio cannot be used (see `audio.read`), `transform` leaves
            no sample of it, or its features are not finite.
    """
    if looks_up(front_end):
        return _looked_up(front_end, file, start, end, transform)
    sound = _Sound(
        file,
        audio.stream(file, start, end, digest=digest, block_seconds=BLOCK_SECONDS),
    )
    return _join(_checked(front_end, sound, transform, np.float32))


def _looked_up(front_end, file, start, end, transform) -> np.ndarray:
    """The features that a front-end looks up, float32 `(frames, dimensions)`."""
    found = np.asarray(front_end.of_segment(file, start, end, transform), np.float32)
    if not np.isfinite(found).all():
        raise BadAudio(
            f"Expected finite features of {file}. Received: "
            f"{np.sum(~np.isfinite(found))} values that are not finite. Compute the "
            "features of this file again."
        )
    return found


class StoredBlocks:
    """Blocks of a file's features, computed while the file is read.

    They have the type in which the cache stores features. Of a front-end without a
    method `blocks`, there is one block.

    Args:
        front_end: As for `extract`.
        file: As for `extract`.

    Raises:
        FileNotFoundError, ValueError: As for `extract`, while it is iterated over. Use
            nothing of what was computed before the iterator has ended.

    Example:

    >>> blocks = StoredBlocks(LogMel(), "interview.wav")
    >>> frames, seconds = sum(map(len, blocks)), blocks.seconds
    """

    def __init__(self, front_end: FrontEnd, file: str | Path):
        self._front_end = front_end
        self._sound = _Sound(file, audio.stream(file, block_seconds=BLOCK_SECONDS))

    @property
    def seconds(self) -> float:
        """The seconds of audio that have been read so far."""
        return self._sound.samples / audio.RATE

    def __iter__(self) -> Iterator[np.ndarray]:
        dtype = stored_type(self._front_end)
        if looks_up(self._front_end):
            return self._looked_up(dtype)
        return _checked(self._front_end, self._sound, IDENTITY, dtype)

    def _looked_up(self, dtype: str) -> Iterator[np.ndarray]:
        file, whole = self._sound.file, math.nan
        found = _looked_up(self._front_end, file, whole, whole, IDENTITY)
        self._sound.samples = round(audio.duration(file) * audio.RATE)
        yield found.astype(dtype)

    def joined(self) -> np.ndarray:
        """All blocks as one array.

        A `LogMel` with 128 bands and 100 frames per second needs 92 MB per hour.
        """
        return _join(iter(self))


class _Sound:
    """Blocks of a file's waveform, and what is known of them once they are read.

    Args:
        file: The path of the file, for messages.
        blocks: The blocks, which are read once.
    """

    def __init__(self, file: str | Path, blocks: Iterable[np.ndarray]):
        self.file = file
        self._blocks = blocks
        self.samples, self.peak = 0, 0.0

    def __iter__(self) -> Iterator[np.ndarray]:
        for block in self._blocks:
            self.samples += len(block)
            self.peak = max(self.peak, float(np.abs(block).max(initial=0.0)))
            yield block


def _feature_blocks(front_end, sound: _Sound, transform) -> Iterator[np.ndarray]:
    """The features in several blocks or, if need be, in a single one."""
    if transform == IDENTITY and hasattr(front_end, "blocks"):
        with _blame_audio():
            yield from front_end.blocks(sound)
        return
    with _blame_audio():
        wave = np.concatenate(list(sound))
    wave = transform(wave)
    if len(wave) == 0:
        raise BadAudio(
            f"Expected speech. Received: {sound.file}, which has no samples left after "
            f"the transform {transform.key}. Remove the file from the corpus."
        )
    sound.peak = float(np.abs(wave).max())
    with _blame_audio():
        yield _features_of(front_end, wave)


def _features_of(front_end, wave: np.ndarray) -> np.ndarray:
    try:
        return front_end(wave)
    except FileNotFoundError as error:  # not the audio, which has been read
        raise BadFrontEnd(str(error)) from error


def _checked(front_end, sound: _Sound, transform, dtype) -> Iterator[np.ndarray]:
    """Blocks of finite features in a type."""
    blocks = _feature_blocks(front_end, sound, transform)
    while True:
        with np.errstate(all="ignore"):  # huge samples are rejected instead
            block = next(blocks, None)
            if block is None:
                return
            found = np.array(block, dtype, order="C")
        _check_finite(found, block, sound)
        yield found


def _join(blocks: Iterator[np.ndarray]) -> np.ndarray:
    """One array, which grows in place: there is no second copy of the features."""
    values = next(blocks)
    for block in blocks:
        count = len(values)
        values.resize((count + len(block), values.shape[1]), refcheck=False)
        values[count:] = block
    return values


def _check_finite(found: np.ndarray, block: np.ndarray, sound: _Sound) -> None:
    if np.isfinite(found).all():
        return
    if np.isfinite(block).all():
        raise BadAudio(
            f"Expected features that fit into {found.dtype.name}, in which they are "
            f"stored. Received: {sound.file}, with a feature of "
            f"{np.abs(block).max():g}. Give the front-end `dtype = '<f4'`."
        )
    raise BadAudio(
        f"Expected samples within about ±1. Received: {sound.file} with a sample of "
        f"{sound.peak:g}, which makes its features not finite. Export the file again "
        "from its source."
    )


@contextlib.contextmanager
def _blame_audio():
    """Turns a ValueError into `BadAudio`, unless the front-end is to blame."""
    try:
        yield
    except BadFrontEnd:
        raise
    except ValueError as error:
        raise BadAudio(str(error)) from error
