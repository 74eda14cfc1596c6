from pathlib import Path

import pytest

from keras_ser.corpora import folders


def test_a_folder_is_itself_and_a_file_is_none(tmp_path):
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
def test_audio_is_told_by_its_extension(name, holds):
    assert folders.is_audio(Path(name)) == holds


def test_a_recording_in_two_formats_is_refused_by_both_names():
    folders.refuse_twice([Path("x/a.wav"), Path("x/b.wav")], "toy")
    with pytest.raises(ValueError, match="x with a.wav and a.flac"):
        folders.refuse_twice([Path("x/a.wav"), Path("x/a.flac")], "toy")
