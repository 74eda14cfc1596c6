"""URDU on a toy folder in its layout, and in the layout of its description."""

import pytest

from keras_ser.corpora.readers import urdu

NAMES = ["Angry/SM1_F1_A01.wav", "Happy/SF8_F2_H046.wav", "Sad/SM6_F4_S0100.wav"]
pytestmark = pytest.mark.filterwarnings("ignore:Corpus `urdu` deviates")


def test_names_give_speaker_gender_and_emotion(tree):
    table = urdu.read(tree(*NAMES, "Neutral/SM5/SM5_F72_N0100.wav"))
    assert table[["speaker", "gender", "emotion"]].values.tolist() == [
        ["urdu/SM1", "male", "anger"],
        ["urdu/SF8", "female", "happiness"],
        ["urdu/SM5", "male", "neutral"],
        ["urdu/SM6", "male", "sadness"],
    ]


def test_a_file_in_the_folder_of_another_emotion_is_rejected(tree):
    with pytest.raises(ValueError, match="in the folder of its emotion, anger. Receiv"):
        urdu.read(tree("Happy/SM1_F1_A01.wav"))


@pytest.mark.parametrize("name", ["SM1_F1_B01", "M1_F1_A01", "SM1_A01", "copy"])
def test_a_wrong_name_is_rejected(tree, name):
    with pytest.raises(ValueError, match=f"Received: Angry/{name}.wav"):
        urdu.read(tree(f"Angry/{name}.wav"))


def test_counts_add_up_to_400():
    assert sum(urdu.COUNTS.values()) == 400
