"""Commands, exit codes, and one line for bad input."""

import itertools
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import toy_runs

import keras_ser as ser
from keras_ser import inference, models
from keras_ser.cli import errors
from keras_ser.cli import main as cli
from keras_ser.features import LogMel
from keras_ser.features.preprocessing import Preprocessing
from keras_ser.inference import Recogniser
from keras_ser.utils import locks


def run(*words):
    return cli.main(cli.parser().parse_args(words))


@pytest.fixture
def toy_emodb(write_audio, noise):
    """The layout of EMO-DB, with enough speakers and emotions for a fold."""
    names = [
        f"{speaker}a01{letter}{version}"
        for speaker in ("03", "08", "09", "10")
        for letter in "WT"
        for version in "ab"
    ]
    for seed, name in enumerate(names):
        file = write_audio(f"emodb/wav/{name}.wav", noise(0.5, seed=seed))
    return file.parent.parent


def test_bad_input_is_one_line_and_exit_code_2(capsys, tmp_path):
    assert run("corpus", "emodb", "--root", str(tmp_path / "absent")) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("keras-ser: Corpus `emodb` expects")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["corpus", "nothing", "--root", "."], "Corpus must be one of"),
        (["run", "absent.py"], "config file"),
        (["predict", "absent", "a.wav"], "run folder or a model"),
        (["export", "absent", "--format", "keras"], "run folder or a model"),
        (["export", "absent", "--format", "keras,pickle"], "Format must be one of"),
        (["run", "{config}", "--corpus", "emodb"], "NAME=DIR"),
        (["run", "{config}", "--set", "training.epochs=many"], "expected int"),
        (["report", "absent"], "absent"),
        (["run", "{config}", "--set", "protocol=random"], "KERAS_SER_CORPORA"),
    ],
)
def test_each_kind_of_bad_input(words, expected, capsys, tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_SER_CORPORA", raising=False)
    config = tmp_path / "config.py"
    config.write_text(
        "from keras_ser.experiments.config import Experiment, System\n"
        "config = Experiment('x', 'emodb', {'mtl_aug': System()})\n"
    )
    assert run(*[word.format(config=config) for word in words]) == 2
    assert expected in capsys.readouterr().err


def test_corpus_shows_what_is_there(toy_emodb, capsys):
    with pytest.warns(UserWarning, match="has 16 files"):
        assert run("corpus", "emodb", "--root", str(toy_emodb)) == 0
    out = capsys.readouterr().out
    assert "16 utterances of 4 speakers" in out
    lines = [line.split() for line in out.splitlines()]
    assert ["anger", "8", "0.1", "127", "(deviates)"] in lines
    assert ["emodb/03", "male", "4", "0.0"] in lines


@pytest.mark.filterwarnings("ignore:Corpus `emodb` has")
def test_corpus_lists_bad_files_and_ends_with_exit_code_2(toy_emodb, capsys):
    names = ["11a01Fa.wav", "12a01Fa.wav"]
    for name in names:
        (toy_emodb / "wav" / name).write_text("<html>")
    words = ["corpus", "emodb", "--root", str(toy_emodb)]
    assert run(*words) == 2
    captured = capsys.readouterr()
    assert all(name in captured.out for name in names)
    assert captured.err.startswith("keras-ser: Corpus `emodb` has 2 files that cannot")
    assert run(*words, "--json", "--workers", "2") == 2
    survey = json.loads(capsys.readouterr().out)
    assert survey["utterances"] == 16
    assert [path.rsplit("/", 1)[1] for path in survey["unreadable"]] == names


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_corpus_takes_options_and_writes_audformat(write_audio, tmp_path, capsys):
    rows = ["file,label,who"]
    for number in range(4):
        path = write_audio(f"{number}.wav")
        rows.append(f"{path.name},anger,s{number}")
    listed = tmp_path / "list.csv"
    listed.write_text("\n".join(rows))
    out = tmp_path / "database"
    words = ["corpus", "csv", "--root", str(listed), "--audformat", str(out)]
    assert run(*words) == 2  # the speakers are not given
    assert "speaker" in capsys.readouterr().err and not out.exists()
    assert run(*words, "--set", "speaker=who") == 0
    assert "4 utterances of 4 speakers" in capsys.readouterr().out
    (written,) = out.glob("db.*.csv")
    assert "speaker" in written.read_text().splitlines()[0]
    assert run(*words, "--set", "speaker") == 2
    assert "--set takes OPTION=VALUE" in capsys.readouterr().err


@pytest.fixture
def own_folder(write_audio, noise, tmp_path):
    """Own speech in which speakers and sentences both cross with emotions."""
    combined = itertools.product(("ann", "bob"), "xyz", ("sad", "angry"))
    for seed, each in enumerate(combined):
        write_audio(f"own/{'_'.join(each)}.wav", noise(0.3, seed=seed))
    return tmp_path / "own"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_corpus_ends_with_the_command_that_trains(own_folder, capsys):
    assert run("corpus", str(own_folder)) == 0
    captured = capsys.readouterr()
    assert "Emotion, guessed: the name, after the last '_'" in captured.err
    assert "Two places in the paths may be the speaker" in captured.out
    (first, _) = re.findall("keras-ser train .*", captured.out)
    assert run("corpus", str(own_folder), "--json") == 2
    assert "Two places" in capsys.readouterr().err
    words = shlex.split(first)[2:]
    assert run("corpus", *words) == 0
    out = capsys.readouterr().out
    assert "12 utterances of 2 speakers" in out
    assert f"To train on it:\n  {first}" in out


def test_train_asks_for_the_speaker(own_folder, capsys, tmp_path):
    places = ["--out", str(tmp_path / "runs"), "--cache", str(tmp_path / "cache")]
    assert run("train", str(own_folder), *places) == 2
    lines = capsys.readouterr().err.splitlines()
    assert sum("--speaker=" in line for line in lines) == 2
    assert run("train", str(tmp_path / "absent"), *places) == 2
    assert "does not exist" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_finished_runs_are_reported_although_one_failed(
    toy_emodb, tmp_path, capsys, monkeypatch
):
    from keras_ser.experiments import runner

    real = runner._train_and_test

    def failing(job, *arguments):
        if job.fold.name == "08":
            raise RuntimeError("The loss must stay finite.")
        return real(job, *arguments)

    monkeypatch.setattr(runner, "_train_and_test", failing)
    config = tmp_path / "config.py"
    config.write_text(
        "from keras_ser.experiments.config import *\n"
        "systems = {'length': System('LengthProbe', augment=())}\n"
        "config = Experiment('toy', 'emodb', systems)\n"
    )
    words = ["run", str(config), "--corpus", f"emodb={toy_emodb}"]
    words += ["--out", str(tmp_path / "runs"), "--cache", str(tmp_path / "cache")]
    assert run(*words) == 1
    captured = capsys.readouterr()
    report = tmp_path / "runs" / "toy" / "report"
    assert "| length | 3 | 1 |" in (report / "report.md").read_text(encoding="utf-8")
    assert "The loss must stay finite." in captured.err
    assert f"The report of the finished runs is in {report}." in captured.err
    log = tmp_path / "runs" / "toy" / "length" / "08-0.log"
    assert "RuntimeError" in log.read_text()
    monkeypatch.undo()
    assert run(*words) == 0
    assert not log.exists()
    assert "length" in capsys.readouterr().out
    assert "| length | 4 | 1 |" in (report / "report.md").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_script_runs_a_config(toy_emodb, tmp_path, capsys):
    config = tmp_path / "config.py"
    config.write_text(
        "from keras_ser.experiments.config import *\n"
        "systems = {'length': System('LengthProbe', augment=())}\n"
        "config = Experiment('toy', 'emodb', systems)\n"
    )
    words = ["--corpus", f"emodb={toy_emodb}", "--cache", str(tmp_path / "cache")]
    words += ["--out", str(tmp_path / "runs")]
    folder = ser.run(config, **cli.run_options(words))
    assert folder == tmp_path / "runs" / "toy"
    assert (folder / "report" / "report.md").exists()
    with pytest.raises(ValueError, match="Unknown folds.*99"):
        ser.run(config, **cli.run_options([*words, "--folds", "99"]))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_run_report_and_predict(toy_emodb, tmp_path, capsys):
    config = tmp_path / "config.py"
    config.write_text(
        "from keras_ser.experiments.config import *\n"
        "config = Experiment('toy', 'emodb', {'mtl_aug': System()},\n"
        "    features=Features(settings={'n_mels': 16}, seconds=1.0),\n"
        "    training=Training(batch=4, epochs=1))\n"
    )
    common = ["--corpus", f"emodb={toy_emodb}", "--cache", str(tmp_path / "cache")]
    assert run("features", str(config), *common) == 0
    assert "48 entries" in capsys.readouterr().out
    out = str(tmp_path / "runs")
    words = ["run", str(config), *common, "--out", out]
    assert run(*words, "--folds", "03,08") == 0
    text = capsys.readouterr().out
    assert "toy: 2 runs" in text
    assert "UAR" in text
    report = tmp_path / "runs" / "toy" / "report" / "report.md"
    first = report.read_bytes()
    assert run("report", str(tmp_path / "runs" / "toy")) == 0
    assert report.read_bytes() == first
    capsys.readouterr()
    folder = str(tmp_path / "runs" / "toy" / "mtl_aug" / "03-0")
    file = str(next((toy_emodb / "wav").iterdir()))
    assert run("predict", folder, file, "--window", "0.2", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["start"] for row in rows] == [0.0, 0.2, 0.4]
    assert all(row["p_anger"] + row["p_sadness"] == pytest.approx(1) for row in rows)
    written, pictures = tmp_path / "predictions.csv", tmp_path / "pictures"
    options = ["--out", str(written), "--picture", str(pictures), "--window", "0.2"]
    assert run("predict", folder, file, "gone.wav", *options) == 1
    captured = capsys.readouterr()
    assert re.search("keras-ser: left out: .*gone.wav, which does not", captured.err)
    assert [each.stem for each in pictures.iterdir()] == [Path(file).stem]
    table = pd.read_csv(written)
    assert table.start.tolist() == [0.0, 0.2, 0.4] and str(written) in captured.err
    assert run("predict", folder, "gone.wav") == 2
    assert run("embed", folder, file, "--out", str(written)) == 0
    (row,) = pd.read_csv(written).to_dict("records")
    assert row["file"] == file and {"e_0", "e_127"} <= set(row)
    assert run(*words, "--folds", "03", "--set", "training.epochs=2") == 2
    assert "different settings" in capsys.readouterr().err


def test_packed_runs_are_reported_next_to_their_archive(tmp_path, capsys):
    runs, out = tmp_path / "runs", tmp_path / "packed"
    for system in ("baseline", "mtl"):
        toy_runs.write(runs, toy_runs.predictions(system, "03"))
    words = ["pack", str(runs / "toy"), "--out", str(out)]
    assert run(*words) == 0
    archive = out / "toy.zip"
    assert capsys.readouterr().out == f"written:\n  {archive}\n"
    assert run("report", str(archive), "--format", "md") == 0
    report = out / "toy" / "report" / "report.md"
    assert "| mtl | 1 | 1 | 12 |" in report.read_text(encoding="utf-8")
    assert (
        run("report", f"{archive}/mtl", "--format", "md", "--out", str(tmp_path)) == 0
    )
    assert "baseline" not in (tmp_path / "report.md").read_text(encoding="utf-8")
    toy_runs.write(runs, toy_runs.predictions("mtl", "08"))
    capsys.readouterr()
    assert run(*words) == 2
    assert "with other content" in capsys.readouterr().err
    assert run(*words, "--replace") == 0


@pytest.fixture
def model_file(tmp_path):
    bands, classes = 16, ("anger", "sadness")
    moments = np.full(bands, -8.0), np.full(bands, 3.0)
    preprocessing = Preprocessing(LogMel(n_mels=bands), classes, 1.0, "train", *moments)
    model = models.MTLAug(classes, dimensions=bands, **models.BASELINE)
    return Recogniser(model, preprocessing).save(tmp_path / "run" / "model.keras")


def test_export_writes_next_to_the_model_and_says_how_to_load_it(
    model_file, tmp_path, capsys
):
    for source in (model_file, model_file.parent):
        assert run("export", str(source), "--format", "keras,keras") == 0
        captured = capsys.readouterr()
        path = model_file.parent / "speech.keras"
        assert f"written: {path}\n    import keras\n" in captured.out
        assert captured.out.count("written") == 1
        assert "keras_ser.audio.read(file)" in captured.out
        path.rename(tmp_path / "speech.keras")
    assert (
        run("export", str(model_file), "--format", "keras", "--out", str(tmp_path)) == 2
    )
    assert "speech.keras. Remove it" in capsys.readouterr().err
    (tmp_path / "speech.keras").unlink()
    assert (
        run("export", str(model_file), "--format", "keras", "--out", str(tmp_path)) == 0
    )
    assert (tmp_path / "speech.keras").is_file()
    assert not path.exists()


def test_a_failed_run_is_exit_code_1(capsys):
    def fail():
        raise RuntimeError("The loss must\nstay finite.")

    assert errors.run_command(fail) == 1
    assert capsys.readouterr().err == "keras-ser: The loss must stay finite.\n"


@pytest.mark.parametrize("option", ["--repeats", "--threads", "--workers"])
def test_counts_are_positive(option, capsys):
    with pytest.raises(SystemExit) as ended:
        run("run", "config.py", option, "0")
    assert ended.value.code == 2
    assert "expected a whole number, 1 or more" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["run", "config.py", "--systems", ","],
        ["run", "config.py", "--folds", ""],
        ["report", "runs", "--format", ""],
    ],
)
def test_lists_of_names_are_not_empty(words, capsys):
    with pytest.raises(SystemExit) as ended:
        run(*words)
    assert ended.value.code == 2
    assert "expected names with commas" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["predict", "a.onnx", "a.wav", "--out", ""],
        ["predict", "a.onnx", "a.wav", "--picture", ""],
        ["run", "config.py", "--cache", ""],
    ],
)
def test_an_empty_path_is_rejected(words, capsys):
    assert run(*words) == 2
    assert f"`{words[-2]}` takes a path" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["predict", "embed"])
def test_where_to_write_is_checked_before_anything_is_computed(
    command, capsys, tmp_path, monkeypatch
):
    monkeypatch.setattr(inference, command, None)  # which cannot be called
    assert run(command, "a.onnx", "a.wav", "--out", str(tmp_path)) == 2
    assert f"{str(tmp_path)!r}, which is a folder" in capsys.readouterr().err


PROBE = (
    "from keras_ser.experiments.config import *\n"
    "config = Experiment('toy', 'emodb',\n"
    "    {'length': System('LengthProbe', augment=())})\n"
)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_run_says_how_many_jobs_are_left(toy_emodb, tmp_path, capsys):
    (tmp_path / "config.py").write_text(PROBE)
    words = ["run", str(tmp_path / "config.py"), "--corpus", f"emodb={toy_emodb}"]
    words += ["--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "runs")]
    assert run(*words, "--folds", "03,03", "--systems", "length,length") == 0
    assert "toy: 1 run in" in capsys.readouterr().out
    interrupted = tmp_path / "runs" / "toy" / "length" / "08-0.partial"
    (tmp_path / "runs" / "toy" / "length" / "03-0").rename(interrupted)
    (interrupted / "environment.json").unlink()
    assert run(*words, "--folds", "03") == 0
    capsys.readouterr()
    assert run(*words, "--folds", "03,08,09") == 2  # 08 has the settings of 03
    status = "toy: 3 runs in .*: 1 done, 1 to resume, 1 to start"
    assert re.search(status, capsys.readouterr().out)
    folder = tmp_path / "runs" / "toy" / "length" / "03-0"
    assert run("predict", str(folder), str(tmp_path / "a.wav")) == 2
    assert "classical systems save no model" in capsys.readouterr().err


def test_smoke_removes_an_earlier_run_after_all_checks(tmp_path, capsys):
    (tmp_path / "config.py").write_text(PROBE)
    old = tmp_path / "runs" / "toy_smoke" / "length" / "x-0"
    old.mkdir(parents=True)
    words = ["run", str(tmp_path / "config.py"), "--smoke", "--cache", str(tmp_path)]
    words += ["--out", str(tmp_path / "runs")]
    assert run(*words, "--set", "protocol=random") == 2
    assert old.exists()
    with locks.held(old.with_name("x-0.lock"), old):
        assert run(*words) == 2
    assert "is in use by process" in capsys.readouterr().err
    assert old.exists()
    assert run(*words) == 0
    assert not old.exists()
    assert len(list(old.parent.glob("*-0"))) == 1


def test_help_names_every_command():
    done = subprocess.run(
        [sys.executable, "-c", "from keras_ser.cli import entry; entry()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for name in cli.COMMANDS:
        assert name in done.stdout


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.parser().parse_args(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"keras_ser {ser.__version__}\n"


@pytest.mark.parametrize("words", [[], ["run"], ["predict"]])
def test_help_leaves_out_the_flags_of_absl_but_takes_them(words, capsys):
    from absl.flags import argparse_flags

    for option, is_listed in (("--help", False), ("--helpfull", True)):
        with pytest.raises(SystemExit):
            cli.parser(argparse_flags.ArgumentParser).parse_args([*words, option])
        text = capsys.readouterr().out
        assert "--helpfull" not in text.split("absl flags:")[0]
        assert ("absl" in text) == is_listed


@pytest.mark.parametrize(
    ("name", "usage", "has_onnx"),
    [
        ("predict", "[options] [RUN|MODEL] FILE [FILE ...]", True),
        ("embed", "[options] --out FILE [RUN|MODEL] FILE [FILE ...]", False),
    ],
)
def test_a_model_comes_before_the_files(name, usage, has_onnx, capsys):
    """An exported file has no embeddings, so only `predict` names it."""
    with pytest.raises(SystemExit):
        cli.parser().parse_args([name, "--help"])
    text = capsys.readouterr().out
    assert f"usage: keras-ser {name} {usage}\n" in text
    assert (".onnx" in text) == has_onnx
