"""The model in the package, and when it answers."""

from pathlib import Path

import pytest

from keras_ser import corpora, inference
from keras_ser.cli import main as cli
from keras_ser.inference import demonstration
from keras_ser.reports import reading

ARCHIVE = Path(__file__).parents[2] / "results" / "demonstration.zip"
MAX_MEGABYTES = 4


def run(*words):
    return cli.main(cli.parser().parse_args([*map(str, words)]))


@pytest.fixture
def folders(tmp_path):
    """Files that a command may name."""
    for name in ("speech/a.wav", "speech/b.flac", "run/model.keras", "run/x.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "classical").mkdir()
    (tmp_path / "classical" / "config.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.parametrize("first", ["a.mp3", "absent.WAV", "speech", "speech/a.wav"])
def test_audio_alone_asks_the_demonstration_model(folders, first):
    paths = [str(folders / first), "b.wav"]
    assert demonstration.split(paths) == (demonstration.PATH, paths)
    assert demonstration.split(paths[:1]) == (demonstration.PATH, paths[:1])


@pytest.mark.parametrize("first", ["run", "classical", "empty", "absent", "m.keras"])
def test_other_paths_are_models(folders, first):
    model = str(folders / first)
    assert demonstration.split([model, "b.wav"]) == (Path(model), ["b.wav"])
    with pytest.raises(ValueError, match="Name the audio files"):
        demonstration.split([model])


def test_it_is_small_and_says_what_it_is(write_audio, noise):
    assert demonstration.PATH.stat().st_size < MAX_MEGABYTES * 1e6
    recogniser = inference.load()
    assert recogniser.classes == ("anger", "happiness", "neutral", "sadness")
    assert recogniser.about.startswith("This is a demonstration. It learned from ")
    assert "emodb (German)" in recogniser.about
    table = recogniser.predict(write_audio("one.wav", noise(1.0)))
    columns = [f"p_{name}" for name in recogniser.classes]
    assert table[columns].sum(axis=1).tolist() == pytest.approx([1])
    assert table.attrs["unfamiliar"]  # noise is not speech


def test_the_command_needs_no_model(write_audio, noise, capsys, tmp_path):
    file = write_audio("one.wav", noise(1.0))
    assert run("predict", file) == 0
    captured = capsys.readouterr()
    assert "one.wav" in captured.out and "p_anger" in captured.out
    assert "about the model: This is a demonstration." in captured.err
    assert (
        cli.main(
            cli.parser().parse_args(
                ["embed", str(file), "--out", str(tmp_path / "e.csv")]
            )
        )
        == 0
    )
    assert "This is a demonstration" in capsys.readouterr().err


@pytest.mark.real_speech
def test_it_answers_as_in_its_report(corpora_root):
    """On the speaker of EMO-DB that it has not heard; it is rounded since."""
    frame = reading.read([ARCHIVE])
    frame = frame[frame.fold.str.endswith("-1") & (frame.test == "in_domain")]
    expected = frame[frame["head"] == "emotion"].set_index("utterance")
    table = corpora.read("emodb", corpora_root / "emodb", labels="four")
    table = table[table.utterance.isin(expected.index)].set_index("utterance")
    assert len(table) == len(expected) > 20
    found = inference.load().predict(table.file)
    same = found.prediction.to_numpy() == expected.prediction[table.index].to_numpy()
    assert same.mean() > 0.95
