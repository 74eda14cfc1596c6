"""Files of a list as they are called on disk."""

import os
import unicodedata

from keras_ser.corpora.own.paths import on_disk

MAC = unicodedata.normalize("NFD", "für/ö.wav")
PC = unicodedata.normalize("NFC", MAC)


def touch(folder, name):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return str(path)


def test_a_name_in_the_other_form_is_found(tmp_path):
    path = touch(tmp_path, MAC)
    assert on_disk(tmp_path, [PC, MAC]) == [path, path]


def test_a_file_that_exists_as_listed_is_taken(tmp_path):
    paths = [touch(tmp_path, MAC), touch(tmp_path, PC)]
    assert on_disk(tmp_path, [MAC, PC]) == paths


def test_missing_and_ambiguous_names_stay_as_they_are(tmp_path):
    for form in ("ö\u0323.wav", "o\u0323\u0308.wav"):
        touch(tmp_path, form)
    names = ["gone/ö.wav", "ọ\u0308.wav", "plain.wav"]
    expected = [os.path.join(tmp_path, name) for name in names]
    assert on_disk(tmp_path, names) == expected


def test_each_folder_is_listed_once(tmp_path, monkeypatch):
    for number in range(5):
        touch(tmp_path, unicodedata.normalize("NFD", f"ö{number}.wav"))
    listed, listdir = [], os.listdir
    monkeypatch.setattr(os, "listdir", lambda f: listed.append(f) or listdir(f))
    found = on_disk(tmp_path, [f"ö{number}.wav" for number in range(5)])
    assert all(map(os.path.isfile, found)) and listed == [str(tmp_path)]
