"""From a user's folder to an experiment, its description and its summary."""

import dataclasses
import itertools
import warnings
from pathlib import Path

import pytest
from toy_runs import make_config, predictions, write

from keras_ser.corpora.find import Found
from keras_ser.experiments import experiment, own_data
from keras_ser.protocols import leave_one_speaker_out

FOUND = Found("folder", Path("data"), {"speaker": "^(.)"})


@pytest.mark.parametrize(
    ("speakers", "groups", "protocol", "folds"),
    [
        (2, 0, "few_speakers", 2),
        (5, 0, "few_speakers", 5),
        (6, 0, "leave_one_speaker_out", 6),
        (12, 0, "leave_one_speaker_out", 12),
        (13, 0, "k_fold", 10),
        (13, 4, "k_fold", 4),
        (6, 2, "k_fold", 2),
    ],
)
def test_the_protocol_follows_the_number_of_speakers(
    toy_table, speakers, groups, protocol, folds
):
    emotions = ("anger", "sadness") * 4  # fewer utterances than 1 / DEV_FRACTION
    table = toy_table([f"s{number:02}" for number in range(speakers)], emotions)
    config = own_data.plan(FOUND, table, groups=groups)
    assert config.protocol == protocol
    assert f"{folds} folds ({protocol})" in own_data.describe(FOUND, table, config)
    assert config.name == "toy"
    assert config.corpus_options == {"folder": {"speaker": "^(.)"}}
    assert (config.reference, config.primary) == ("baseline_augmented", "mtl_aug")


@pytest.mark.parametrize("groups", [1, 2, 9])
def test_impossible_groups_are_named(toy_table, groups):
    table = toy_table("abcd")
    config = own_data.plan(FOUND, table, groups=groups)
    with pytest.raises(ValueError, match=r"k_fold|speaker left") as caught:
        own_data.describe(FOUND, table, config)
    assert caught.value.__notes__ == [
        "There are 4 speakers; --groups N changes the folds."
    ]


def test_speakers_of_a_single_emotion_are_doubted(toy_table):
    """A pattern that finds `angry/OAF` and `sad/OAF` makes two speakers of one."""
    table = toy_table("abcdef", ("anger", "sadness") * 4)
    table["speaker"] = table.speaker + table.emotion
    text = own_data.describe(FOUND, table, own_data.plan(FOUND, table))
    assert "DOUBTFUL: 12 of 12 speakers have a single emotion" in text
    table = toy_table("abcdef", ("anger", "sadness") * 4)
    text = own_data.describe(FOUND, table, own_data.plan(FOUND, table))
    assert "DOUBTFUL" not in text


def test_data_without_labels_are_rejected(toy_table):
    with pytest.raises(ValueError, match="Say where the emotion is"):
        own_data.plan(FOUND, toy_table("ab")[:0])


@pytest.mark.parametrize(("has", "count"), [(None, 3), (object(), 4)])
def test_the_svm_needs_opensmile(toy_table, monkeypatch, has, count):
    monkeypatch.setattr(own_data.importlib.util, "find_spec", lambda name: has)
    table = toy_table("abcd", ("anger", "sadness") * 4)
    config = own_data.plan(FOUND, table)
    assert ("pip install" in own_data.describe(FOUND, table, config)) is (has is None)
    assert len(config.systems) == count
    assert ("egemaps_svm" in config.systems) is (has is not None)


@pytest.mark.parametrize(
    ("given", "name"),
    [("a b/c", "a-b-c"), (".x", "x"), ("üben", "üben"), ("???", "own"), ("", "toy")],
)
def test_a_name_becomes_that_of_a_folder(toy_table, given, name):
    assert own_data.plan(FOUND, toy_table("abcd"), name=given).name == name


def test_an_estimate_follows_the_training_speech(toy_table, monkeypatch):
    monkeypatch.setattr(own_data, "_product_rate", lambda: 5e10)
    monkeypatch.setattr(own_data.parallel, "cpu_count", lambda: 4)
    table = toy_table("abcdef", ("anger", "sadness") * 50).assign(duration=2.0)
    config = own_data.plan(FOUND, table)
    folds = leave_one_speaker_out(table)
    # Six folds of three training speakers with 100 utterances of 2 s.
    updates = 300 * config.training.rows_per_utterance / 16 * config.training.epochs
    minutes = 6 * updates * 2 * 7.7e9 / 5e10 * 2.2 / 60
    low, high = round(0.7 * minutes), round(1.5 * minutes)
    assert own_data.estimate(config, folds) == f"{low} to {high} minutes"
    assert own_data.estimate(config, folds, 4) == f"{low} to {high} minutes"
    low, high = round(1.4 * minutes), round(3 * minutes)
    expected = f"{low} to {high} minutes"
    assert own_data.estimate(config, folds, workers=2, threads=1) in (
        expected,
        f"{low / 60:.0f} to {high / 60:.0f} hours",
    )


def test_train_shows_what_was_understood_and_runs_it(
    write_audio, noise, tmp_path, monkeypatch, capsys
):
    combined = itertools.product("ab", ("0sad", "1happy"), "1234")
    for seed, (speaker, emotion, number) in enumerate(combined):
        write_audio(f"data/{speaker}/{emotion}/{number}.wav", noise(0.1, seed=seed))
    called = {}

    def run(config, **options):
        warnings.warn("Corpus `data`, read by `folder`.", stacklevel=1)
        return called.update(options) or config

    monkeypatch.setattr(experiment, "run", run)
    monkeypatch.setattr(own_data, "summarise", lambda *given: "summary")
    options = {"out": tmp_path / "runs", "cache": tmp_path / "cache"}
    options["speaker"] = "^([^/]+)/"
    with pytest.warns(UserWarning, match="Corpus `data`, read by") as said:
        config = own_data.train(tmp_path / "data", workers=2, **options)
    assert len(said) == 1  # not again by the run
    assert called["corpora"] == {"folder": tmp_path / "data"}
    assert called["workers"] == 2 and called["out"] == tmp_path / "runs"
    assert config.corpus_options["folder"]["speaker"] == "^([^/]+)/"
    written = capsys.readouterr().out
    for words in (
        "Emotion, guessed: the second folder: 2 values, 0sad (8), 1happy (8)",
        "5 of 16 labelled utterances. Press Ctrl-C if",
        "/0sad/",  # paths, not only names
        "Classes: happiness 8, sadness 8. Speakers: 2.",
        "2 folds (few_speakers)",
        "summary",
    ):
        assert words in written
    with pytest.warns(UserWarning, match="read by"):
        again = own_data.train(tmp_path / "data", progress=False, **options)
    assert again == config
    assert capsys.readouterr().out == ""


@pytest.mark.filterwarnings("ignore:Corpus `data`")
@pytest.mark.parametrize("skip_bad", [False, True])
def test_a_file_that_is_no_audio_stops_or_is_skipped(
    write_audio, noise, tmp_path, monkeypatch, capsys, skip_bad
):
    for seed, each in enumerate(itertools.product("ab", ("sad", "happy"), "1234")):
        write_audio(f"data/{'/'.join(each)}.wav", noise(0.1, seed=seed))
    (tmp_path / "data" / "a" / "sad" / "9.wav").write_text("no audio")
    monkeypatch.setattr(experiment, "run", lambda config, **options: options)
    monkeypatch.setattr(own_data, "summarise", lambda *given: "summary")
    options = {"out": tmp_path / "runs", "cache": tmp_path / "cache"}
    options["speaker"] = "^([^/]+)/"
    if skip_bad:
        called = own_data.train(tmp_path / "data", skip_bad=True, **options)
        assert called["skip_bad"] is True
        assert "Estimated time: about a minute." in capsys.readouterr().out
    else:
        with pytest.raises(ValueError, match=r"9\.wav"):
            own_data.train(tmp_path / "data", **options)


def test_several_speakers_are_a_choice(write_audio, tmp_path):
    for each in itertools.product("abc", "xyz", ("sad", "happy")):
        write_audio(f"data/{'_'.join(each)}.wav")
    options = {"out": tmp_path / "runs", "cache": tmp_path / "cache"}
    with pytest.raises(ValueError, match="Two places in the paths may be"):
        own_data.train(tmp_path / "data", **options)
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_summary_has_six_lines_and_the_next_commands(tmp_path):
    names = ("mean_log_mel_probe", "egemaps_svm", "baseline_augmented", "mtl_aug")
    for system, fold in itertools.product(names, ("03", "08", "09")):
        table = predictions(system, fold)
        folder = write(tmp_path, table, make_config(table))
        (folder / "model.keras").touch()
        (folder / "logs").mkdir()
    text = own_data.summarise(tmp_path / "toy", 600.0)
    result, _, following = text.partition("Next:")
    assert len(result.splitlines()) <= 6
    assert "chance 33.3; 10 minutes" in result
    for name, line in zip(names, result.splitlines()[1:], strict=True):
        assert line.split()[0] == name and "[" in line
    assert "Δ to baseline_augmented" in result
    assert "keras-ser predict" in following and "tensorboard" in following
    assert "over 3 speakers" in result and "(mtl_aug, fold 03)" in following


def test_runs_of_other_options_are_not_mixed(tmp_path, toy_table):
    config = own_data.plan(FOUND, toy_table("abcdef"))
    table = predictions("mtl_aug", "03")
    options = {"corpus_options": {"folder": {"speaker": "other"}}}
    write(tmp_path, table, make_config(table, **options))
    with pytest.raises(ValueError, match="other options.*--name NAME"):
        own_data._check_same(tmp_path / "toy", config)
    options = {"corpus_options": {"folder": {"speaker": "^(.)"}}}
    write(tmp_path, table, make_config(table, **options))
    own_data._check_same(tmp_path / "toy", config)


def test_a_found_corpus_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        FOUND.reader = "csv"
