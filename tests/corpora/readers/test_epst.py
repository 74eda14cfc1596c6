"""EPST on a toy folder: SPHERE files, and transcripts with times."""

import pytest

from keras_ser import audio
from keras_ser.corpora.readers import epst

TRANSCRIPT = """\
0.00 0.01 A: [MISC]
0.010 0.030 A: hot anger, August thirteenth
0.03 0.05 A: (laughs)

0.05 0.06 A: Emotion category elation, please
0.05 0.06 A: elation, two thousand one
0.05 0.07 B: happy, four thousand
0.06 0.06 A: happy, four thousand
0.07 0.10 A: cold anger, March twenty-first
"""


@pytest.fixture
def root(tree):
    return tree(
        "data/cc_001.sph",
        format="NIST",
        stereo=True,
        texts={"data/cc_001.txt": TRANSCRIPT, "doc/continuum_cards.txt": "cards"},
    )


def test_transcripts_give_segments_and_emotions(root):
    with pytest.warns(UserWarning) as caught:
        table = epst.read(root)
    assert table[["start", "end", "speaker", "emotion"]].values.tolist() == [
        [0.01, 0.03, "epst/cc", "anger"],
        [0.05, 0.06, "epst/cc", "elation"],
        [0.07, 0.1, "epst/cc", "cold anger"],
    ]
    assert table.duration.tolist() == pytest.approx([0.02, 0.01, 0.03])
    assert str(caught[0].message) == (
        "Corpus `epst` has 3 utterances. Lines of the transcripts that are left out: "
        "[MISC] 1, not an utterance of a category 3, without times of speaker A 1."
    )


@pytest.mark.filterwarnings("ignore:Corpus `epst`")
def test_sphere_segments_are_decoded(root):
    row = epst.read(root).iloc[0]
    assert len(audio.read(row.file, row.start, row.end)) == 320


@pytest.mark.parametrize("text", [None, "", "nothing here\n", "0.1 0.2 A: joy, one\n"])
def test_a_recording_without_utterances_is_rejected(root, text):
    path = root / "data/cc_001.txt"
    path.unlink()
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match="expects a transcript of each recording"):
        epst.read(root)


def test_a_wrong_name_is_rejected(root, tree):
    tree("data/copy.wav")
    with pytest.raises(ValueError, match="Received: data/copy.wav"):
        epst.read(root)
