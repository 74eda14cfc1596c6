"""Files are complete or absent, whatever happens halfway."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ser.utils import files


def test_the_file_appears_under_its_name_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "folders" / "a.csv"
    with files.replacing(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
        assert temporary.suffix == ".csv"
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_crash_leaves_the_old_file_and_no_temporary(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(error), files.replacing(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_crash_before_the_first_write_creates_no_file(tmp_path):
    with pytest.raises(RuntimeError), files.replacing(tmp_path / "a.txt"):
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_a_block_that_wrote_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), files.replacing(tmp_path / "a.txt"):
        pass
    assert not list(tmp_path.iterdir())


def test_writers_with_the_same_process_number_do_not_meet(tmp_path):
    """As in two containers, which may also have the same host name."""
    path = tmp_path / "a.txt"
    with files.replacing(path) as first:
        first.write_text("first")
        with files.replacing(path) as second:
            assert second != first
            second.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def flushed(monkeypatch):
    """The names of what is flushed, and of what is renamed, in order."""
    found, opened, rename = [], {}, os.replace
    real_open, real_fsync = os.open, os.fsync

    def open_named(path, *arguments):
        descriptor = real_open(path, *arguments)
        opened[descriptor] = path
        return descriptor

    def fsync(descriptor):
        real_fsync(descriptor)
        found.append(("flush", Path(opened[descriptor]).name.partition("-")[2] or "."))

    def replace(one, other):
        rename(one, other)
        found.append(("rename", Path(other).name))

    monkeypatch.setattr(os, "open", open_named)
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    return found


@pytest.mark.skipif(os.name != "posix", reason="flushes no folder")
@pytest.mark.parametrize("flush_name", [True, False])
def test_the_content_reaches_the_disk_before_the_name(tmp_path, flushed, flush_name):
    with files.replacing(tmp_path / "a.txt", flush_name) as temporary:
        temporary.write_text("whole")
    expected = [("flush", "a.txt"), ("rename", "a.txt"), ("flush", ".")]
    assert flushed == expected[: 3 if flush_name else 2]


@pytest.mark.parametrize("code", ["EINVAL", "ENOTSUP", "EIO"])
def test_only_a_file_system_that_cannot_flush_folders_is_excused(
    tmp_path, monkeypatch, code
):
    def fsync(descriptor):
        raise OSError(getattr(errno, code), "no")

    monkeypatch.setattr(os, "fsync", fsync)
    if code == "EIO":
        with pytest.raises(OSError, match="no"):
            files.flush_names(tmp_path)
    else:
        files.flush_names(tmp_path)


def test_a_file_that_cannot_be_flushed_leaves_the_old_one(tmp_path, monkeypatch):
    path = files.write_text(tmp_path / "a.txt", "old")

    def fsync(descriptor):
        raise OSError(errno.EIO, "broken disk")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="broken disk"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_text_is_written_as_utf8(tmp_path):
    path = files.write_text(tmp_path / "a.txt", "Ärger → Wut")
    assert path == tmp_path / "a.txt"
    assert path.read_bytes().decode("utf-8") == "Ärger → Wut"


def test_equal_values_give_equal_bytes(tmp_path):
    one = files.write_json(tmp_path / "1.json", {"b": 1, "a": [2.5, None]})
    two = files.write_json(tmp_path / "2.json", {"a": [2.5, None], "b": 1})
    assert one.read_bytes() == two.read_bytes()
    assert one.read_text().endswith("}\n")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(value=values)
@settings(max_examples=30, deadline=None)
def test_json_round_trip(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "round.json"
    assert files.read_json(files.write_json(path, value)) == value


def test_a_value_that_json_cannot_hold_leaves_the_old_file(tmp_path):
    path = files.write_json(tmp_path / "a.json", [1])
    with pytest.raises(TypeError):
        files.write_json(path, {1, 2})
    assert files.read_json(path) == [1]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[1,]"])
def test_a_file_that_is_not_json_is_named_with_a_next_step(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        files.read_json(path)
    message = str(caught.value)
    assert message.startswith(f"Expected a JSON file. Received: {path} (")
    assert "Restore the file, or delete its folder" in message


def test_a_json_value_that_is_not_an_object_is_named(tmp_path):
    path = files.write_json(tmp_path / "a.json", [1])
    with pytest.raises(ValueError, match=r"a.json \(a list, not an object\)"):
        files.read_object(path)


@pytest.mark.parametrize(("length", "cut"), [(118, False), (119, True), (10**6, True)])
def test_the_repr_of_a_value_is_cut(length, cut):
    text = files.short_repr("x" * length)
    assert len(text) <= 120
    assert text.endswith("…") == cut


def test_an_absent_json_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="gone.json"):
        files.read_json(tmp_path / "gone.json")


@pytest.mark.parametrize("named", [True, False])
def test_an_error_of_the_system_names_the_file(tmp_path, named):
    """A write to a full disk raises an error without a path."""
    path = tmp_path / "a.txt"
    given = [errno.ENOSPC, "No space left", *(["other"] if named else [])]
    with pytest.raises(OSError) as caught, files.replacing(path):
        raise OSError(*given)
    assert caught.value.filename == ("other" if named else str(path))


def test_an_error_of_the_temporary_file_names_the_file(tmp_path):
    path = tmp_path / "a.txt"
    with pytest.raises(PermissionError) as caught, files.replacing(path) as temporary:
        raise PermissionError(errno.EACCES, "no", str(temporary))
    assert caught.value.filename == str(path)


def test_a_folder_is_no_file_to_write(tmp_path):
    for path, words in ((tmp_path, "which is a folder"), ("", "Received: ''")):
        with pytest.raises(ValueError, match=words):
            files.write_text(path, "x")
    assert not list(tmp_path.iterdir())
