"""Entries are read and verified by graph operations as NumPy reads them."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser.data import decoding
from keras_ser.data.decoding import EntryReader
from keras_ser.features import entries
from keras_ser.features.checksum import block_multipliers, checksum, multipliers
from keras_ser.features.entries import Format


def write_all(folder, form, lengths, rng) -> list[str]:
    paths = [str(folder / f"{number:032x}{form.suffix}") for number in range(9)]
    for path, frames in zip(paths, lengths, strict=False):
        entries.write(path, rng.normal(size=(frames, form.dimensions)), form)
    return paths[: len(lengths)]


def reader(form, paths) -> EntryReader:
    return EntryReader(form, np.array(paths), [form.summary(path) for path in paths])


def read_in_graph(made, count) -> list[np.ndarray]:
    data = tf.data.Dataset.range(count).map(made.read, num_parallel_calls=2)
    return [each.numpy() for each in data]


@pytest.mark.parametrize("dtype", ["<f2", "<f4"])
@pytest.mark.parametrize("dimensions", [1, 3, 16, 1025])
@pytest.mark.parametrize("block", [7, 4096, decoding.BLOCK_WORDS])
def test_the_graph_reads_what_numpy_reads(
    tmp_path, rng, dtype, dimensions, block, monkeypatch
):
    """Also if an entry is longer than a block of the checksum."""
    for module in ("keras_ser.data.decoding", "keras_ser.features.checksum"):
        monkeypatch.setattr(f"{module}.BLOCK_WORDS", block)
    form = Format(dtype, dimensions)
    paths = write_all(tmp_path, form, (1, 2, 61), rng)
    found = read_in_graph(reader(form, paths), 3)
    for path, features in zip(paths, found, strict=True):
        assert features.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(features, form.read(path))


@given(values=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_the_graph_computes_the_checksum(values):
    made = EntryReader.__new__(EntryReader)
    made._blocks = 1
    made._factors = tf.constant(multipliers(len(values)).view(np.int64))
    made._outer = tf.constant(block_multipliers(1).view(np.int64))
    words = np.array(values, np.int64)
    assert made._checksum(tf.constant(words)).numpy() == checksum(words.view(np.uint64))


@given(place=st.integers(0, 10**6), change=st.integers(1, 255))
@settings(max_examples=30, deadline=None)
def test_any_byte_of_the_features_that_changes_in_training_is_found(
    tmp_path_factory, place, change
):
    form = Format("<f2", 5)
    paths = write_all(
        tmp_path_factory.mktemp("cache"), form, (3, 4), np.random.default_rng(0)
    )
    made = reader(form, paths)
    with open(paths[1], "r+b") as file:
        size = form.size(4) - form.header_bytes
        file.seek(form.header_bytes + place % size)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ change]))
    np.testing.assert_array_equal(made.read(0), form.read(paths[0]))
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"{paths[1]}.*--verify"):
        made.read(1)


@pytest.mark.parametrize("change", ["cut", "odd", "longer", "empty", "exchanged"])
def test_other_damage_in_training_names_the_file(tmp_path, rng, change):
    form = Format("<f4", 4)
    paths = write_all(tmp_path, form, (6, 6), rng)
    made = reader(form, paths)
    with open(paths[0], "rb") as file:
        content = file.read()
    with open(paths[1], "wb") as file:
        harms = {"cut": content[:-16], "odd": content[:-1], "longer": content + content}
        file.write({**harms, "empty": b"", "exchanged": content}[change])
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"{paths[1]}.*or delete"):
        read_in_graph(made, 2)


def test_there_may_be_no_entries():
    made = EntryReader(Format("<f2", 4), np.zeros((2, 0), str), [])
    assert made.form.dimensions == 4
