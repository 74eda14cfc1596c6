"""Uncompressed containers whose header was never finished.

A recorder writes a header with a length of 0, and corrects it at the end. If it is
stopped hard, the length stays 0 or what it was at the last correction, and libsndfile
reads nothing or a part. Each function here returns where the sound is and how long the
header says it is, so that `mended` can correct the header.
"""

import math
import re
import struct
from typing import NamedTuple

from keras_ser.audio import views

SLACK_BYTES = 128  # bytes; some writers count the header as data
_UNKNOWN = 0x7FFFF000  # bytes; streams write this or more for "unknown"
_MIN_UNCLAIMED_BYTES = 1024  # less than that after the sound is no lost recording
_MAX_CHUNKS = 1000
_NIST_FIELDS = (b"sample_count", b"channel_count", b"sample_n_bytes")


class Claim(NamedTuple):
    """Where sound starts in a file, how long it should be, and how that is written.

    Args:
        first: Position of the first byte of sound.
        size: The number of bytes of sound that the header states; None for unknown.
        at: Position of that number in the header.
        form: Format of that number for `struct`.
        more: What the number counts beyond the sound, in bytes.
        chunks: Format of a following chunk's size, or empty if none may follow.
        unknown_is_read: Whether libsndfile understands an unknown size.
    """

    first: int
    size: int | None
    at: int
    form: str
    more: int = 0
    chunks: str = ""
    unknown_is_read: bool = True

    @property
    def most(self) -> int:
        """The largest size that the number can hold, which stands for unknown."""
        return 2 ** (32 if self.form == "<I" or self.form == ">I" else 63) - 1


class Unfinished(ValueError):
    """The header states a part of the sound. Its text says how much, a noun phrase."""


class Cut(ValueError):
    """The file lacks sound that the header states: what it promises, what it holds."""


def mended(data) -> views.View | None:
    """The file with a header that states all of its sound, or None if it does.

    Raises:
        Unfinished: The header states a part of the sound.
        Cut: The file lacks sound that the header states.
    """
    claim = find_claim(data)
    if claim is None or (claim.size is None and claim.unknown_is_read):
        return None
    last = claim.first + (claim.size or 0)
    if last > len(data) + SLACK_BYTES:
        raise Cut(f"{claim.size} bytes", f"{max(0, len(data) - claim.first)}")
    if last >= len(data) or _is_explained(data, last, claim):
        return None
    left = len(data) - last
    if claim.size:
        raise Unfinished(f"{claim.size} bytes of sound, and {left} more bytes after it")
    number = struct.pack(claim.form, min(left + claim.more, claim.most))
    head = bytes(data[: claim.at]) + number
    head += bytes(data[len(head) : claim.first])
    spans = [views.Span(head, 0, len(head)), views.Span(data, claim.first, len(data))]
    return views.View(spans)


def find_claim(data) -> Claim | None:
    """What the header of a file states; None for other formats."""
    kind = bytes(data[:4])
    if kind in (b"RIFF", b"RF64") and data[8:12] == b"WAVE":
        return _riff(data)
    if kind == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        return _aiff(data)
    if kind == b".snd" and len(data) >= 24:
        first, size = struct.unpack(">II", data[4:12])
        return Claim(first, None if size >= _UNKNOWN else size, 8, ">I")
    if kind == b"caff":
        return _caf(data)
    return _nist(data) if kind == b"NIST" else None


def _riff(data) -> Claim | None:
    size_at = 0
    for name, at, size in _chunks(data, 12, "<I"):
        if name == b"ds64":
            size_at = at + 8
        if name == b"data" and size_at and size >= _UNKNOWN:
            size = struct.unpack("<q", data[size_at : size_at + 8])[0]
            known = size if 0 <= size < 2**62 else None
            return Claim(at, known, size_at, "<q", 0, "<I", False)
        if name == b"data":
            return Claim(at, None if size >= _UNKNOWN else size, at - 4, "<I", 0, "<I")
    return None


def _aiff(data) -> Claim | None:
    for name, at, size in _chunks(data, 12, ">I"):
        if name == b"SSND":  # the first 8 bytes are an offset and a block size
            known = None if size < 8 or size >= _UNKNOWN else size - 8
            return Claim(at + 8, known, at - 4, ">I", 8, ">I")
    return None


def _caf(data) -> Claim | None:
    for name, at, size in _chunks(data, 8, ">q"):
        if name == b"data":  # the first 4 bytes count edits; -1 stands for unknown
            known = None if size < 0 else max(size - 4, 0)
            return Claim(at + 4, known, at - 8, ">q", 4, ">q", False)
    return None


def _nist(data) -> Claim | None:
    """The claim of a NIST SPHERE file, whose sound libsndfile reads to the end."""
    head = bytes(data[:1024])
    found = [re.search(rb"^%b -i (\d+)" % field, head, re.M) for field in _NIST_FIELDS]
    first = re.match(rb"NIST_1A\n\s*(\d+)", head)
    coding = re.search(rb"^sample_coding -s\d+ (\S+)", head, re.M)
    if not all(found) or not first or (coding and coding[1] not in (b"pcm", b"ulaw")):
        return None
    size = math.prod(int(each[1]) for each in found if each)
    return Claim(int(first[1]), size or None, 0, "")


def _chunks(data, at: int, form: str):
    """Yields the name, the position of the content and the size of each chunk."""
    width = 4 + struct.calcsize(form)
    for _ in range(_MAX_CHUNKS):
        head = bytes(data[at : at + width])
        if len(head) < width:
            return
        size = struct.unpack(form, head[4:])[0]
        yield head[:4], at + width, size
        if size < 0:
            return
        at += width + size + (size % 2 if form != ">q" else 0)


def _is_explained(data, last: int, claim: Claim) -> bool:
    """Whether what follows the sound is padding, a tag, whole chunks or very little."""
    after = views.zeros_from(data, last)
    if after == len(data) or (claim.size and len(data) - after < _MIN_UNCLAIMED_BYTES):
        return True
    if data[after : after + 3] in (b"ID3", b"TAG", b"APE"):
        return True
    starts = {last, last + last % 2}  # not all writers pad an odd number of bytes
    return bool(claim.chunks) and any(
        _are_chunks(data, start, claim.chunks) for start in starts
    )


def _are_chunks(data, at: int, form: str) -> bool:
    """Whether chunks with readable names fill the file from here to its end."""
    for name, first, size in _chunks(data, at, form):
        if views.zeros_from(data, at) == len(data):
            return True
        readable = all(32 <= byte < 127 for byte in name)
        if not readable or not 0 <= size <= len(data) + 1 - first:
            return False
        at = first + size
    return at >= len(data) - 8
