"""The bytes of an audio file: opening them, and telling whether they have changed."""

import contextlib
import functools
import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from keras_ser.audio import placeholders

MAX_BYTES_AT_ONCE = 64 * 2**20  # bytes; larger files are read in place


def digest(path: str | Path) -> str:
    """A hash of a file's content: 128 bits of BLAKE2b over its bytes."""
    with open_bytes(path) as stream:
        return _digest(stream)


@contextlib.contextmanager
def open_bytes(path: str | Path) -> Iterator[BinaryIO]:
    """Opens a file as a stream of bytes; errors of the system name the file.

    Raises:
        FileNotFoundError: The file does not exist or is not a regular file.
        ValueError: The system does not let it be read.
    """
    _check_is_file(path)
    try:
        with open(path, "rb") as stream:
            yield stream
    except OSError as error:
        raise ValueError(
            f"Expected a file that can be read. Received: {path} "
            f"({error.strerror or error}). Check its permissions and its disk."
        ) from error


def load_verified(stream: BinaryIO, path: str | Path, digest: str) -> BinaryIO:
    """Returns the stream, or its bytes in memory, if they have this digest.

    Args:
        stream: The opened file.
        path: Its path, for messages and to recognise it.
        digest: The expected value of `digest`. Empty text accepts any content.

    Raises:
        ValueError: The digest differs.
    """
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


def _digest(stream) -> str:
    return hashlib.file_digest(
        stream, lambda: hashlib.blake2b(digest_size=16)
    ).hexdigest()


@functools.lru_cache(maxsize=64)
def _digest_of_version(path: str, size: int, changed: int) -> str:
    """The digest of a large file, computed once for all of its segments."""
    return digest(path)


def _check_is_file(path) -> None:
    if not os.path.isfile(path):
        state = "is not a regular file" if os.path.exists(path) else "does not exist"
        state = "is a folder" if os.path.isdir(path) else state
        advice = "Check the path, or the folder given for the corpus."
        raise FileNotFoundError(
            f"Expected an audio file. Received: {path}, which {state}. "
            f"{placeholders.explain(path) or advice}"
        )
