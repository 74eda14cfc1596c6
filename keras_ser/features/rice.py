"""Golomb-Rice codes of many whole numbers at once, by operations on arrays.

The code of a number z with the parameter k is its quotient z >> k in unary and the k
low bits of z. Quotients and low bits are separate streams. All quotients are decoded
at once; low bits are decoded as soon as their k are known, which may depend on numbers
that were decoded before.

Reference: Rice and Plaunt, "Adaptive variable-length coding for efficient compression
of spacecraft television data", 1971.
"""

import numpy as np

MAX_BITS = 16  # the largest k
MAX_QUOTIENT = 24  # of larger ones, this is in the unary stream
WORD_BITS = 16  # of the stream of low bits
CHUNK = 2**20  # numbers that are packed at a time
STREAMS = 3


def best_bits(values: np.ndarray, contexts: np.ndarray, size: int) -> np.ndarray:
    """Chooses the k of each context that makes its numbers shortest.

    Args:
        values: Numbers, uint32 `(numbers,)`.
        contexts: The context of each, `(numbers,)`.
        size: The number of contexts.

    Returns:
        The k of each context, uint8 `(size,)`.
    """
    costs = [
        np.bincount(
            contexts, np.minimum(values >> np.uint32(bits), MAX_QUOTIENT) + bits, size
        )
        for bits in range(MAX_BITS + 1)
    ]
    return np.argmin(costs, axis=0).astype(np.uint8)


def encode(values: np.ndarray, bits: np.ndarray) -> tuple[bytes, bytes, bytes]:
    """Encodes numbers.

    Args:
        values: Numbers, uint32 `(numbers,)`.
        bits: The k of each number, uint8 `(numbers,)`, at most 16.

    Returns:
        The streams that `Decoder` reads: quotients, large quotients and low bits.
    """
    quotients = values >> bits
    large = quotients[quotients >= MAX_QUOTIENT].astype("<u4")
    ends = np.cumsum(np.minimum(quotients, MAX_QUOTIENT) + 1, dtype=np.int64)
    unary = np.zeros(ends[-1] if len(ends) else 0, np.uint8)
    unary[ends - 1] = 1
    return np.packbits(unary).tobytes(), large.tobytes(), _pack(values, bits)


def _pack(values: np.ndarray, bits: np.ndarray) -> bytes:
    """Writes the low bits of numbers one after the other."""
    total = int(bits.sum(dtype=np.int64))
    words = np.zeros(total // WORD_BITS + 3, np.uint16)
    position = 0
    for first in range(0, len(values), CHUNK):
        chosen = slice(first, first + CHUNK)
        ends = position + np.cumsum(bits[chosen], dtype=np.int64)
        _add(words, values[chosen], bits[chosen], ends)
        position = int(ends[-1])
    return words.astype("<u2").tobytes()


def _add(words: np.ndarray, values, bits, ends) -> None:
    """Adds low bits to two neighbouring words each, of which no two overlap."""
    places, shifts = _places(bits, ends)
    low = (values & _masks(bits)) << shifts
    first = places[0]
    size = places[-1] - first + 1
    for offset, halves in enumerate((low >> np.uint32(16), low & np.uint32(0xFFFF))):
        sums = np.bincount(places - first, halves, size)  # exact: below 2 ** 53
        words[first + offset : first + offset + size] += sums.astype(np.uint16)


def _places(bits: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first word of each number, and the bits below it in its two words."""
    starts = ends - bits
    below = 2 * WORD_BITS - (starts & (WORD_BITS - 1)) - bits
    return starts // WORD_BITS, below.astype(np.uint32)


def _masks(bits: np.ndarray) -> np.ndarray:
    return (np.uint32(1) << bits) - np.uint32(1)


class Decoder:
    """Reads numbers in their order, in pieces of any length.

    Args:
        quotients, large, low: The streams from `encode`.
        count: The number of numbers.

    Raises:
        ValueError: If the streams do not hold as many numbers.
    """

    def __init__(self, quotients: bytes, large: bytes, low: bytes, count: int):
        unary = np.unpackbits(np.frombuffer(quotients, np.uint8))
        ends = np.flatnonzero(unary)
        if len(ends) != count:
            raise ValueError(f"{len(ends)} quotients, not {count}")
        self._quotients = (np.diff(ends, prepend=-1) - 1).astype(np.uint32)
        self._insert(np.frombuffer(large, "<u4"))
        self._words = np.frombuffer(low, "<u2").astype(np.uint32)
        self._first = self._position = 0

    def _insert(self, large: np.ndarray) -> None:
        """Puts large quotients in the place of those that stand for them."""
        which = np.flatnonzero(self._quotients >= MAX_QUOTIENT)
        if len(which) != len(large):
            raise ValueError(f"{len(large)} large quotients, not {len(which)}")
        self._quotients[which] = large

    def read(self, bits: np.ndarray) -> np.ndarray:
        """Returns the next numbers.

        Args:
            bits: The k of each number, uint8 `(numbers,)`.

        Returns:
            uint32 `(numbers,)`.

        Raises:
            ValueError: If the stream of low bits is too short.
        """
        ends = self._position + np.cumsum(bits, dtype=np.int64)
        places, shifts = _places(bits, ends)
        if places[-1] + 1 >= len(self._words):
            raise ValueError("too few low bits")
        pairs = self._words[places] << np.uint32(16) | self._words[places + 1]
        quotients = self._quotients[self._first : self._first + len(bits)]
        self._first, self._position = self._first + len(bits), int(ends[-1])
        return quotients << bits | (pairs >> shifts) & _masks(bits)
