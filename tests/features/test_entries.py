"""Entries of the feature cache: whatever is not what was written is found."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser.features import entries
from keras_ser.features.entries import DamagedEntry, Format
from keras_ser.features.moments import sums

NAMES = ("0" * 32, "f" * 32)


@pytest.fixture(params=["<f2", "<f4"])
def form(request):
    return Format(request.param, 5)


@pytest.fixture
def written(tmp_path, form, rng):
    """The paths of two entries, with the features of each."""
    features = [rng.normal(size=(frames, 5)).astype(form.dtype) for frames in (7, 7)]
    paths = [tmp_path / f"{name}{form.suffix}" for name in NAMES]
    for path, values in zip(paths, features, strict=True):
        entries.write(path, values, form)
    return paths, features


@pytest.mark.parametrize("dtype", ["<f2", "<f4"])
@pytest.mark.parametrize("dimensions", [1, 3, 16, 1025])
@pytest.mark.parametrize("frames", [1, 2, 250])
def test_what_is_written_is_read(tmp_path, rng, dtype, dimensions, frames):
    form = Format(dtype, dimensions)
    path = tmp_path / f"{NAMES[0]}{form.suffix}"
    features = rng.normal(size=(frames, dimensions)).astype(dtype)
    entries.write(path, features, form)
    found = form.read(path)
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found, features)
    size = path.stat().st_size
    assert form.summary(path)[::2] == (frames, size) == (frames, form.size(frames))
    for one, other in zip(form.sums(path), sums(features), strict=True):
        np.testing.assert_array_equal(one, other)


def test_features_of_any_layout_have_the_same_entry_and_sums(tmp_path, form, rng):
    features = rng.normal(size=(300, 5)).astype(np.float32)
    path = tmp_path / NAMES[0]
    one = form.encode(path, features)
    assert form.encode(path, np.asfortranarray(features)) == one
    assert form.encode(path, np.repeat(features, 2, axis=0)[::2]) == one


def check_damaged(form, path, *others):
    """Reading rejects an entry, and so do `others`, which read its header."""
    for read in (form.read, *others):
        with pytest.raises(DamagedEntry, match="CONFIG --verify.*or delete the file"):
            read(path)


@given(place=st.integers(0, 10**6), change=st.integers(1, 255), data=st.data())
@settings(max_examples=50, deadline=None)
def test_any_changed_byte_is_found(tmp_path_factory, place, change, data):
    form = Format(data.draw(st.sampled_from(["<f2", "<f4"])), 5)
    path = tmp_path_factory.mktemp("one") / f"{NAMES[0]}{form.suffix}"
    entries.write(path, np.arange(35).reshape(7, 5), form)
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= change
    path.write_bytes(content)
    in_header = place % len(content) < form.header_bytes
    check_damaged(form, path, *[form.summary, form.sums][: 2 * in_header])


@given(size=st.integers(0, 10**6), more=st.binary(min_size=1, max_size=40))
@settings(max_examples=50, deadline=None)
def test_any_cut_and_any_extension_is_found(tmp_path_factory, size, more):
    form = Format("<f2", 5)
    path = tmp_path_factory.mktemp("one") / f"{NAMES[0]}.f16"
    content = form.encode(path, np.arange(35).reshape(7, 5))
    for changed in (content[: size % len(content)], content + more):
        path.write_bytes(changed)
        check_damaged(form, path, form.summary)


def test_an_exchanged_entry_is_found_by_its_header(written, form):
    (one, other), _ = written
    shutil.copy(one, other)
    for read in (form.read, form.summary, form.sums):
        with pytest.raises(DamagedEntry, match="another utterance"):
            read(other)
    assert form.read(one).shape == (7, 5)


def test_an_entry_with_another_utterances_features_is_found(written, form):
    """The header is right, and so is the size."""
    (one, other), _ = written
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(first[: form.header_bytes] + second[form.header_bytes :])
    check_damaged(form, one)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (("<f4", 5), "type 'f2' with 5 dimensions, not 'f4' with 5"),
        (("<f2", 6), "type 'f2' with 5 dimensions, not 'f2' with 6"),
    ],
)
def test_entries_of_another_type_or_size_are_rejected(tmp_path, other, reason):
    path = tmp_path / NAMES[0]
    entries.write(path, np.ones((99, 5)), Format("<f2", 5))
    with pytest.raises(DamagedEntry, match=reason):
        Format(*other).read(path)


@pytest.mark.parametrize("version", [0, 2])
def test_another_version_is_rejected(tmp_path, form, version, monkeypatch):
    path = tmp_path / NAMES[0]
    with monkeypatch.context() as patch:
        patch.setattr(entries, "VERSION", version)
        entries.write(path, np.ones((3, 5)), form)
    with pytest.raises(DamagedEntry, match="another format"):
        form.read(path)


def test_a_header_is_read_again_only_if_its_file_has_changed(
    written, form, monkeypatch
):
    (path, _), _ = written
    first = form.summary(path)
    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", None)
        assert form.summary(path) == first
    entries.write(path, np.ones((9, 5)), form)
    assert form.summary(path).frames == 9
    path.unlink()
    with pytest.raises(FileNotFoundError):
        form.summary(path)


@pytest.mark.parametrize("value", [7e4, -1e30, np.inf, np.nan])
def test_values_that_the_type_cannot_hold_are_rejected(tmp_path, value):
    path = tmp_path / NAMES[0]
    with pytest.raises(ValueError, match="finite in the type '<f2'.*`dtype = '<f4'`"):
        entries.write(path, np.full((3, 5), value), Format("<f2", 5))
    assert not list(tmp_path.iterdir())
    if np.isfinite(value):
        entries.write(path, np.full((3, 5), value), Format("<f4", 5))


@pytest.mark.parametrize("shape", [(0, 5), (3, 4), (5,), (1, 3, 5)])
def test_features_of_another_shape_are_rejected(tmp_path, form, shape):
    with pytest.raises(ValueError, match=r"one or more frames .* Received: the shape"):
        entries.write(tmp_path / NAMES[0], np.ones(shape), form)


@pytest.mark.parametrize(
    ("dtype", "dimensions"),
    [("<f8", 5), (">f2", 5), (np.float32, 5), (None, 5), ("<f2", 0), ("<f2", 2.0)],
)
def test_other_formats_are_rejected(dtype, dimensions):
    with pytest.raises(ValueError, match="needs the `dtype` <f2 or <f4"):
        Format(dtype, dimensions)


def test_a_file_with_another_name_is_no_entry(tmp_path, form):
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        form.encode(tmp_path / "short.f16", np.ones((3, 5)))


def test_entries_need_neither_tensorflow_nor_librosa():
    script = (
        "import sys; import keras_ser.features.entries;"
        "print({'tensorflow', 'keras', 'librosa'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", script]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.strip() == "set()"
