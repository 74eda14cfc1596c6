"""Lists as pandas, Excel and version control leave them behind."""

import json

import pytest

from keras_ser import corpora

quiet = pytest.mark.filterwarnings("ignore:Corpus `.*`, read by")
POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    "size 12345\n"
)
ROWS = (("a.wav", "m", "anger"), ("b.wav", "n", "sadness"))


def lines(separator, header, *extra):
    """A list with two rows, and with a first and last cell in each line or without."""
    first, last = extra
    rows = [[*first, *cells, *last] for cells in (header, *ROWS)]
    rows[0] = ["" if cell == "0" else cell for cell in rows[0]]
    return "".join(separator.join(row) + "\n" for row in rows)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("extra", [(["0"], []), ([], ["0"]), (["0"], ["0", "0"])])
@pytest.mark.parametrize("reader", ["csv", "huggingface"])
def test_columns_without_a_name_are_read_and_reported(tree, reader, extra, separator):
    file = "file" if reader == "csv" else "file_name"
    text = lines(separator, (file, "speaker", "emotion"), *extra)
    root = tree("a.wav", "b.wav", texts={"metadata.csv": text})
    with pytest.warns(UserWarning, match=r"Columns not used: \(unnamed\)"):
        table = corpora.read(reader, root / "metadata.csv" if reader == "csv" else root)
    assert list(table.emotion) == ["anger", "sadness"]
    assert list(table.speaker) == ["corpus/m", "corpus/n"]


@pytest.mark.parametrize("reader", ["emobox", "huggingface"])
def test_json_keys_without_a_name_are_reported(tree, reader):
    file = "wav" if reader == "emobox" else "file_name"
    rows = [
        {"": n, file: f, "speaker": s, "emo": e} for n, (f, s, e) in enumerate(ROWS)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    root = tree("a.wav", "b.wav", texts={"metadata.jsonl": text})
    place = root / "metadata.jsonl" if reader == "emobox" else root
    with pytest.warns(UserWarning, match=r"Columns not used: \(unnamed\)"):
        assert len(corpora.read(reader, place)) == 2


@quiet
def test_an_index_column_in_tables_of_audformat_is_no_key(tree):
    texts = {
        "db.emotion.csv": ",file,emotion\n0,a.wav,anger\n",
        "db.files.csv": ",file,speaker\n0,a.wav,3\n",
        "db.speaker.csv": "\ufeff;speaker;gender\n0;3;male\n",
    }
    table = corpora.read("csv", tree("a.wav", texts=texts))
    assert table[["speaker", "gender"]].values.tolist() == [["corpus/3", "male"]]


@pytest.mark.parametrize("column", ["", " "])
def test_a_column_without_a_name_cannot_be_chosen(listed, column):
    text = ",file,speaker\nx,a.wav,m\n"
    with pytest.raises(ValueError, match="for `speaker`.*Name one of these columns"):
        listed(text, columns={"speaker": column})


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("file,speaker\na.wav,Jörg\n".encode("cp1252"), "CSV UTF-8"),
        ("file,speaker\na.wav,m\n".encode("utf-16"), "CSV UTF-8"),
        (b"sep=;\nfile;speaker;emotion\na.wav;m;anger\n", "Remove the first line"),
        (b"file,speaker\nx\\a.wav,m\n", "not with backslashes"),
        (POINTER.encode(), "git lfs pull"),
        (b"<!DOCTYPE html><html></html>", "web page"),
    ],
)
def test_what_is_not_read_is_rejected_with_its_cause(tree, content, cause):
    path = tree("a.wav", "x/a.wav") / "calls.csv"
    path.write_bytes(content)
    with pytest.raises((ValueError, FileNotFoundError), match=cause) as caught:
        corpora.read("csv", path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl"])
def test_pointers_in_place_of_metadata_are_rejected(tree, name):
    root = tree("a.wav", texts={name: POINTER})
    with pytest.raises(ValueError, match="git lfs pull"):
        corpora.read("huggingface", root)


@pytest.mark.parametrize(
    ("corpus", "audio", "text"),
    [
        ("librispeech", "dev/103/1/103-1-0000.flac", "SPEAKERS.TXT"),
        ("crema_d", "AudioWAV/1001_DFA_ANG_XX.wav", "VideoDemographics.csv"),
        ("epst", "cc_001.sph", "cc_001.txt"),
        (
            "msp_improv",
            "session1/S01A/P/MSP-IMPROV-S01A-F01-P-FM01.wav",
            "Evalution.txt",
        ),
        (
            "iemocap",
            "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav",
            "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt",
        ),
    ],
)
def test_pointers_in_place_of_a_corpuss_texts_are_rejected(tree, corpus, audio, text):
    root = tree(audio, texts={text: POINTER})
    with pytest.raises(ValueError, match="git lfs pull") as caught:
        corpora.read(corpus, root)
    assert str(root / text) in str(caught.value)


def test_a_json_list_may_start_with_any_key(tree):
    row = {"message": "x", "wav": "a.wav", "speaker": "m", "emo": "anger"}
    root = tree("a.wav", texts={"x.jsonl": json.dumps(row)})
    with pytest.warns(UserWarning, match="Columns not used: `message`"):
        assert len(corpora.read("emobox", root / "x.jsonl")) == 1
