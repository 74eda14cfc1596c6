"""t intervals and tests of the CCC against leaving units out, and brute force."""

import itertools

import numpy as np
import pytest
from scipy import stats

from keras_ser import scores


def lin(truth, prediction) -> float:
    """The CCC of Lin with population moments."""
    shift = np.mean(truth) - np.mean(prediction)
    covariance = np.cov(truth, prediction, bias=True)[0, 1]
    return 2 * covariance / (np.var(truth) + np.var(prediction) + shift**2)


def delta(truth, first, second) -> float:
    return lin(truth, first) - lin(truth, second)


def jackknife(score, rows, group) -> float:
    """Variance from leaving out each group and computing the score of the rest."""
    names = np.unique(group, axis=0)
    total = 0.0
    for name in names:
        rest = np.any(np.atleast_2d(group.T).T != name, axis=-1)
        total += (score(*rows) - score(*(each[rest] for each in rows))) ** 2
    return (len(names) - 1) / len(names) * total


def draw_numbers(speakers=8, trainings=5, per_cell=4, seed=0):
    """Truth, two predictions, speakers and trainings of a crossed design."""
    rng = np.random.default_rng(seed)
    cells = itertools.product(range(speakers), range(trainings), range(per_cell))
    unit, training, _ = np.array([c for c in cells if rng.random() < 0.8]).T
    truth = rng.normal(5, 1, size=len(unit)) + 0.3 * rng.normal(size=speakers)[unit]
    effects = 0.3 * rng.normal(size=(2, speakers))[:, unit]
    effects += 0.3 * rng.normal(size=(2, trainings))[:, training]
    noise = rng.normal(size=(2, len(unit)))
    first = 0.8 * truth + 1.3 + effects[0] + 0.6 * noise[0]
    second = 0.5 * truth + 2 + effects[1] + 0.6 * noise[1]
    return truth, first, second, unit.astype(str), training


@pytest.fixture(scope="module")
def numbers():
    return draw_numbers()


def half_width(interval) -> float:
    return (interval[1] - interval[0]) / 2


def test_intervals_equal_their_equations(numbers):
    truth, first, second, unit, _ = numbers
    quantile = stats.t.ppf(0.95, 7)
    for score, rows, function in (
        (lin, (truth, first), scores.ccc_t_interval),
        (delta, (truth, first, second), scores.ccc_difference_t_interval),
    ):
        found = function(*rows, unit, level=0.9)
        assert np.mean(found) == pytest.approx(score(*rows))
        expected = quantile * jackknife(score, rows, unit) ** 0.5
        assert half_width(found) == pytest.approx(expected)


def test_with_many_units_the_variance_is_that_of_the_delta_method():
    """Derivatives by the weights of the units, which are computed numerically."""
    truth, first, _, unit, _ = draw_numbers(speakers=60)

    def weighted(weights) -> float:
        t, p = (each - np.average(each, weights=weights) for each in (truth, first))
        shift = np.average(truth - first, weights=weights)
        spread = np.average(t**2 + p**2, weights=weights) + shift**2
        return 2 * np.average(t * p, weights=weights) / spread

    steps = [1e-6 * (unit == name) for name in np.unique(unit)]
    slopes = [(weighted(1 + s) - weighted(1 - s)) / 2e-6 for s in steps]
    spread = np.sqrt(60 / 59 * np.sum(np.square(slopes)))
    found = scores.ccc_t_interval(truth, first, unit)
    expected = stats.t.ppf(0.975, 59) * spread
    assert half_width(found) == pytest.approx(expected, rel=0.05)


def two_way(score, rows, unit, training) -> float:
    over_units, over_trainings = (
        jackknife(score, rows, each) for each in (unit.astype(int), training)
    )
    pairs = np.stack([unit.astype(int), training], axis=1)
    both = over_units + over_trainings - jackknife(score, rows, pairs)
    return max(both, over_units, over_trainings)


@pytest.mark.parametrize("seed", range(3))
def test_two_way_intervals_and_p_equal_their_equations(seed):
    truth, first, second, unit, training = draw_numbers(seed=seed)
    quantile = stats.t.ppf(0.975, 4)
    spread = two_way(lin, (truth, first), unit, training) ** 0.5
    low, high = scores.ccc_t_interval(truth, first, unit, training=training)
    center = lin(truth, first)
    assert (low, high) == pytest.approx(
        (center - quantile * spread, min(1, center + quantile * spread))
    )
    rows = (truth, first, second)
    spread = two_way(delta, rows, unit, training) ** 0.5
    found = scores.ccc_difference_t_interval(*rows, unit, training=training)
    assert half_width(found) == pytest.approx(quantile * spread)
    p = scores.ccc_difference_t_test(*rows, unit, training)
    assert p == pytest.approx(2 * stats.t.sf(abs(delta(*rows)) / spread, 4))


def swap_test_by_definition(truth, first, second, unit) -> float:
    """The swap test by its definition: all swaps, and both CCCs of all rows."""
    names, statistics = sorted(set(unit)), []
    for pattern in itertools.product((False, True), repeat=len(names)):
        swapped = [dict(zip(names, pattern, strict=True))[name] for name in unit]
        one, other = np.where(swapped, [second, first], [first, second])
        statistics.append(abs(lin(truth, one) - lin(truth, other)))
    return np.mean(np.array(statistics) >= statistics[0] - 1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_swap_test_equals_brute_force(seed):
    truth, first, second, unit, _ = draw_numbers(speakers=6, seed=seed)
    second = first + 0.6 * (second - first)
    expected = swap_test_by_definition(truth, first, second, unit)
    found = scores.ccc_sign_flip_test(truth, first, second, unit)
    assert found == pytest.approx(expected)


def test_drawn_swaps_agree_with_all_of_them():
    truth, first, second, unit, _ = draw_numbers(speakers=13, per_cell=1, seed=2)
    second = first + 0.3 * (second - first)
    exact = swap_test_by_definition(truth, first, second, unit)
    assert 0.02 < exact < 0.9
    rows = (truth, first, second, unit)
    found = scores.ccc_sign_flip_test(*rows)
    assert found == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 10_000))
    assert found == scores.ccc_sign_flip_test(*rows)
    assert found != scores.ccc_sign_flip_test(*rows, seed=1)
    few = scores.ccc_sign_flip_test(*rows, samples=99)
    assert few * 100 == pytest.approx(round(few * 100))


@pytest.mark.parametrize("speakers", [6, 14])
def test_order_names_and_the_sides_of_the_systems_change_no_p(speakers, rng):
    truth, first, second, unit, training = draw_numbers(speakers=speakers)
    second = first + 0.3 * (second - first)
    order = rng.permutation(len(truth))
    rows = [each[order] for each in (truth, first, second)]
    renamed = [99 - int(each) for each in unit[order]]
    p = scores.ccc_sign_flip_test(truth, first, second, unit)
    assert p == scores.ccc_sign_flip_test(*rows, renamed)
    assert p == scores.ccc_sign_flip_test(truth, second, first, unit)
    for given, found in ((None, None), (training, training[order])):
        expected = scores.ccc_difference_t_interval(
            truth, first, second, unit, training=given
        )
        assert expected == pytest.approx(
            scores.ccc_difference_t_interval(*rows, renamed, training=found)
        )
    p = scores.ccc_difference_t_test(truth, first, second, unit, training)
    assert p == pytest.approx(
        scores.ccc_difference_t_test(*rows, renamed, training[order])
    )


def test_the_swap_test_keeps_its_level():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(300):
        unit = np.repeat(np.arange(8), 6)
        truth, *noise = rng.normal(size=(3, 48))
        one, other = (
            truth + each + rng.normal(size=8)[unit] for each in noise
        )  # a system-by-unit effect
        found.append(scores.ccc_sign_flip_test(truth, one, other, unit))
    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.03)
    assert np.mean(np.array(found) <= 0.5) == pytest.approx(0.5, abs=0.09)


def test_without_any_difference_there_is_no_width_and_p_is_1(numbers):
    truth, first, _, unit, training = numbers
    assert scores.ccc_t_interval(truth, truth, unit) == pytest.approx((1, 1))
    assert scores.ccc_sign_flip_test(truth, first, first, unit) == 1
    assert scores.ccc_difference_t_test(truth, first, first, unit, training) == 1
    found = scores.ccc_difference_t_interval(truth, first, first, unit)
    assert found == (0, 0)
    constant = np.full(len(truth), 3.0)
    assert scores.ccc_t_interval(constant, constant, unit) == (0, 0)


@pytest.mark.parametrize("offset", [0, 0.1, 1e4 + 0.1])
def test_a_unit_without_which_all_numbers_are_equal(offset):
    """The CCC is 1, and 0 by definition without either unit: V = 1."""
    truth = np.array([1, 1, 1, 2, 2, 2]) + offset
    found = scores.ccc_t_interval(truth, truth, [1, 1, 1, 2, 2, 2], level=0.3)
    assert found == pytest.approx((1 - stats.t.ppf(0.65, 1), 1))


@pytest.mark.parametrize(
    "function",
    [scores.ccc_difference_t_interval, scores.ccc_sign_flip_test],
)
def test_bad_arguments_are_rejected(function, numbers):
    truth, first, second, unit, _ = numbers
    with pytest.raises(ValueError, match="`unit` must name one unit for each of"):
        function(truth, first, second, unit[1:])
    with pytest.raises(ValueError, match="at least [26] (different )?units"):
        function(truth, first, second, np.full(len(truth), "x"))
    with pytest.raises(ValueError, match="not finite"):
        function(truth, first, np.full(len(truth), np.nan), unit)


def test_too_few_units_samples_and_a_wrong_level_are_rejected(numbers):
    truth, first, second, unit, training = numbers
    five = np.arange(len(truth)) % 5
    with pytest.raises(ValueError, match="at least 6 units.*Received: 5"):
        scores.ccc_sign_flip_test(truth, first, second, five)
    with pytest.raises(ValueError, match="`samples` must be at least 1"):
        scores.ccc_sign_flip_test(truth, first, second, unit, samples=0)
    with pytest.raises(ValueError, match="`level` must lie between 0 and 1"):
        scores.ccc_t_interval(truth, first, unit, level=95)
    with pytest.raises(ValueError, match="at least 2 different trainings"):
        scores.ccc_difference_t_test(truth, first, second, unit, 0 * training)
