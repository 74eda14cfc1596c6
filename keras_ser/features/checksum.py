"""A checksum that NumPy and graph operations compute alike, at the speed of memory.

The n words w_i of 64 bits are mixed, so that each bit is among the lower half of a
word, and summed with odd multipliers:

    c = Σ_i a_⌊i/B⌋ k_(i mod B) (w_i ⊕ (w_i >> 32))  mod 2⁶⁴

with blocks of B words. Mixing is invertible, and so is the product with an odd number.
A change of one word therefore always changes the sum. Other changes go unnoticed with a
probability of at most 2⁻³³ each, as far as the multipliers are random.
"""

import functools

import numpy as np

BLOCK_WORDS = 2**17  # 1 MB; most utterances are shorter
HALF = 32  # bits
_GOLDEN = 0x9E3779B97F4A7C15
_ROUNDS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def checksum(words: np.ndarray) -> int:
    """Computes the checksum of 64-bit words.

    Args:
        words: uint64 `(words,)`.

    Returns:
        The checksum as a signed number of 64 bits, as TensorFlow computes it.
    """
    total, factors = np.uint64(0), multipliers(BLOCK_WORDS)
    starts = range(0, len(words), BLOCK_WORDS)
    with np.errstate(over="ignore"):  # sums and products are modulo 2⁶⁴
        for start, outer in zip(starts, block_multipliers(len(starts)), strict=True):
            block = words[start : start + BLOCK_WORDS]
            mixed = (block ^ (block >> np.uint64(HALF))) * factors[: len(block)]
            total = total + outer * mixed.sum(dtype=np.uint64)
    return int(total.astype(np.int64))


@functools.lru_cache(maxsize=2)
def multipliers(count: int, first: int = 0) -> np.ndarray:
    """Odd pseudo-random numbers, uint64 `(count,)`: the finalizer of SplitMix64."""
    places = np.arange(first + 1, first + count + 1, dtype=np.uint64)
    state = places * np.uint64(_GOLDEN)
    for shift, factor in _ROUNDS:
        state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
    found = (state ^ (state >> np.uint64(31))) | np.uint64(1)
    found.setflags(write=False)  # every call returns the same array
    return found


def block_multipliers(count: int) -> np.ndarray:
    """The multipliers of blocks, uint64 `(count,)`; the first one is 1."""
    rest = multipliers(max(count - 1, 0), BLOCK_WORDS)
    return np.concatenate([np.ones(1, np.uint64), rest])[:count]
