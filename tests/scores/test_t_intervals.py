"""t intervals and the t test of UARs against their equations in loops, and theory."""

import itertools

import numpy as np
import pytest
from scipy import stats

from keras_ser import scores

CLASSES = ("anger", "happiness", "neutral", "sadness")


def mean_recall(truth, gain) -> float:
    """The mean over classes of the mean gain, in loops."""
    recalls = []
    for label in sorted(set(truth)):
        own = [gain[i] for i, name in enumerate(truth) if name == label]
        recalls.append(sum(own) / len(own))
    return sum(recalls) / len(recalls)


def variance(truth, gain, group) -> float:
    """The jackknife: every group is left out, and the score computed of the rest."""
    score, total, names = mean_recall(truth, gain), 0.0, set(group)
    for name in names:
        rest = [i for i, own in enumerate(group) if own != name]
        without = mean_recall([truth[i] for i in rest], [gain[i] for i in rest])
        total += (score - without) ** 2
    return (len(names) - 1) / len(names) * total


def interval(score, variance, df, level=0.95) -> tuple[float, float]:
    reach = stats.t.ppf((1 + level) / 2, df) * variance**0.5
    return score - reach, score + reach


def two_way(truth, gain, unit, training) -> tuple[float, int]:
    """The two-way variance and its degrees of freedom, written out."""
    over_units = variance(truth, gain, unit)
    over_trainings = variance(truth, gain, training)
    both = variance(truth, gain, list(zip(unit, training, strict=True)))
    found = max(over_units + over_trainings - both, over_units, over_trainings)
    return found, min(len(set(unit)), len(set(training))) - 1


def draw_crossed(speakers=7, trainings=5, per_cell=6, spread=0.15, seed=0):
    """Truth, two systems' predictions, speakers and trainings of a crossed design.

    Each speaker lacks some rows, so that the numbers differ between speakers.
    """
    rng = np.random.default_rng(seed)
    cells = itertools.product(range(speakers), range(trainings), range(per_cell))
    unit, training, _ = np.array([c for c in cells if rng.random() < 0.8]).T
    truth = rng.choice(CLASSES, len(unit))
    skill = 0.7 + spread * rng.normal(size=(2, speakers))[:, unit]
    skill += spread * rng.normal(size=(2, trainings))[:, training]
    wrong = rng.choice(CLASSES, (2, len(unit)))
    first, second = np.where(rng.random(skill.shape) < skill, truth, wrong)
    names = np.array([f"s{(5 * each) % speakers}" for each in range(speakers)])
    return truth, first, second, names[unit], training


@pytest.fixture(scope="module")
def crossed():
    return draw_crossed()


def as_hits(truth, prediction) -> list:
    return [int(a == b) for a, b in zip(truth, prediction, strict=True)]


def as_gain(truth, first, second) -> list:
    return list(np.subtract(as_hits(truth, first), as_hits(truth, second)))


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_an_interval_equals_its_equation(crossed, level):
    truth, first, _, unit, _ = crossed
    gain, rows = as_hits(truth, first), list(unit)
    score = mean_recall(truth, gain)
    expected = interval(score, variance(truth, gain, rows), 6, level)
    assert 0 < expected[0] < expected[1] < 1
    assert score == pytest.approx(scores.uar(truth, first))
    assert scores.t_interval(truth, first, unit, level) == pytest.approx(expected)


def test_the_example_of_the_docstring():
    truth, unit = ["a", "b"] * 8, np.repeat(["s1", "s2", "s3", "s4"], 4)
    prediction = ["a", "b", "a", "a"] * 2 + ["a"] * 8
    found = scores.t_interval(truth, prediction, unit)
    assert found == pytest.approx((0.395, 0.855), abs=5e-4)


def test_an_interval_of_a_difference_equals_its_equation(crossed):
    truth, first, second, unit, _ = crossed
    gain, rows = as_gain(truth, first, second), list(unit)
    score = mean_recall(truth, gain)
    expected = interval(score, variance(truth, gain, rows), 6)
    found = scores.difference_t_interval(truth, first, second, unit)
    assert found == pytest.approx(expected)
    assert np.mean(found) == pytest.approx(
        scores.uar(truth, first) - scores.uar(truth, second)
    )


@pytest.mark.parametrize("seed", range(4))
def test_two_way_intervals_and_p_equal_their_equations(seed):
    truth, first, second, unit, training = draw_crossed(seed=seed)
    for gain, systems, function in (
        (as_hits(truth, first), (first,), scores.t_interval),
        (as_gain(truth, first, second), (first, second), scores.difference_t_interval),
    ):
        score = mean_recall(truth, gain)
        total, df = two_way(truth, gain, list(unit), list(training))
        expected = np.clip(interval(score, total, df), -1, 1)
        found = function(truth, *systems, unit, training=training)
        assert df == 4
        assert found == pytest.approx(tuple(expected))
    p = scores.difference_t_test(truth, first, second, unit, training)
    assert p == pytest.approx(2 * stats.t.sf(abs(score) / total**0.5, df))


def test_the_two_way_variance_is_never_below_the_larger_one():
    """Without effects of speakers and trainings, the sum minus both may be smaller."""
    floors = 0
    for seed in range(20):
        rows = draw_crossed(spread=0.0, seed=seed)
        truth, first, _, unit, training = rows
        gain = as_hits(truth, first)
        one, other = (variance(truth, gain, list(each)) for each in (unit, training))
        both = variance(truth, gain, list(zip(unit, training, strict=True)))
        floors += one + other - both < max(one, other)
        expected, df = two_way(truth, gain, list(unit), list(training))
        low, high = scores.t_interval(truth, first, unit, training=training)
        assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.975, df) * expected**0.5)
    assert floors > 0


def test_a_training_for_each_unit_changes_nothing(crossed):
    """As in leave-one-speaker-out, if it was run once."""
    truth, first, second, unit, _ = crossed
    own = [f"fold {name}" for name in unit]
    for function, systems in (
        (scores.t_interval, (first,)),
        (scores.difference_t_interval, (first, second)),
    ):
        one_way = function(truth, *systems, unit)
        assert function(truth, *systems, unit, training=own) == pytest.approx(one_way)


def test_balanced_accuracies_have_the_textbook_interval(rng):
    """One class and equal numbers: the UAR is the mean of the units' accuracies."""
    right = rng.random((9, 20)) < rng.beta(7, 3, size=(9, 1))
    truth, unit = np.zeros(180, int), np.repeat(np.arange(9), 20)
    means = right.mean(axis=1)
    expected = stats.t.interval(0.95, 8, means.mean(), stats.sem(means))
    found = scores.t_interval(truth, 1 - right.ravel(), unit)
    assert found == pytest.approx(expected)


def test_balanced_differences_have_the_textbook_paired_interval(rng):
    first, second = rng.random((2, 9, 20)) < 0.8
    truth, unit = np.zeros(180, int), np.repeat(np.arange(9), 20)
    means = first.mean(axis=1) - second.mean(axis=1)
    expected = stats.t.interval(0.95, 8, means.mean(), stats.sem(means))
    systems = [1 - each.ravel() for each in (first, second)]
    found = scores.difference_t_interval(truth, *systems, unit)
    assert found == pytest.approx(expected)


def test_the_order_of_rows_and_the_names_change_nothing(crossed, rng):
    truth, first, second, unit, training = crossed
    order = rng.permutation(len(truth))
    renamed = [f"{9 - int(each[1])} x" for each in unit[order]]
    rows = [each[order] for each in (truth, first, second)]
    trainings = [f"fold{3 * each % 7}" for each in training[order]]
    for given, found in (
        (training, trainings),
        (None, None),
    ):
        assert scores.difference_t_interval(
            truth, first, second, unit, training=given
        ) == pytest.approx(scores.difference_t_interval(*rows, renamed, training=found))
        assert scores.t_interval(truth, first, unit, training=given) == pytest.approx(
            scores.t_interval(*rows[:2], renamed, training=found)
        )
    p = scores.difference_t_test(truth, first, second, unit, training)
    assert p == pytest.approx(scores.difference_t_test(*rows, renamed, trainings))


def test_swapping_the_systems_changes_the_sign(crossed):
    truth, first, second, unit, training = crossed
    low, high = scores.difference_t_interval(truth, first, second, unit)
    swapped = scores.difference_t_interval(truth, second, first, unit)
    assert swapped == pytest.approx((-high, -low))
    p = scores.difference_t_test(truth, first, second, unit, training)
    assert p == pytest.approx(
        scores.difference_t_test(truth, second, first, unit, training)
    )


def test_p_and_the_interval_agree():
    """p is the level at which the interval ends at 0."""
    truth, first, second, unit, training = draw_crossed(seed=3)
    rows = (truth, first, second, unit)
    p = scores.difference_t_test(*rows, training)
    assert 0.01 < p < 0.99
    ends = scores.difference_t_interval(*rows, level=1 - p, training=training)
    assert min(map(abs, ends)) == pytest.approx(0, abs=1e-9)


def test_without_any_spread_intervals_have_no_width():
    truth, unit = ["a", "b"] * 6, np.repeat(["s1", "s2", "s3"], 4)
    training = np.tile([0, 0, 1, 1], 3)
    half = ["a", "a"] * 6
    for crossing in (None, training):
        assert scores.t_interval(truth, truth, unit, training=crossing) == (1, 1)
        assert scores.t_interval(truth, half, unit, training=crossing) == (0.5, 0.5)
        same = scores.difference_t_interval(truth, half, half, unit, training=crossing)
        assert same == (0, 0)
    assert scores.difference_t_test(truth, half, half, unit, training) == 1
    assert scores.difference_t_test(truth, truth, half, unit, training) == 0


def test_rounding_is_no_spread_and_no_difference():
    """All units gain a third of one class, and lose a third of another."""
    truth = ["a"] * 3 + ["b"] * 3
    one, other = ["a", "a", "b", "b", "a", "a"], ["a", "b", "b", "b", "b", "a"]
    unit, training = np.repeat(np.arange(14), 6), np.repeat(np.arange(14) % 2, 6)
    rows = [each * 14 for each in (truth, one, other)]
    assert scores.difference_t_test(*rows, unit, training) == 1
    found = scores.difference_t_interval(*rows, unit)
    assert found == pytest.approx((0, 0), abs=1e-12)


def test_units_of_one_class_only():
    truth = ["a"] * 4 + ["b"] * 4 + ["a"] * 4 + ["b"] * 4
    prediction = ["a", "a", "b", "b"] + ["b", "b", "b", "a"] + ["a"] * 4 + ["b"] * 4
    unit = ["s1"] * 4 + ["s2"] * 4 + ["s3"] * 4 + ["s4"] * 4
    # Of class a, s1 has 2 hits where 3 are expected, and s3 has 4. Of class b, s2 has 3
    # where 3.5 are expected, and s4 has 4.
    changes = [-1 / 4 / 2, -0.5 / 4 / 2, 1 / 4 / 2, 0.5 / 4 / 2]
    spread = (3 / 4 * sum(each**2 for each in changes)) ** 0.5
    low, high = scores.t_interval(truth, prediction, unit, level=0.5)
    reach = stats.t.ppf(0.75, 3) * spread
    score = (6 / 8 + 7 / 8) / 2
    assert (low, high) == pytest.approx((score - reach, score + reach))


@pytest.fixture
def rare(crossed):
    """Rows in which one unit alone has a further class, under three trainings."""
    truth, first, second, unit, training = (list(each) for each in crossed)
    truth += ["rare"] * 6
    first += ["rare"] * 5 + ["anger"]
    second += ["anger"] * 5 + ["rare"]
    return truth, first, second, unit + ["s0"] * 6, training + [0, 1, 2] * 2


@pytest.mark.parametrize("in_one", ["unit", "training"])
def test_a_class_of_one_unit_or_training_has_no_interval_and_no_t_test(rare, in_one):
    truth, first, second, unit, training = rare
    if in_one == "training":  # two units have the class
        unit, training = [*unit[:-3], *["s5"] * 3], [*training[:-6], *[3] * 6]
    crossing = {"training": training}
    assert np.isnan(scores.t_interval(truth, first, unit, **crossing)).all()
    found = scores.difference_t_interval(truth, first, second, unit, **crossing)
    assert np.isnan(found).all()
    assert np.isnan(scores.difference_t_test(truth, first, second, unit, training))
    for found in (
        scores.t_interval(truth, first, unit),
        scores.difference_t_interval(truth, first, second, unit),
    ):
        assert np.isnan(found).all() == (in_one == "unit")


def test_a_class_of_one_unit_has_sign_flips(rare):
    truth, first, second, unit, _ = rare
    p = scores.sign_flip_test(scores.contributions(truth, first, second, unit))
    assert 0 < p <= 1


def test_a_class_of_two_units_and_trainings_has_an_interval(rare):
    truth, first, second, unit, training = rare
    unit = [*unit[:-3], *["s5"] * 3]
    rows = truth, first, second, unit
    score = mean_recall(truth, as_gain(truth, first, second))
    total, df = two_way(truth, as_gain(truth, first, second), unit, training)
    expected = interval(score, total, df)
    found = scores.difference_t_interval(*rows, training=training)
    assert found == pytest.approx(tuple(np.clip(expected, -1, 1)))
    assert scores.difference_t_test(*rows, training) > 0


def test_a_class_that_is_only_predicted_changes_nothing(crossed):
    truth, first, _, unit, _ = crossed
    other = np.where(np.arange(len(truth)) == 3, "joy", first)
    assert np.isfinite(scores.t_interval(truth, other, unit)).all()


def test_intervals_are_cut_off_at_the_ends_of_the_range():
    truth, unit = ["a"] * 4, ["s1", "s1", "s2", "s2"]
    prediction = ["a", "a", "a", "b"]
    assert scores.t_interval(truth, prediction, unit) == (0, 1)
    found = scores.difference_t_interval(truth, prediction, ["b", "b", "b", "a"], unit)
    assert found == (-1, 1)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"unit": ["x"] * 12}, r"at least 2 different units.*Received: \['x'\]"),
        ({"training": [1] * 12}, r"at least 2 different trainings.*Received: \[1\]"),
        ({"unit": ["x"] * 11}, "one unit for each of the 12 rows. Received: 11"),
        ({"training": ["x"] * 3}, "one training for each of the 12 rows. Received: 3"),
        ({"unit": ["x"] * 11 + ["nan"]}, "`unit` must contain no missing labels"),
        ({"first": ["a"]}, "same length. Received: 12 and 1"),
    ],
)
def test_bad_arguments_are_rejected(change, words):
    truth = ["a", "b"] * 6
    groups = {"unit": np.repeat([1, 2, 3], 4), "training": np.arange(12) % 2}
    arguments = {"first": truth, "second": truth, **groups, **change}
    with pytest.raises(ValueError, match=words):
        scores.difference_t_interval(truth, **arguments)
    with pytest.raises(ValueError, match=words):
        scores.difference_t_test(truth, **arguments)
    one = {name: arguments[name] for name in ("unit", "training")}
    with pytest.raises(ValueError, match=words):
        scores.t_interval(truth, prediction=arguments["first"], **one)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_levels_out_of_range_are_rejected(level):
    truth, unit = ["a", "b"] * 2, [1, 1, 2, 2]
    with pytest.raises(ValueError, match="`level` must lie between 0 and 1"):
        scores.t_interval(truth, truth, unit, level=level)
    with pytest.raises(ValueError, match="`level` must lie between 0 and 1"):
        scores.difference_t_interval(truth, truth, truth, unit, level=level)


def test_with_six_units_t_covers_more_than_the_bootstrap():
    rng = np.random.default_rng(0)
    truth, unit = np.tile([0, 1], 60), np.repeat(np.arange(6), 20)
    held = {"t": 0, "bootstrap": 0}
    for _ in range(300):
        skill = np.repeat(rng.beta(7, 3, 6), 20)  # mean 0.7, one per speaker
        prediction = np.where(rng.random(120) < skill, truth, 1 - truth)
        for name, (low, high) in (
            ("t", scores.t_interval(truth, prediction, unit)),
            (
                "bootstrap",
                scores.bootstrap_interval(truth, prediction, unit, samples=200),
            ),
        ):
            held[name] += low <= 0.7 <= high
    assert held["t"] / 300 > 0.91
    assert held["bootstrap"] / 300 < 0.89
