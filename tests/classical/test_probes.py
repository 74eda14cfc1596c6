"""Probes: what their vectors hold of an utterance, and that they can be fitted."""

import tracemalloc

import numpy as np
import pytest

from keras_ser.classical import probes
from keras_ser.features import FeatureStore, LogMel


@pytest.fixture(scope="module")
def store(spoken_table, tmp_path_factory):
    front_end = LogMel(n_mels=16, fmax=8000.0)
    store = FeatureStore(tmp_path_factory.mktemp("cache"), front_end)
    store.prepare(spoken_table, progress=False)
    return store


def test_the_length_probe_uses_the_logarithm_of_the_duration(toy_table):
    table = toy_table("123").assign(duration=[1.0, np.e, np.e**2] * 2)
    probe = probes.LengthProbe()
    assert probe.front_end(LogMel()) is None
    vectors = probe.vectors(table, None)
    np.testing.assert_allclose(vectors, [[0.0], [1.0], [2.0]] * 2)


def test_moments_over_time_are_those_of_each_utterance(store, spoken_table):
    table = spoken_table[:3]
    found = probes.moments_over_time(store, table)
    for row, path in zip(found, store.paths(table), strict=True):
        features = store.read(path).astype(np.float64)
        expected = [*features.mean(axis=0), *features.std(axis=0)]
        np.testing.assert_allclose(row, expected)


def test_the_features_of_one_utterance_are_held_at_a_time():
    class Store:
        def paths(self, table, transform):
            return range(len(table))

        def read(self, path):
            return np.full((1000, 100), path, np.float32)

    tracemalloc.start()
    try:
        found = probes.moments_over_time(Store(), range(30))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(found[:, 0], np.arange(30))
    assert peak < 5 * 1000 * 100 * 8  # bytes; all utterances have 30 times as many


def test_the_mean_log_mel_probe_uses_the_front_end_of_the_experiment():
    assert probes.MeanLogMelProbe().front_end(LogMel(n_mels=40)) == LogMel(n_mels=40)


def test_a_probe_finds_what_is_there_to_find():
    probe = probes.LengthProbe()
    fitted = probe.estimator().fit([[0.0], [0.1], [2.0]], ["a", "a", "b"])
    posteriors = probe.posteriors(fitted, [[0.0], [2.0]])
    assert fitted.classes_.tolist() == ["a", "b"]
    assert posteriors.argmax(axis=1).tolist() == [0, 1]
    np.testing.assert_allclose(posteriors.sum(axis=1), 1.0)
