"""Checks of folders, files and their names."""

import re
from pathlib import Path

import pytest

from keras_ser.corpora import folders


def test_a_folder_is_returned_and_a_file_is_rejected(tmp_path):
    assert folders.require_folder(str(tmp_path), "toy", "wav files") == tmp_path
    (tmp_path / "file").touch()
    with pytest.raises(
        FileNotFoundError, match="`toy` expects a folder with wav files"
    ):
        folders.require_folder(tmp_path / "file", "toy", "wav files")


@pytest.mark.parametrize(
    ("name", "holds"),
    [("a.WAV", True), ("a.flac", True), ("a.txt", False), ("a", False)],
)
def test_audio_is_recognised_by_its_extension(name, holds):
    assert folders.is_audio(Path(name)) == holds


def test_a_format_that_is_not_read_is_audio_unless_a_copy_of_it_is_read(tmp_path):
    for name in ("a.m4a", "b.wma", "b.wav", "c.mp4"):
        (tmp_path / name).touch()
    files = [
        file.name for file in folders.files_below(tmp_path) if folders.is_audio(file)
    ]
    assert files == ["a.m4a", "b.wav"]


def test_audio_that_dvc_has_not_fetched_is_listed(tmp_path):
    for name in ("a.wav.dvc", "b.wav", "b.wav.dvc", "list.csv.dvc"):
        (tmp_path / name).touch()
    names = ["a.wav", "b.wav", "b.wav.dvc", "list.csv.dvc"]
    assert [file.name for file in folders.files_below(tmp_path)] == names
    assert [file.name for file in folders.files_matching(tmp_path, "*")] == names
    assert [file.name for file in folders.files_matching(tmp_path, "l*")] == names[3:]


@pytest.mark.parametrize(
    ("name", "advice"),
    [("wav.dvc", "dvc pull wav"), ("a.mp4", "ffmpeg -i a.mp4 a.wav"), ("a", "Look.")],
)
def test_what_a_folder_holds_instead_of_audio_is_named(tmp_path, name, advice):
    (tmp_path / name).touch()
    with pytest.raises(FileNotFoundError, match=advice):
        folders.audio_below(tmp_path, "toy", "x/a.wav", "Look.")


def test_files_of_a_tree_are_sorted_and_not_hidden(tmp_path):
    for name in ("b/x.wav", "a.wav", ".a.wav", "__MACOSX/a.wav", ".git/a.wav", "b/t"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = [f.relative_to(tmp_path).as_posix() for f in folders.files_below(tmp_path)]
    assert found == ["a.wav", "b/t", "b/x.wav"]


def test_linked_folders_are_entered_once(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.wav").touch()
    root = tmp_path / "root"
    root.mkdir()
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    (root / "round").symlink_to(root)
    assert folders.files_below(root) == [root / "linked/a.wav"]


def test_missing_audio_is_reported(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(FileNotFoundError) as caught:
        folders.audio_below(tmp_path, "toy", "x/a.wav", "Look elsewhere.")
    assert str(caught.value) == (
        "Corpus `toy` expects audio files such as x/a.wav. "
        f"Received: {tmp_path}, which has none. Look elsewhere."
    )


def test_names_that_do_not_match_are_counted():
    files = [Path("x/a1.wav"), Path("x/b.wav"), Path("x/c.wav")]
    with pytest.raises(
        ValueError,
        match="consist of a letter and a digit. Received: x/b.wav and 1 more",
    ):
        folders.parse_names(files, re.compile(r"(\w)\d"), "toy", "a letter and a digit")
    ((file, name),) = folders.parse_names(files[:1], re.compile(r"(\w)\d"), "toy", "")
    assert (file, name[1]) == (files[0], "a")


def test_labels_and_files_must_have_the_same_names():
    folders.check_paired("toy", ["a", "b"], ["b", "a"], "list.txt")
    with pytest.raises(ValueError) as caught:
        folders.check_paired("toy", ["a", "b", "c"], ["b", "d"], "list.txt")
    assert (
        "a has no audio, d has no label; 2 without audio, 1 without a label. Copy "
        "the corpus again, or correct list.txt."
    ) in str(caught.value)


def test_a_recording_in_two_places_is_rejected_with_both_paths():
    files = [Path("x/a.wav"), Path("y/a.wav")]
    with pytest.raises(ValueError, match="x/a.wav and y/a.wav. Keep one of the two.$"):
        folders.check_unique(files, "toy")


def test_a_recording_in_two_formats_is_rejected_with_both_names():
    folders.check_unique([Path("x/a.wav"), Path("x/b.wav")], "toy")
    with pytest.raises(ValueError, match="x with a.wav and a.flac"):
        folders.check_unique([Path("x/a.wav"), Path("x/a.flac")], "toy")
