"""Which utterances are probed, and what their embeddings are."""

import dataclasses
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest

from keras_ser.experiments import plan, probed_speech
from keras_ser.experiments.config import Experiment, System
from keras_ser.experiments.probed_speech import draw, draw_speech
from keras_ser.features import LogMel, Preprocessing
from keras_ser.inference import Recogniser
from keras_ser.models import MTLAug
from keras_ser.protocols import HEARD


@pytest.fixture
def job(toy_table):
    """A job with held-out utterances, of one of several systems."""
    table = toy_table({name: "" for name in "123456"}, ("anger", "sadness") * 4)
    systems = {"a": System(), "few": System(label_fraction=0.5, use_unlabelled=True)}
    config = Experiment("toy", "toy", systems, heard_fraction=0.25, repeats=2)
    *_, job = plan.plan_jobs(config, table, None, "runs", folds=["1"])
    return job


def test_all_systems_of_a_fold_are_probed_on_the_same_speech(job):
    assert job.system == "few"
    other = dataclasses.replace(job, system="a")
    found, expected = draw_speech(job), draw_speech(other)
    for name in ("train", "heard", "held_out", "shown"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name))
    assert set(found.train.utterance) == set(job.whole.train.utterance)
    assert set(found.heard.utterance) == set(job.whole.heard.utterance)
    assert set(found.heard.test) == {HEARD}
    assert set(found.shown.speaker) == {"toy/1"}


def with_tests(job, **tables):
    """The job with the test speaker's utterances divided into these tables."""
    rows = job.fold.tests["test"]
    tests = {name: rows.iloc[part] for name, part in tables.items()}
    fold = dataclasses.replace(job.fold, tests=tests)
    return dataclasses.replace(job, fold=fold)


def test_the_test_speech_in_domain_is_scored_and_all_of_it_is_shown(job):
    both = {"in_domain": slice(0, 3), "other": slice(3, 8)}
    found = draw_speech(with_tests(job, **both))
    assert len(found.held_out) == 3 and set(found.held_out.test) == {"in_domain"}
    assert list(found.shown.test) == ["in_domain"] * 3 + ["other"] * 5
    neither = draw_speech(with_tests(job, one=slice(0, 3), two=slice(3, 8)))
    assert neither.held_out is neither.shown
    assert set(neither.spoken) == {"", HEARD, "one", "two"}


def test_the_draw_depends_on_names_alone(monkeypatch):
    monkeypatch.setattr(probed_speech, "MAX_UTTERANCES", 20)
    table = pd.DataFrame({"utterance": [f"u/{number}" for number in range(100)]})
    drawn = draw(table)
    assert len(drawn) == 20 and list(drawn.index) == list(range(20))
    assert drawn.utterance.map(lambda name: int(name[2:])).is_monotonic_increasing
    shuffled = draw(table.sample(frac=1, random_state=0))
    assert set(shuffled.utterance) == set(drawn.utterance)
    kept = set(draw(table.iloc[:50]).utterance)
    assert set(drawn.utterance) & set(table.utterance[:50]) <= kept
    assert len(draw(table.iloc[:5])) == 5 and draw(table.iloc[:0]).empty


def linear(mask_padding):
    """A network whose embedding is the sum over the frames of an input."""
    features = keras.Input((None, 2))
    embedding = keras.layers.Lambda(lambda x: keras.ops.sum(x, axis=1))(features)
    model = keras.Model(features, embedding)
    return SimpleNamespace(
        tasks=(), mask_padding=mask_padding, embedding_model=model, shapes=[]
    )


@pytest.mark.parametrize("mask_padding", [True, False])
def test_an_embedding_is_the_mean_over_the_windows_of_an_utterance(mask_padding):
    front_end = LogMel(n_mels=2)
    made = Preprocessing(front_end, ("a",), 0.1, "train", np.zeros(2), np.ones(2))
    recogniser = Recogniser(linear(mask_padding), made, batch=3)
    window = made.window
    lengths = [window, 1, 2 * window, 3 * window - 1, 3]
    found = recogniser.embeddings([np.ones((n, 2), np.float32) for n in lengths])
    expected = [window, 1, window, window, 3]
    np.testing.assert_allclose(found, np.repeat(expected, 2).reshape(5, 2))


def test_packing_changes_no_embedding():
    """The embedding of an utterance does not depend on its neighbours in a batch."""
    front_end = LogMel(n_mels=16)
    made = Preprocessing(front_end, ("a",), 1.0, "train", np.zeros(16), np.ones(16))
    keras.utils.set_random_seed(0)
    sizes = {"filters": (4, 4, 4)}
    model = MTLAug(("a", "b"), dimensions=16, normalisation="batch", **sizes)
    rng = np.random.default_rng(0)
    speech = [rng.normal(size=(n, 16)).astype(np.float32) for n in (20, 64, 99, 150)]
    together = Recogniser(model, made, batch=4).embeddings(speech)
    alone = Recogniser(model, made, batch=1).embeddings(speech)
    assert np.ptp(together, axis=0).max() > 1e-4
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-6)
