"""The folder of a run: started, interrupted, resumed, rejected and finished."""

import dataclasses
import errno
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pandas as pd
import pytest

from keras_ser import features
from keras_ser.callbacks.checkpoint import FILE_NAME as NAME
from keras_ser.cli import errors
from keras_ser.experiments import experiment, plan, run_folder, runner
from keras_ser.experiments.config import Experiment, System, Training
from keras_ser.utils import files, locks

ROOT = Path(__file__).parents[2]
CONFIG = Experiment("toy", "emodb", {"one": System(), "two": System()})
RECORD = {"config.json", "environment.json", "metrics.json", "predictions.csv"}


@pytest.fixture
def planned(toy_table, tmp_path):
    table = toy_table({name: "" for name in "1234"})
    return plan.plan_jobs(CONFIG, table, None, tmp_path / "runs", folds=["1"])


@pytest.fixture
def job(planned):
    return planned[0]


class Runner:
    """Predicts without a model, lists its calls, and raises `error` if it is set."""

    def __init__(self):
        self.calls = []
        self.error = None

    def __call__(self, job, store, folder, title, monitor):
        found = {path.name for path in folder.iterdir()}
        self.calls.append((job.system, found))
        (folder / NAME).write_text("state")
        (folder / "logs").mkdir(exist_ok=True)
        (folder / ".1-history.csv").write_text("half")
        (folder / "history.csv").write_text("half")
        if self.error:
            raise self.error
        (folder / ".1-history.csv").unlink()
        (folder / "history.csv").unlink()
        tested = job.fold.tests["test"]
        columns = {"head": "emotion", "prediction": "anger", "truth": tested.emotion}
        columns |= {"condition": "clean", "test": "test", "p_anger": 0.5}
        return tested[["corpus", "utterance"]].assign(**columns), {"epoch": 1}


@pytest.fixture
def recorder(monkeypatch):
    found = Runner()
    monkeypatch.setattr(runner, "_train_and_test", found)
    monkeypatch.setattr(experiment, "prepare", lambda *_: 0)
    return found


def interrupt(job, recorder, error=KeyboardInterrupt):
    recorder.error = error
    with pytest.raises(error if isinstance(error, type) else type(error)) as raised:
        runner.run_job(job, "cache")
    recorder.error = None
    return raised.value


def environment(job):
    return files.read_json(job.folder / "environment.json")


def test_an_interrupted_run_resumes(job, recorder):
    for _ in range(2):
        interrupt(job, recorder)
        assert not job.folder.exists()
        assert not locks.os.path.exists(run_folder.lock(job))
    assert runner.run_job(job, "cache") == job.folder
    records = {"config.json", "environment.json"}
    left = {*records, NAME, "logs"}
    assert [found for _, found in recorder.calls] == [records, left, left]
    assert environment(job)["resumed"] == 2
    sessions = environment(job)["sessions"]
    assert len(sessions) == 3
    assert all(session["seconds"] >= 0 for session in sessions)
    assert {path.name for path in job.folder.iterdir()} == {*RECORD, "logs"}
    assert [path.name for path in job.folder.parent.iterdir()] == [job.folder.name]


def test_a_complete_run_without_its_final_name_gets_it(job, recorder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            runner.run_job(job, "cache")
    written = (run_folder.unfinished(job) / "predictions.csv").stat().st_mtime_ns
    runner.run_job(job, "cache")
    assert len(recorder.calls) == 1
    assert (job.folder / "predictions.csv").stat().st_mtime_ns == written


def test_what_a_report_compares_may_change_while_a_run_is_unfinished(job, recorder):
    interrupt(job, recorder)
    names = {"reference": "two", "primary": "one", "published": "mtl_aug:2"}
    config = dataclasses.replace(job.config, **names)
    other = dataclasses.replace(job, config=config)
    runner.run_job(other, "cache")
    assert environment(other)["resumed"] == 1
    assert files.read_json(other.folder / "config.json")["primary"] == "one"
    run_folder.check_same_settings(job)


def test_a_run_killed_before_its_description_starts_again(job, recorder):
    folder = run_folder.unfinished(job)
    files.write_json(folder / "environment.json", {"resumed": 3})
    (folder / NAME).write_text("of whom?")
    runner.run_job(job, "cache")
    assert recorder.calls == [("one", {"config.json", "environment.json"})]
    assert environment(job)["resumed"] == 0


def test_an_unfinished_run_with_different_settings_is_rejected(planned, job, recorder):
    interrupt(job, recorder)
    before = {
        p: p.read_bytes() for p in run_folder.unfinished(job).iterdir() if p.is_file()
    }
    changed = dataclasses.replace(CONFIG, training=Training(epochs=3))
    other = [dataclasses.replace(each, config=changed) for each in planned]
    words = r"1-0\.partial holds an unfinished run with different settings of "
    words += r"\['training'\]. Finish it with its own .* or delete it, or give .* --out"
    for start in (lambda: experiment.run_jobs(other, "cache"),
                  lambda: runner.run_job(other[0], "cache")):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            start()
    assert len(recorder.calls) == 1
    assert all(path.read_bytes() == content for path, content in before.items())


def test_how_often_all_heads_are_validated_decides_nothing(planned, job, recorder):
    interrupt(job, recorder)
    changed = dataclasses.replace(CONFIG, training=Training(validate_every=1))
    other = [dataclasses.replace(each, config=changed) for each in planned]
    recorder.error = None
    runner.run_job(other[0], "cache")
    assert job.folder.exists()
    experiment.check_same_settings(job)


def in_old_words(path: Path) -> None:
    """Gives the settings in a `config.json` the names of earlier versions."""
    described = files.read_object(path)
    training, (system,) = described["training"], described["systems"].values()
    training["rows"] = training.pop("rows_per_utterance")
    training["unlabelled"] = training.pop("unlabelled_ratio")
    system["unlabelled"] = system.pop("use_unlabelled")
    described["unlabelled"] = described.pop("unlabelled_corpus")
    files.write_json(path, described)


@pytest.mark.parametrize("finished", [True, False])
def test_a_run_of_an_earlier_version_is_rejected(planned, job, recorder, finished):
    if finished:
        folder = runner.run_job(job, "cache")
    else:
        interrupt(job, recorder)
        folder = run_folder.unfinished(job)
    in_old_words(folder / "config.json")
    before = {p: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    for start in (lambda: experiment.run_jobs(planned, "cache", progress=False),
                  lambda: runner.run_job(job, "cache")):  # fmt: skip
        with pytest.raises(ValueError) as caught:
            start()
        message = str(caught.value)
        assert message.startswith(f"{folder} holds a")
        assert "run of an earlier version of keras_ser" in message
        assert "`training.rows_per_utterance` was called `training.rows`" in message
        new, old = "systems.one.use_unlabelled", "systems.one.unlabelled"
        assert f"`{new}` was called `{old}`" in message
        assert "Delete the folder to train again, or give another --out" in message
    assert len(recorder.calls) == 1
    assert all(path.read_bytes() == content for path, content in before.items())


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (("training",), "rows", "rows_per_utterance"),
        (("systems", "one"), "unlabelled", "use_unlabelled"),
        ((), "unlabelled", "unlabelled_corpus"),
    ],
)
def test_one_setting_of_an_earlier_version_is_enough(job, recorder, path, old, new):
    runner.run_job(job, "cache")
    described = files.read_object(job.folder / "config.json")
    part = described
    for name in path:
        part = part[name]
    part[old] = part.pop(new)
    files.write_json(job.folder / "config.json", described)
    with pytest.raises(ValueError, match="of an earlier version of keras_ser"):
        run_folder.check_same_settings(job)


def test_an_unfinished_run_of_an_earlier_version_without_results_is_replaced(
    job, recorder
):
    interrupt(job, recorder)
    folder = run_folder.unfinished(job)
    in_old_words(folder / "config.json")
    (folder / NAME).unlink()
    runner.run_job(job, "cache")
    training = files.read_object(job.folder / "config.json")["training"]
    assert "rows_per_utterance" in training and "rows" not in training
    assert environment(job)["resumed"] == 0


def test_settings_without_a_checkpoint_are_replaced(planned, job, recorder):
    """A mistyped setting can be corrected, because nothing is lost."""
    changed = dataclasses.replace(CONFIG, training=Training(epochs=3))
    other = dataclasses.replace(job, config=changed)
    interrupt(other, recorder)
    (run_folder.unfinished(job) / NAME).unlink()
    (run_folder.unfinished(job) / "history.csv").write_text("of the first")
    assert runner.run_job(job, "cache") == job.folder
    assert recorder.calls[1] == ("one", {"config.json", "environment.json"})
    epochs = files.read_json(job.folder / "config.json")["training"]["epochs"]
    assert epochs == CONFIG.training.epochs
    assert environment(job)["resumed"] == 0
    assert len(environment(job)["sessions"]) == 1


def test_predictions_with_different_settings_are_not_replaced(planned, job, recorder):
    interrupt(job, recorder)
    (run_folder.unfinished(job) / NAME).rename(
        run_folder.unfinished(job) / "predictions.csv"
    )
    changed = dataclasses.replace(CONFIG, training=Training(epochs=3))
    with pytest.raises(ValueError, match="unfinished run with different settings"):
        runner.run_job(dataclasses.replace(job, config=changed), "cache")


def test_every_session_keeps_its_environment(job, recorder):
    interrupt(job, recorder)
    path = run_folder.unfinished(job) / "environment.json"
    found = files.read_json(path)
    session = {**found["sessions"][0], "threads": 99, "commit": "first"}
    del session["seconds"]  # unknown, because the session was killed
    files.write_json(
        path, {**found, "threads": 99, "commit": "first", "sessions": [session]}
    )
    with pytest.warns(UserWarning, match="'threads': '99 before"):
        runner.run_job(job, "cache")
    now = environment(job)
    assert now["sessions"][0] == session
    for key in ("threads", "commit", "seconds", "librosa"):
        assert now["sessions"][1][key] == now[key]
    assert now["threads"] != 99


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"resumed": 0},
        {"resumed": 0, "keras": "3"},  # without sessions
        {"resumed": "x", "keras": "3"},
        {"resumed": True, "keras": "3"},
        {"resumed": 0, "keras": "3", "sessions": "x"},
    ],
)
def test_a_damaged_record_is_rejected_with_its_name(job, recorder, damaged):
    interrupt(job, recorder)
    files.write_json(run_folder.unfinished(job) / "environment.json", damaged)
    words = r"Expected .*1-0\.partial.environment.json to hold .*`resumed`.*Delete .* "
    words += "to start the run again"
    with pytest.raises(ValueError, match=words):
        runner.run_job(job, "cache")
    assert (run_folder.unfinished(job) / NAME).exists()


def test_another_machine_resumes_with_a_warning(job, recorder):
    interrupt(job, recorder)
    path = run_folder.unfinished(job) / "environment.json"
    files.write_json(path, {**files.read_json(path), "tensorflow": "2.0"})
    with pytest.warns(
        UserWarning, match="different environment, {'tensorflow': '2.0 before.*differ"
    ):
        runner.run_job(job, "cache")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        interrupt(dataclasses.replace(job, system="two"), recorder)
        runner.run_job(dataclasses.replace(job, system="two"), "cache")


def test_a_run_in_use_by_another_process_is_rejected_before_training(planned, recorder):
    """If the second of two jobs is in use, the first is not trained either."""
    hold = (
        "import sys; from keras_ser.utils import locks\n"
        "with locks.held(sys.argv[1], 'it'): print('held', flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", hold, str(run_folder.lock(planned[1]))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout.readline() == "held\n"
    words = rf"two.1-0\.partial is in use by process {process.pid} on "
    with pytest.raises(ValueError, match=words):
        experiment.run_jobs(planned, "cache", progress=False)
    with pytest.raises(ValueError, match=words):
        runner.run_job(planned[1], "cache")
    assert not recorder.calls
    assert not run_folder.unfinished(planned[1]).exists()
    process.communicate("\n")
    assert len(experiment.run_jobs(planned, "cache", progress=False)) == 2


def test_a_run_is_made_in_its_precision(job, recorder, monkeypatch):
    import keras

    found = []
    monkeypatch.setattr(
        runner,
        "_train_and_test",
        lambda *each: found.append(keras.config.dtype_policy().name) or recorder(*each),
    )
    training = Training(precision="mixed_bfloat16")
    config = dataclasses.replace(CONFIG, training=training)
    runner.run_job(dataclasses.replace(job, config=config), "cache")
    assert found == ["mixed_bfloat16"]
    assert keras.config.dtype_policy().name == "float32"


def test_devices_that_cannot_share_a_batch_are_rejected_before_training(
    planned, recorder, monkeypatch
):
    import keras

    for name, devices in (("tensorflow", 2), ("jax", 3)):
        monkeypatch.setattr(keras.backend, "backend", lambda name=name: name)
        with pytest.raises(ValueError, match="needs the Keras backend jax|multiple of"):
            experiment.run_jobs(planned, "cache", devices=devices, progress=False)
    assert not recorder.calls
    assert not run_folder.unfinished(planned[0]).exists()


def test_scores_are_those_of_clean_speech_with_the_others_next_to_them(
    job, recorder, monkeypatch
):
    def under(*arguments):
        clean, found = recorder(*arguments)
        noisy = clean.assign(condition="noise:all:0", prediction="sadness")
        return pd.concat([noisy, clean]), found

    runner.run_job(job, "cache")
    alone = files.read_json(job.folder / "metrics.json")
    monkeypatch.setattr(runner, "_train_and_test", under)
    other = dataclasses.replace(job, system="two")
    runner.run_job(other, "cache")
    metrics = files.read_json(other.folder / "metrics.json")
    assert metrics["scores"] == alone["scores"]
    assert metrics["scores"]["recalls"] == {"anger": 1.0, "sadness": 0.0}
    assert set(metrics["conditions"]) == {"noise:all:0"}
    recalls = metrics["conditions"]["noise:all:0"]["recalls"]
    assert recalls == {"anger": 0.0, "sadness": 1.0}
    assert "conditions" not in alone


def test_a_run_that_another_process_finished_meanwhile_is_not_run(job, recorder):
    runner.run_job(job, "cache")
    runner.run_job(job, "cache")
    assert len(recorder.calls) == 1


def test_a_failure_names_its_run_and_leaves_the_others(planned, recorder):
    runner.run_job(planned[0], "cache")
    recorder.error = RuntimeError("The loss must stay finite.")
    with pytest.raises(RuntimeError) as raised:
        experiment.run_jobs(planned, "cache", progress=False)
    assert len(recorder.calls) == 1 + 2  # it was tried again
    note = f"This was in {run_folder.unfinished(planned[1])}."
    assert set(raised.value.__notes__) == {note}
    assert "finite" in planned[1].folder.with_name("1-0.log").read_text()
    assert planned[0].folder.exists()
    assert run_folder.unfinished(planned[1]).exists()


def command(job, recorder, capsys):
    def run():
        runner.run_job(job, "cache")

    code = errors.run_command(run)
    captured = capsys.readouterr().err
    assert captured.startswith("keras-ser: ")
    assert captured.count("\n") == 1
    return code, captured


def test_a_full_disk_is_one_line_and_the_run_resumes(
    job, recorder, capsys, monkeypatch
):
    def fill(self, *_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(pd.DataFrame, "to_csv", fill)
        code, text = command(job, recorder, capsys)
    assert code == 1
    assert "No space left on device" in text
    assert f"This was in {run_folder.unfinished(job)}. Make room on the disk" in text
    runner.run_job(job, "cache")
    assert recorder.calls[1][1] >= {NAME}


def test_an_interruption_is_one_line_that_says_how_to_resume(job, recorder, capsys):
    recorder.error = KeyboardInterrupt()
    code, text = command(job, recorder, capsys)
    assert code == 130
    assert "Interrupted" in text
    assert "same command again to resume" in text


def _fail(job, *_, **__):
    with runner.NoteRun(job):
        raise RuntimeError(json.dumps(job.system))


def test_an_error_keeps_its_name_on_the_way_from_a_worker(planned, monkeypatch):
    monkeypatch.setattr(experiment, "run_job", _fail)
    monkeypatch.setattr(experiment, "prepare", lambda *_: 0)
    with pytest.raises(RuntimeError) as raised:
        experiment.run_jobs(planned[:1], "cache", workers=2, progress=False)
    assert raised.value.__notes__[0].startswith("This was in ")


def _name_front_ends(job, *_, **__):
    raise RuntimeError(json.dumps(sorted(features.FRONT_ENDS)))


def test_a_worker_knows_a_front_end_that_a_script_has_named(planned, monkeypatch):
    class Loudness(features.LogMel):
        pass

    monkeypatch.setitem(features.FRONT_ENDS, "Loudness", Loudness)
    monkeypatch.setattr(experiment, "run_job", _name_front_ends)
    monkeypatch.setattr(experiment, "prepare", lambda *_: 0)
    with pytest.raises(RuntimeError, match='"Loudness"'):
        experiment.run_jobs(planned[:1], "cache", workers=2, progress=False)


@pytest.mark.slow
def test_killed_folds_end_with_the_bytes_of_undisturbed_ones():
    """One fold in a process of its own, which is killed three times."""
    words = ["--speakers", "4", "--repeats", "1", "--epochs", "3", "--kills", "3"]
    done = subprocess.run(
        [sys.executable, "benchmarks/kill_resume.py", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 finished files rewritten; 0 unfinished files left" in done.stdout
