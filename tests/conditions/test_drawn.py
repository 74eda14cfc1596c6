"""Waveform transforms for training: one condition, or one of several per utterance."""

import pytest

from keras_ser import audio, conditions
from keras_ser.conditions.degraded import Gain


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
