"""The sign-flip test and Holm's adjustment against their definitions."""

import itertools

import numpy as np
import pytest

from keras_ser import scores


def sign_flip_by_definition(differences) -> float:
    """The sign-flip test by its definition, for whole numbers."""
    patterns = list(itertools.product((-1, 1), repeat=len(differences)))
    sums = [
        abs(sum(e * d for e, d in zip(signs, differences, strict=True)))
        for signs in patterns
    ]
    return np.mean([value >= abs(sum(differences)) for value in sums])


@pytest.mark.parametrize("scale", [1, 1 / 3, 1e-7])
def test_sign_flips_equal_the_definition(scale, rng):
    for _ in range(30):
        differences = rng.integers(-4, 5, size=rng.integers(6, 11)).tolist()
        expected = sign_flip_by_definition(differences)
        found = scores.sign_flip_test([scale * value for value in differences])
        assert found == pytest.approx(expected), differences


@pytest.mark.parametrize(
    "differences, p",
    [
        ([0.1] * 6, 2 / 2**6),
        ([-0.1] * 10, 2 / 2**10),
        (np.linspace(0.01, 0.3, 12), 2 / 2**12),
        # |sum| >= 4: all signs equal, or one of six differs.
        ([0.1] * 5 + [-0.1], 14 / 64),
        ([0.1, 0.2, 0.3] + [0.0] * 3, 2 / 8),  # zeros do not help
        ([0.0] * 6, 1.0),
        ([0.0] * 20, 1.0),
        ([0.1, -0.1] * 3, 1.0),
    ],
)
def test_sign_flips_worked_by_hand(differences, p):
    assert scores.sign_flip_test(differences) == pytest.approx(p)


def test_drawn_sign_flips_agree_with_all_of_them(rng):
    differences = rng.normal(0.3, 1, 13)
    sums = np.array(list(itertools.product((-1, 1), repeat=13))) @ differences
    exact = np.mean(np.abs(sums) >= abs(differences.sum()) - 1e-12)
    found = scores.sign_flip_test(differences)
    assert 0.02 < exact < 0.9
    assert found == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 10_000))
    assert found == scores.sign_flip_test(differences)
    assert found != scores.sign_flip_test(differences, seed=1)
    assert found == scores.sign_flip_test(-differences[::-1])
    # None of 9 draws gives 40 equal signs: only the observed pattern counts.
    assert scores.sign_flip_test([0.1] * 40, samples=9) == pytest.approx(1 / 10)


def test_sign_flips_reject_a_true_null_as_often_as_they_say():
    rng = np.random.default_rng(0)
    p = np.array([scores.sign_flip_test(rng.normal(size=8)) for _ in range(800)])
    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=0.025)
    assert np.mean(p <= 0.5) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("speakers", [6, 10, 12, 13, 24])
def test_the_smallest_p_is_that_of_equal_signs(speakers):
    smallest = scores.smallest_p(speakers)
    found = scores.sign_flip_test(np.ones(speakers))
    if speakers <= 12:
        assert found == pytest.approx(smallest) == pytest.approx(2 / 2**speakers)
    else:
        assert smallest == max(2 / 2**speakers, 1 / 10_001)
        assert found < 0.001


@pytest.mark.parametrize(
    "differences, words",
    [
        ([0.1] * 5, r"at least 6 units.*Received: 5"),
        (np.ones((6, 2)), r"Received: shape \(6, 2\)"),
        ([0.1] * 6 + [np.nan], "`differences` must be finite"),
        ([0.1] * 6 + [np.inf], "`differences` must be finite"),
    ],
)
def test_bad_differences_are_rejected(differences, words):
    with pytest.raises(ValueError, match=words):
        scores.sign_flip_test(differences)


def test_a_sign_flip_test_needs_samples():
    with pytest.raises(ValueError, match="`samples` must be at least 1"):
        scores.sign_flip_test([0.1] * 20, samples=0)


def holm_by_definition(values: list[float]) -> list[float]:
    """For each p: the largest (m - j + 1) p_(j) up to its own rank, at most 1."""
    ordered = sorted(values)
    total = len(ordered)
    found = []
    for value in values:
        rank = ordered.index(value) + ordered.count(value)
        found.append(min(1, max((total - j) * ordered[j] for j in range(rank))))
    return found


@pytest.mark.parametrize(
    "values, expected",
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.01, 0.02, 0.03, 0.04], [0.04, 0.06, 0.06, 0.06]),
        ([0.04], [0.04]),
        ([0.6, 0.9], [1.0, 1.0]),
        ([0.02, np.nan, 0.03], [0.04, np.nan, 0.04]),
        ([np.nan, np.nan], [np.nan, np.nan]),
        ([0.0, 1.0], [0.0, 1.0]),
        ([], []),
    ],
)
def test_holm_worked_by_hand(values, expected):
    np.testing.assert_allclose(scores.holm(values), expected)


def test_holm_equals_its_definition_and_keeps_its_properties(rng):
    for _ in range(200):
        values = np.round(rng.random(rng.integers(1, 12)) ** 3, 2)
        adjusted = scores.holm(values)
        np.testing.assert_allclose(adjusted, holm_by_definition(values.tolist()))
        order = np.argsort(values, kind="stable")
        assert np.all(np.diff(adjusted[order]) >= 0)
        assert np.all((adjusted >= values) & (adjusted <= 1))
        assert np.all(adjusted <= np.minimum(1, len(values) * values) + 1e-12)
        shuffled = rng.permutation(len(values))
        np.testing.assert_array_equal(scores.holm(values[shuffled]), adjusted[shuffled])
        untested = np.insert(values, rng.integers(0, len(values) + 1), np.nan)
        kept = scores.holm(untested)
        np.testing.assert_array_equal(kept[~np.isnan(untested)], adjusted)
        assert np.isnan(kept).sum() == 1


@pytest.mark.parametrize("values", [[0.1, 1.2], [-0.1], [[0.1, 0.2]], 0.1])
def test_bad_p_values_are_rejected(values):
    with pytest.raises(ValueError, match="`p_values` must be a list of numbers from 0"):
        scores.holm(values)
