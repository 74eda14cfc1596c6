"""MSP-IMPROV on a toy folder in its layout."""

import math

import pytest

from keras_ser.corpora.readers import msp_improv

LIST = """\
UTD-IMPROV-S01A-F01-P-FM01.avi; N; A:2.333333; V:3.333333; D:3.000000 ; N:3.666667;
Rater-1; Neutral; Calm,; A:3.000000; V:3.000000; D:3.000000; N:4.000000;
Rater_2; Other; ; A:NaN; V:NaN; D:NaN; N:NaN;

UTD-IMPROV-S01A-F01-S-MF03.avi; X; A:2.0; V:NaN; D:3.000000 ; N:3.666667;

UTD-IMPROV-S08H-M06-R-MM01.avi; H; A:4.5; V:4.000000; D:NaN ; N:NaN;

UTD-IMPROV-S20S-F06-T-FM12.avi; O; A:1.5; V:2.000000; D:NaN ; N:NaN;
"""
NAMES = [
    "session1/S01A/P/MSP-IMPROV-S01A-F01-P-FM01.wav",
    "session1/S01A/S/MSP-IMPROV-S01A-F01-S-MF03.wav",
    "session6/S08H/R/MSP-IMPROV-S08H-M06-R-MM01.wav",
    "session6/S20S/T/MSP-IMPROV-S20S-F06-T-FM12.wav",
]
pytestmark = pytest.mark.filterwarnings("ignore:Corpus `msp_improv`")


@pytest.fixture
def root(tree):
    return tree(*NAMES, texts={"Evalution.txt": LIST})


def test_names_and_list_give_all_columns(root):
    table = msp_improv.read(root)
    found = table[["utterance", "speaker", "session", "gender", "emotion"]]
    assert found.values.tolist() == [
        ["msp_improv/S01A-F01-P-FM01", "msp_improv/F01", "1", "female", "neutral"],
        ["msp_improv/S01A-F01-S-MF03", "msp_improv/F01", "1", "female", ""],
        ["msp_improv/S08H-M06-R-MM01", "msp_improv/M06", "6", "male", "happiness"],
        ["msp_improv/S20S-F06-T-FM12", "msp_improv/F06", "6", "female", "other"],
    ]
    assert list(table.activation) == [2.333333, 2.0, 4.5, 1.5]
    assert table.valence[0] == 3.333333 and math.isnan(table.valence[1])
    assert list(table.dominance[:2]) == [3.0, 3.0] and math.isnan(table.dominance[2])


def test_the_name_of_the_list_may_be_spelt_correctly(root):
    (root / "Evalution.txt").rename(root / "Evaluation.txt")
    assert len(msp_improv.read(root)) == 4


@pytest.mark.filterwarnings("default:Corpus `msp_improv`")
def test_undecided_turns_are_counted(root):
    with pytest.warns(
        UserWarning, match="1 of 4 utterances have no emotion because its rat"
    ):
        msp_improv.read(root)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("; H; A", "; Q; A"),
        ("A:4.5;", "A:4.5.1;"),
        ("V:4.000000; D:NaN ;", "V:4.000000;"),
        ("S08H-M06-R-MM01.avi", "S08H-M07-R-MM01.avi"),
        ("S08H-M06-R-MM01.avi", "S01A-F01-P-FM01.avi"),
    ],
)
def test_a_line_that_cannot_be_read_is_reported(root, old, new):
    (root / "Evalution.txt").write_text(LIST.replace(old, new))
    with pytest.raises(ValueError, match="Evalution.txt with .* in line 7"):
        msp_improv.read(root)


def test_labels_and_audio_belong_together(root):
    (root / NAMES[0]).unlink()
    with pytest.raises(ValueError, match="S01A-F01-P-FM01 has no audio; 1 without"):
        msp_improv.read(root)
    other = root / "session1/MSP-IMPROV-S01A-F01-P-FM09.wav"
    other.write_bytes((root / NAMES[1]).read_bytes())
    with pytest.raises(ValueError, match="FM09 has no label; 1 without audio, 1 with"):
        msp_improv.read(root)


def test_a_wrong_name_and_a_missing_list_are_reported(root, tree):
    tree("session1/copy.wav")
    with pytest.raises(ValueError, match="Received: session1/copy.wav. Move files"):
        msp_improv.read(root)
    (root / "Evalution.txt").unlink()
    with pytest.raises(FileNotFoundError, match="expects the labels in Evalution.txt"):
        msp_improv.read(root)


def test_counts_are_those_of_the_publication():
    counts = msp_improv.COUNTS
    assert sum(counts.values()) == 8438
    four = {name: counts[name] for name in ("anger", "sadness", "neutral", "happiness")}
    assert list(four.values()) == [792, 885, 3477, 2644]
