"""What commands print of the results of the package's functions."""

from types import SimpleNamespace

import pandas as pd
import pytest

from keras_ser import corpora, experiments
from keras_ser.cli import commands, printing
from keras_ser.cli import main as cli
from keras_ser.corpora import find


@pytest.mark.parametrize("verify", [True, False])
def test_verified_features_are_counted(capsys, monkeypatch, tmp_path, verify):
    def prepare(config, verification, **options):
        assert (verification is not None) == verify
        if verify:
            verification.add("cache/a.f16", True)
            verification.add("cache/b.f16", False)
        return 1, []

    monkeypatch.setattr(experiments, "prepare_features", prepare)
    words = ["features", "config.py", "--cache", str(tmp_path)]
    arguments = cli.parser().parse_args(words + ["--verify"] * verify)
    assert cli.main(arguments) == 0
    printed = capsys.readouterr().out
    assert "1 entries extracted" in printed
    line = "1 entries are right, 1 were damaged: cache/b.f16."
    assert (line in printed) == verify


def test_the_size_of_a_packed_experiment_is_printed(capsys, monkeypatch, tmp_path):
    path = tmp_path / "speech.pack"

    def prepare(config, systems, folds, repeats, preset, pack, **options):
        assert (systems, folds) == (("a", "b"), ("03",))
        assert (repeats, preset, pack) == (10, "small", str(path))
        path.write_bytes(bytes(1_250_000))
        return 0, []

    monkeypatch.setattr(experiments, "prepare_features", prepare)
    words = ["features", "config.py", "--systems", "a,b", "--folds", "03"]
    words += ["--repeats", "10", "--preset", "small", "--pack", str(path)]
    assert cli.main(cli.parser().parse_args(words)) == 0
    assert f"written: {path}, 1.2 MB" in capsys.readouterr().out


def test_a_run_is_told_where_its_packed_speech_is(monkeypatch, tmp_path):
    given = {}

    def run(config, **options):
        given.update(options)
        return tmp_path

    monkeypatch.setattr(experiments, "run", run)
    monkeypatch.setattr(printing, "print_experiment", lambda folder: None)
    words = ["run", "config.py", "--packed", "speech.pack"]
    assert cli.main(cli.parser().parse_args(words)) == 0
    assert given["packed"] == "speech.pack"
    assert cli.run_options([])["packed"] is None


def test_files_unlike_the_training_speech_are_noted(capsys):
    table = pd.DataFrame({"file": [f"{n}.wav" for n in range(9)]})
    table.attrs["unfamiliar"] = dict.fromkeys(table.file[:7], 9.0)
    commands._note_unfamiliar(table)
    text = capsys.readouterr().err
    assert "7 of 9 files are unlike" in text and "and 2 more" in text
    table.attrs["unfamiliar"] = {}
    commands._note_unfamiliar(table)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("listed", [True, False])
def test_speech_without_emotions_gets_no_command(capsys, monkeypatch, tmp_path, listed):
    place = tmp_path / "list.csv" if listed else tmp_path
    if listed:
        place.write_text("x")
    found = find.Found("csv" if listed else "folder", place, {"speaker": "who"})
    survey = SimpleNamespace(emotions={"": {}}, text=str, check_readable=lambda: None)
    monkeypatch.setattr(find, "find", lambda *arguments: found)
    monkeypatch.setattr(corpora, "survey_corpus", lambda *a, **options: survey)
    assert cli.main(cli.parser().parse_args(["corpus", str(place)])) == 0
    printed = capsys.readouterr().out
    assert f"--emotion {'COLUMN' if listed else 'PATTERN'}" in printed
    assert "keras-ser train" not in printed
