"""EMOVO on a toy folder in its layout."""

import pytest

from keras_ser import audio
from keras_ser.corpora.readers import emovo

NAMES = ["f1/dis-f1-b1.wav", "f3/gio-f3-n5.wav", "m2/tri-m2-d2.wav"]
pytestmark = pytest.mark.filterwarnings("ignore:Corpus `emovo` deviates")


def test_names_give_speaker_gender_and_emotion(tree):
    table = emovo.read(tree(*NAMES, texts={"documents/info.pdf": "x"}))
    assert table[["speaker", "gender", "emotion"]].values.tolist() == [
        ["emovo/f1", "female", "disgust"],
        ["emovo/f3", "female", "happiness"],
        ["emovo/m2", "male", "sadness"],
    ]
    assert set(table.language) == {"ita"}


def test_two_channels_are_one_utterance(tree):
    table = emovo.read(tree(NAMES[0], stereo=True))
    assert table.duration[0] == pytest.approx(0.1)
    assert audio.read(table.file[0]).shape == (1600,)


@pytest.mark.parametrize("name", ["dis-f4-b1", "dis-f1", "joy-f1-b1", "dis-f1-x1"])
def test_a_wrong_name_is_rejected(tree, name):
    with pytest.raises(ValueError, match=f"Received: f1/{name}.wav"):
        emovo.read(tree(f"f1/{name}.wav"))


def test_counts_add_up_to_588():
    assert sum(emovo.COUNTS.values()) == 588
