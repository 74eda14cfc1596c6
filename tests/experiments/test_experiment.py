"""Experiments: what `run` and `prepare_features` do, and the runs that they write."""

import dataclasses
import json
import warnings

import pandas as pd
import pytest
import soundfile

from keras_ser import corpora, evaluation, experiments, scores
from keras_ser.audio.unusable import UnusableAudio
from keras_ser.callbacks.checkpoint import Checkpoint
from keras_ser.corpora.table import Corpus
from keras_ser.experiments import experiment, plan, runner
from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.inference import Recogniser
from keras_ser.utils.parallel import CallsFailed, cpu_count

# The runs that `run_jobs` writes.


@pytest.fixture(scope="module")
def finished(toy, tables, tmp_path_factory):
    """All systems of one fold, run once."""
    out = tmp_path_factory.mktemp("runs")
    planned = plan.plan_jobs(toy, *tables, out, folds=["1"])
    folders = experiment.run_jobs(planned, out / "cache", threads=None, progress=False)
    return planned, dict(zip(toy.systems, folders, strict=True))


def test_a_finished_folder_holds_the_record(finished):
    _, folders = finished
    for system, folder in folders.items():
        assert folder.name == "1-0"
        assert folder.parent.name == system
        names = {path.name for path in folder.iterdir()}
        assert names == {
            "config.json",
            "environment.json",
            "history.csv",
            "logs",
            "metrics.json",
            "model.keras",
            "predictions.csv",
            "preprocessing.json",
        }
        assert not list(folder.parent.glob("*.partial"))


def test_predictions_have_the_columns_of_the_format(finished, tables):
    _, folders = finished
    frame = pd.read_csv(folders["mtl_aug"] / "predictions.csv")
    assert list(frame) == [
        "experiment",
        "system",
        "corpus",
        "fold",
        "repeat",
        "test",
        "condition",
        "utterance",
        "speaker",
        "head",
        "truth",
        "prediction",
        "p_anger",
        "p_sadness",
    ]
    tested = tables[0][tables[0].speaker == "toy/1"]
    assert frame.utterance.tolist() == tested.utterance.tolist()
    assert frame.truth.tolist() == tested.emotion.tolist()
    assert set(frame.system) == {"mtl_aug"}


def test_metrics_name_the_speakers_and_what_selected(finished):
    _, folders = finished
    for system, folder in folders.items():
        metrics = json.loads((folder / "metrics.json").read_text())
        speakers = metrics["speakers"]
        sides = [set(speakers[side]) for side in ("train", "dev", "test")]
        assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
        assert sides[2] == {"toy/1"}
        assert ("toy/5" in sides[0]) == (system == "more")
        assert metrics["selected_by"] == "development speakers toy/2, toy/3"
        history = pd.read_csv(folder / "history.csv")
        assert metrics["epochs"] == len(history) == 3
        best = history.val_emotion_accuracy.max()
        assert history.val_emotion_accuracy[metrics["epoch"] - 1] == best


def test_the_temperature_is_that_of_the_development_speakers(finished, tables):
    _, folders = finished
    for folder in folders.values():
        metrics = json.loads((folder / "metrics.json").read_text())
        loaded = Recogniser.load(folder)
        assert loaded.temperature == metrics["temperature"]
        dev = tables[0][tables[0].speaker.isin(metrics["speakers"]["dev"])]
        frame = evaluation.predictions(loaded, dev)
        frame = frame[frame["head"] == "emotion"]
        values = frame[[f"p_{name}" for name in loaded.classes]]
        expected = scores.fit_temperature(frame.truth, values, loaded.classes)
        assert metrics["temperature"] == pytest.approx(expected, rel=1e-3)


def test_by_default_nothing_is_selected(toy, tables, tmp_path):
    short = dataclasses.replace(toy, training=Training(batch=4, epochs=2))
    (job, *_) = plan.plan_jobs(short, *tables, tmp_path, folds=["1"])
    options = {"threads": None, "progress": False}
    (folder,) = experiment.run_jobs([job], tmp_path / "cache", **options)
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["epoch"] == metrics["epochs"] == 2
    assert metrics["selected_by"] == "nothing: the last epoch is tested"


def test_the_saved_model_is_that_of_the_selected_epoch(finished, tables):
    """Its development accuracy is that of this epoch in the history."""
    _, folders = finished
    for folder in folders.values():
        metrics = json.loads((folder / "metrics.json").read_text())
        history = pd.read_csv(folder / "history.csv").iloc[metrics["epoch"] - 1]
        dev = tables[0][tables[0].speaker.isin(metrics["speakers"]["dev"])]
        # Validation uses the first window of longer speech.
        dev = dev.assign(start=0.0, end=dev.duration.clip(upper=0.99))
        score = evaluation.score(Recogniser.load(folder), dev)
        accuracy = score.loc["clean", "accuracy"] / 100
        assert accuracy == pytest.approx(history.val_emotion_accuracy, abs=1e-6)


def test_all_systems_do_the_same_number_of_updates(finished):
    _, folders = finished
    updates = {
        json.loads((folder / "metrics.json").read_text())["updates_per_epoch"]
        for folder in folders.values()
    }
    assert len(updates) == 1


def test_the_augmentation_head_is_scored_next_to_the_probe(finished):
    _, folders = finished
    for system, folder in folders.items():
        metrics = json.loads((folder / "metrics.json").read_text())
        assert ("speed_probe" in metrics) == (system != "baseline")
        assert ("augmentation_accuracy" in metrics) == (system != "baseline")
        if system != "baseline":
            assert set(metrics["speed_probe"]) == {"0.9", "1.1"}
            assert 0 < metrics["augmentation_accuracy"] < 1


def test_a_finished_run_is_not_run_again(finished, tables):
    planned, folders = finished
    before = {s: (f / "metrics.json").stat().st_mtime_ns for s, f in folders.items()}
    again = experiment.run_jobs(planned, "no cache is needed", progress=False)
    assert again == list(folders.values())
    after = {s: (f / "metrics.json").stat().st_mtime_ns for s, f in folders.items()}
    assert before == after


def test_an_interrupted_run_ends_with_the_same_bytes(finished, tmp_path, monkeypatch):
    """The same seed gives the same predictions."""
    planned, folders = finished
    job = next(job for job in planned if job.system == "more")
    job = dataclasses.replace(job, out=tmp_path)
    cache, real = tmp_path / "cache", Checkpoint.on_epoch_end

    def interrupt(self, epoch, logs=None):
        real(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Checkpoint, "on_epoch_end", interrupt)
        experiment.run_jobs([job], cache, progress=False)
    assert [path.name for path in job.folder.parent.iterdir()] == ["1-0.partial"]
    (again,) = experiment.run_jobs([job], cache, progress=False)
    for name in ("predictions.csv", "history.csv", "metrics.json"):
        expected = (folders["more"] / name).read_bytes()
        assert (again / name).read_bytes() == expected, name
    names = {path.name for path in again.iterdir()}
    assert names == {path.name for path in folders["more"].iterdir()}
    assert json.loads((again / "environment.json").read_text())["resumed"] == 1


def test_a_run_with_different_settings_is_rejected(toy, finished):
    planned, _ = finished
    changed = dataclasses.replace(toy, training=Training(batch=4, epochs=4))
    other = [dataclasses.replace(job, config=changed) for job in planned]
    with pytest.raises(
        ValueError, match=r"different settings of \['training'\].*--out"
    ):
        experiment.run_jobs(other, "cache")


def test_options_of_corpora_that_only_others_use_decide_nothing(toy, finished):
    """They are known or not, depending on which systems are run together."""
    planned, folders = finished
    options = {"corpus_options": {"librispeech": {"trim": True}}}
    changed = dataclasses.replace(toy, **options)
    jobs = {job.system: dataclasses.replace(job, config=changed) for job in planned}
    (again,) = experiment.run_jobs([jobs["baseline"]], "cache")
    assert again == folders["baseline"]
    with pytest.raises(ValueError, match=r"different settings of \['corpus_options'\]"):
        experiment.run_jobs([jobs["more"]], "cache")


def test_different_data_is_rejected(toy, finished, tables):
    planned, _ = finished
    labelled = tables[0].copy()
    labelled.loc[0, "emotion"] = "sadness"
    other = plan.plan_jobs(toy, labelled, tables[1], planned[0].out, folds=["1"])
    with pytest.raises(ValueError, match="of other speech: the files, speakers or lab"):
        experiment.run_jobs(other, "cache")


@pytest.mark.slow
def test_two_workers_give_what_one_gives(toy, finished, tables, tmp_path):
    _, folders = finished
    planned = plan.plan_jobs(
        toy, *tables, tmp_path, systems=["baseline", "mtl_aug"], folds=["1"]
    )
    again = experiment.run_jobs(
        planned, tmp_path / "c", workers=2, threads=cpu_count(), progress=False
    )
    for folder in again:
        expected = folders[folder.parent.name] / "predictions.csv"
        assert (folder / "predictions.csv").read_bytes() == expected.read_bytes()


def test_a_monitor_adds_to_the_logs_and_changes_nothing(
    toy, finished, tables, tmp_path
):
    planned, folders = finished
    again = plan.plan_jobs(toy, *tables, tmp_path, ["baseline"], ["1"])
    cache = planned[0].out / "cache"
    (folder,) = experiment.run_jobs(again, cache, progress=False, monitor=True)
    assert list((folder / "logs" / "monitor").glob("events.*"))
    assert not (folders["baseline"] / "logs" / "monitor").exists()
    names = {path.name for path in folders["baseline"].iterdir()}
    assert {path.name for path in folder.iterdir()} == names
    for name in names - {"environment.json", "logs", "model.keras"}:
        expected = (folders["baseline"] / name).read_bytes()
        assert (folder / name).read_bytes() == expected, name


def test_the_titles_of_trainings_estimate_the_time_that_is_left(
    toy, tables, monkeypatch
):
    seconds = iter([0.0, 100.0, 160.0])
    monkeypatch.setattr(experiment.time, "monotonic", lambda: next(seconds))
    planned = plan.plan_jobs(toy, *tables, "runs", folds=["1"])
    titles = experiment._Titles(len(planned), shown=True)
    assert [titles._next(job) for job in planned] == [
        "[1/3] baseline 1",
        "[2/3, about 0:03:20 left] mtl_aug 1",
        "[3/3, about 0:01:20 left] more 1",
    ]


# What `run` does.


PROBES = {
    "length": System("LengthProbe", augment=()),
    "mean": System("MeanLogMelProbe", augment=()),
}
QUICK = Experiment(
    "quick", "toy", PROBES, features=Features(settings={"n_mels": 16}, seconds=1.0)
)


@pytest.fixture
def speech(tables, monkeypatch, tmp_path):
    """The table of the registered corpora `toy` and `other`, with four speakers.

    Its files can be changed.
    """
    table = tables[0].copy()
    for number, file in enumerate(table.file):
        path = tmp_path / "speech" / f"{number}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, *soundfile.read(file))
        table.loc[number, "file"] = str(path)

    def reader(name):
        def read(root):
            renamed = table.assign(corpus=name)
            for column in ("utterance", "source", "speaker"):
                renamed[column] = renamed[column].str.replace("toy/", f"{name}/")
            return renamed

        return Corpus(read, name, "deu", "free", "none", "made for a test", {})

    for name in ("toy", "other"):
        monkeypatch.setitem(corpora.CORPORA, name, reader(name))
    return table


@pytest.fixture
def arguments(tmp_path):
    """The arguments of `run` that say where everything lies."""
    folders = {"out": tmp_path / "runs", "cache": tmp_path / "cache"}
    return {"corpora": {"toy": tmp_path}, "progress": False, **folders}


def test_run_returns_the_folder_with_a_report(speech, arguments, capsys):
    folder = experiments.run(QUICK, **arguments)
    assert folder == arguments["out"] / "quick"
    for system in PROBES:
        names = {path.name for path in (folder / system).iterdir()}
        assert names == {"1-0", "2-0", "3-0", "4-0"}
    text = (folder / "report" / "report.md").read_text(encoding="utf-8")
    for system in PROBES:
        assert f"| {system} | 4 | 1 |" in text
    assert list((folder / "report").glob("*.png"))
    assert capsys.readouterr().out == ""


def test_run_takes_a_file_and_says_what_is_left(speech, arguments, tmp_path, capsys):
    path = tmp_path / "config.py"
    path.write_text(
        "from keras_ser import Experiment, System\n"
        "systems = {'length': System('LengthProbe', augment=())}\n"
        "config = Experiment('filed', 'toy', systems)\n"
    )
    folder = experiments.run(path, folds=["2"], **{**arguments, "progress": True})
    assert [each.name for each in (folder / "length").iterdir()] == ["2-0"]
    status = f"filed: 1 run in {arguments['out']}: 0 done, 0 to resume, 1 to start\n"
    assert capsys.readouterr().out == status


def test_run_keeps_finished_runs(speech, arguments):
    options = {"systems": ["length"], **arguments}
    folder = experiments.run(QUICK, folds=["1"], **options)
    before = (folder / "length" / "1-0" / "metrics.json").stat().st_mtime_ns
    assert experiments.run(QUICK, folds=["1", "2"], **options) == folder
    assert (folder / "length" / "1-0" / "metrics.json").stat().st_mtime_ns == before
    text = (folder / "report" / "report.md").read_text(encoding="utf-8")
    assert "| length | 2 | 1 |" in text


def test_a_text_is_one_system_one_fold_and_one_override(speech, arguments):
    options = {"systems": "length", "folds": "2", "overrides": "name=one"}
    folder = experiments.run(QUICK, **options, **arguments)
    assert folder.name == "one"
    assert [each.name for each in (folder / "length").iterdir()] == ["2-0"]


def test_normalised_by_speaker_it_is_another_experiment(speech, arguments):
    overrides = "features.normalise=speaker"
    options = {"systems": "length", "folds": "2", "overrides": overrides}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # speakers of a single emotion
        folder = experiments.run(QUICK, **options, **arguments)
    assert folder.name == "quick_speaker"
    config = json.loads((folder / "length" / "2-0" / "config.json").read_text())
    assert config["features"]["normalise"] == "speaker"


def test_run_applies_overrides_in_their_order(speech, arguments):
    overrides = ["name=renamed", "repeats=3", "labels={'anger': 'a', 'sadness': 's'}"]
    overrides += ["protocol=held_out_speakers", "protocol_arguments.test=['toy/1']"]
    overrides += ["protocol_arguments.dev=['toy/2']"]
    options = {"overrides": overrides, "systems": ["length"], "repeats": 2}
    with pytest.warns(UserWarning, match="'a'|anger"):
        folder = experiments.run(QUICK, **options, **arguments)
    assert folder.name == "renamed"
    names = {path.name for path in (folder / "length").iterdir()}
    assert names == {"held-out-0", "held-out-1"}
    frame = pd.read_csv(folder / "length" / "held-out-1" / "predictions.csv")
    assert set(frame.truth) == {"a", "s"}
    assert set(frame.speaker) == {"toy/1"}


def test_run_takes_another_corpus(speech, arguments, tmp_path):
    options = {**arguments, "corpora": {"other": tmp_path}, "systems": ["length"]}
    folder = experiments.run(QUICK, folds=["1"], **options)
    assert folder.name == "quick_other"
    frame = pd.read_csv(folder / "length" / "1-0" / "predictions.csv")
    assert set(frame.corpus) == {"other"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"systems": ["nobody"]}, "Unknown systems.*'nobody'"),
        ({"folds": ["9"]}, "Unknown folds.*'9'"),
        ({"overrides": ["training.epoch=3"]}, "there is no `epoch`"),
        ({"preset": "small"}, "must name a preset"),
        ({"repeats": 0}, "`repeats` must be"),
        ({"corpora": {"toy": "a", "other": "b"}}, "or as many others in place of toy"),
        ({"cluster": "there:80"}, "must be dask://HOST:PORT"),
    ],
)
def test_run_rejects_bad_input_before_anything_is_trained(
    speech, arguments, options, words
):
    with pytest.raises(ValueError, match=words):
        experiments.run(QUICK, **{**arguments, **options})
    assert not list(arguments["out"].rglob("predictions.csv"))


def test_run_stops_at_audio_that_cannot_be_used(speech, arguments):
    (arguments["out"].parent / "speech" / "3.wav").write_text("no audio")
    with pytest.raises(UnusableAudio, match=r"3\.wav.*skip_bad=True"):
        experiments.run(QUICK, **arguments)
    assert not list(arguments["out"].rglob("predictions.csv"))


def test_run_leaves_out_bad_audio_if_asked(speech, arguments):
    (arguments["out"].parent / "speech" / "3.wav").write_text("no audio")
    with pytest.warns(UserWarning, match="Skipped 1 of 24 utterances"):
        folder = experiments.run(QUICK, skip_bad=True, **arguments)
    tested = set()
    for path in (folder / "mean").glob("*-0"):
        skipped = pd.read_csv(path / "skipped.csv")
        assert skipped.utterance.tolist() == [speech.utterance[3]]
        tested |= set(pd.read_csv(path / "predictions.csv").utterance)
    assert tested == set(speech.utterance) - {speech.utterance[3]}
    text = (folder / "report" / "report.md").read_text(encoding="utf-8")
    assert "skipped" in text.lower()


def fail_on(monkeypatch, *folds):
    """Lets the runs of some folds fail; returns the list of the runs that failed."""
    real, failed = runner._train_and_test, []

    def failing(job, *arguments):
        if job.fold.name in folds:
            failed.append(job.fold.name)
            raise RuntimeError(f"Fold {job.fold.name} has failed.")
        return real(job, *arguments)

    monkeypatch.setattr(runner, "_train_and_test", failing)
    return failed


def test_a_run_that_fails_is_named_and_the_others_are_reported(
    speech, arguments, monkeypatch
):
    failed = fail_on(monkeypatch, "2")
    options = {"systems": ["length"], **arguments}
    with pytest.raises(RuntimeError, match=r"^Fold 2 has failed\.") as caught:
        experiments.run(QUICK, **options)
    assert failed == ["2", "2"]  # it is tried again
    folder = arguments["out"] / "quick"
    notes = caught.value.__notes__
    assert f"This was in {folder / 'length' / '2-0.partial'}." in notes
    assert notes[-1] == f"The report of the finished runs is in {folder / 'report'}."
    report = folder / "report" / "report.md"
    assert "| length | 3 | 1 |" in report.read_text(encoding="utf-8")
    assert "Fold 2" in (folder / "length" / "2-0.log").read_text(encoding="utf-8")


def test_several_runs_that_fail_are_named_together(speech, arguments, monkeypatch):
    fail_on(monkeypatch, "2", "3")
    words = "2 of 4 runs are done, 2 failed: length/2-0: Fold 2 has failed"
    with pytest.raises(CallsFailed, match=words) as caught:
        experiments.run(QUICK, systems=["length"], **arguments)
    assert caught.value.__notes__[-1].startswith(
        "The report of the finished runs is in"
    )
    assert len(caught.value.failures) == 2


def test_without_a_finished_run_there_is_no_report(speech, arguments, monkeypatch):
    fail_on(monkeypatch, "1")
    with pytest.raises(RuntimeError, match="Fold 1 has failed") as caught:
        experiments.run(QUICK, systems=["length"], folds=["1"], **arguments)
    assert not any("report" in note for note in caught.value.__notes__)
    assert not (arguments["out"] / "quick" / "report").exists()


# What `prepare_features` does.


@pytest.fixture
def prepared(speech, tmp_path):
    """The arguments of `prepare_features`."""
    return {"corpora": {"toy": tmp_path}, "cache": tmp_path / "cache"}


def test_all_features_of_an_experiment_are_extracted_once(speech, prepared, arguments):
    assert experiments.prepare_features(QUICK, **prepared) == (len(speech), [])
    assert experiments.prepare_features(QUICK, **prepared) == (0, [])
    entries = sorted(prepared["cache"].rglob("*.f16"))
    assert len(entries) == len(speech)
    experiments.run(QUICK, folds=["1"], **arguments)
    assert sorted(prepared["cache"].rglob("*.f16")) == entries


def test_overrides_decide_which_features_are_extracted(speech, prepared):
    experiments.prepare_features(QUICK, **prepared)
    finer = {"overrides": ["features.settings.n_mels=32"], **prepared}
    assert experiments.prepare_features(QUICK, **finer) == (len(speech), [])
    with pytest.raises(ValueError, match="`features.seconds` must be"):
        experiments.prepare_features(
            QUICK, overrides=["features.seconds=0"], **prepared
        )


def test_features_of_a_config_file_are_extracted(speech, prepared, tmp_path):
    path = tmp_path / "config.py"
    path.write_text(
        "from keras_ser import Experiment, Features, System\n"
        "config = Experiment('filed', 'toy', {'a': System(augment=('speed',))},\n"
        "    features=Features(settings={'n_mels': 16}))\n"
    )
    count, bad = experiments.prepare_features(path, **prepared)
    assert (count, bad) == (3 * len(speech), [])  # unaugmented and at two speeds


def test_prepare_features_stops_at_audio_that_cannot_be_used(
    speech, prepared, tmp_path
):
    (tmp_path / "speech" / "3.wav").write_text("no audio")
    with pytest.raises(UnusableAudio, match=r"3\.wav"):
        experiments.prepare_features(QUICK, **prepared)


def test_prepare_features_lists_bad_audio_if_asked(speech, prepared, tmp_path):
    (tmp_path / "speech" / "3.wav").write_text("no audio")
    count, bad = experiments.prepare_features(QUICK, skip_bad=True, **prepared)
    assert count == len(speech) - 1
    assert [each.utterance for each in bad] == [speech.utterance[3]]
    skipped = pd.read_csv(prepared["cache"] / "skipped.csv")
    assert skipped.utterance.tolist() == [speech.utterance[3]]
