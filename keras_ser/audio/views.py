"""Parts of a file as streams of bytes, without a copy of it."""

import contextlib
import io
import mmap
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple


class Span(NamedTuple):
    """The bytes of a buffer from `first` up to `last`, which is not included."""

    data: bytes | memoryview | mmap.mmap
    first: int
    last: int


class View(io.RawIOBase):
    """A stream of bytes that reads several spans one after the other.

    Args:
        spans: The spans, none of them empty.
    """

    def __init__(self, spans: Sequence[Span]):
        self._spans = list(spans)
        self._starts = [0]
        for span in self._spans:
            self._starts.append(self._starts[-1] + span.last - span.first)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._position, self._starts[-1])[whence]
        if base + offset < 0:
            raise ValueError(f"Expected a position from 0. Received: {base + offset}.")
        self._position = base + offset
        return self._position

    def readinto(self, buffer) -> int:
        filled, wanted = 0, memoryview(buffer).cast("B")
        while filled < len(wanted) and self._position < self._starts[-1]:
            n = bisect_right(self._starts, self._position) - 1
            data, first, last = self._spans[n]
            at = first + self._position - self._starts[n]
            some = min(last - at, len(wanted) - filled)
            wanted[filled : filled + some] = data[at : at + some]
            filled, self._position = filled + some, self._position + some
        return filled


@contextlib.contextmanager
def mapped(stream: BinaryIO) -> Iterator[bytes | memoryview | mmap.mmap]:
    """Gives access to all bytes of a file, or of a `BytesIO`, as a buffer.

    A file is mapped into memory, so that only what is looked at is read. Some network
    disks cannot map files. There, the whole file is read.
    """
    if isinstance(stream, io.BytesIO):
        yield stream.getvalue()  # shares the memory
        return
    if os.fstat(stream.fileno()).st_size == 0:
        yield b""
        return
    try:
        data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError:  # an error of the disk itself is raised by `read`
        yield stream.read()
        return
    with data:
        yield data


def zeros_from(data, first: int) -> int:
    """The position of the first byte from `first` on that is not zero."""
    size = 4096
    for at in range(first, len(data), size):
        block = bytes(data[at : at + size])
        left = block.lstrip(b"\0")
        if left:
            return at + len(block) - len(left)
    return len(data)
