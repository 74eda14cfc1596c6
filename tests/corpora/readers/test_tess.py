"""TESS on a toy folder in its layout, including its oddities."""

import pytest

from keras_ser import audio
from keras_ser.corpora.readers import tess

NAMES = {
    "OAF_angry/OAF_back_angry.wav": ("OAF", "anger"),
    "OAF_Pleasant_surprise/OAF_back_ps.wav": ("OAF", "surprise"),
    "OAF_neutral/OA_bite_neutral.wav": ("OAF", "neutral"),
    "YAF_sad/YAF_germ_sad.wav": ("YAF", "sadness"),
}
pytestmark = pytest.mark.filterwarnings("ignore:Corpus `tess` deviates")


def test_names_give_speaker_and_emotion(tree):
    table = tess.read(tree(*NAMES))
    found = table[["utterance", "speaker", "emotion"]].values.tolist()
    assert sorted(found) == sorted(
        [f"tess/{name.split('/')[1][:-4]}", f"tess/{speaker}", emotion]
        for name, (speaker, emotion) in NAMES.items()
    )
    assert set(table.gender) == {"female"}


def test_aiff_that_is_named_wav_is_read(tree):
    root = tree("YAF_fear/YAF_mood_fear.wav", format="AIFF")
    table = tess.read(root)
    assert table.duration[0] == pytest.approx(0.1)
    assert len(audio.read(table.file[0])) == 1600


def test_a_folder_that_holds_a_copy_of_itself_is_rejected(tree):
    root = tree("TESS/OAF_sad/OAF_back_sad.wav", "TESS/TESS/OAF_sad/OAF_back_sad.wav")
    with pytest.raises(ValueError) as caught:
        tess.read(root)
    assert f"{root}/TESS/OAF_sad/OAF_back_sad.wav and {root}/TESS/TESS" in str(
        caught.value
    )


@pytest.mark.parametrize("name", ["OAF_back_joy", "XAF_a_sad", "OAF_sad", "OAF__sad"])
def test_a_wrong_name_is_rejected(tree, name):
    with pytest.raises(ValueError, match=f"Received: x/{name}.wav"):
        tess.read(tree(f"x/{name}.wav"))


def test_counts_add_up_to_2800():
    assert sum(tess.COUNTS.values()) == 2800
