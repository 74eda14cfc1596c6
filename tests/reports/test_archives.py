"""Archives are read like folders, and what is no archive of runs is rejected."""

import re
import shutil
import stat
import zipfile

import pandas as pd
import pytest
from toy_runs import report_text

from keras_ser import reports
from keras_ser.reports import archives
from keras_ser.reports.archives import MIN_BYTES, default_folder, locate, open_archive
from keras_ser.reports.reading import read_runs


@pytest.fixture
def archive(finished_runs, tmp_path):
    """The archive of `finished_runs`, which a test may change."""
    (path,) = reports.pack(finished_runs, tmp_path / "packed")
    return path


def with_member(path, name, content=b"{}", **changes):
    """Adds a member to an archive."""
    member = zipfile.ZipInfo(name)
    for key, value in changes.items():
        setattr(member, key, value)
    with zipfile.ZipFile(path, "a") as opened:
        opened.writestr(member, content)
    return path


def test_every_reader_takes_an_archive(archive, finished_runs, table, text, tmp_path):
    pd.testing.assert_frame_equal(reports.read(archive), table)
    pd.testing.assert_frame_equal(reports.read([str(archive)]), table)
    assert report_text(archive, tmp_path / "out") == text
    assert reports.shared_speakers(archive) == reports.shared_speakers(finished_runs)
    found, expected = map(reports.by_test_set, (archive, finished_runs))
    pd.testing.assert_frame_equal(found["emodb"], expected["emodb"])


def test_a_part_of_an_archive_is_named_like_a_folder(archive, table, tmp_path):
    part = reports.read([archive / "mtl", archive / "baseline/03-0"])
    assert set(part["system"]) == {"mtl", "baseline"} and len(part) == 6 * 12 + 12
    found = read_runs(archive / "mtl")
    assert len(found) == 6
    again = read_runs([str(run.folder) for run in found])  # as messages print them
    assert [run.identity for run in again] == [run.identity for run in found]
    both = reports.read([archive, archive / "mtl", archive])
    pd.testing.assert_frame_equal(both, table)


def test_an_archive_and_its_folder_hold_the_same_runs_twice(archive, finished_runs):
    with pytest.raises(ValueError, match="144 repeated predictions"):
        reports.read([archive, finished_runs])


def test_one_archive_under_two_names_is_read_once(archive, table, tmp_path):
    link = tmp_path / "link.zip"
    link.symlink_to(archive)
    pd.testing.assert_frame_equal(reports.read([archive, link]), table)


def test_archives_within_folders_are_not_read(archive, tmp_path):
    with pytest.raises(FileNotFoundError, match="Archives are read only where they"):
        reports.read(archive.parent)
    assert locate(archive.parent) == archive.parent


@pytest.mark.parametrize("name", ["nowhere.zip", "packed/toy.zip/nobody", "plain.txt"])
def test_what_is_not_there_is_rejected(name, archive, tmp_path):
    (tmp_path / "plain.txt").write_text("no runs")
    with pytest.raises(FileNotFoundError, match="neither. Pass the folder"):
        reports.read(tmp_path / name)


def test_a_file_that_is_missing_is_named_with_its_archive(archive, tmp_path):
    unpacked = tmp_path / "unpacked"
    shutil.unpack_archive(archive, unpacked)
    (unpacked / "mtl/03-0/metrics.json").unlink()
    changed = shutil.make_archive(str(tmp_path / "changed"), "zip", unpacked)
    words = r"must hold metrics.json.*changed.zip/mtl/03-0.*pack its runs again"
    with pytest.raises(FileNotFoundError, match=words):
        reports.write(changed, tmp_path / "out")
    with pytest.raises(FileNotFoundError, match=words):
        reports.pack(changed, tmp_path / "out")
    assert len(reports.read(changed)) == 144


@pytest.mark.parametrize("content", [b"", b"no zip file", b"PK\x05\x06" + b"\0" * 9])
def test_what_is_no_zip_file_is_rejected(content, tmp_path):
    path = tmp_path / "toy.zip"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="undamaged content of a zip.*toy.zip. Rest"):
        reports.read(path)


def test_a_cut_archive_is_rejected(archive):
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(ValueError, match="undamaged content of a zip file"):
        reports.read(archive)


def test_a_damaged_member_is_named(archive):
    with zipfile.ZipFile(archive) as opened:
        member = opened.getinfo("mtl/03-0/predictions.csv")
    content = bytearray(archive.read_bytes())
    start = member.header_offset + 30 + len(member.filename)
    content[start + member.compress_size // 2] ^= 0xFF
    archive.write_bytes(bytes(content))
    words = "toy.zip/mtl/03-0/predictions.csv must hold an undamaged file"
    with pytest.raises(ValueError, match=words):
        reports.read(archive)
    assert len(reports.read(archive / "baseline")) == 72


@pytest.mark.parametrize(
    "name",
    [
        "/etc/03-0/config.json",
        "../mtl/03-0/config.json",
        "mtl/../../config.json",
        "mtl/./config.json",
        "mtl//config.json",
        "mtl\\03-0\\config.json",
    ],
)
def test_unsafe_names_are_rejected(name, archive):
    with_member(archive, name)
    words = f"names of the form <system>.*Received: {re.escape(repr(name))}"
    with pytest.raises(ValueError, match=words):
        reports.read(archive)


def test_links_and_encrypted_files_are_rejected(archive, tmp_path):
    copy = shutil.copy(archive, tmp_path / "encrypted.zip")
    mode = (stat.S_IFLNK | 0o777) << 16
    with_member(archive, "mtl/04-0/config.json", b"../03-0", external_attr=mode)
    with pytest.raises(ValueError, match="neither links nor encrypted"):
        reports.read(archive)
    content = bytearray(copy.read_bytes())
    first = content.index(b"PK\x01\x02")  # the flags of the first entry
    content[first + 8] |= 1
    copy.write_bytes(bytes(content))
    with pytest.raises(ValueError, match="neither links nor encrypted"):
        reports.read(copy)


def test_a_name_that_occurs_twice_is_rejected(archive):
    with pytest.warns(UserWarning, match="Duplicate name"):
        with_member(archive, "mtl/03-0/config.json")
    with pytest.raises(ValueError, match="a name that occurs twice"):
        reports.read(archive)


def test_absurd_sizes_are_rejected_before_anything_is_unpacked(archive, monkeypatch):
    content, kind = bytes(2 * MIN_BYTES), zipfile.ZIP_DEFLATED
    with_member(archive, "mtl/04-0/history.csv", content, compress_type=kind)
    words = r"history.csv' with 2097152 bytes, packed \d+:1"
    with pytest.raises(ValueError, match=words):
        reports.read(archive)
    monkeypatch.setattr(archives, "MAX_RATIO", 10**9)
    open_archive(archive)
    monkeypatch.setattr(archives, "MAX_BYTES", MIN_BYTES)
    with pytest.raises(ValueError, match="files of at most 1048576 bytes"):
        open_archive(archive)


def test_hidden_and_unfinished_folders_of_an_archive_do_not_count(archive, table):
    for name in (".11-0", "11-0.partial"):
        with_member(archive, f"mtl/{name}/config.json")
    pd.testing.assert_frame_equal(reports.read(archive), table)


def test_what_is_made_of_an_archive_lies_next_to_it(archive, tmp_path):
    beside = archive.with_suffix("")
    assert default_folder(archive, "report") == beside / "report"
    assert default_folder(f"{archive}/mtl/", "report") == beside / "mtl" / "report"
    assert default_folder(tmp_path, "report") == tmp_path / "report"
