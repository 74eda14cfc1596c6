"""CREMA-D on a toy folder in its layout."""

import pytest

from keras_ser.corpora.readers import crema_d

NAMES = [
    "AudioWAV/1001_DFA_ANG_XX.wav",
    "AudioWAV/1002_IEO_DIS_LO.wav",
    "AudioWAV/1040_ITH_SAD_X.wav",
    "AudioWAV/1091_TSI_NEU_XX.wav",
]
PEOPLE = '"ActorID","Age","Sex","Race"\n1001,51,"Male","x"\n1002,21,"Female","y"\n'
pytestmark = pytest.mark.filterwarnings("ignore:Corpus `crema_d` deviates")


@pytest.fixture
def root(tree):
    return tree(*NAMES, texts={"VideoDemographics.csv": PEOPLE})


def test_names_give_actor_and_emotion_and_the_list_gender(root, tree):
    tree("AudioMP3/1001_DFA_ANG_XX.wav", "AudioWAV/._1001_DFA_ANG_XX.wav")
    table = crema_d.read(root)
    assert table[["speaker", "gender", "emotion"]].values.tolist() == [
        ["crema_d/1001", "male", "anger"],
        ["crema_d/1002", "female", "disgust"],
        ["crema_d/1040", "", "sadness"],
        ["crema_d/1091", "", "neutral"],
    ]


def test_the_audio_folder_is_a_root_too(root):
    assert set(crema_d.read(root / "AudioWAV").gender) == {"male", "female", ""}


def test_without_the_list_genders_are_unknown_with_a_warning(root):
    (root / "VideoDemographics.csv").unlink()
    with pytest.warns(
        UserWarning, match="has no genders because VideoDemographics.csv"
    ):
        assert set(crema_d.read(root).gender) == {""}


def test_a_list_without_its_columns_is_rejected(root):
    (root / "VideoDemographics.csv").write_text("Actor,Sex\n1001,Male\n")
    with pytest.raises(
        ValueError, match="expects a list of actors with the columns `ActorID`"
    ):
        crema_d.read(root)


@pytest.mark.parametrize(
    "name", ["1001_DFA_ANG", "101_DFA_ANG_XX", "1001_DFA_BOR_XX", "1001_DFA_ANG_XX (1)"]
)
def test_a_wrong_name_is_rejected(root, tree, name):
    tree(f"AudioWAV/{name}.wav")
    with pytest.raises(ValueError) as caught:
        crema_d.read(root)
    assert f"Received: AudioWAV/{name}.wav. Move files" in str(caught.value)


def test_counts_add_up_to_7442():
    assert sum(crema_d.COUNTS.values()) == 7442
