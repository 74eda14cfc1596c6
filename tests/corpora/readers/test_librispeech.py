"""LibriSpeech on a toy folder in its layout, and on the corpus itself."""

import numpy as np
import pytest

from keras_ser.corpora.readers import librispeech
from keras_ser.corpora.table import UnreadableFiles

SPEAKERS = """\
;For pipe (|) separated fields
;ID  |SEX| SUBSET           |MINUTES| NAME
14   | F | train-clean-360  | 25.03 | Kristin LeMoine
103  | M | train-clean-100  | 25.10 | Karen | Savage
;26  | F | train-clean-100  | 25.08 | Denys Playfer
nothing here
26   | M | train-clean-100  | 25.08 | Denys Playfer
"""
NAMES = ["103/1240/103-1240-0000", "103/1240/103-1240-0001", "26/495/26-495-0003"]


@pytest.fixture
def root(tmp_path, write_audio, noise):
    root = tmp_path / "LibriSpeech"
    for number, name in enumerate(NAMES):
        path = f"LibriSpeech/train-clean-100/{name}.flac"
        write_audio(path, noise(0.1, seed=number))
    write_audio("LibriSpeech/dev-clean/999/1/999-1-0000.flac", noise(0.1, seed=9))
    (root / "SPEAKERS.TXT").write_text(SPEAKERS)
    (root / "train-clean-100/103/1240/103-1240.trans.txt").write_text("HELLO")
    return root


def test_a_path_gives_the_speaker_and_the_list_the_gender(root):
    table = librispeech.read(root)
    rows = table[["utterance", "speaker", "gender"]].values.tolist()
    assert sorted(rows) == [
        ["librispeech/103-1240-0000", "librispeech/103", "male"],
        ["librispeech/103-1240-0001", "librispeech/103", "male"],
        ["librispeech/26-495-0003", "librispeech/26", "male"],
        ["librispeech/999-1-0000", "librispeech/999", ""],
    ]
    assert set(table.emotion) == {""}
    assert set(table.language) == {"eng"}
    assert table.duration.tolist() == pytest.approx([0.1] * 4)


def test_silence_at_both_ends_is_left_out_on_request(root, write_audio, noise):
    silence = np.zeros(3200, "float32")
    wave = np.concatenate([silence, noise(0.5, seed=3), silence, silence])
    write_audio("LibriSpeech/train-clean-100/26/495/26-495-0004.flac", wave)
    table = librispeech.read(root, trim=True).set_index("utterance")
    row = table.loc["librispeech/26-495-0004"]
    assert (row.start, row.end) == pytest.approx((0.2, 0.7), abs=0.021)
    assert row.duration == pytest.approx(row.end - row.start)
    whole = librispeech.read(root).set_index("utterance")
    assert whole.loc["librispeech/26-495-0004"].duration == pytest.approx(1.1)
    full = table.drop("librispeech/26-495-0004").duration
    assert full.tolist() == pytest.approx([0.1] * 4, abs=0.021)


def test_a_file_that_cannot_be_read_is_named_whether_trimmed_or_not(root):
    bad = root / "train-clean-100/26/495/26-495-0009.flac"
    bad.write_bytes(b"no flac")
    for trim in (False, True):
        with pytest.raises(UnreadableFiles, match="26-495-0009"):
            librispeech.read(root, trim=trim)


def test_rows_have_a_fixed_order(root):
    files = list(librispeech.read(root).file)
    assert files == list(librispeech.read(root).file)
    assert files[0].endswith("999-1-0000.flac")  # dev-clean before train-clean-100


def test_a_subset_is_a_root_too_and_finds_the_list_above_it(root):
    table = librispeech.read(root / "train-clean-100")
    assert len(table) == 3
    assert set(table.gender) == {"male"}


@pytest.mark.filterwarnings("error")
def test_without_the_list_gender_is_unknown(root):
    (root / "SPEAKERS.TXT").unlink()
    assert set(librispeech.read(root).gender) == {""}


def test_a_list_of_another_encoding_is_read(root):
    (root / "SPEAKERS.TXT").write_bytes(
        SPEAKERS.encode() + b"999 | F | x | 1 | J\xf6rg"
    )
    genders = librispeech.read(root).set_index("speaker").gender
    assert genders["librispeech/999"] == "female"


@pytest.mark.parametrize("name", ["103_1240_0000", "noise", "a-1-2", "103-1240"])
def test_a_wrong_file_name_is_rejected_by_name(root, write_audio, name):
    write_audio(f"LibriSpeech/train-clean-100/103/1240/{name}.flac")
    with pytest.raises(ValueError) as caught:
        librispeech.read(root)
    message = str(caught.value)
    assert (
        "expects file names that consist of speaker, chapter and number, such as 103-"
        in message
    )
    assert (
        f"Received: {name}.flac. Move files that do not belong to the corpus" in message
    )


def test_an_utterance_in_two_subsets_is_rejected(root, write_audio):
    write_audio("LibriSpeech/dev-clean/103/1240/103-1240-0000.flac")
    with pytest.raises(ValueError, match="more than once: librispeech/103-1240-0000"):
        librispeech.read(root)


def test_an_absent_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        librispeech.read(tmp_path / "gone")
    message = str(caught.value)
    assert "Corpus `librispeech` expects a folder with train-clean-100/" in message
    assert "gone, which is not a folder" in message


def test_a_folder_without_flac_files_is_named(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        librispeech.read(tmp_path)
    message = str(caught.value)
    assert "expects <subset>/<speaker>/<chapter>/*.flac" in message
    assert f"Received: {tmp_path}, which has no flac file" in message


@pytest.mark.real_speech
@pytest.mark.filterwarnings("error")
def test_the_corpus_has_251_speakers_of_known_gender(corpora_root):
    table = librispeech.read(corpora_root / "librispeech")
    speakers = table.drop_duplicates("speaker")
    assert len(speakers) == 251
    assert speakers.gender.value_counts().to_dict() == {"male": 126, "female": 125}
    assert table.digest.is_unique
    assert set(table.emotion) == {""}
