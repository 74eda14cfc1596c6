"""The checksum, compared with its equation in whole numbers of any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser.features import checksum as module
from keras_ser.features.checksum import (
    BLOCK_WORDS,
    block_multipliers,
    checksum,
    multipliers,
)

words = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=40)


def by_equation(values, block):
    """The equation of the module, with Python's whole numbers."""
    inner = multipliers(BLOCK_WORDS).tolist()
    outer = block_multipliers(-(-len(values) // block)).tolist()
    total = sum(
        outer[place // block] * inner[place % block] * (value ^ (value >> 32))
        for place, value in enumerate(values)
    )
    return (total + 2**63) % 2**64 - 2**63  # signed


@given(values=words, block=st.sampled_from([3, 8, BLOCK_WORDS]))
@settings(max_examples=50, deadline=None)
def test_the_checksum_is_that_of_the_equation(values, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_WORDS", block)
        assert checksum(np.array(values, np.uint64)) == by_equation(values, block)


@given(values=words, place=st.integers(0, 39), change=st.integers(1, 2**64 - 1))
@settings(max_examples=50, deadline=None)
def test_a_change_of_one_word_always_changes_the_checksum(values, place, change):
    before = np.array(values, np.uint64)
    after = before.copy()
    after[place % len(values)] ^= np.uint64(change)
    assert checksum(after) != checksum(before)


def test_the_order_of_words_and_of_blocks_counts(rng):
    values = rng.integers(0, 2**64, 3 * BLOCK_WORDS, np.uint64)
    first, second, third = values.reshape(3, -1)
    found = {
        checksum(np.concatenate(order))
        for order in ([first, second, third], [second, first, third])
    }
    values[[5, 9]] = values[[9, 5]]
    assert len(found | {checksum(values)}) == 3


def test_sign_bits_that_change_in_pairs_are_noticed():
    """Without mixing, the highest bits of two words would cancel out."""
    values = np.zeros(64, np.uint64)
    found = {checksum(values)}
    for place in range(63):
        pair = values.copy()
        pair[[place, 63]] = np.uint64(2**63)
        found.add(checksum(pair))
    assert len(found) == 64


def test_multipliers_are_odd_different_and_fixed():
    numbers = multipliers(BLOCK_WORDS)
    assert (numbers % 2 == 1).all()
    assert len(np.unique(numbers)) == BLOCK_WORDS
    assert numbers[:2].tolist() == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F5]
    assert block_multipliers(0).size == 0
    assert block_multipliers(3)[0] == 1
