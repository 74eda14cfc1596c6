"""The features of jobs are extracted before anything trains."""

import dataclasses
import json

import numpy as np
import pytest
import soundfile
from toy_models import Pooled

from keras_ser import audio, evaluation
from keras_ser.audio.unusable import UnusableAudio
from keras_ser.experiments import extraction, network, plan
from keras_ser.experiments.config import System
from keras_ser.experiments.job import feature_store
from keras_ser.features import Verification
from keras_ser.inference import Recogniser
from keras_ser.utils import files


def test_each_utterance_is_extracted_once_for_all_folds(toy, tables, tmp_path):
    planned = plan.plan_jobs(toy, *tables, tmp_path, systems=["baseline"])
    assert len(planned) == 4
    count = extraction.prepare(planned, tmp_path, progress=False)
    assert count == sum(len(table) for table in tables)
    assert extraction.prepare(planned, tmp_path, progress=False) == 0
    assert extraction.prepare([], tmp_path, progress=False) == 0


def test_an_augmentation_takes_its_arguments_from_the_config(toy, tables, tmp_path):
    augment = {"specaugment": {"least": 3}, "speed": {"factors": (0.8,)}}
    config = dataclasses.replace(toy, systems={"a": System(augment=augment)})
    (job,) = plan.plan_jobs(config, *tables, tmp_path, folds=["1"])
    assert json.loads(json.dumps(job.describe()))["systems"]["a"]["augment"] == {
        "specaugment": {"least": 3},
        "speed": {"factors": [0.8]},
    }
    # Every utterance is extracted unaugmented and at one speed.
    count = sum(len(table) for table in tables)
    assert extraction.prepare([job], tmp_path, progress=False) == 2 * count
    assert extraction.prepare([job], tmp_path, progress=False) == 0


def test_a_start_checks_headers_and_a_verification_reads_everything(
    toy, tables, tmp_path
):
    planned = plan.plan_jobs(toy, *tables, tmp_path, systems=["baseline"])
    count = extraction.prepare(planned, tmp_path, progress=False)
    path, other = sorted((tmp_path / "features" / "v1").rglob("*.f16"))[:2]
    content, header = path.read_bytes(), other.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    other.write_bytes(b"x" + header[1:])
    with pytest.warns(UserWarning, match="extracted again: 1, the first"):
        assert extraction.prepare(planned, tmp_path, progress=False) == 1
    assert (other.read_bytes(), path.read_bytes()) != (header, content)
    found = Verification()
    with pytest.warns(UserWarning, match="extracted again: 1, the first"):
        assert extraction.prepare(planned, tmp_path, 1, False, None, found) == 1
    assert (len(found.right), found.damaged) == (count - 1, {str(path)})
    assert path.read_bytes() == content


@pytest.fixture
def broken(toy, tables, tmp_path):
    """Jobs on speech with a file that cannot be read, and the name of its utterance."""
    labelled, unlabelled = tables
    labelled = labelled.copy()
    path = tmp_path / "broken.wav"
    path.write_text("no audio")
    labelled.loc[3, "file"] = str(path)
    planned = plan.plan_jobs(toy, labelled, unlabelled, tmp_path, ["baseline"])
    return planned, labelled.utterance[3]


def test_audio_that_cannot_be_used_is_an_error(broken, tmp_path):
    planned, utterance = broken
    with pytest.raises(UnusableAudio) as caught:
        extraction.prepare(planned, tmp_path / "cache", progress=False)
    assert [each.utterance for each in caught.value.found] == [utterance]


def test_audio_that_cannot_be_used_is_collected_if_asked(broken, tables, tmp_path):
    planned, utterance = broken
    bad = []
    count = extraction.prepare(planned, tmp_path / "cache", progress=False, bad=bad)
    assert count == sum(len(table) for table in tables) - 1
    assert [each.utterance for each in bad] == [utterance]
    assert "broken.wav" in bad[0].file


def test_two_sides_of_a_fold_share_no_sound(toy, tables, tmp_path):
    """A copy in another format has different bytes, but the same features."""
    labelled, unlabelled = tables
    planned = plan.plan_jobs(toy, *tables, tmp_path, ["baseline"])
    extraction.prepare(planned, tmp_path / "cache", progress=False)
    extraction.check_sound(planned, tmp_path / "cache")
    copy = tmp_path / "copy.wav"
    wave, rate = soundfile.read(labelled.file[0])
    soundfile.write(copy, wave, rate, subtype="PCM_24")
    place = labelled.index[labelled.speaker == "toy/2"][0]
    labelled = labelled.copy()
    columns = ["file", "digest", "duration"]
    labelled.loc[place, columns] = [str(copy), audio.digest(copy), len(wave) / rate]
    planned = plan.plan_jobs(toy, labelled, unlabelled, tmp_path, ["baseline"])
    extraction.prepare(planned, tmp_path / "cache", progress=False)
    words = f"must share no recording.*{labelled.utterance[0]}"
    with pytest.raises(ValueError, match=words):
        extraction.check_sound(planned, tmp_path / "cache")


def test_a_network_is_trained_under_its_conditions_and_tested_on_clean_speech(
    toy, tables, tmp_path
):
    """Training and development speech are soft, and all of it has been extracted."""
    systems = {
        "soft": System(Pooled, augment=("speed",), train_conditions=("gain:-40",)),
        "clean": System(Pooled),
    }
    config = dataclasses.replace(toy, systems=systems)
    planned = plan.plan_jobs(config, *tables, tmp_path, folds=["1"])
    assert extraction.prepare(planned, tmp_path, progress=False) > 0
    store = feature_store(config, tmp_path)
    entries = sorted(store.cache.rglob("*.f16"))
    data = {
        job.system: network.prepare_data_and_model(job, store)[0] for job in planned
    }
    assert sorted(store.cache.rglob("*.f16")) == entries
    lower = np.subtract(*(data[name].preprocessing.mean for name in ("clean", "soft")))
    assert lower.mean() > 3  # of log-mel: 40 dB are 9.2
    files.write_json(tmp_path / "run" / "config.json", {})
    frame, _ = network.train_and_test(planned[0], store, tmp_path / "run")
    recogniser = Recogniser.load(tmp_path / "run")
    expected = evaluation.predictions(recogniser, planned[0].fold.tests["test"])
    names = ["p_anger", "p_sadness"]
    np.testing.assert_allclose(frame[names], expected[names], atol=5e-3)


def test_the_entries_that_jobs_read_are_those_that_are_prepared(toy, tables, tmp_path):
    planned = plan.plan_jobs(toy, *tables, tmp_path, folds=["1"])
    assert extraction.prepare(planned, tmp_path, progress=False) > 0
    found = [
        path
        for needed in extraction.needed_entries(planned, tmp_path)
        for path in needed.paths
    ]
    assert sorted(set(found)) == sorted(map(str, tmp_path.rglob("*.f16")))
