"""CSV files: audformat databases and nkululeko lists."""

import pytest

from keras_ser import corpora
from keras_ser.corpora.own import csv_file

quiet = pytest.mark.filterwarnings("ignore:Corpus `corpus`, read by")
FILES = "file,duration,speaker\na.wav,0 days 00:00:00.1,3\nb.wav,0 days 00:00:00.1,8\n"
SPEAKERS = "speaker,age,gender,language\n3,31,male,deu\n8,34,female,deu\n"


@quiet
def test_nkululekos_lists_are_read(tree):
    text = "file,emotion,speaker,gender,language\na.wav,anger,DC,male,english\n"
    table = corpora.read("csv", tree("a.wav", texts={"x.csv": text}) / "x.csv")
    found = table[["corpus", "speaker", "gender", "language", "emotion"]]
    assert found.values.tolist() == [["x", "x/DC", "male", "eng", "anger"]]


def test_what_audformat_keeps_in_other_tables_is_joined(tree):
    texts = {
        "db.yaml": "name: x",
        "db.emotion.csv": "file,emotion\nb.wav,fear\na.wav,anger\n",
        "db.files.csv": FILES,
        "db.speaker.csv": SPEAKERS,
        "db.turns.csv": "file,start,end,session\na.wav,0,1,x\n",
    }
    root = tree("a.wav", "b.wav", texts=texts)
    with pytest.warns(UserWarning) as caught:
        table = csv_file.read(root)
    assert table[["speaker", "gender", "language", "emotion"]].values.tolist() == [
        ["corpus/8", "female", "deu", "fear"],
        ["corpus/3", "male", "deu", "anger"],
    ]
    assert set(table.session) == {""}  # a table of segments is not joined by file
    message = str(caught[0].message)
    assert "Column `speaker` was added from db.files.csv, by file" in message
    assert "Column `gender` was added from db.speaker.csv, by speaker" in message


def test_two_speakers_of_a_file_are_rejected(tree):
    texts = {
        "db.emotion.csv": "file,emotion\na.wav,anger\n",
        "db.files.csv": "file,speaker\na.wav,3\na.wav,8\n",
    }
    with pytest.raises(
        ValueError, match="one `speaker` for each `file`.* several for a"
    ):
        csv_file.read(tree("a.wav", texts=texts))


@quiet
def test_other_lists_are_not_joined(tree):
    texts = {"db.files.csv": FILES, "calls.csv": "file,emotion\na.wav,anger\n"}
    root = tree("a.wav", texts=texts)
    with pytest.raises(ValueError, match="a speaker for each utterance"):
        csv_file.read(root / "calls.csv")


def test_a_folder_with_several_tables_of_emotions_is_rejected(tree):
    texts = {f"db.{n}.csv": "file,emotion\na.wav,anger\n" for n in ("test", "train")}
    root = tree("a.wav", texts=texts)
    with pytest.raises(FileNotFoundError, match="db.test.csv, db.train.csv. Give the"):
        csv_file.read(root)


def test_a_missing_file_is_reported(tmp_path):
    with pytest.raises(FileNotFoundError, match="Corpus `csv` expects a CSV file"):
        csv_file.read(tmp_path / "gone.csv")


def test_an_option_that_a_reader_lacks_is_rejected(tmp_path):
    with pytest.raises(ValueError) as caught:
        corpora.read("emodb", tmp_path, speaker="x")
    assert "Corpus `emodb` takes no options. Received: ['speaker']" in str(caught.value)
