"""Golomb-Rice codes: their bits, and that they can be read in pieces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser.features import rice

NUMBERS = st.lists(st.tuples(st.integers(0, 2**17), st.integers(0, 16)), max_size=60)


def test_the_bits_are_those_of_the_definition():
    values, bits = np.array([9, 0, 5], np.uint32), np.array([2, 1, 0], np.uint8)
    quotients, large, low = rice.encode(values, bits)
    assert np.unpackbits(np.frombuffer(quotients, np.uint8))[:10].tolist() == [
        *(0, 0, 1),  # 9 >> 2
        1,  # 0 >> 1
        *(0, 0, 0, 0, 0, 1),
    ]
    assert large == b""
    first = np.frombuffer(low, "<u2")[0]
    assert first == 0b01_0 << 13  # 9 in two bits, 0 in one


@settings(max_examples=50, deadline=None)
@given(NUMBERS, st.integers(1, 10))
def test_numbers_are_read_in_pieces(pairs, piece):
    values = np.array([value for value, _ in pairs], np.uint32)
    bits = np.array([each for _, each in pairs], np.uint8)
    decoder = rice.Decoder(*rice.encode(values, bits), len(values))
    found = [
        decoder.read(bits[first : first + piece])
        for first in range(0, len(values), piece)
    ]
    assert [int(each) for part in found for each in part] == values.tolist()


def test_chunks_join_at_any_bit(monkeypatch):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2**17, 500).astype(np.uint32)
    bits = rng.integers(0, 17, 500).astype(np.uint8)
    whole = rice.encode(values, bits)
    monkeypatch.setattr(rice, "CHUNK", 7)
    assert rice.encode(values, bits) == whole


def test_each_context_gets_the_shortest_codes():
    rng = np.random.default_rng(0)
    contexts = np.repeat([0, 2], 400)
    values = np.concatenate([rng.geometric(0.5, 400), rng.geometric(0.001, 400)])
    values = values.astype(np.uint32)
    chosen = rice.best_bits(values, contexts, 3)
    for context in (0, 2):
        own = values[contexts == context]
        lengths = [(np.minimum(own >> k, 24) + 1 + k).sum() for k in range(17)]
        assert lengths[chosen[context]] == min(lengths)


def test_streams_that_do_not_fit_are_rejected():
    values, bits = np.array([9, 900], np.uint32), np.array([2, 3], np.uint8)
    streams = rice.encode(values, bits)
    with pytest.raises(ValueError, match="2 quotients, not 3"):
        rice.Decoder(*streams, 3)
    with pytest.raises(ValueError, match="0 large quotients, not 1"):
        rice.Decoder(streams[0], b"", streams[2], 2)
    decoder = rice.Decoder(*streams[:2], b"\0\0", 2)
    with pytest.raises(ValueError, match="too few low bits"):
        decoder.read(bits)
