"""Classical systems: their arithmetic, their cache and their runs."""

import dataclasses
import importlib.metadata
import json
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from keras_ser import audio
from keras_ser.classical import OpenSmileSVM, Scaling, svm
from keras_ser.experiments import classical, experiment, extraction, plan
from keras_ser.experiments.config import Experiment, Features, System
from keras_ser.features import FeatureStore

SYSTEMS = {
    "svm": System("OpenSmileSVM", augment=()),
    "svm_all": System("OpenSmileSVM", arguments={"train_on_dev": True}, augment=()),
    "length": System("LengthProbe", augment=()),
    "spectrum": System("MeanLogMelProbe", augment=()),
}
CONFIG = Experiment("toy", "emodb", SYSTEMS, features=Features(settings={"n_mels": 16}))


@dataclasses.dataclass(frozen=True)
class Loudness:
    """Three functionals instead of openSMILE's; `calls` lists the waveforms."""

    dtype: ClassVar[str] = "<f4"
    dimensions: ClassVar[int] = 3
    calls: ClassVar[list] = []
    features: str = "loudness"

    def __call__(self, wave):
        self.calls.append(len(wave))
        return np.float32([[np.log(wave.std()), np.abs(wave).max(), wave.mean()]])


@pytest.fixture
def loudness(monkeypatch):
    Loudness.calls.clear()
    monkeypatch.setattr(svm, "OpenSmile", lambda features: Loudness())
    return Loudness.calls


@pytest.fixture
def job_of(spoken_table, tmp_path):
    def make(system="svm", table=spoken_table, normalise="train", **changes):
        features = dataclasses.replace(CONFIG.features, normalise=normalise)
        config = dataclasses.replace(CONFIG, features=features, **changes)
        (job,) = plan.plan_jobs(config, table, None, tmp_path, [system], ["1"])
        return job

    return make


def scores(frame):
    return frame.filter(like="p_").to_numpy()


# What is computed.


def test_the_svm_is_that_of_scikit_learn_on_scaled_functionals(
    job_of, loudness, tmp_path
):
    job = job_of()
    frame, found = classical.fit_and_test(job, tmp_path)
    wave = Loudness()
    train, test = (
        np.concatenate([wave(audio.read(file)) for file in table.file])
        for table in (job.fold.train, job.fold.tests["test"])
    )
    scaler = StandardScaler().fit(train)
    svm = SVC(class_weight="balanced", break_ties=True)
    svm.fit(scaler.transform(train), job.fold.train.emotion)
    expected = svm.predict(scaler.transform(test))
    assert frame.prediction.tolist() == expected.tolist()
    assert frame.prediction.tolist() == frame.truth.tolist()  # loud or soft
    assert found["dimensions"] == 3
    assert found["trained_on"] == ["train"]


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_the_largest_score_is_the_prediction(rng, classes):
    vectors = rng.normal(size=(40 * classes, 4))
    labels = np.array(list("abcde"))[rng.integers(classes, size=len(vectors))]
    system = OpenSmileSVM()
    fitted = system.estimator().fit(vectors[::2], labels[::2])
    posteriors = system.posteriors(fitted, vectors)
    assert posteriors.shape == (len(vectors), classes)
    np.testing.assert_allclose(posteriors.sum(axis=1), 1.0)
    best = fitted.classes_[posteriors.argmax(axis=1)]
    assert best.tolist() == fitted.predict(vectors).tolist()


@pytest.mark.parametrize("system", ["length", "spectrum"])
def test_probes_are_systems(job_of, tmp_path, system):
    job = job_of(system)
    frame, found = classical.fit_and_test(job, tmp_path)
    assert frame.utterance.tolist() == job.fold.tests["test"].utterance.tolist()
    assert found["dimensions"] == {"length": 1, "spectrum": 32}[system]
    if system == "spectrum":
        assert frame.prediction.tolist() == frame.truth.tolist()


def test_development_speakers_train_only_if_asked(job_of, loudness, tmp_path):
    """Their wrong labels matter only if they train."""
    job = job_of("svm_all")
    dev = job.fold.dev.assign(emotion="anger")
    fold = dataclasses.replace(job.fold, dev=dev)
    all_of_them = dataclasses.replace(job, fold=fold)
    without = dataclasses.replace(job_of("svm"), fold=fold)
    expected, _ = classical.fit_and_test(job_of("svm"), tmp_path)
    same, found = classical.fit_and_test(without, tmp_path)
    other, found_with_dev = classical.fit_and_test(all_of_them, tmp_path)
    np.testing.assert_array_equal(scores(same), scores(expected))
    assert not np.allclose(scores(other), scores(expected))
    assert "unused" in found["selected_by"]
    assert found_with_dev["trained_on"] == ["train", "dev"]
    assert "toy/2, toy/3 train too" in found_with_dev["selected_by"]


def test_a_class_without_training_speech_has_probability_0(job_of, tmp_path):
    """Nobody who trains is afraid, but development speakers are."""
    job = job_of("length")
    fold = dataclasses.replace(job.fold, classes=("anger", "fear", "sadness"))
    job = dataclasses.replace(job, fold=fold)
    frame, _ = classical.fit_and_test(job, tmp_path)
    assert (frame.p_fear == 0).all()
    assert list(frame.filter(like="p_")) == ["p_anger", "p_fear", "p_sadness"]
    assert set(frame.prediction) <= {"anger", "sadness"}


def test_each_target_is_learned_by_itself(spoken_table, tmp_path):
    """A number, and an attribute that some training utterances lack."""
    valence = np.where(spoken_table.emotion == "anger", 1.0, -1.0)
    accent = np.where(spoken_table.emotion == "anger", "loud", "soft").astype(object)
    accent[::5] = ""
    table = spoken_table.assign(valence=valence, accent=accent)
    targets = {"targets": ("emotion", "valence", "accent")}
    system = System("MeanLogMelProbe", arguments=targets, augment=())
    config = dataclasses.replace(CONFIG, systems={"all": system})
    (job,) = plan.plan_jobs(config, table, None, tmp_path, folds=["1"])
    frame, _ = classical.fit_and_test(job, tmp_path)
    rows = {head: part for head, part in frame.groupby("head")}
    assert set(rows) == {"emotion", "valence", "accent"}
    tested = job.fold.tests["test"]
    assert rows["accent"].truth.tolist() == tested.accent.tolist()
    known = rows["accent"].truth != ""
    assert (rows["accent"].prediction == rows["accent"].truth)[known].all()
    number = rows["valence"].prediction.astype(float).to_numpy()
    np.testing.assert_allclose(number, tested.valence, atol=0.5)
    assert rows["valence"].filter(like="p_").isna().all(axis=None)
    emotion = system_alone(job, tmp_path)
    columns = ["prediction", "p_anger", "p_sadness"]
    found = rows["emotion"][columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, emotion[columns])


def system_alone(job, folder):
    """The predictions of the same system for the emotion alone."""
    system = System("MeanLogMelProbe", augment=())
    config = dataclasses.replace(job.config, systems={"all": system})
    frame, _ = classical.fit_and_test(dataclasses.replace(job, config=config), folder)
    return frame


@pytest.mark.parametrize("targets", ["emotion", (), ("emotion", "emotion"), (1,)])
def test_targets_are_a_list_of_columns(targets):
    with pytest.raises(ValueError, match="`targets` must be a list of different"):
        OpenSmileSVM(targets=targets)


# Normalisation.


def test_scaling_is_that_of_the_training_speakers(rng):
    train, test = rng.normal(3, 2, (30, 4)), rng.normal(size=(6, 4))
    scaling = Scaling("train", train)
    before = scaling(test, "112233")
    np.testing.assert_allclose(before, (test - train.mean(0)) / train.std(0))
    test[0] += 100
    np.testing.assert_array_equal(scaling(test, "112233")[1:], before[1:])


def test_scaling_by_speaker_is_that_of_each_alone(rng):
    vectors = rng.normal(size=(9, 2)) * [[1, 1e-6]]
    speakers = np.array(list("abcabcabc"))
    found = Scaling("speaker", vectors)(vectors, speakers)
    for name in "abc":
        own = vectors[speakers == name]
        expected = (own - own.mean(0)) / own.std(0)
        np.testing.assert_allclose(found[speakers == name], expected, rtol=1e-6)


def test_scaling_rejects_an_unknown_normalisation():
    with pytest.raises(ValueError, match="`normalise` must be one of.*'all'"):
        Scaling("all", np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("normalise", "independent"), [("train", True), ("speaker", False)]
)
def test_test_utterances_matter_to_each_other_by_speaker_only(
    spoken_table, job_of, loudness, tmp_path, normalise, independent
):
    before, _ = classical.fit_and_test(job_of(normalise=normalise), tmp_path)
    place = spoken_table.index[spoken_table.speaker == "toy/1"][0]
    table = spoken_table.copy()
    loud = tmp_path / "loud.wav"
    soundfile.write(loud, np.tile([0.9, -0.9], 4000), 16_000)
    table.loc[place, ["file", "digest"]] = [str(loud), audio.digest(loud)]
    after, _ = classical.fit_and_test(
        job_of(table=table, normalise=normalise), tmp_path
    )
    assert np.array_equal(scores(before)[1:], scores(after)[1:]) == independent
    assert not np.array_equal(scores(before)[0], scores(after)[0])


def test_by_speaker_it_warns_of_speakers_with_one_emotion(job_of, tmp_path):
    job = job_of("length", normalise="speaker")
    train = job.fold.train.assign(emotion="anger").copy()
    train.loc[train.speaker == "toy/4", "emotion"] = ["anger", "sadness"] * 3
    job = dataclasses.replace(job, fold=dataclasses.replace(job.fold, train=train))
    with pytest.warns(UserWarning, match="normalise='speaker' removes.*toy/5, toy/6"):
        classical.fit_and_test(job, tmp_path)


# The cache.


@pytest.mark.parametrize("system", ["svm", "spectrum", "length"])
def test_conditions_of_the_waveform_are_tested_and_never_trained(
    job_of, loudness, tmp_path, system
):
    """Everything is soft at -60 dB, but the length stays the same."""
    job = job_of(system, conditions=("clean", "gain:-60"))
    frame, found = classical.fit_and_test(job, tmp_path)
    alone, known = classical.fit_and_test(job_of(system), tmp_path)
    assert list(frame) == list(alone)
    assert found == known
    clean, soft = (rows for _, rows in frame.groupby("condition"))
    pd.testing.assert_frame_equal(clean.reset_index(drop=True), alone)
    assert clean.utterance.tolist() == soft.utterance.tolist()
    same = np.array_equal(scores(clean), scores(soft))
    assert same == (system == "length")


def test_a_system_that_is_trained_on_soft_speech_fails_on_loud_speech(
    job_of, loudness, tmp_path
):
    """If training and tests are both 60 dB lower, the system is the same."""
    clean = job_of("svm", conditions=("clean", "gain:-60"))
    system = dataclasses.replace(SYSTEMS["svm"], train_conditions=("gain:-60",))
    soft = dataclasses.replace(
        clean, config=dataclasses.replace(clean.config, systems={"svm": system})
    )
    found = {
        (trained_on, condition): scores(rows)
        for trained_on, job in {"clean": clean, "soft": soft}.items()
        for condition, rows in classical.fit_and_test(job, tmp_path)[0].groupby(
            "condition"
        )
    }
    matched = found["soft", "gain:-60"]
    np.testing.assert_allclose(matched, found["clean", "clean"], atol=1e-3)
    assert np.abs(found["soft", "clean"] - matched).max() > 1e-2


def test_training_speech_under_a_condition_is_extracted(job_of, loudness, tmp_path):
    system = dataclasses.replace(SYSTEMS["svm"], train_conditions=("gain:-60",))
    job = job_of("svm", systems={"svm": system})
    assert extraction.prepare([job], tmp_path, progress=False) == len(loudness)
    seen = len(loudness)
    classical.fit_and_test(job, tmp_path)
    assert len(loudness) == seen > 0


def test_noise_reaches_a_classical_system(job_of, loudness, tmp_path, spoken_table):
    noise = spoken_table.head(2).assign(session="rain", corpus="noise")
    job = job_of("svm", conditions=("clean", "noise:rain:0"), noise="noise")
    frame, _ = classical.fit_and_test(dataclasses.replace(job, noise=noise), tmp_path)
    clean, noisy = (scores(rows) for _, rows in frame.groupby("condition"))
    assert np.abs(clean - noisy).max() > 1e-3


def test_attacks_need_a_gradient(job_of, loudness, tmp_path):
    job = dataclasses.replace(
        job_of(), config=dataclasses.replace(CONFIG, conditions=("clean", "bim:0.1"))
    )
    with pytest.raises(ValueError, match=r"\['bim:0.1'\] follow.*\['svm'\]"):
        classical.fit_and_test(job, tmp_path)
    assert not loudness


def test_functionals_are_computed_once(job_of, loudness, tmp_path):
    job = job_of()
    first, _ = classical.fit_and_test(job, tmp_path)
    assert len(loudness) == len(job.fold.train) + len(job.fold.tests["test"])
    again, _ = classical.fit_and_test(job, tmp_path)
    assert len(loudness) == len(job.fold.train) + len(job.fold.tests["test"])
    pd.testing.assert_frame_equal(first, again)


def test_functionals_keep_float32_and_the_segment(loudness, spoken_table, tmp_path):
    table = spoken_table[:1]
    halves = pd.concat([table.assign(start=0.0, end=0.2), table.assign(start=0.2)])
    system = OpenSmileSVM()
    store = FeatureStore(tmp_path, system.front_end(None))
    store.prepare(halves, progress=False)
    expected = [
        Loudness()(audio.read(table.file[0], *segment))[0]
        for segment in ((0.0, 0.2), (0.2, None))
    ]
    np.testing.assert_array_equal(system.vectors(halves, store), expected)


def test_jobs_prepare_what_their_systems_read(job_of, loudness, tmp_path):
    job = job_of()
    count = len(job.fold.train) + len(job.fold.tests["test"])
    jobs = [job, job_of("svm_all"), job_of("length")]
    everybody = count + len(job.fold.dev)
    assert extraction.prepare([job_of("length")], tmp_path, progress=False) == 0
    assert extraction.prepare(jobs, tmp_path, progress=False) == everybody
    assert extraction.prepare(jobs, tmp_path, progress=False) == 0
    assert {path.suffix for path in tmp_path.rglob("*.f*")} == {".f32"}
    assert extraction.prepare([job_of("spectrum")], tmp_path, progress=False) == count


def test_audio_that_cannot_be_read_is_named(spoken_table, job_of, loudness, tmp_path):
    (tmp_path / "broken.wav").write_bytes(b"no audio")
    table = spoken_table.copy()
    table.loc[0, "file"] = str(tmp_path / "broken.wav")
    with pytest.raises(ValueError, match="broken.wav"):
        extraction.prepare([job_of(table=table)], tmp_path / "cache", progress=False)


def test_without_the_package_the_extra_is_named(job_of, monkeypatch, tmp_path):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    with pytest.raises(ValueError, match=r"pip install 'keras_ser\[opensmile\]'"):
        extraction.prepare([job_of()], tmp_path, progress=False)


# Runs.


def test_a_run_has_the_form_of_a_networks(job_of, loudness, tmp_path):
    job = job_of("svm")
    folder = experiment.run_jobs([job], tmp_path / "cache", progress=False)[0]
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "environment.json", "metrics.json"} <= names
    frame = pd.read_csv(folder / "predictions.csv")
    where = ["experiment", "system", "corpus", "fold", "repeat", "test", "condition"]
    what = ["utterance", "speaker", "head", "truth", "prediction"]
    assert list(frame) == [*where, *what, "p_anger", "p_sadness"]
    assert frame["head"].unique().tolist() == ["emotion"]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["selected_by"].startswith("nothing")
    assert metrics["scores"]["uar"] == 1.0


@pytest.mark.parametrize(
    ("system", "words"),
    [
        (System("LengthProbe"), "`systems.a.augment` must be empty.*augment=()"),
        (
            System("LengthProbe", augment=(), objective={"center": 1}),
            "`systems.a.objective` must be empty",
        ),
        (
            System("LengthProbe", augment=(), arguments={"C": 1}),
            r"arguments` takes \['train_on_dev', 'targets'\].*'C'",
        ),
        (
            System("OpenSmileSVM", augment=(), arguments={"features": "IS09"}),
            "`features` must be one of.*'IS09'",
        ),
        (
            System("OpenSmileSVM", augment=(), arguments={"C": 0}),
            "`C` must be above 0. Received: 0",
        ),
    ],
)
def test_a_config_is_checked_before_anything_is_fitted(spoken_table, system, words):
    config = dataclasses.replace(CONFIG, systems={"a": system})
    with pytest.raises(ValueError, match=words):
        plan.plan_jobs(config, spoken_table, None, "runs")


def test_a_target_that_a_test_cannot_score_is_left_out(job_of, tmp_path):
    """No test speaker is among those that trained."""
    arguments = {"targets": ("emotion", "speaker")}
    system = System("LengthProbe", arguments=arguments, augment=())
    job = job_of("length")
    config = dataclasses.replace(job.config, systems={"length": system})
    fold = dataclasses.replace(
        job.fold, train=pd.concat([job.fold.train, job.fold.train.assign(
            speaker="toy/9", utterance=lambda x: x.utterance + "b",
            source=lambda x: x.utterance,
        )], ignore_index=True),
    )  # fmt: skip
    frame, _ = classical.fit_and_test(
        dataclasses.replace(job, config=config, fold=fold), tmp_path
    )
    assert frame["head"].unique().tolist() == ["emotion"]


def test_scaling_by_speaker_may_take_the_statistics_of_other_utterances(rng):
    train, held = rng.normal(3, 2, (8, 2)), rng.normal(size=(3, 2))
    owners = np.array(list("aabbaabb"))
    found = Scaling("speaker", train)(held, "aba", (train, owners))
    for row, name in enumerate("aba"):
        own = train[owners == name]
        expected = (held[row] - own.mean(0)) / own.std(0)
        np.testing.assert_allclose(found[row], expected)


def test_attributes_are_scored_on_held_out_utterances(spoken_table, tmp_path):
    systems = {
        "all": System(
            "MeanLogMelProbe", {"targets": ["emotion", "gender", "speaker"]}, augment=()
        ),
        "emotion": System("MeanLogMelProbe", augment=()),
    }
    config = dataclasses.replace(CONFIG, systems=systems, heard_fraction=0.5)
    jobs = plan.plan_jobs(config, spoken_table, None, tmp_path, first_fold_only=True)
    found = {job.system: classical.fit_and_test(job, tmp_path)[0] for job in jobs}
    rows = found["all"][found["all"].test == "heard"]
    assert set(rows["head"]) <= {"gender", "speaker"} and "gender" in set(rows["head"])
    assert set(rows.utterance) == set(jobs[0].data.heard.utterance)
    assert set(found["emotion"].test) == {"test"}
