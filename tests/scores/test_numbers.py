"""CCC, Pearson's r and RMSE against their equations, SciPy and loops over draws."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as oracle

from keras_ser import scores


def lin(truth, prediction) -> float:
    """The CCC of Lin, written out with population moments."""
    truth, prediction = np.asarray(truth, float), np.asarray(prediction, float)
    covariance = np.cov(truth, prediction, bias=True)[0, 1]
    spread = np.var(truth) + np.var(prediction)
    return 2 * covariance / (spread + (truth.mean() - prediction.mean()) ** 2)


def make_numbers(rows: int, seed: int = 0, speakers: int = 6, shift: float = 0.3):
    """Truth, two predictions that follow it, and the speakers."""
    rng = np.random.default_rng(seed)
    speaker = rng.integers(0, speakers, rows)
    truth = rng.normal(size=rows)
    first = 0.7 * truth + shift + 0.4 * rng.normal(size=rows) + 0.1 * speaker
    second = 0.4 * truth + 0.6 * rng.normal(size=rows)
    return truth, first, second, speaker.astype(str)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_scores_equal_their_equations(offset):
    truth, prediction, _, _ = make_numbers(50)
    truth, prediction = truth + offset, prediction + offset
    assert scores.ccc(truth, prediction) == pytest.approx(lin(truth, prediction))
    r = stats.pearsonr(truth, prediction).statistic
    assert scores.pearson(truth, prediction) == pytest.approx(r)
    error = oracle.root_mean_squared_error(truth, prediction)
    assert scores.rmse(truth, prediction) == pytest.approx(error)
    assert scores.ccc(truth, prediction) < r


def test_the_examples_of_the_docstrings():
    assert scores.ccc([1, 2, 3], [2, 3, 4]) == pytest.approx(4 / 7)
    assert scores.pearson([1, 2, 3], [2, 4, 6]) == 1.0
    assert scores.rmse([1, 2, 3], [2, 3, 4]) == 1.0


@pytest.mark.parametrize(
    ("truth", "prediction", "expected"),
    [
        ([1, 2, 3], [1, 2, 3], 1.0),
        ([1, 2, 3], [3, 2, 1], -1.0),
        ([1, 2, 3], [2, 2, 2], 0.0),
        ([2, 2, 2], [1, 2, 3], 0.0),
        ([2, 2], [2, 2], 0.0),
        ([1], [5], 0.0),
    ],
)
def test_ccc_at_its_ends_and_of_constants(truth, prediction, expected):
    assert scores.ccc(truth, prediction) == pytest.approx(expected)


def test_pearson_of_a_constant_is_undefined():
    assert np.isnan(scores.pearson([1, 2, 3], [2, 2, 2]))
    assert np.isnan(scores.pearson([0.1] * 3, [1, 2, 3]))


def drawn_rows(unit, samples, seed):
    """The rows of each draw of whole units, from the same counts as the package."""
    names = np.unique(unit)
    rng = np.random.default_rng(seed)
    shares = np.full(len(names), 1 / len(names))
    for times in rng.multinomial(len(names), shares, size=samples):
        pairs = zip(names, times, strict=True)
        rows = [np.flatnonzero(unit == name) for name, n in pairs for _ in range(n)]
        yield np.concatenate(rows)


@pytest.mark.parametrize("cluster", ["speaker", "utterance", None])
def test_intervals_equal_a_loop_over_the_same_draws(cluster):
    truth, first, second, speaker = make_numbers(40, shift=50.0)
    utterance = np.repeat(np.arange(20), 2).astype(str)
    unit = {"speaker": speaker, "utterance": utterance}.get(cluster, np.arange(40))
    values = [
        (lin(truth[rows], first[rows]), lin(truth[rows], second[rows]))
        for rows in drawn_rows(unit, 200, seed=3)
    ]
    one, other = np.transpose(values)
    named = None if cluster is None else unit
    settings = {"level": 0.9, "samples": 200, "seed": 3, "cluster": cluster}
    assert scores.ccc_interval(truth, first, named, **settings) == pytest.approx(
        np.quantile(one, [0.05, 0.95])
    )
    assert scores.ccc_difference_interval(
        truth, first, second, named, **settings
    ) == pytest.approx(np.quantile(one - other, [0.05, 0.95]))


def test_two_way_intervals_equal_a_loop_over_the_same_draws():
    truth, first, second, speaker = make_numbers(80)
    training = np.random.default_rng(1).integers(0, 4, 80)
    rng, times = np.random.default_rng(3), []
    for unit in (speaker, training):
        names, index = np.unique(unit, return_inverse=True)
        shares = np.full(len(names), 1 / len(names))
        times.append(rng.multinomial(len(names), shares, size=200)[:, index])
    draws = [np.repeat(np.arange(80), weights) for weights in times[0] * times[1]]
    one, other = np.transpose(
        [
            (lin(truth[rows], first[rows]), lin(truth[rows], second[rows]))
            for rows in draws
        ]
    )
    settings = {"level": 0.9, "samples": 200, "seed": 3, "training": training}
    found = scores.ccc_interval(truth, first, speaker, **settings)
    assert found == pytest.approx(tuple(np.quantile(one, [0.05, 0.95])))
    found = scores.ccc_difference_interval(truth, first, second, speaker, **settings)
    assert found == pytest.approx(tuple(np.quantile(one - other, [0.05, 0.95])))


def test_intervals_ignore_the_order_of_rows():
    truth, first, second, speaker = make_numbers(60)
    order = np.random.default_rng(1).permutation(60)
    rows = [each[order] for each in (truth, first, second, speaker)]
    interval = scores.ccc_interval(truth, first, speaker)
    assert interval == scores.ccc_interval(rows[0], rows[1], rows[3])
    assert interval != scores.ccc_interval(truth, first, speaker, seed=1)
    assert interval[0] < scores.ccc(truth, first) < interval[1]
    difference = scores.ccc_difference_interval(truth, first, second, speaker)
    assert difference == scores.ccc_difference_interval(*rows)
    swapped = scores.ccc_difference_interval(truth, second, first, speaker)
    assert difference == pytest.approx((-swapped[1], -swapped[0]))


@pytest.mark.parametrize(
    ("truth", "prediction", "words"),
    [
        ([], [], "`truth` must be a non-empty array"),
        ([1.0, float("nan")], [1, 2], "1 of them not finite"),
        ([1.0, 2.0], [1, float("inf")], "`prediction` must be .* finite number"),
        ([1.0, 2.0], [1.0], "2 and 1 numbers"),
        (["high"], [1.0], "`truth` must contain numbers. Received: .*high.*`uar`"),
        ([[1.0]], [[1.0]], r"shape \(1, 1\)"),
    ],
)
@pytest.mark.parametrize("score", [scores.ccc, scores.pearson, scores.rmse])
def test_what_is_no_number_is_rejected(score, truth, prediction, words):
    with pytest.raises(ValueError, match=words):
        score(truth, prediction)


def test_intervals_check_their_arguments():
    truth, first, _, speaker = make_numbers(12)
    with pytest.raises(ValueError, match="at least 2 speakers"):
        scores.ccc_interval(truth, first, ["s1"] * 12)
    for wrong in ({"level": 1.0}, {"samples": 0}, {"cluster": "word"}):
        with pytest.raises(ValueError, match=f"`{next(iter(wrong))}` must"):
            scores.ccc_interval(truth, first, speaker, **wrong)
