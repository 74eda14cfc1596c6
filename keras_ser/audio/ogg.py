"""The recordings in an Ogg file, found from its pages.

Ogg files that are joined are a legal Ogg file (RFC 3533, chained streams), of which
libsndfile reads the first recording only. Bytes of zero after the last page, as taggers
leave them, look like a cut file to it.
"""

from typing import NamedTuple

from keras_ser.audio import views

_HEADER_BYTES = 27
_FIRST = 2  # the bit of a page that starts a stream


class Page(NamedTuple):
    """One page: its end in the file, the bits of its type, its stream and number."""

    end: int
    kind: int
    serial: int
    number: int


class Damaged(ValueError):
    """An Ogg file lacks bytes. Its text says which, a noun phrase."""


def find_links(data) -> list[tuple[int, int]]:
    """Finds the recordings of a file as the positions of their first and last bytes.

    Raises:
        Damaged: A page is missing or cut, or something else follows the last page.
    """
    links, at, starting = [], 0, False
    numbers: dict[int, int] = {}
    while at < len(data):
        if data[at : at + 4] != b"OggS":
            if views.zeros_from(data, at) == len(data) or _is_tag(data, at):
                break
            raise Damaged(f"other bytes after byte {at}")
        page = _page(data, at)
        begins = bool(page.kind & _FIRST)
        if not links or (begins and not starting):
            links.append((at, page.end))
            numbers.clear()
        if page.number != numbers.get(page.serial, page.number):
            raise Damaged(f"a page missing before byte {at}")
        numbers[page.serial] = page.number + 1
        links[-1], starting = (links[-1][0], page.end), begins
        at = page.end
    return links


def _page(data, at: int) -> Page:
    head = bytes(data[at : at + _HEADER_BYTES])
    lacing = bytes(
        data[at + _HEADER_BYTES : at + _HEADER_BYTES + (head[26:] or b"\0")[0]]
    )
    end = at + _HEADER_BYTES + len(lacing) + sum(lacing)
    if len(head) < _HEADER_BYTES or len(lacing) < head[26] or end > len(data):
        raise Damaged(f"a page that ends after {len(data) - at} bytes")
    serial, number = (int.from_bytes(head[n : n + 4], "little") for n in (14, 18))
    return Page(end, head[5], serial, number)


def _is_tag(data, at: int) -> bool:
    return data[at : at + 3] in (b"TAG", b"ID3") or data[at : at + 8] == b"APETAGEX"
