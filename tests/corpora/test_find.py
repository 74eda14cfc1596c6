"""How a user's folder or list is understood."""

import itertools
import shlex

import pytest

from keras_ser import corpora
from keras_ser.cli import main
from keras_ser.corpora import find
from keras_ser.corpora.own import guesses
from keras_ser.experiments.overrides import parse_options

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
    assert [word.partition("=")[0] for word in words[3:]] == ["--emotion", "--speaker"]


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


def test_a_single_place_is_a_choice_too(write_audio, noise, tmp_path):
    """The same ten takes of each emotion look like ten speakers."""
    for seed, each in enumerate(itertools.product(EMOTIONS, range(10))):
        write_audio(f"data/{each[0]}/{each[1]}.wav", noise(0.1, seed=seed))
    found = find.find(tmp_path / "data")
    assert "speaker" not in found.options
    assert found.choices().startswith("One place in the paths may be the speaker.")


def test_own_labels_are_passed_on(write_audio, tmp_path):
    for emotion, number in itertools.product(("boos", "blij"), range(10)):
        write_audio(f"data/{emotion}/{number}.wav")
    options = {"emotions": {"boos": "anger", "blij": "happiness"}}
    found = find.find(tmp_path / "data", options=options)
    assert found.options["emotion"] == "^([^/]+)/"
    assert ["blij", "boos"] not in [list(each.counts) for each in found.speakers]


def test_no_speaker_is_an_error(write_audio, tmp_path):
    for number, emotion in enumerate(EMOTIONS * 4):
        write_audio(f"data/{emotion}/{number}.wav")
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
        (["train/metadata.csv", "train/a.wav"], "huggingface"),
    ],
)
def test_lists_and_layouts_are_recognised(files, reader, tmp_path):
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
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


@pytest.mark.parametrize("pattern", guesses.PLACES)
def test_a_printed_command_is_understood(pattern, tmp_path):
    found = find.Found("folder", tmp_path, {"corpus": "2024", "labelled": True})
    words = shlex.split(found.command(emotion=pattern, speaker=pattern))
    parsed = main.parser().parse_args(words[1:])
    assert (parsed.emotion, parsed.speaker) == (pattern, pattern)
    assert parse_options(parsed.overrides) == found.options
    assert parsed.data == str(tmp_path)


def test_a_column_of_emotions_is_given_like_a_pattern(tmp_path):
    (tmp_path / "a.csv").write_text("x")
    found = find.find(tmp_path / "a.csv", emotion="feeling", speaker="who")
    assert found.options == {"speaker": "who", "columns": {"emotion": "feeling"}}


def test_an_option_of_a_wrong_type_is_named(tmp_path):
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(ValueError, match="`columns`"):
        find.find(tmp_path / "a.csv", emotion="feeling", options={"columns": 5})


def test_commands_say_that_the_emotion_is_missing(write_audio, noise, tmp_path):
    for seed, each in enumerate(itertools.product("abc", range(10))):
        write_audio(f"data/{each[0]}/x_{each[1]}.wav", noise(0.1, seed=seed))
    found = find.find(tmp_path / "data")
    assert found.lacks_emotion and "emotion" not in found.options
    assert "Emotion: no place in the paths was recognised." in found.guessed[0]
    assert "--emotion=PATTERN" in found.choices()
    found = find.find(tmp_path / "data", emotion="x_(.)", speaker="(.)/")
    assert not found.lacks_emotion and "PATTERN" not in found.command()


def test_the_emotion_of_json_lines_is_a_column(write_audio, tmp_path):
    path = tmp_path / "list.jsonl"
    path.write_text('{"wav": "a.wav", "who": "1", "mood": "anger"}\n')
    write_audio("a.wav")
    found = find.find(path, emotion="mood", speaker="who")
    assert found.options == {"columns": {"emotion": "mood"}, "speaker": "who"}
    with pytest.warns(UserWarning, match="emotion from `mood`"):
        table = corpora.read(found.reader, found.root, **found.options)
    assert table.emotion.tolist() == ["anger"]
