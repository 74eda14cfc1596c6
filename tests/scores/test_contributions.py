"""Contributions of units against their equation, and against swapped predictions."""

import numpy as np
import pytest

from keras_ser import scores


@pytest.fixture(scope="module")
def pair(make_predictions):
    """Truth, two systems' predictions and speakers; some speakers lack a class."""
    truth, first, speaker = make_predictions(60, speakers=8)
    second = np.random.default_rng(5).permutation(first)
    return truth, first, second, speaker


def contributions_by_definition(truth, first, second, unit) -> list:
    """The equation of the docstring, in loops."""
    found = []
    for name in sorted(set(unit)):
        total = 0.0
        for label in sorted(set(truth)):
            rows = [i for i, own in enumerate(truth) if own == label]
            own = [i for i in rows if unit[i] == name]
            gain = sum(first[i] == label for i in own)
            gain -= sum(second[i] == label for i in own)
            total += gain / len(rows)
        found.append(total / len(set(truth)))
    return found


def test_contributions_equal_their_equation(pair):
    expected = contributions_by_definition(*map(list, pair))
    assert scores.contributions(*pair) == pytest.approx(expected)


def test_they_add_up_to_the_difference(pair):
    truth, first, second, _ = pair
    difference = scores.uar(truth, first) - scores.uar(truth, second)
    assert abs(difference) > 0.01
    assert scores.contributions(*pair).sum() == pytest.approx(difference)


def test_swapping_the_predictions_of_a_unit_flips_its_contribution(pair):
    truth, first, second, speaker = pair
    before = scores.contributions(*pair)
    for number, name in enumerate(np.unique(speaker)):
        own = speaker == name
        one, other = np.where(own, second, first), np.where(own, first, second)
        expected = np.where(np.arange(len(before)) == number, -before, before)
        found = scores.contributions(truth, one, other, speaker)
        assert found == pytest.approx(expected)
        difference = scores.uar(truth, one) - scores.uar(truth, other)
        assert difference == pytest.approx(expected.sum())


def test_they_have_the_order_of_the_units_and_not_of_the_rows(pair, rng):
    truth, first, second, speaker = pair
    order = rng.permutation(len(truth))
    rows = [each[order] for each in pair]
    assert scores.contributions(*rows) == pytest.approx(scores.contributions(*pair))
    # As text, "10" comes before "2".
    number = speaker.astype(int) + 5
    found = scores.contributions(truth, first, second, number)
    assert found == pytest.approx(scores.contributions(*pair))


def test_a_class_that_is_predicted_but_never_true_does_not_count():
    truth, unit = ["a", "a", "b", "b"], [1, 2, 1, 2]
    found = scores.contributions(truth, truth, ["c", "a", "b", "c"], unit)
    assert found == pytest.approx([0.25, 0.25])


def test_one_unit_contributes_the_whole_difference():
    found = scores.contributions(["a", "b"], ["a", "b"], ["a", "a"], ["s", "s"])
    assert found == pytest.approx([0.5])


@pytest.mark.parametrize(
    "change, words",
    [
        ({"unit": ["x"] * 59}, "one unit for each of the 60 rows. Received: 59"),
        ({"unit": ["x"] * 59 + [""]}, "`unit` must contain no missing"),
        ({"unit": None}, "`unit` must be a non-empty array"),
        ({"second": ["anger"]}, "same length. Received: 60 and 1"),
    ],
)
def test_bad_arguments_are_rejected(change, words, pair):
    arguments = dict(zip(("truth", "first", "second", "unit"), pair, strict=True))
    with pytest.raises(ValueError, match=words):
        scores.contributions(**{**arguments, **change})


@pytest.mark.parametrize("seed", range(5))
def test_confined_classes_are_those_of_a_single_unit(seed):
    rng = np.random.default_rng(seed)
    truth, unit = rng.choice(list("abcdef"), 14), rng.choice(["s1", "s2", "s3"], 14)
    units = {name: set(unit[truth == name]) for name in sorted(set(truth))}
    expected = [name for name, own in units.items() if len(own) == 1]
    assert scores.confined_classes(truth, unit) == expected
    assert 0 < len(expected) < len(units)


def test_the_example_of_confined_classes():
    truth, unit = ["a", "b", "a", "c"], ["s1", "s1", "s2", "s2"]
    assert scores.confined_classes(truth, unit) == ["b", "c"]
    assert scores.confined_classes([0, 1, 0], unit[:3]) == [1]
    with pytest.raises(ValueError, match="one unit for each of the 4 rows"):
        scores.confined_classes(truth, unit[:3])
