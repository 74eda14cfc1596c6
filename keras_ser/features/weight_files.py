"""Files of pre-trained front-ends: where they are, and whether they are the same."""

import functools
import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from keras_ser.features.contract import BadFrontEnd

BLOCK = 2**20  # bytes
SHA256 = re.compile("[0-9a-f]{64}")


def sha256_of(paths: Iterable[str | Path]) -> str:
    """The SHA-256 of one file, or that of the names and the SHA-256 of several.

    Args:
        paths: The files. They are read once per process while they stay as they are.

    Returns:
        64 hexadecimal digits.

    Raises:
        FileNotFoundError: A file does not exist.
    """
    files = [Path(path) for path in paths]
    digests = [_sha256(str(path), _state(path)) for path in files]
    if len(files) == 1:
        return digests[0]
    names = sorted(zip((path.name for path in files), digests, strict=True))
    return hashlib.sha256(repr(names).encode()).hexdigest()


def check_sha256(name: str, expected: str, found: str, where: str | Path) -> None:
    """Raises BadFrontEnd if weights are not those that are asked for.

    Args:
        name: The name of the front-end.
        expected: The SHA-256 that was given; empty if any weights will do.
        found: That of the files.
        where: The file or folder, for the message.
    """
    if not isinstance(expected, str) or (expected and not SHA256.fullmatch(expected)):
        raise BadFrontEnd(
            f"`sha256` of `{name}` must have 64 hexadecimal digits, or be empty for "
            f"whatever weights there are. Received: {expected!r:.80}."
        )
    if expected and expected != found:
        raise BadFrontEnd(
            f"`{name}` needs the weights with the SHA-256 {expected}. Received: "
            f"{where} with {found}. Give the files with which the model was trained."
        )


def _state(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns


@functools.lru_cache(maxsize=2**16)  # stored features have a file per utterance
def _sha256(path: str, state: tuple[int, int]) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
