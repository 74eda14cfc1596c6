"""Speech that is unlike the training speech is far away, and only that."""

import json

import numpy as np
import pytest

from keras_ser.features import moments
from keras_ser.features.familiarity import MAX_DIMENSIONS, Familiarity


def sums_of(rng, count, shift=0.0, size=4):
    """The sums of utterances whose mean differs a little from one to the next."""
    level = rng.normal(shift, 0.5, size=(count, 1, size))
    return [moments.sums(each + rng.normal(size=(30, size))) for each in level]


def means_of(parts):
    return np.stack([each.total / each.frames for each in parts])


@pytest.fixture
def learned(rng):
    return Familiarity.fit(sums_of(rng, 400), sums_of(rng, 400))


def test_the_distance_is_its_equation(learned, rng):
    values = rng.normal(size=(5, 4))
    expected = []
    for row in values:
        squares = [((row[k] - learned.mean[k]) / learned.std[k]) ** 2 for k in range(4)]
        expected.append(np.sqrt(sum(squares) / 4))
    np.testing.assert_allclose(learned.distances(values), expected)


def test_new_speech_of_the_kind_is_familiar(learned, rng):
    distances = learned.distances(means_of(sums_of(rng, 500)))
    assert (distances > learned.limit).mean() < 0.05
    assert 0.8 < np.sqrt(np.mean(distances**2)) < 1.2  # in standard deviations


def test_speech_at_another_level_is_not(learned, rng):
    distances = learned.distances(means_of(sums_of(rng, 50, shift=5.0)))
    assert (distances > learned.limit).all()


def test_a_value_that_never_changes_is_finite(rng):
    parts = [moments.sums(np.ones((9, 3))) for _ in range(30)]
    learned = Familiarity.fit(parts, sums_of(rng, 30, size=3))
    assert np.isfinite(learned.distances(np.ones((1, 3)))).all()


def test_few_utterances_or_many_values_teach_nothing(rng):
    some, few = sums_of(rng, 30), sums_of(rng, 3)
    assert Familiarity.fit(some, some) is not None
    assert Familiarity.fit(few, some) is None
    assert Familiarity.fit(some, few) is None
    assert Familiarity.fit([], []) is None
    wide = [moments.sums(np.ones((1, MAX_DIMENSIONS + 1)))] * 30
    assert Familiarity.fit(wide, wide) is None


def test_it_is_read_as_it_was_written(learned):
    again = Familiarity.from_json(json.loads(json.dumps(learned.to_json())), 4)
    assert again.to_json() == learned.to_json()
    np.testing.assert_array_equal(again.mean, learned.mean)


GOOD = {"mean": [0.0, 1.0], "std": [1.0, 2.0], "limit": 3.0}


@pytest.mark.parametrize(
    "value",
    [
        *(None, [], "text", {}, {**GOOD, "more": 1}),
        {**GOOD, "limit": 0},
        {**GOOD, "limit": "3"},
        {**GOOD, "limit": float("nan")},
        {**GOOD, "std": [1.0, 0.0]},
        {**GOOD, "std": [1.0]},
        {**GOOD, "mean": [0.0, float("inf")]},
        {**GOOD, "mean": ["a", "b"]},
        {**GOOD, "mean": [[0.0], [1.0]]},
        {**GOOD, "mean": 3, "std": 3},
        {"mean": [0.0], "std": [1.0], "limit": 3.0},  # of other features
    ],
)
def test_damaged_values_are_rejected(value):
    Familiarity.from_json(GOOD, 2)
    with pytest.raises(ValueError):
        Familiarity.from_json(value, 2)
