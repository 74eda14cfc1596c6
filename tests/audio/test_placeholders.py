"""Files that stand for others are recognised, and the remedy is named."""

import os

import pytest
import soundfile

from keras_ser import audio
from keras_ser.audio import placeholders

TEXTS = {
    "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n": "lfs pull",
    "/annex/objects/SHA256E-s9--0.wav\n": "git annex get a.wav",
    "../.git/annex/objects/x/y/SHA256E-s9--0.wav": "git annex get a.wav",
    "outs:\n- md5: 0\n  path: a.wav\n": "dvc pull a.wav",
    "\ufeff<!DOCTYPE html><html>": "web page",
    "\n<HTML><body>Virus scan warning": "web page",
    "<?xml version='1.0'?>\n<Error><Code>AccessDenied": "web page",
    "PK\x03\x04 and so on": "an archive",
    "\0\0\0\x20ftypM4A ": "ffmpeg -i a.wav a.wav",
    "#!AMR\n": "AMR audio",
}


@pytest.mark.parametrize(("text", "remedy"), TEXTS.items())
@pytest.mark.parametrize("function", [audio.read, audio.duration])
def test_what_is_no_audio_is_told_with_its_remedy(tmp_path, function, text, remedy):
    path = tmp_path / "a.wav"
    path.write_text(text, encoding="utf-8")
    assert remedy in placeholders.explain(path)
    with pytest.raises(ValueError, match="Expected audio that libsndfile") as caught:
        function(path)
    assert remedy in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "file,speaker\na.wav,1\n", "<?xml version='1.0'?><ANNOTATION/>", '{"a": 1}'],
)
def test_other_texts_are_no_placeholders(tmp_path, text):
    (tmp_path / "list.csv").write_text(text)
    assert placeholders.explain(tmp_path / "list.csv") == ""


def test_a_folder_and_a_pipe_are_no_placeholders(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    assert placeholders.explain(tmp_path / "pipe.wav") == ""
    assert placeholders.explain(tmp_path) == ""


def test_audio_is_no_placeholder(write_audio, noise):
    for form in soundfile.available_formats():
        if form in ("WAV", "FLAC", "OGG", "MP3", "AIFF", "CAF", "AU"):
            path = write_audio(f"a.{form.lower()}", noise())
            assert placeholders.explain(path) == ""


def test_absent_files_with_a_placeholder(tmp_path):
    (tmp_path / "a.wav").symlink_to("../.git/annex/objects/aa/bb/key/key")
    (tmp_path / "b.wav.dvc").touch()
    (tmp_path / "wav.dvc").touch()
    for name, remedy in (
        ("a.wav", "git annex get a.wav"),
        ("b.wav", "dvc pull b.wav"),
        ("wav/c.wav", "dvc pull c.wav"),
    ):
        with pytest.raises(FileNotFoundError, match=remedy):
            audio.read(tmp_path / name)
    assert placeholders.explain(tmp_path / "d.wav") == ""


def test_a_foreign_format_is_named_by_its_extension(tmp_path):
    (tmp_path / "a.wma").write_bytes(b"unknown")
    with pytest.raises(ValueError, match="wma audio, which .* ffmpeg -i a.wma a.wav"):
        audio.read(tmp_path / "a.wma")


def test_a_folder_of_videos_is_described(tmp_path):
    for name in ("a.txt", "b.mp4"):
        (tmp_path / name).touch()
    found = placeholders.describe_others(sorted(tmp_path.iterdir()))
    assert found.startswith("It holds b.mp4. Extract the sound")
    assert placeholders.describe_others([tmp_path / "a.txt"]) == ""
