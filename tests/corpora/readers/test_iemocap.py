"""IEMOCAP on a toy folder in its layout, including its oddities."""

import pytest

from keras_ser import corpora
from keras_ser.corpora import labels
from keras_ser.corpora.readers import iemocap
from keras_ser.protocols import leave_one_speaker_out

HEAD = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
TURNS = {
    "Ses01F_impro01_F000": "neu",
    "Ses01F_impro01_M000": "xxx",
    "Ses01M_script03_2_F001": "exc",
    "Ses02M_impro05a_M013": "oth",
    "Ses05F_script01_1b_FXX2": "fru",
}
pytestmark = pytest.mark.filterwarnings("ignore:Corpus `iemocap")


def lines(turns):
    """A label file: one line per turn, each followed by the ratings."""
    return HEAD + "\n".join(
        f"[6.2901 - 8.2357]\t{turn}\t{emotion}\t[2.5000, 4.0000, 1.5000]\n"
        "C-E1:\tNeutral;\t()\nC-F1:\tAnger;\t(caf\xe9)\n"
        "A-E3:\tval 3; act 2; dom  2;\t()\n"
        for turn, emotion in turns.items()
    )


@pytest.fixture
def root(tree):
    return plant(tree, TURNS)


def plant(tree, turns):
    texts, names = {}, []
    for turn in turns:
        dialog, session = turn.rpartition("_")[0], turn[4]
        names.append(f"Session{session}/sentences/wav/{dialog}/{turn}.wav")
        place = f"Session{session}/dialog/EmoEvaluation"
        same = {t: e for t, e in turns.items() if t.startswith(f"{dialog}_")}
        texts[f"{place}/{dialog}.txt"] = lines(same)
        for rater in ("Attribute", "Categorical", "Self-evaluation"):
            texts[f"{place}/{rater}/{dialog}_e1.txt"] = "[not - read]\n"
        texts[f"{place}/._{dialog}.txt"] = "[of a Mac]\n"
    return tree(*names, texts=texts)


def test_turns_give_speaker_session_gender_and_labels(root):
    table = iemocap.read(root).set_index("utterance")
    found = table[["speaker", "session", "gender", "emotion"]].T.to_dict("list")
    assert found == {
        "iemocap/Ses01F_impro01_F000": ["iemocap/01F", "1", "female", "neutral"],
        "iemocap/Ses01F_impro01_M000": ["iemocap/01M", "1", "male", ""],
        "iemocap/Ses01M_script03_2_F001": ["iemocap/01F", "1", "female", "excitement"],
        "iemocap/Ses02M_impro05a_M013": ["iemocap/02M", "2", "male", "other"],
        "iemocap/Ses05F_script01_1b_FXX2": [
            "iemocap/05F",
            "5",
            "female",
            "frustration",
        ],
    }
    assert set(table.valence) == {2.5}
    assert set(table.activation) == {4.0}
    assert set(table.dominance) == {1.5}


@pytest.mark.filterwarnings("default:Corpus `iemocap")
def test_undecided_turns_are_counted(root):
    with pytest.warns(UserWarning) as caught:
        iemocap.read(root)
    said = [str(warning.message) for warning in caught]
    assert any(
        "1 of 5 utterances have no emotion because its annotators" in s for s in said
    )
    assert any("deviates from its published counts" in s for s in said)


@pytest.mark.parametrize(
    ("name", "kind"), [("iemocap_improvised", "impro"), ("iemocap_scripted", "script")]
)
def test_views_are_subsets_with_the_same_names(root, name, kind):
    whole, part = iemocap.read(root), corpora.read(name, root)
    expected = whole[whole.utterance.str.contains(f"_{kind}")]
    assert list(part.utterance) == list(expected.utterance)
    assert 0 < len(part) < len(whole)
    assert set(part.corpus) == {"iemocap"}


def test_hidden_audio_is_not_read(root):
    hidden = root / "Session1/sentences/wav/Ses01F_impro01/._Ses01F_impro01_F000.wav"
    hidden.write_bytes(b"of a Mac")
    assert len(iemocap.read(root)) == len(TURNS)


def test_a_turn_without_audio_and_audio_without_turn_are_named(root):
    wav = root / "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav"
    other = wav.with_name("Ses01F_impro01_F009.wav")
    other.write_bytes(wav.read_bytes())
    with pytest.raises(ValueError, match="Ses01F_impro01_F009 has no label; 0 without"):
        iemocap.read(root)
    other.unlink()
    wav.unlink()
    with pytest.raises(ValueError, match="F000 has no audio; 1 without audio, 0 with"):
        iemocap.read(root)


@pytest.mark.parametrize(
    "line",
    [
        "[6.2901 - 8.2357]\tSes01F_impro01_F000\tglad\t[2.5, 2.5, 2.5]",
        "[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu",
        "[6.2901 - 8.2357]\tSes09F_impro01_F000\tneu\t[2.5, 2.5, 2.5]",
        "[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5, nan, 2.5]",
    ],
)
def test_a_line_that_cannot_be_read_is_reported(root, line):
    path = root / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
    path.write_text(f"{HEAD}{line}\n")
    with pytest.raises(ValueError) as caught:
        iemocap.read(root)
    assert f"{path} with {line!r} in line 3" in str(caught.value)


def test_a_lost_line_is_not_a_silent_loss(root):
    path = root / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
    path.write_text(lines({"Ses01F_impro01_F000": "neu"}))
    with pytest.raises(ValueError, match="Ses01F_impro01_M000 has no label"):
        iemocap.read(root)


def test_the_four_classes_have_the_published_counts():
    assert sum(iemocap.COUNTS.values()) == 10_039
    four = {}
    for emotion, count in iemocap.COUNTS.items():
        name = labels.LABEL_SETS["four"].get(emotion)
        four[name] = four.get(name, 0) + count
    del four[None]
    assert sum(four.values()) == 5531
    assert four == {"anger": 1103, "neutral": 1708, "sadness": 1084, "happiness": 1636}


def test_the_four_class_view_has_labelled_rows_only(root):
    with pytest.warns(UserWarning, match="leaves out 3 of 5 .* unlabelled 1, frust"):
        table = corpora.read("iemocap", root, labels="four")
    assert sorted(table.emotion) == ["happiness", "neutral"]


def test_the_session_partner_selects_the_epoch(tree):
    turns = {
        f"Ses0{session}F_impro01_{gender}000": emotion
        for session in (1, 2, 3)
        for gender, emotion in (("F", "neu"), ("M", "ang"))
    }
    fold = leave_one_speaker_out(iemocap.read(plant(tree, turns)))["02F"]
    sides = fold.speakers()
    assert sides["dev"] == ["iemocap/02M"]
    assert not {"iemocap/02F", "iemocap/02M"} & set(sides["train"])
