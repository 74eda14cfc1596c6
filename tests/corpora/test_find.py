"""How a user's folder or list is understood."""

import itertools
import shlex

import pytest

from keras_ser import corpora
from keras_ser.corpora import find

EMOTIONS = ("angry", "happy", "neutral")


@pytest.fixture
def folder(write_audio, noise, tmp_path):
    """A folder in which speakers and sentences both cross with emotions."""
    for seed, each in enumerate(itertools.product(("a1", "b1"), "xyz", EMOTIONS)):
        write_audio(f"data/{'_'.join(each)}.wav", noise(0.1, seed=seed))
    return tmp_path / "data"


def test_a_choice_of_speakers_is_left_to_the_user(folder):
    found = find.find(folder)
    assert found.reader == "folder" and found.root == folder
    assert found.options == {"emotion": r"_([^/._]+)\.\w+$"}
    assert [list(each.counts) for each in found.speakers] == [
        ["a1", "b1"],
        ["x", "y", "z"],
    ]
    text = found.choices()
    assert "Two places in the paths may be the speaker" in text
    commands = [line.strip() for line in text.splitlines() if "keras-ser" in line]
    assert len(commands) == 2
    words = shlex.split(commands[0])
    assert words[:3] == ["keras-ser", "train", str(folder)]
    assert words[3::2] == ["--emotion", "--speaker"]


@pytest.mark.filterwarnings("ignore:Corpus `data`")
def test_a_chosen_speaker_reads_the_folder(folder):
    chosen = find.find(folder).speakers[0].pattern
    found = find.find(folder, speaker=chosen)
    assert found.speakers == ()
    assert found.guessed == (
        "Emotion, guessed: the name, after the last '_': 3 values, angry (6), "
        "happy (6), neutral (6)",
    )
    table = corpora.read(found.reader, found.root, **found.options)
    assert set(table.speaker) == {"data/a1", "data/b1"}
    assert table.emotion.value_counts().to_dict() == {
        "anger": 6,
        "happiness": 6,
        "neutral": 6,
    }


def test_the_only_place_is_guessed(write_audio, tmp_path):
    for speaker, emotion, number in itertools.product("ab", EMOTIONS, "1234"):
        write_audio(f"data/{speaker}/{emotion}/{number * (1 + ord(speaker) % 2)}.wav")
    found = find.find(tmp_path / "data")
    assert found.options == {"emotion": r"^[^/]+/([^/]+)/", "speaker": r"^([^/]+)/"}
    assert [line.split(":")[0] for line in found.guessed] == [
        "Emotion, guessed",
        "Speaker, guessed",
    ]


def test_no_speaker_is_an_error(write_audio, tmp_path):
    for emotion, number in itertools.product(EMOTIONS, range(4)):
        write_audio(f"data/{emotion}/{emotion}{number}.wav")
    with pytest.raises(ValueError, match="paths that say the speaker"):
        find.find(tmp_path / "data")


@pytest.mark.parametrize(
    ("files", "reader"),
    [
        (["list.csv"], "csv"),
        (["list.TSV"], "csv"),
        (["list.jsonl"], "emobox"),
        (["metadata.csv", "a.wav"], "huggingface"),
        (["db.csv", "db.emotion.csv"], "csv"),
    ],
)
def test_lists_and_layouts_are_recognised(files, reader, tmp_path):
    for name in files:
        (tmp_path / name).write_text("x")
    data = tmp_path / files[0] if len(files) == 1 else tmp_path
    found = find.find(data, speaker="who", options={"language": "deu"})
    assert (found.reader, found.root) == (reader, data)
    assert found.options == {"speaker": "who", "language": "deu"}
    assert "--set language=deu" in found.command()


def test_a_corpus_with_a_reader_is_named(tmp_path):
    found = find.find(f"emodb={tmp_path}")
    assert (found.reader, found.root) == ("emodb", tmp_path)
    assert found.command() == f"keras-ser train emodb={tmp_path}"
    assert find.find("emodb", root=tmp_path) == found


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ("{tmp}/absent", FileNotFoundError, "does not exist. Correct the path"),
        ("emodb", FileNotFoundError, "Give its folder, emodb=FOLDER"),
        ("emodb=", FileNotFoundError, "Give its folder, emodb=FOLDER"),
        ("emodb={tmp}/absent", FileNotFoundError, "does not exist"),
        ("{tmp}/a.wav", ValueError, "Give the folder that it lies in"),
        ("{tmp}/empty", ValueError, "folder of audio files"),
    ],
)
def test_what_is_no_data_is_rejected(data, error, words, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(error, match=words):
        find.find(data.format(tmp=tmp_path))
