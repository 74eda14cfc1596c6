"""Folders in the layout of Hugging Face's audiofolder."""

import pytest

from keras_ser.corpora.own import huggingface

quiet = pytest.mark.filterwarnings("ignore:Corpus `corpus`, read by")
CSV = "file_name,label,speaker_ID\na.wav,happy,3\nb/c.wav,sad,4\n"
JSONL = '{"file_name": "a.wav", "emotion": "anger", "speaker_ID": 5}\n'


def test_splits_with_metadata_are_read_together(tree):
    root = tree(
        "train/a.wav",
        "train/b/c.wav",
        "test/a.wav",
        texts={"train/metadata.csv": CSV, "test/metadata.jsonl": JSONL},
    )
    with pytest.warns(UserWarning, match="Metadata: .*metadata.jsonl, .*.csv"):
        table = huggingface.read(root, columns={"emotion": "label"})
    found = table[["utterance", "speaker", "emotion"]].values.tolist()
    assert found == [
        ["corpus/test/a", "corpus/5", ""],
        ["corpus/train/a", "corpus/3", "happiness"],
        ["corpus/train/b/c", "corpus/4", "sadness"],
    ]


@quiet
def test_one_folder_per_label_is_read_without_metadata(tree):
    root = tree("train/happy/3_a.wav", "test/sad/4_b.wav")
    table = huggingface.read(root, speaker=r"(\d)_")
    assert list(table.emotion) == ["sadness", "happiness"]


def test_audio_without_metadata_is_rejected(tree):
    root = tree("a.wav", "b/c.wav", "d.wav", texts={"metadata.csv": CSV})
    with pytest.raises(ValueError, match="d.wav without metadata, 1 such files"):
        huggingface.read(root)


def test_metadata_without_file_names_are_rejected(tree):
    root = tree("a.wav", texts={"metadata.csv": "audio,label\na.wav,sad\n"})
    with pytest.raises(ValueError, match="expects a column `file_name`"):
        huggingface.read(root)


@quiet
def test_labels_that_are_numbers_are_rejected_until_named(tree):
    root = tree("a.wav", texts={"metadata.csv": "file_name,label,spk\na.wav,0,1\n"})
    with pytest.raises(ValueError, match=r"'0' \(1 row\).* emotions=\{'0': …\}"):
        huggingface.read(root)
    assert list(huggingface.read(root, emotions={"0": "anger"}).emotion) == ["anger"]


@pytest.mark.parametrize("name", ["data/train-00000-of-00001.parquet", "state.arrow"])
def test_embedded_audio_is_rejected(tree, name):
    root = tree(texts={name: "PAR1"})
    with pytest.raises(FileNotFoundError, match="Write the audio out as one file per"):
        huggingface.read(root)
