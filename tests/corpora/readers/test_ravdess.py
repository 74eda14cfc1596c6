"""RAVDESS on a toy folder in its layout, and on the corpus itself."""

import pytest

from keras_ser import corpora
from keras_ser.corpora.readers import ravdess

NAMES = {
    "Actor_01/03-01-01-01-01-01-01.wav": ("01", "male", "neutral"),
    "Actor_01/03-01-02-01-01-01-01.flac": ("01", "male", "calm"),
    "Actor_02/03-01-03-02-02-01-02.wav": ("02", "female", "happiness"),
    "Actor_02/03-01-04-01-02-02-02.wav": ("02", "female", "sadness"),
    "Actor_07/03-01-05-02-01-01-07.ogg": ("07", "male", "anger"),
    "Actor_23/03-01-06-01-01-02-23.aiff": ("23", "male", "fear"),
    "Actor_24/03-01-07-02-01-01-24.FLAC": ("24", "female", "disgust"),
    "Actor_24/03-01-08-01-02-01-24.wav": ("24", "female", "surprise"),
}
pytestmark = pytest.mark.filterwarnings("ignore:Corpus `ravdess` deviates")


@pytest.fixture
def root(tmp_path, write_audio, noise):
    for number, name in enumerate(NAMES):
        write_audio(f"ravdess/{name}", noise(0.1, seed=number))
    return tmp_path / "ravdess"


def test_a_name_gives_actor_gender_and_emotion(root):
    table = ravdess.read(root)
    found = table[["speaker", "gender", "emotion"]].itertuples(index=False, name=None)
    assert list(found) == [(f"ravdess/{a}", g, e) for a, g, e in NAMES.values()]
    stems = [name.split("/")[1].split(".")[0] for name in NAMES]
    assert list(table.utterance) == [f"ravdess/{stem}" for stem in stems]
    assert set(table.language) == {"eng"}
    assert set(table.session) == {""}


@pytest.mark.filterwarnings("default:Corpus `ravdess` deviates")
def test_an_incomplete_copy_is_reported(root):
    with pytest.warns(UserWarning, match=r"neutral 1 \(published 96\)"):
        ravdess.read(root)


def test_four_classes_leave_calm_out_with_a_warning(root):
    with pytest.warns(UserWarning, match="leaves out 4 of 8 utterances: calm 1"):
        table = corpora.read("ravdess", root, labels="four")
    assert sorted(table.emotion) == ["anger", "happiness", "neutral", "sadness"]


def test_songs_and_videos_are_left_out_and_counted(root, write_audio):
    for name in ("03-02-01-01-01-01-01", "03-02-03-01-01-01-01"):
        write_audio(f"ravdess/Actor_01/{name}.wav")
    write_audio("ravdess/Actor_01/01-01-01-01-01-01-01.wav").with_suffix(".mp4").touch()
    (root / "Actor_01/02-02-01-01-01-01-01.mp4").touch()
    with pytest.warns(UserWarning, match="left out: song 2, video 3") as caught:
        table = ravdess.read(root)
    assert len(table) == len(NAMES)
    assert sum("left out" in str(warning.message) for warning in caught) == 1


@pytest.mark.parametrize(
    "name",
    [
        "03-01-09-01-01-01-01.wav",
        "03-01-00-01-01-01-01.wav",
        "03-01-01-01-01-01.wav",
        "04-01-01-01-01-01-01.flac",
        "03-01-01-01-01-01-25.wav",
        "03-01-01-01-01-01-00.wav",
        "03-01-01-01-01-01-01 (1).wav",
        "copy.mp3",
    ],
)
def test_a_wrong_name_is_rejected(root, write_audio, name):
    write_audio(f"ravdess/Actor_01/x{name}").rename(root / "Actor_01" / name)
    with pytest.raises(ValueError) as caught:
        ravdess.read(root)
    message = str(caught.value)
    assert "expects file names that consist of modality, channel, emotion" in message
    assert (
        f"Received: Actor_01/{name}. Move files that do not belong to the corpus"
        in message
    )


def test_a_file_in_another_actors_folder_is_rejected(root, write_audio):
    write_audio("ravdess/Actor_02/03-01-01-01-01-01-01.wav")
    with pytest.raises(ValueError, match="in the folder of its actor, Actor_01"):
        ravdess.read(root)


def test_a_recording_under_two_extensions_is_rejected(root, write_audio):
    write_audio("ravdess/Actor_01/03-01-01-01-01-01-01.flac")
    with pytest.raises(ValueError) as caught:
        ravdess.read(root)
    message = str(caught.value)
    assert "expects each recording once" in message
    for end in ("flac", "wav"):
        assert f"03-01-01-01-01-01-01.{end}" in message


def test_other_files_and_folders_are_ignored(root, write_audio):
    (root / "Actor_01/README.txt").write_text("hello")
    (root / "Actor_01/._03-01-01-01-01-01-01.wav").write_text("of a Mac")
    write_audio("ravdess/audio_speech_actors_01-24/Actor_01/03-01-01-01-01-01-01.wav")
    assert len(ravdess.read(root)) == len(NAMES)


@pytest.mark.parametrize("inside", ["Actor_01", "..", "Actor_02"])
def test_only_the_folder_above_the_actors_is_a_root(root, inside):
    with pytest.raises(FileNotFoundError) as caught:
        ravdess.read(root / inside)
    message = str(caught.value)
    assert "expects speech such as Actor_01/03-01-01-01-01-01-01.wav" in message
    assert "Give the folder that holds the folders Actor_01 to Actor_24" in message


def test_a_root_of_songs_alone_is_rejected(tmp_path, write_audio):
    write_audio("Actor_01/03-02-01-01-01-01-01.wav")
    with pytest.raises(FileNotFoundError, match="which has none"):
        ravdess.read(tmp_path)


def test_the_published_counts_add_up_to_1440():
    assert sum(ravdess.COUNTS.values()) == 1440
    assert ravdess.COUNTS["neutral"] == 96
    assert set(ravdess.COUNTS) == set(ravdess.EMOTIONS.values())


@pytest.mark.real_speech
def test_the_corpus_has_the_published_counts_and_its_duplicate(corpora_root):
    with pytest.warns(UserWarning) as caught:
        table = corpora.read("ravdess", corpora_root / "ravdess")
    assert table.emotion.value_counts().to_dict() == ravdess.COUNTS
    assert table.drop_duplicates("speaker").gender.value_counts().to_dict() == {
        "female": 12,
        "male": 12,
    }
    assert (table.groupby("speaker").size() == 60).all()
    (message,) = (str(warning.message) for warning in caught)
    assert "03-01-03-01-02-01-07 = ravdess/03-01-03-01-02-02-07" in message
