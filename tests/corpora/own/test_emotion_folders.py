"""One folder per emotion."""

import pytest

from keras_ser.corpora.own import emotion_folders

SPEAKER = {"speaker": r"(\d)_"}
quiet = pytest.mark.filterwarnings("ignore:Corpus `corpus`, read by")


@quiet
def test_the_folder_that_is_an_emotion_is_the_label(tree):
    root = tree("Wut/1_a.wav", "test/sad/2_b.flac", "happy/anna/1_c.wav", "xxx/1_d.wav")
    table = emotion_folders.read(root, **SPEAKER)
    found = table[["utterance", "speaker", "emotion"]].values.tolist()
    assert found == [
        ["corpus/Wut/1_a", "corpus/1", "anger"],
        ["corpus/happy/anna/1_c", "corpus/1", "happiness"],
        ["corpus/test/sad/2_b", "corpus/2", "sadness"],
        ["corpus/xxx/1_d", "corpus/1", ""],
    ]


@quiet
def test_letters_are_emotions_where_they_are_a_corpus_own(tree):
    root = tree("W/1_a.wav", "T/1_b.wav", "N/2_c.wav")
    table = emotion_folders.read(root, **SPEAKER)
    assert sorted(table.emotion) == ["anger", "neutral", "sadness"]


@quiet
def test_folders_above_may_name_the_speaker(tree):
    root = tree("anna/anger/x.wav", "ben/anger/x.wav")
    table = emotion_folders.read(root, speaker="^([^/]+)/", language="deu")
    assert list(table.speaker) == ["corpus/anna", "corpus/ben"]
    assert set(table.language) == {"deu"}


def test_other_files_are_counted(tree):
    root = tree("anger/1_a.wav", texts={"anger/1_a.txt": "x", "README": "x"})
    with pytest.warns(
        UserWarning, match=r"not audio, left out: 2 \(.txt, README\)\. Col"
    ):
        assert len(emotion_folders.read(root, **SPEAKER)) == 1


@pytest.mark.parametrize(
    ("name", "below"),
    [
        ("wroth/1_a.wav", "none"),
        ("1_a.wav", "none"),
        ("anger/sad/1_a.wav", "anger and sad"),
        ("A/1_a.wav", "none"),
    ],
)
def test_a_file_below_no_emotion_or_two_is_rejected(tree, name, below):
    root = tree("anger/1_x.wav", name)
    with pytest.raises(ValueError) as caught:
        emotion_folders.read(root, **SPEAKER)
    assert f"Received: {root / name}, below {below}." in str(caught.value)


@quiet
def test_the_user_says_what_folders_are(tree):
    root = tree("wroth/1_a.wav", "calls/1_b.wav")
    words = {"wroth": "anger", "calls": ""}
    table = emotion_folders.read(root, emotions=words, **SPEAKER)
    assert list(table.emotion) == ["", "anger"]


@quiet
def test_speech_without_labels_needs_no_emotions(tree):
    table = emotion_folders.read(tree("x/1_a.wav"), labelled=False, **SPEAKER)
    assert list(table.emotion) == [""]


def test_a_missing_speaker_is_rejected_with_the_next_step(tree):
    with pytest.raises(ValueError, match='speaker=r"'):
        emotion_folders.read(tree("anger/a.wav"))


@quiet
def test_a_recording_in_two_formats_is_rejected(tree):
    with pytest.raises(ValueError, match="corpus/anger/1_a in rows 0, 1"):
        emotion_folders.read(tree("anger/1_a.wav", "anger/1_a.flac"), **SPEAKER)
