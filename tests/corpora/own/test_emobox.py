"""EmoBox lists, whose speakers are found in file names."""

import json

import pytest

from keras_ser.corpora.own import emobox

quiet = pytest.mark.filterwarnings("ignore:Corpus `")
# Paths as in EmoBox or in the corpora, and the speakers that they name.
PATHS = {
    "cremad": ("downloads/cremad/AudioWAV/1001_DFA_ANG_XX.wav", "1001"),
    "emodb": ("downloads/emodb/wav/03a01Fa.wav", "03"),
    "emovo": ("downloads/emovo/f1/dis-f1-b1.wav", "f1"),
    "iemocap": (
        "downloads/iemocap/Session1/sentences/wav/Ses01M_impro01/Ses01M_impro01_F000.wav",
        "01F",
    ),
    "ravdess": ("downloads/ravdess/Actor_07/03-01-05-01-02-01-07.wav", "07"),
    "savee": ("downloads/savee/DC_a01.wav", "DC"),
    "tess": ("downloads/tess/OAF_should_fear.wav", "OA"),
    "urdu": ("downloads/urdu/Angry/SM1_F10_A010.wav", "SM1"),
}


def line(corpus, wav, emo="happy", **more):
    return json.dumps(
        {
            "key": f"{corpus}-1",
            "dataset": corpus,
            "wav": wav,
            "type": "raw",
            "sample_rate": 16000,
            "length": 0.1,
            "task": "category",
            "emo": emo,
            "channel": 1,
            **more,
        }
    )


def plant(tree, corpus, lines, *paths, **texts):
    name = f"data/{corpus}/{corpus}.jsonl"
    return tree(*paths, texts={name: "\n".join(lines), **texts}) / name


@pytest.mark.parametrize("corpus", emobox.SPEAKERS)
def test_file_names_of_known_corpora_name_the_speaker(tree, corpus):
    wav, speaker = PATHS[corpus]
    path = plant(tree, corpus, [line(corpus, wav)], wav)
    with pytest.warns(
        UserWarning, match=f"Speakers are found in the file names of {corpus}"
    ):
        table = emobox.read(path)
    assert (table.corpus[0], table.speaker[0]) == (corpus, f"{corpus}/{speaker}")
    assert table.emotion[0] == "happiness"


@quiet
@pytest.mark.parametrize("speaker", ["who", r"/(\w+)_"])
def test_other_corpora_need_a_key_or_a_pattern(tree, speaker):
    path = plant(tree, "x", [line("x", "w/ben_1.wav", who="ben")], "w/ben_1.wav")
    with pytest.raises(ValueError, match="a speaker for each utterance"):
        emobox.read(path)
    assert list(emobox.read(path, speaker=speaker).speaker) == ["x/ben"]


@quiet
def test_segments_are_read(tree):
    rows = [
        line("x", "a.wav", who="1", start_time=0.0, end_time=0.04),
        line("x", "a.wav", who="1", start_time=0.04, end_time=0.1),
    ]
    table = emobox.read(plant(tree, "x", rows, "a.wav"), speaker="who")
    assert table.duration.tolist() == pytest.approx([0.04, 0.06])


@quiet
def test_labels_are_looked_up_in_the_map_next_to_the_list(tree):
    rows = [line("x", "a.wav", "glad", who="1"), line("x", "b.wav", "exc", who="1")]
    mapped = {"data/x/label_map.json": '{"glad": "Happy", "exc": "Happy"}'}
    path = plant(tree, "x", rows, "a.wav", "b.wav", **mapped)
    # A known label keeps its emotion, even if the map merges it with another.
    assert list(emobox.read(path, "who").emotion) == ["happiness", "excitement"]
    path.with_name("label_map.json").unlink()
    with pytest.raises(ValueError, match=r"'glad' \(1 row\)"):
        emobox.read(path, "who")


def test_a_list_of_two_corpora_is_rejected(tree):
    rows = [line("x", "a.wav"), line("y", "a.wav")]
    with pytest.raises(ValueError, match="a list of one corpus.* with x, y"):
        emobox.read(plant(tree, "x", rows, "a.wav"))


def test_missing_audio_is_reported(tree):
    with pytest.raises(FileNotFoundError, match="audio="):
        emobox.read(plant(tree, "emodb", [line("emodb", "wav/03a01Fa.wav")]))
