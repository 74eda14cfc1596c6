"""Bad input gives an exit code and one line, and nothing is lost or overwritten."""

import json
import os
import warnings
import zipfile
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile

from keras_ser import audio, models
from keras_ser.audio import content, unusable
from keras_ser.audio.unusable import Unusable, UnusableAudio
from keras_ser.cli import errors
from keras_ser.cli import main as cli
from keras_ser.experiments import extraction, inputs, plan
from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.experiments.config_file import load_config
from keras_ser.features import FeatureStore, LogMel
from keras_ser.features.preprocessing import Preprocessing
from keras_ser.inference import Recogniser
from keras_ser.utils import files

SPEAKERS = ("03", "08", "09", "10")
CONFIG = (
    "from keras_ser.experiments.config import *\n"
    "config = Experiment('toy', 'emodb',\n"
    "    {'length': System('LengthProbe', augment=()),\n"
    "    'mean': System('MeanLogMelProbe', augment=())},\n"
    "    features=Features(settings={'n_mels': 16}, seconds=1.0))\n"
)


def run(*words):
    return cli.main(cli.parser().parse_args([str(word) for word in words]))


def error_line(capsys) -> str:
    """The error of a command, which is one line that starts with its name."""
    text = capsys.readouterr().err
    assert "Traceback" not in text
    *bars, line = text.splitlines()
    assert line.startswith("keras-ser: ")
    assert all("|" in bar or not bar.strip() for bar in bars)  # progress bars
    return line


@pytest.fixture
def emodb(write_audio, noise):
    """The layout of EMO-DB: four speakers with two emotions in two versions."""
    for number, speaker in enumerate(SPEAKERS):
        for place, letter in enumerate("WT"):
            for version in "ab":
                wave = noise(0.4, seed=10 * number + place + 5 * (version == "a"))
                write_audio(f"emodb/wav/{speaker}a01{letter}{version}.wav", wave)
    return write_audio("emodb/wav/10a01Tb.wav", noise(0.4, seed=99)).parent.parent


@pytest.fixture
def words(emodb, tmp_path):
    """The arguments that commands on the toy corpus share."""
    (tmp_path / "config.py").write_text(CONFIG)
    cache = ["--cache", tmp_path / "cache"]
    return [tmp_path / "config.py", "--corpus", f"emodb={emodb}", *cache]


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    """The file of an untrained model."""
    numbers = np.ones(8)
    preprocessing = Preprocessing(
        LogMel(n_mels=8), ("anger", "sadness"), 1.0, "train", numbers, numbers
    )
    made = Recogniser(models.MTLAug(("anger", "sadness"), dimensions=8), preprocessing)
    return made.save(tmp_path_factory.mktemp("model") / "model.keras")


def damage(path: Path, harm: str) -> None:
    """Damages an audio file as copies, disks and exports do."""
    data = path.read_bytes()
    wave, rate = soundfile.read(path)
    if harm == "empty":
        path.write_bytes(b"")
    elif harm == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif harm == "no samples":
        soundfile.write(path, wave[:0], rate)
    elif harm == "silent":
        soundfile.write(path, 0 * wave, rate)
    elif harm == "constant":
        soundfile.write(path, 0 * wave + 0.25, rate)
    elif harm == "nan":
        wave[7] = np.nan
        soundfile.write(path, wave, rate, subtype="FLOAT")
    elif harm == "infinite":
        wave[7] = -np.inf
        soundfile.write(path, wave, rate, subtype="FLOAT")
    elif harm == "huge":
        soundfile.write(path, 1e30 * wave, rate, subtype="FLOAT")
    elif harm == "text":
        path.write_text("<html>not found</html>")
    elif harm == "rate":
        path.write_bytes(data[:24] + (7).to_bytes(4, "little") + data[28:])


HARMS = {
    "empty": "libsndfile reads",
    "cut": "the file is truncated",
    "no samples": "at least one sample",
    "silent": "Expected sound",
    "constant": "all 0.25",
    "nan": "finite samples",
    "infinite": "finite samples",
    "huge": "samples within about",
    "text": "libsndfile reads",
    "rate": "sample rate of 1000",
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("harm", HARMS)
def test_bad_audio_stops_the_check_and_nothing_trains(
    harm, words, emodb, tmp_path, capsys
):
    bad = emodb / "wav" / "08a01Wb.wav"
    damage(bad, harm)
    assert run("run", *words, "--out", tmp_path / "runs") == 2
    text = error_line(capsys)
    assert HARMS[harm] in text
    assert str(bad) in text
    assert "--skip-bad" in text
    assert not list((tmp_path / "runs").iterdir())


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_all_bad_files_are_listed_at_once(words, emodb, tmp_path, capsys):
    names = ["03a01Wa", "03a01Wb", "08a01Ta", "09a01Wa", "10a01Ta"]
    for name, harm in zip(
        names, ["nan", "silent", "huge", "nan", "silent"], strict=True
    ):
        damage(emodb / "wav" / f"{name}.wav", harm)
    assert run("features", *words) == 2
    text = error_line(capsys)
    assert "5 utterances" in text
    assert "And 2 more" in text
    listed = tmp_path / "cache" / "unusable.csv"
    assert str(listed) in text
    found = pd.read_csv(listed)
    assert list(found) == ["utterance", "file", "reason"]
    assert sorted(found.utterance) == [f"emodb/{name}" for name in names]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_files_without_header_are_listed_before_anything_is_extracted(
    words, emodb, tmp_path, capsys
):
    for name in ("03a01Wa", "08a01Ta"):
        damage(emodb / "wav" / f"{name}.wav", "text")
    damage(emodb / "wav" / "09a01Wa.wav", "silent")
    assert run("run", *words, "--out", tmp_path / "runs") == 2
    assert "2 utterances" in error_line(capsys)
    assert not (tmp_path / "cache" / "features").exists()


@pytest.mark.parametrize(
    "harms", [{"08a01Wb": "nan"}, dict.fromkeys(("08a01Wb",), "text")]
)
def test_skip_bad_continues_and_lists_what_it_left_out(
    harms, words, emodb, tmp_path, capsys
):
    for name, harm in harms.items():
        damage(emodb / "wav" / f"{name}.wav", harm)
    out = tmp_path / "runs"
    with pytest.warns(UserWarning, match=f"Skipped {len(harms)} of 16 .*skipped.csv"):
        assert run("run", *words, "--skip-bad", "--out", out) == 0
    capsys.readouterr()
    folders = sorted(path for path in (out / "toy").glob("*/*-0"))
    assert len(folders) == 2 * len(SPEAKERS)
    expected = {f"emodb/{path.stem}" for path in (emodb / "wav").iterdir()}
    for system in ("length", "mean"):
        tested = set()
        for folder in (out / "toy" / system).iterdir():
            skipped = pd.read_csv(folder / "skipped.csv")
            assert set(skipped.utterance) == {f"emodb/{name}" for name in harms}
            assert skipped.file[0] == str(emodb / "wav" / "08a01Wb.wav")
            assert skipped.reason.str.len().min() > 20
            tested |= set(pd.read_csv(folder / "predictions.csv").utterance)
        assert tested | set(skipped.utterance) == expected
        assert not tested & set(skipped.utterance)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("system", ["mean", "net"])
def test_a_recording_saved_again_under_another_speaker_is_refused(
    system, words, emodb, tmp_path, capsys
):
    """Its bytes and their digest differ, but its sound is the same."""
    with (tmp_path / "config.py").open("a") as file:
        file.write("config.systems['net'] = System()\n")
    wave, rate = soundfile.read(emodb / "wav" / "03a01Wa.wav")
    soundfile.write(emodb / "wav" / "08a01Wb.wav", wave, rate, subtype="PCM_24")
    assert run("run", *words, "--out", tmp_path / "runs", "--systems", system) == 2
    text = error_line(capsys)
    assert "emodb/03a01Wa" in text and "emodb/08a01Wb" in text
    assert "must share no recording" in text
    assert not list((tmp_path / "runs").rglob("*-0"))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_recording_saved_again_under_its_speaker_is_no_leak(
    words, emodb, tmp_path, capsys
):
    wave, rate = soundfile.read(emodb / "wav" / "08a01Wa.wav")
    soundfile.write(emodb / "wav" / "08a01Wb.wav", wave, rate, subtype="PCM_24")
    assert run("run", *words, "--systems", "mean", "--out", tmp_path / "runs") == 0


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_run_that_skipped_nothing_has_no_list(words, tmp_path, capsys):
    out = tmp_path / "runs"
    assert run("run", *words, "--skip-bad", "--folds", "03", "--out", out) == 0
    assert not list(out.rglob("skipped.csv"))
    assert run("features", *words, "--skip-bad") == 0
    assert not list(tmp_path.rglob("skipped.csv"))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_features_skips_too(words, emodb, tmp_path, capsys):
    damage(emodb / "wav" / "08a01Wb.wav", "nan")
    assert run("features", *words, "--skip-bad") == 0
    listed = tmp_path / "cache" / "skipped.csv"
    assert f"Skipped 1 utterances, listed in {listed}." in capsys.readouterr().out
    found = pd.read_csv(listed)
    assert found.utterance.tolist() == ["emodb/08a01Wb"]


def test_the_warning_names_speakers_without_any_utterance_left(toy_table):
    table = toy_table("abcd")
    bad = [Unusable(f"toy/a-{n}", "a.wav", "gone") for n in (0, 1)]
    with pytest.warns(UserWarning, match="2 of 8.*left of speaker toy/a"):
        left = unusable.leave_out(table, bad)
    assert set(left.utterance) == set(table.utterance) - {"toy/a-0", "toy/a-1"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert unusable.leave_out(left, bad) is left


def test_unlabelled_speech_is_listed_only_for_systems_that_use_it(
    spoken_table, tmp_path
):
    labelled = spoken_table[spoken_table.speaker < "toy/5"].reset_index(drop=True)
    unlabelled = spoken_table[spoken_table.speaker >= "toy/5"].assign(emotion="")
    gone = unlabelled.index[2]
    unlabelled.loc[gone, "file"] = str(tmp_path / "gone.wav")
    plain = System("CNNAttention", augment=())
    more = System("CNNAttention", augment=(), use_unlabelled=True)
    toy = Experiment(
        "toy",
        "emodb",
        {"less": plain, "more": more},
        unlabelled_corpus="librispeech",
        features=Features(settings={"n_mels": 16}, seconds=1.0),
        training=Training(batch=4),
    )

    tables = (labelled, unlabelled)
    bad = []
    planned = plan.plan_jobs(toy, *tables, tmp_path, folds=["1"])
    extraction.prepare(planned, tmp_path / "cache", progress=False, bad=bad)
    assert [each.utterance for each in bad] == [unlabelled.utterance[gone]]
    with pytest.warns(UserWarning, match="Skipped 1 of 12"):
        kept = inputs.leave_out(tables, bad)
    left = plan.plan_jobs(toy, *kept, tmp_path, folds=["1"])
    left = inputs.with_skipped(left, planned, bad)
    skipped = {job.system: list(job.skipped) for job in left}
    assert skipped == {"less": [], "more": bad}
    assert all(bad[0].utterance not in set(j.fold.unlabelled.utterance) for j in left)
    assert extraction.prepare(left, tmp_path / "cache", progress=False) == 0
    fingerprints = [
        [job.describe()["data"] for job in jobs] for jobs in (planned, left)
    ]
    assert fingerprints[0][0] == fingerprints[1][0]
    assert fingerprints[0][1] != fingerprints[1][1]


def test_a_file_that_changes_after_it_was_read_is_refused(words, emodb, tmp_path):
    loaded = load_config(words[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tables = inputs.read_tables(loaded, {"emodb": emodb}, tmp_path)
    changed, gone = (emodb / "wav" / f"08a01W{letter}.wav" for letter in "ab")
    soundfile.write(changed, 0.5 * soundfile.read(changed)[0], 16_000)
    gone.unlink()
    planned = plan.plan_jobs(loaded, *tables, tmp_path, systems=["mean"])
    with pytest.raises(UnusableAudio) as caught:
        extraction.prepare(planned, tmp_path / "cache", progress=False)
    assert [each.file for each in caught.value.found] == [str(changed), str(gone)]
    assert "has changed since" in caught.value.found[0].reason
    assert "does not exist" in caught.value.found[1].reason


def test_a_file_that_goes_after_extraction_is_not_missed(words, emodb, tmp_path):
    loaded = load_config(words[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tables = inputs.read_tables(loaded, {"emodb": emodb}, tmp_path)
    planned = plan.plan_jobs(loaded, *tables, tmp_path, systems=["mean"])
    assert extraction.prepare(planned, tmp_path / "cache", progress=False) == 16
    (emodb / "wav" / "08a01Wa.wav").unlink()
    assert extraction.prepare(planned, tmp_path / "cache", progress=False) == 0


@pytest.mark.parametrize("harm", [b"", b"odd", "nan"])
def test_damaged_features_are_extracted_again(spoken_table, tmp_path, harm):
    store = FeatureStore(tmp_path, LogMel(n_mels=8))
    table = spoken_table[:3]
    store.prepare(table, progress=False)
    path = Path(store.paths(table)[1])
    whole = path.read_bytes()
    path.write_bytes(b"\0\x7e" + whole[2:] if harm == "nan" else harm)
    with pytest.raises(ValueError, match=f"that were written to {path}"):
        store.read(path)
    with pytest.warns(UserWarning, match=f"extracted again: 1, the first {path}"):
        assert store.prepare(table, progress=False, verify=True) == 1
    assert path.read_bytes() == whole
    path.unlink()
    with pytest.raises(FileNotFoundError, match="Run again"):
        store.read(path)


def test_damaged_features_of_a_lost_file_are_listed(spoken_table, tmp_path):
    store = FeatureStore(tmp_path, LogMel(n_mels=8))
    table = spoken_table[:3].copy()
    store.prepare(table, progress=False)
    Path(store.paths(table)[1]).write_bytes(b"")
    table.loc[1, "file"] = "gone.wav"
    bad = []
    with pytest.warns(UserWarning, match="extracted again"):
        assert store.prepare(table, progress=False, bad=bad) == 0
    assert [each[:2] for each in bad] == [(table.utterance[1], "gone.wav")]


def test_features_without_digest_are_refused(spoken_table, tmp_path):
    table = spoken_table[:3].assign(digest="")
    with pytest.raises(ValueError, match="Expected a digest.*with_digests"):
        FeatureStore(tmp_path).prepare(table, progress=False)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("x = = 1", "line 1: SyntaxError"),
        ("\nimport nothing.at_all", "line 2: ModuleNotFoundError"),
        ("1 / 0", "line 1: ZeroDivisionError"),
        ("config = 3", "Received: int"),
        (CONFIG.replace("'toy'", "'../toy'"), "becomes a folder's name"),
        (CONFIG.replace("'length'", "'/abs'"), "becomes a folder's name"),
        (CONFIG + "changed = changed_by(config)", "NameError"),
    ],
)
def test_a_bad_config_is_one_line(change, expected, words, capsys, tmp_path):
    words[0].write_text(change)
    assert run("run", *words, "--out", tmp_path / "runs") == 2
    assert expected in error_line(capsys)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--set", "labels=five"], "`labels` must be"),
        (["--set", "features.seconds=-1"], "`features.seconds` must be"),
        (["--set", "training.batch=0"], "`training.batch` must be"),
        (["--set", "name='../out'"], "becomes a folder's name"),
        (["--folds", "99"], "Unknown folds"),
        (
            ["--corpus", "ravdess=/nowhere"],
            "or as many others in place of emodb. Received: emodb, rav",
        ),
        (["--corpus", "emodb=/nowhere"], "once at most. Received: emodb, emodb"),
        (["--set", "systems.mean.arguments={'train_on_dev': 'no'}"], "True or False"),
        (["--set", "systems.mean.augment=('speed', 5)"], "`System.augment` must be"),
        (["--out", "CONFIG"], "folder that can be written to"),
        (["--out", "CONFIG/below"], "folder that can be written to"),
        (["--cache", "CONFIG"], "folder that can be written to"),
    ],
)
def test_a_bad_setting_is_one_line(more, expected, words, capsys, tmp_path):
    more = [word.replace("CONFIG", str(words[0])) for word in more]
    before = words[0].read_text()
    assert run("run", *words, "--out", tmp_path / "runs", *more) == 2
    assert expected in error_line(capsys)
    assert words[0].read_text() == before


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_one_speaker_is_too_few(words, emodb, capsys, tmp_path):
    for path in (emodb / "wav").iterdir():
        if not path.name.startswith("03"):
            path.unlink()
    assert run("run", *words, "--out", tmp_path / "runs") == 2
    assert "needs at least 4 speakers" in error_line(capsys)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_corpus_without_usable_audio_is_rejected(words, emodb, capsys, tmp_path):
    for path in (emodb / "wav").iterdir():
        damage(path, "silent" if path.name.startswith("03") else "text")
    assert run("run", *words, "--skip-bad", "--out", tmp_path / "runs") == 2
    text = error_line(capsys)
    assert "Corpus `emodb` needs audio that can be used. Received: 16" in text


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_error_of_a_fold_without_speech_says_why(words, emodb, capsys, tmp_path):
    for path in (emodb / "wav").glob("09*"):
        damage(path, "nan")
    more = ["--skip-bad", "--folds", "09", "--out", tmp_path / "runs"]
    assert run("run", *words, *more) == 2
    text = error_line(capsys)
    assert "without 4 of 16 utterances" in text
    assert "nothing is left of emodb/09" in text


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"name": "other"}'])
def test_a_folder_of_another_experiment_is_left_alone(text, words, capsys, tmp_path):
    folder = tmp_path / "runs" / "toy" / "length" / "03-0"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    if text is not None:
        (folder / "config.json").write_text(text)
    assert run("run", *words, "--folds", "03", "--out", tmp_path / "runs") == 2
    assert str(folder) in error_line(capsys)
    assert (folder / "notes.txt").read_text() == "mine"
    assert not (tmp_path / "runs" / "toy" / "mean").exists()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="root may read everything"
)
def test_no_permission_is_bad_input(words, emodb, capsys, tmp_path):
    path = emodb / "wav" / "08a01Wa.wav"
    path.chmod(0)
    assert run("run", *words, "--out", tmp_path / "runs") == 2
    assert "Check its permissions" in error_line(capsys)


@pytest.mark.parametrize("error", [PermissionError, IsADirectoryError])
def test_what_the_system_objects_to_is_named(error, capsys, tmp_path):
    def fail():
        raise error(13, "not allowed", str(tmp_path / "x"))

    assert errors.run_command(fail) == 2
    assert f"{tmp_path / 'x'} (not allowed)" in error_line(capsys)


def test_what_the_system_objects_to_in_reading_audio_is_named(write_audio, monkeypatch):
    path = write_audio("a.wav")

    def fail(*arguments):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("builtins.open", fail)
    for function in (audio.read, audio.duration, audio.digest):
        with pytest.raises(ValueError, match="a.wav .Permission denied.. Check its"):
            function(path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *arguments: False)
    with pytest.raises(ValueError, match="no permission to write"):
        files.write_text(tmp_path / "a.txt", "a")
    assert not list(tmp_path.iterdir())


def test_features_that_vanish_in_training_are_one_line(capsys, tmp_path):
    import tensorflow as tf

    path = tmp_path / "0" / f"{'0' * 32}.f16"

    def fail():
        for _ in tf.data.Dataset.from_tensors(str(path)).map(tf.io.read_file):
            pass

    assert errors.run_command(fail) == 1
    text = error_line(capsys)
    assert f"Training expects complete features in {path}" in text
    assert "Run the same command again" in text


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT"])
@pytest.mark.parametrize("rate", [16_000, 96_000])
def test_other_widths_rates_and_channels_give_the_same_speech(
    write_audio, tone, subtype, rate
):
    wave = tone(440, 0.3, rate)
    path = write_audio("a.wav", np.stack([wave, wave], axis=1), rate, subtype=subtype)
    middle = slice(400, -400)  # a resampler rings at the edges
    expected = tone(440, 0.3)[middle]
    np.testing.assert_allclose(audio.read(path)[middle], expected, atol=0.01)


@pytest.mark.parametrize("kind", ["flac", "ogg", "mp3", "aiff", "wav"])
def test_what_a_file_is_called_does_not_matter(write_audio, tone, kind):
    path = write_audio(f"a.{kind}", tone())
    named = path.rename(path.with_name("b.wav" if kind != "wav" else "b.mp3"))
    wave = audio.read(named)
    np.testing.assert_allclose(wave[1000:7000], tone()[1000:7000], atol=0.03)


CUT = ["wav", "aiff", "au", "w64", "rf64", "flac", "ogg", "mp3", "caf"]


@pytest.mark.parametrize("kind", CUT)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_no_cut_file_is_read_as_if_it_were_shorter(write_audio, noise, kind, share):
    path = write_audio(f"a.{kind}", noise(2.0))
    whole = audio.read(path)
    assert len(whole) == 32_000
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    words = "truncated|at least one sample|libsndfile reads"
    with pytest.raises(ValueError, match=words):
        audio.read(path)


def test_an_ogg_cut_between_pages_is_refused(write_audio, noise):
    path = write_audio("a.ogg", noise(5.0))
    data = path.read_bytes()
    path.write_bytes(data[: data.rfind(b"OggS")])
    for function in (audio.read, audio.duration):
        with pytest.raises(ValueError, match="the file is truncated"):
            function(path)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000])
def test_a_wav_of_a_stream_promises_nothing(write_audio, noise, size):
    path = write_audio("a.wav", noise(), subtype="PCM_16")
    data = path.read_bytes()
    at = data.index(b"data") + 4
    path.write_bytes(data[:at] + size.to_bytes(4, "little") + data[at + 4 :])
    assert len(audio.read(path)) == 8000


def test_a_header_counted_as_data_is_no_cut(write_audio, noise):
    path = write_audio("a.wav", noise(), subtype="PCM_16")
    data = path.read_bytes()
    at = data.index(b"data") + 4
    path.write_bytes(data[:at] + len(data).to_bytes(4, "little") + data[at + 4 :])
    assert len(audio.read(path)) == 8000


def test_a_large_file_is_read_in_place(write_audio, noise, monkeypatch):
    path = write_audio("a.wav", noise(), subtype="FLOAT")
    name = audio.digest(path)
    monkeypatch.setattr(content, "MAX_BYTES_AT_ONCE", 100)
    content._digest_of_version.cache_clear()
    for start in (0.1, 0.2):
        part = audio.read(path, start, start + 0.1, digest=name)
        first = round(16_000 * start)
        np.testing.assert_array_equal(part, noise()[first : first + 1600])
    assert content._digest_of_version.cache_info().misses == 1
    with pytest.raises(ValueError, match="has changed since"):
        audio.read(path, digest="0" * 32)


def test_a_pipe_is_no_audio_file(tmp_path):
    os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(FileNotFoundError, match="is not a regular file"):
        audio.read(tmp_path / "a.wav")


@pytest.mark.parametrize("samples", [2, 100, 700])
def test_speech_shorter_than_a_window_is_predicted_or_refused(
    model_file, write_audio, noise, samples
):
    recogniser = Recogniser.load(model_file)
    path = write_audio("short.wav", noise()[:samples])
    posterior = recogniser.predict([path])[["p_anger", "p_sadness"]].to_numpy()
    np.testing.assert_allclose(posterior.sum(axis=1), 1, rtol=1e-5)


def rewritten(source: Path, target: Path, changes: dict) -> Path:
    """Copies an archive with members changed, added, or left out (None)."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        contents = {name: old.read(name) for name in old.namelist()} | changes
        for name, content in contents.items():
            if content is not None:
                new.writestr(name, content)
    return target


def with_config(change) -> dict:
    return {"config.json": lambda value: change(json.loads(value))}


LAMBDA = {
    "module": "keras.layers",
    "class_name": "Lambda",
    "registered_name": None,
    "config": {"function": {"class_name": "__lambda__", "config": {"code": "x"}}},
}
MODEL_HARMS = {
    "a member outside": ({"../evil": b"x"}, "members"),
    "an absolute member": ({"/tmp/evil": b"x"}, "members"),
    "code next to it": ({"model.py": b"print()"}, "members"),
    "no preprocessing": ({"preprocessing.json": None}, "members"),
    "no weights": ({"model.weights.h5": None}, "members"),
    "broken weights": ({"model.weights.h5": b"no h5"}, "model.keras"),
    "broken settings": ({"preprocessing.json": b"{"}, "JSON"),
    "a list": ({"preprocessing.json": b"[]"}, "keys of"),
    "deep settings": ({"preprocessing.json": b"[" * 10**5}, "JSON"),
    "a lambda": ({"config.json": json.dumps(LAMBDA).encode()}, "of class None"),
    "a foreign model": (
        {"config.json": b'{"registered_name": "Functional", "config": {}}'},
        "'Functional'",
    ),
    "no object": ({"config.json": b"3"}, "of class None"),
    "a bomb": ({"metadata.json": b" " * 2**21}, "unpacks to"),
}


@pytest.mark.parametrize("harm", MODEL_HARMS)
def test_a_strangers_model_file_is_refused(harm, model_file, tmp_path, capsys):
    changes, expected = MODEL_HARMS[harm]
    path = rewritten(model_file, tmp_path / "model.keras", changes)
    assert run("predict", path, "a.wav") == 2
    text = error_line(capsys)
    assert expected in text
    assert "`Recogniser.save` wrote" in text
    assert list(tmp_path.iterdir()) == [path]


def test_a_lambda_within_a_models_settings_is_refused(model_file, tmp_path):
    with zipfile.ZipFile(model_file) as archive:
        value = json.loads(archive.read("config.json"))
    value["config"]["dropout"] = {**LAMBDA, "module": "builtins"}
    changed = {"config.json": json.dumps(value).encode()}
    path = rewritten(model_file, tmp_path / "model.keras", changed)
    with pytest.raises(ValueError, match="'builtins'. within the model's settings"):
        Recogniser.load(path)


def test_keras_itself_refuses_a_lambda(tmp_path):
    layer = keras.layers.Lambda(lambda x: x)
    keras.Sequential([keras.Input((2,)), layer]).save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="safe_mode|[Ll]ambda"):
        keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    with pytest.raises(ValueError, match="`Recogniser.save` wrote"):
        Recogniser.load(tmp_path / "m.keras")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_cut_model_file_is_refused(share, model_file, tmp_path, capsys):
    path = tmp_path / "model.keras"
    data = model_file.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert run("predict", path, "a.wav") == 2
    assert "no such file" not in error_line(capsys)


def test_all_bad_files_of_a_prediction_are_named(model_file, write_audio, capsys):
    good, bad = write_audio("good.wav"), write_audio("bad.wav")
    bad.write_text("text")
    assert run("predict", model_file, bad, "gone.wav") == 2
    text = error_line(capsys)
    assert "bad.wav" in text and "gone.wav" in text
    assert run("predict", model_file, good, bad, "gone.wav") == 1
    captured = capsys.readouterr()
    assert "good.wav" in captured.out and "bad.wav" not in captured.out
    lines = captured.err.splitlines()
    assert len(lines) == 2 and "bad.wav" in lines[0] and "gone.wav" in lines[1]


def test_weights_that_are_not_finite_are_an_error(model_file, write_audio):
    recogniser = Recogniser.load(model_file)
    weights = recogniser.model.get_weights()
    recogniser.model.set_weights([np.full_like(w, np.nan) for w in weights])
    with pytest.raises(ValueError, match="weights are damaged"):
        recogniser.predict([write_audio("a.wav")])


CHANGES = [
    ("front_end", "os.system"),
    ("front_end", ["LogMel"]),
    ("front_end_settings", {"hops": 1}),
    ("front_end_settings", {"hop_seconds": -1.0}),
    ("front_end_settings", {"hop_seconds": 1e-9}),
    ("front_end_settings", {"n_mels": 8.0}),
    ("front_end_settings", {"n_fft": 10**9}),
    ("front_end_settings", {"window_seconds": float("nan")}),
    ("classes", ["anger", "anger"]),
    ("classes", ["anger", ""]),
    ("classes", ["anger", 3]),
    ("classes", "ab"),
    ("seconds", 0),
    ("seconds", 1e9),
    ("seconds", "7.5"),
    ("seconds", True),
    ("normalise", "nothing"),
    ("normalise", None),
    ("mean", [0.0] * 7),
    ("mean", [float("inf")] + [0.0] * 7),
    ("mean", None),
    ("std", [0.0] + [1.0] * 7),
    ("std", ["1"] * 8),
    ("std", [-1.0] * 8),
    ("std", [1e-300] * 8),  # dividing by it would overflow
]


@pytest.mark.parametrize(("key", "value"), CHANGES)
def test_every_value_of_a_preprocessing_is_checked(key, value, model_file):
    good = Recogniser.load(model_file).preprocessing.to_json()
    assert Preprocessing.from_json(good).to_json() == good
    with pytest.raises(ValueError, match="Received"):
        Preprocessing.from_json({**good, key: value})
    with pytest.raises(ValueError, match="keys of"):
        Preprocessing.from_json({k: v for k, v in good.items() if k != key})
    with pytest.raises(ValueError, match="keys of"):
        Preprocessing.from_json({**good, "code": "x"})


PACKAGE = Path(cli.__file__).parents[1]
UNSAFE = (
    "import pickle",
    "pickle.",
    "joblib.dump",
    "joblib.load",
    "allow_pickle=True",
    "torch.load",
)
UNSAFE += ("marshal", "shelve", "eval(", "exec(", "safe_mode=False")


def test_nothing_is_read_or_written_that_can_hold_code():
    sources = {path: path.read_text() for path in PACKAGE.rglob("*.py")}
    # Its bytes come through a pipe, from a process of this program.
    pipe = sources.pop(PACKAGE / "utils" / "messages.py")
    assert "open(" not in pipe and "path" not in pipe.lower()
    # It reads the files of PyTorch, and admits tensors only: test_torch_file.py.
    tensors = sources.pop(PACKAGE / "features" / "torch_file.py")
    assert "def find_class(" in tensors and "pickle.load" not in tensors
    assert len(sources) > 30
    found = [
        (path.name, word)
        for path, source in sources.items()
        for word in UNSAFE
        for line in source.splitlines()
        if word in line.replace("literal_eval(", "")
        and not line.strip().startswith("#")
    ]
    assert found == []


def test_arrays_are_loaded_without_code():
    lines = [
        line for path in PACKAGE.rglob("*.py") for line in path.read_text().splitlines()
    ]
    assert all("allow_pickle=False" in line for line in lines if "np.load(" in line)


def test_every_model_is_loaded_in_safe_mode():
    calls = [
        line
        for path in PACKAGE.rglob("*.py")
        for line in path.read_text().splitlines()
        if "load_model(" in line
    ]
    assert calls
    assert all("safe_mode=True" in line for line in calls)
