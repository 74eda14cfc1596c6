"""Waveform transforms for training: one condition, or one of several per utterance."""

import numpy as np
import pytest

from keras_ser import audio, conditions
from keras_ser.conditions.degraded import Gain
from keras_ser.corpora import table as tables


def test_a_single_condition_is_its_own_transform():
    assert conditions.training_transform(["clean"]) == audio.Speed()
    assert conditions.training_transform(["gain:-20"]) == Gain(-20.0)


def test_each_utterance_has_one_of_several_conditions():
    """Each about equally often, decided by the name of the utterance alone."""
    texts = ("clean", "gain:-20", "band:4000")
    drawn = conditions.training_transform(texts)
    names = [f"toy/{number}" for number in range(600)]
    found = [drawn.for_utterance(name).key for name in names]
    keys = [conditions.parse(text).transform(None).key for text in texts]
    assert {key: found.count(key) for key in keys} == pytest.approx(
        dict.fromkeys(keys, 200), abs=60
    )
    assert sum(map(found.count, keys)) == 600
    again = conditions.training_transform(texts)
    assert [again.for_utterance(name).key for name in names[::-1]] == found[::-1]


@pytest.fixture
def rain(write_audio, noise):
    """A table with three clips of rain."""
    return tables.from_rows(
        [
            {
                "utterance": f"noise/{number}",
                "file": str(write_audio(f"{number}.wav", noise(1.0, seed=number))),
                "corpus": "noise",
                "speaker": f"noise/{number}",
                "session": "rain",
            }
            for number in range(3)
        ]
    )


def test_training_under_any_ratio_hears_the_same_noise(rain, noise):
    """So do training and test: the noise depends on the utterance and the kind."""
    speech = noise(0.3, seed=9)

    def added(transform) -> np.ndarray:
        wave = transform.for_utterance("toy/1")(speech) - speech.astype(float)
        return wave / np.abs(wave).max()

    test = added(conditions.parse("noise:all:20").transform(rain))
    for ratio in (-10, 0):
        train = conditions.training_transform([f"noise:all:{ratio}"], rain)
        np.testing.assert_allclose(added(train), test, atol=1e-4)
    two = [f"noise:all:{ratio}" for ratio in (-10, 0)]
    both = conditions.training_transform(two, rain)
    np.testing.assert_allclose(added(both), test, atol=1e-4)
