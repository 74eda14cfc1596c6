"""SAVEE on a toy folder in its layout, and in that of flat copies."""

import pytest

from keras_ser.corpora.readers import savee

NAMES = ["DC/a01.wav", "JE/a01.wav", "JK/sa15.wav", "KL/n30.wav"]
pytestmark = pytest.mark.filterwarnings("ignore:Corpus `savee` deviates")


def test_folder_and_name_give_speaker_and_emotion(tree):
    root = tree(*(f"AudioData/{n}" for n in NAMES), texts={"AudioData/Info.txt": "x"})
    table = savee.read(root)
    assert table[["utterance", "speaker", "emotion"]].values.tolist() == [
        ["savee/DC_a01", "savee/DC", "anger"],
        ["savee/JE_a01", "savee/JE", "anger"],
        ["savee/JK_sa15", "savee/JK", "sadness"],
        ["savee/KL_n30", "savee/KL", "neutral"],
    ]
    assert set(table.gender) == {"male"}


def test_flat_copies_give_the_same_names(tree):
    root = tree("ALL/DC_a01.wav", "ALL/KL_su02.wav")
    table = savee.read(root)
    assert list(table.utterance) == ["savee/DC_a01", "savee/KL_su02"]
    assert list(table.emotion) == ["anger", "surprise"]


@pytest.mark.parametrize("name", ["a01.wav", "DC/JE_a01.wav", "XY/a01.wav"])
def test_a_file_of_no_or_two_speakers_is_rejected(tree, name):
    with pytest.raises(
        ValueError, match="expects each file in the folder of one speaker"
    ):
        savee.read(tree(name))


@pytest.mark.parametrize(
    "name", ["DC/x01.wav", "DC/s01.wav", "DC/a1.wav", "DC/a01a.wav"]
)
def test_a_wrong_name_is_rejected(tree, name):
    with pytest.raises(ValueError, match=f"consist of emotion .* Received: {name}"):
        savee.read(tree(name))


def test_a_recording_in_two_places_is_rejected(tree):
    with pytest.raises(ValueError, match="each recording once"):
        savee.read(tree("DC/a01.wav", "ALL/DC_a01.wav"))


def test_counts_add_up_to_480():
    assert sum(savee.COUNTS.values()) == 480
    assert savee.COUNTS["neutral"] == 120
