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
    with pytest.raises(ValueError, match="anger/1_a.flac, anger/1_a.wav; such"):
        emotion_folders.read(tree("anger/1_a.wav", "anger/1_a.flac"), **SPEAKER)


# === Emotions in the names of files ===


@quiet
def test_a_pattern_finds_the_emotion_in_the_name_of_a_file(tree):
    root = tree("OAF_back_angry.wav", "OAF_bar_fear.wav", "x/YAF_back_ps.wav")
    table = emotion_folders.read(root, speaker="([A-Z]+)_", emotion=r"_([a-z]+)\.")
    assert list(table.emotion) == ["anger", "fear", "surprise"]
    assert list(table.speaker) == ["corpus/OAF", "corpus/OAF", "corpus/YAF"]


@quiet
def test_a_pattern_leaves_folders_alone(tree):
    root = tree("anger/1_sad.wav", "whatever/1_happy.wav")
    table = emotion_folders.read(root, **SPEAKER, emotion=r"_([a-z]+)\.")
    assert list(table.emotion) == ["sadness", "happiness"]


@quiet
@pytest.mark.parametrize(
    ("name", "emotion"),
    [
        ("01Neutral", "neutral"),
        ("2_Wut", "anger"),
        ("03-ängstlich", "fear"),
        ("10 happy", "happiness"),
    ],
)
def test_digits_in_front_of_a_label_are_left_out(tree, name, emotion):
    root = tree(f"{name}/1_a.wav")
    assert list(emotion_folders.read(root, **SPEAKER).emotion) == [emotion]


@quiet
def test_a_label_of_ones_own_keeps_its_digits(tree):
    root = tree("01/1_a.wav", "02/1_b.wav")
    given = {"01": "neutral", "02": "anger"}
    table = emotion_folders.read(root, **SPEAKER, emotions=given)
    assert list(table.emotion) == ["neutral", "anger"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("[a-z]+", r"`emotion` to be a pattern with a group.*\(no group\)"),
        ("([a-z", "`emotion` to be a pattern with a group.*unterminated"),
        ("_([0-9]+)x", "finds none, the first: .*1_a.wav. Correct the pattern"),
    ],
)
def test_a_pattern_that_finds_nothing_is_rejected(tree, pattern, message):
    root = tree("anger/1_a.wav")
    with pytest.raises(ValueError, match=message):
        emotion_folders.read(root, **SPEAKER, emotion=pattern)


@quiet
def test_a_word_that_is_no_emotion_is_rejected(tree):
    root = tree("1_wroth.wav")
    with pytest.raises(ValueError, match="wroth"):
        emotion_folders.read(root, **SPEAKER, emotion=r"_([a-z]+)\.")
