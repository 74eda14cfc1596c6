"""Scores against scikit-learn, loops written out, and their own invariants."""

import itertools
import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from keras_ser import scores

NAMES = ["anger", "happiness", "neutral", "sadness"]


def balanced_accuracy(truth, prediction) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of classes never true
        return oracle.balanced_accuracy_score(truth, prediction)


def some(rows: int, seed: int = 0, speakers: int = 6):
    rng = np.random.default_rng(seed)
    truth = rng.choice(NAMES, rows)
    prediction = np.where(rng.random(rows) < 0.6, truth, rng.choice(NAMES, rows))
    return truth, prediction, rng.integers(0, speakers, rows).astype(str)


labels = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=40
)


@given(labels)
@settings(max_examples=60, deadline=None)
def test_scores_equal_those_of_scikit_learn(pairs):
    truth, prediction = map(list, zip(*pairs, strict=True))
    counts = scores.confusion(truth, prediction, NAMES)
    np.testing.assert_array_equal(
        counts, oracle.confusion_matrix(truth, prediction, labels=NAMES)
    )
    assert scores.uar(truth, prediction) == pytest.approx(
        balanced_accuracy(truth, prediction)
    )
    assert scores.accuracy(truth, prediction) == pytest.approx(
        oracle.accuracy_score(truth, prediction)
    )


@given(labels, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_of_rows_and_names_of_classes_do_not_matter(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    renamed = [(f"z{4 - NAMES.index(t)}", f"z{4 - NAMES.index(p)}") for t, p in pairs]
    values = [
        scores.uar(*zip(*rows, strict=True)) for rows in (pairs, shuffled, renamed)
    ]
    assert values == pytest.approx([values[0]] * 3)


@pytest.mark.parametrize(
    "truth, prediction, uar, accuracy",
    [
        (["a"], ["a"], 1.0, 1.0),
        (["a"], ["b"], 0.0, 0.0),
        (["a", "a", "a"], ["a", "a", "b"], 2 / 3, 2 / 3),  # one class is true
        (["a", "a", "a", "b"], ["a", "a", "a", "a"], 0.5, 0.75),  # constant
        (["a", "b"], ["c", "b"], 0.5, 0.5),  # c is predicted, never true
        ([0, 1, 1], [0, 1, 0], 0.75, 2 / 3),  # integers
    ],
)
def test_scores_worked_by_hand(truth, prediction, uar, accuracy):
    assert scores.uar(truth, prediction) == pytest.approx(uar)
    assert scores.accuracy(truth, prediction) == pytest.approx(accuracy)


def test_uar_is_not_macro_recall_where_a_class_is_never_true():
    truth, prediction = ["a", "b"], ["c", "b"]
    macro = oracle.recall_score(truth, prediction, average="macro", zero_division=0)
    assert macro == pytest.approx(1 / 3)
    assert scores.uar(truth, prediction) == 0.5


def test_recalls_are_nan_for_an_absent_class():
    result = scores.recalls(["a", "a", "c"], ["a", "b", "c"], ["a", "b", "c"])
    np.testing.assert_array_equal(result, [0.5, np.nan, 1.0])


def test_confusion_follows_the_order_of_classes():
    counts = scores.confusion(["b", "b", "a"], ["b", "a", "a"], ["b", "a"])
    np.testing.assert_array_equal(counts, [[1, 1], [0, 1]])
    assert np.issubdtype(counts.dtype, np.integer)


def test_takes_pandas_columns():
    table = pd.DataFrame({"truth": ["a", "b"], "prediction": ["a", "a"]}, index=[7, 3])
    assert scores.uar(table["truth"], table["prediction"]) == 0.5


@pytest.mark.parametrize(
    "truth, prediction, words",
    [
        ([], [], "non-empty"),
        (["a"], ["a", "b"], "equally long. Received: 1 and 2"),
        (["a", None], ["a", "a"], "`truth` must hold no missing label"),
        (["a", float("nan")], ["a", "a"], "`truth` must hold no missing label"),
        ([0.0, np.nan], [0, 1], "`truth` must hold no missing label"),
        (["a", "a"], ["a", ""], "`prediction` must hold no missing.*at row 1"),
        (pd.Series(["a", None]), ["a", "a"], "`truth` must hold no missing label"),
        (np.eye(2), np.eye(2), r"Received: shape \(2, 2\)"),
    ],
)
def test_bad_labels_are_refused(truth, prediction, words):
    for score in (scores.uar, scores.accuracy):
        with pytest.raises(ValueError, match=words):
            score(truth, prediction)


def test_unknown_and_repeated_classes_are_refused():
    with pytest.raises(ValueError, match=r"`prediction` .* Received: \['c'\]"):
        scores.confusion(["a", "b"], ["a", "c"], ["a", "b"])
    with pytest.raises(ValueError, match="`classes` must name each class once"):
        scores.confusion(["a"], ["a"], ["a", "a"])


# === Intervals ===


@pytest.mark.parametrize("statistic", ["uar", "accuracy"])
def test_interval_equals_a_loop_over_the_same_draws(statistic):
    truth, prediction, speaker = some(80)
    score = {"uar": balanced_accuracy, "accuracy": oracle.accuracy_score}[statistic]
    names = np.unique(speaker)
    rng = np.random.default_rng(3)
    draws = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=200)
    values = []
    for times in draws:
        pairs = zip(names, times, strict=True)
        rows = [np.flatnonzero(speaker == who) for who, n in pairs for _ in range(n)]
        chosen = np.concatenate(rows)
        values.append(score(truth[chosen], prediction[chosen]))
    expected = np.quantile(values, [0.05, 0.95])
    interval = scores.bootstrap_interval(
        truth, prediction, speaker, statistic, level=0.9, samples=200, seed=3
    )
    assert interval == pytest.approx(tuple(expected))


def test_interval_agrees_with_independent_draws_of_speakers():
    truth, prediction, speaker = some(300, speakers=12)
    rng = np.random.default_rng(99)
    rows = {who: np.flatnonzero(speaker == who) for who in np.unique(speaker)}
    values = []
    for _ in range(1000):
        drawn = np.concatenate([rows[who] for who in rng.choice(list(rows), len(rows))])
        values.append(scores.uar(truth[drawn], prediction[drawn]))
    interval = scores.bootstrap_interval(truth, prediction, speaker)
    assert interval == pytest.approx(np.quantile(values, [0.025, 0.975]), abs=0.01)


def test_interval_ignores_the_order_of_rows_and_repeats_itself():
    truth, prediction, speaker = some(60)
    order = np.random.default_rng(1).permutation(60)
    first = scores.bootstrap_interval(truth, prediction, speaker)
    again = scores.bootstrap_interval(truth[order], prediction[order], speaker[order])
    other = scores.bootstrap_interval(truth, prediction, speaker, seed=1)
    assert first == again
    assert first != other


def test_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        skill = np.repeat(rng.beta(7, 3, 30), 8)  # mean 0.7, a skill a speaker
        truth = np.tile([0, 1], 120)
        prediction = np.where(rng.random(240) < skill, truth, 1 - truth)
        speaker = np.repeat(np.arange(30), 8)
        low, high = scores.bootstrap_interval(truth, prediction, speaker, samples=300)
        covered += low <= 0.7 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_clusters_widen_the_interval_and_single_utterances_match_theory():
    rng = np.random.default_rng(0)
    right = np.repeat(rng.random(10) < 0.5, 40)  # a speaker is all right or all wrong
    truth = np.zeros(400, int)
    prediction = np.where(right, 0, 1)
    speaker = np.repeat(np.arange(10), 40)
    low, high = scores.bootstrap_interval(truth, prediction, speaker, "accuracy")
    single = scores.bootstrap_interval(
        truth, prediction, None, "accuracy", cluster=None
    )
    mean = right.mean()
    theory = 2 * 1.96 * np.sqrt(mean * (1 - mean) / 400)
    assert single[1] - single[0] == pytest.approx(theory, rel=0.1)
    assert high - low > 4 * theory


@pytest.mark.parametrize(
    "change, words",
    [
        ({"speaker": ["x"] * 60}, r"at least 2 speakers. Received: speakers=\['x'\]"),
        ({"speaker": ["x"] * 59}, "each of the 60 utterances. Received: 59"),
        ({"speaker": None}, "Received: None"),
        ({"speaker": ["x"] * 59 + [""]}, "`speaker` must hold no missing"),
        ({"statistic": "f1"}, "`statistic` must be one of .* Received: 'f1'"),
        ({"level": 95}, "`level` must lie between 0 and 1. Received: 95"),
        ({"samples": 0}, "`samples` must be at least 1"),
        ({"cluster": "session"}, "`cluster` must be 'speaker', 'utterance' or"),
    ],
)
def test_bad_intervals_are_refused(change, words):
    truth, prediction, speaker = some(60)
    arguments = {"speaker": speaker, **change}
    with pytest.raises(ValueError, match=words):
        scores.bootstrap_interval(truth, prediction, **arguments)


def test_summary_holds_all_scores_as_json():
    truth, prediction, speaker = some(60)
    result = json.loads(json.dumps(scores.summary(truth, prediction, NAMES, speaker)))
    assert result["uar"] == pytest.approx(balanced_accuracy(truth, prediction))
    assert result["accuracy"] == scores.accuracy(truth, prediction)
    assert result["interval"] == list(
        scores.bootstrap_interval(truth, prediction, speaker)
    )
    assert (result["utterances"], result["speakers"]) == (60, 6)
    assert np.sum(result["confusion"]) == 60


def test_summary_of_one_speaker_and_an_absent_class():
    result = scores.summary(["a", "a"], ["a", "b"], ["a", "b"], ["s", "s"])
    assert result["recalls"] == {"a": 0.5, "b": None}
    assert result["interval"] is None
    assert "interval" not in scores.summary(["a"], ["a"], ["a"])


# === Differences between systems ===


def test_uar_of_each_speaker_counts_the_classes_that_speaker_has():
    truth, prediction, speaker = some(80)
    found = scores.per_speaker_uar(truth, prediction, speaker)
    assert list(found) == sorted(set(speaker))
    for name, value in found.items():
        own = speaker == name
        assert value == pytest.approx(balanced_accuracy(truth[own], prediction[own]))
    # Speaker y never shows b; its wrong b costs recall of a only.
    found = scores.per_speaker_uar(list("abaa"), list("aaab"), list("xxyy"))
    assert found == {"x": 0.5, "y": 0.5}
    with pytest.raises(ValueError, match="`speaker` must hold no missing"):
        scores.per_speaker_uar(["a"], ["a"], [""])


def two_systems(rows: int = 80, speakers: int = 6):
    truth, first, speaker = some(rows, speakers=speakers)
    second = np.random.default_rng(5).permutation(first)
    return truth, first, second, speaker


def test_paired_interval_equals_a_loop_over_the_same_draws():
    truth, first, second, speaker = two_systems()
    names = np.unique(speaker)
    rng = np.random.default_rng(3)
    draws = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=200)
    values = []
    for times in draws:
        pairs = zip(names, times, strict=True)
        rows = [np.flatnonzero(speaker == who) for who, n in pairs for _ in range(n)]
        rows = np.concatenate(rows)
        one, other = (
            balanced_accuracy(truth[rows], each[rows]) for each in (first, second)
        )
        values.append(one - other)
    interval = scores.difference_interval(
        truth, first, second, speaker, level=0.9, samples=200, seed=3
    )
    assert interval == pytest.approx(tuple(np.quantile(values, [0.05, 0.95])))


def test_paired_interval_turns_round_with_the_systems_and_ignores_the_order():
    truth, first, second, speaker = two_systems()
    for cluster in ("speaker", None):

        def interval(first, second, order=slice(None), cluster=cluster):
            arrays = (truth[order], first[order], second[order], speaker[order])
            return scores.difference_interval(*arrays, cluster=cluster)

        low, high = interval(first, second)
        assert low < high
        assert interval(first, first) == (0, 0)
        order = np.random.default_rng(1).permutation(len(truth))
        assert interval(first, second, order) == pytest.approx((low, high))
        if cluster:  # other cells are drawn in another order
            assert interval(second, first) == pytest.approx((-high, -low))


def test_paired_interval_of_single_utterances_agrees_with_drawing_rows():
    truth, first, second, speaker = two_systems(200)
    rng = np.random.default_rng(9)
    values = []
    for _ in range(1000):
        rows = rng.integers(0, 200, 200)
        values.append(
            scores.uar(truth[rows], first[rows]) - scores.uar(truth[rows], second[rows])
        )
    found = scores.difference_interval(truth, first, second, None, cluster=None)
    assert found == pytest.approx(np.quantile(values, [0.025, 0.975]), abs=0.02)


def test_repeats_of_an_utterance_are_drawn_together():
    truth, first, second, _ = two_systems()
    ids = np.arange(len(truth)).astype(str)
    once, often = (
        (
            scores.bootstrap_interval(t, a, i, cluster="utterance"),
            scores.difference_interval(t, a, b, i, cluster="utterance"),
        )
        for n in (1, 5)
        for t, a, b, i in [[np.tile(part, n) for part in (truth, first, second, ids)]]
    )
    assert np.allclose(once, often, atol=1e-12)
    rows = scores.bootstrap_interval(truth, first, None, cluster=None)
    assert np.allclose(once[0], rows, atol=0.03)  # other draws of the same
    repeated = scores.bootstrap_interval(
        np.tile(truth, 5), np.tile(first, 5), None, cluster=None
    )
    assert np.ptp(repeated) < 0.6 * np.ptp(often[0])


def test_one_utterance_has_an_interval_of_no_width():
    interval = scores.bootstrap_interval(["a"], ["a"], ["x"], cluster="utterance")
    assert interval == (1.0, 1.0)
    with pytest.raises(ValueError, match="one speaker for each of the 1 utterances"):
        scores.bootstrap_interval(["a"], ["a"], None, cluster="utterance")


def test_paired_draws_are_narrower_where_speakers_are_hard_for_both():
    rng = np.random.default_rng(0)
    skill = np.repeat(rng.random(20), 20)
    truth, speaker = np.tile([0, 1], 200), np.repeat(np.arange(20), 20)
    first = np.where(skill > rng.random(400), truth, 1 - truth)
    worse = rng.random(400) < 0.05
    second = np.where(worse, 1 - first, first)
    low, high = scores.difference_interval(truth, first, second, speaker)
    single = [
        np.subtract(*scores.bootstrap_interval(truth, each, speaker))
        for each in (first, second)
    ]
    assert high - low < 0.5 * np.hypot(*single)


def test_bad_pairs_are_refused():
    truth, first, second, speaker = two_systems()
    for change, words in (
        ({"second": second[1:]}, "equally long. Received: 80 and 79"),
        ({"first": np.full(80, "")}, "`first` must hold no missing"),
        ({"speaker": ["x"] * 80}, "at least 2 speakers"),
        ({"level": 95}, "`level` must lie between 0 and 1"),
    ):
        arguments = {"first": first, "second": second, "speaker": speaker, **change}
        with pytest.raises(ValueError, match=words):
            scores.difference_interval(truth, **arguments)


def flipped(differences) -> float:
    """The definition of the sign-flip test, in whole numbers."""
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
        expected = flipped(differences)
        found = scores.sign_flip_test([scale * value for value in differences])
        assert found == pytest.approx(expected), differences


@pytest.mark.parametrize(
    "differences, p",
    [
        ([0.1] * 6, 2 / 2**6),
        ([-0.1] * 10, 2 / 2**10),
        (np.linspace(0.01, 0.3, 12), 2 / 2**12),
        # |sum| >= 4: all alike, or one of six the other way.
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
    # None of 9 draws reaches 40 equal signs: the observed pattern alone counts.
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
        ([0.1] * 5, r"at least 6 speakers.*Received: shape \(5,\)"),
        (np.ones((6, 2)), r"Received: shape \(6, 2\)"),
        ([0.1] * 6 + [np.nan], "`differences` must be finite"),
        ([0.1] * 6 + [np.inf], "`differences` must be finite"),
    ],
)
def test_bad_differences_are_refused(differences, words):
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
def test_what_is_no_list_of_p_is_refused(values):
    with pytest.raises(ValueError, match="`p_values` must be a list of numbers from 0"):
        scores.holm(values)
