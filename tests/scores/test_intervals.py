"""Bootstrap intervals against loops over the same draws, and against theory."""

import json

import numpy as np
import pytest
from sklearn import metrics as oracle

from keras_ser import scores


@pytest.mark.parametrize("statistic", ["uar", "accuracy"])
def test_interval_equals_a_loop_over_the_same_draws(
    statistic, balanced_accuracy, make_predictions
):
    truth, prediction, speaker = make_predictions(80)
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


def test_interval_agrees_with_independent_draws_of_speakers(make_predictions):
    truth, prediction, speaker = make_predictions(300, speakers=12)
    rng = np.random.default_rng(99)
    rows = {who: np.flatnonzero(speaker == who) for who in np.unique(speaker)}
    values = []
    for _ in range(1000):
        drawn = np.concatenate([rows[who] for who in rng.choice(list(rows), len(rows))])
        values.append(scores.uar(truth[drawn], prediction[drawn]))
    interval = scores.bootstrap_interval(truth, prediction, speaker)
    assert interval == pytest.approx(np.quantile(values, [0.025, 0.975]), abs=0.01)


def test_interval_ignores_the_order_of_rows_and_repeats_itself(make_predictions):
    truth, prediction, speaker = make_predictions(60)
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
        skill = np.repeat(rng.beta(7, 3, 30), 8)  # mean 0.7, one per speaker
        truth = np.tile([0, 1], 120)
        prediction = np.where(rng.random(240) < skill, truth, 1 - truth)
        speaker = np.repeat(np.arange(30), 8)
        low, high = scores.bootstrap_interval(truth, prediction, speaker, samples=300)
        covered += low <= 0.7 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_clusters_widen_the_interval_and_single_utterances_match_theory():
    rng = np.random.default_rng(0)
    right = np.repeat(
        rng.random(10) < 0.5, 40
    )  # each speaker is all right or all wrong
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
        ({"speaker": ["x"] * 59 + [""]}, "`speaker` must contain no missing"),
        ({"statistic": "f1"}, "`statistic` must be one of .* Received: 'f1'"),
        ({"level": 95}, "`level` must lie between 0 and 1. Received: 95"),
        ({"samples": 0}, "`samples` must be at least 1"),
        ({"cluster": "session"}, "`cluster` must be 'speaker', 'utterance' or"),
    ],
)
def test_bad_intervals_are_rejected(change, words, make_predictions):
    truth, prediction, speaker = make_predictions(60)
    arguments = {"speaker": speaker, **change}
    with pytest.raises(ValueError, match=words):
        scores.bootstrap_interval(truth, prediction, **arguments)


def test_summary_holds_all_scores_as_json(
    class_names, balanced_accuracy, make_predictions
):
    truth, prediction, speaker = make_predictions(60)
    result = json.loads(
        json.dumps(scores.summary(truth, prediction, class_names, speaker))
    )
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


@pytest.fixture(scope="module")
def make_pair(make_predictions):
    """A function that draws truth, two systems' predictions, and speakers."""

    def make(rows: int = 80, speakers: int = 6):
        truth, first, speaker = make_predictions(rows, speakers=speakers)
        second = np.random.default_rng(5).permutation(first)
        return truth, first, second, speaker

    return make


def test_paired_interval_equals_a_loop_over_the_same_draws(
    balanced_accuracy, make_pair
):
    truth, first, second, speaker = make_pair()
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


def test_paired_interval_changes_sign_with_the_systems_and_ignores_the_order(make_pair):
    truth, first, second, speaker = make_pair()
    for cluster in ("speaker", None):

        def interval(first, second, order=slice(None), cluster=cluster):
            arrays = (truth[order], first[order], second[order], speaker[order])
            return scores.difference_interval(*arrays, cluster=cluster)

        low, high = interval(first, second)
        assert low < high
        assert interval(first, first) == (0, 0)
        order = np.random.default_rng(1).permutation(len(truth))
        assert interval(first, second, order) == pytest.approx((low, high))
        if cluster:  # for None, the units would be in a different order
            assert interval(second, first) == pytest.approx((-high, -low))


def test_paired_interval_of_single_utterances_agrees_with_drawing_rows(make_pair):
    truth, first, second, speaker = make_pair(200)
    rng = np.random.default_rng(9)
    values = []
    for _ in range(1000):
        rows = rng.integers(0, 200, 200)
        values.append(
            scores.uar(truth[rows], first[rows]) - scores.uar(truth[rows], second[rows])
        )
    found = scores.difference_interval(truth, first, second, None, cluster=None)
    assert found == pytest.approx(np.quantile(values, [0.025, 0.975]), abs=0.02)


def test_repeats_of_an_utterance_are_drawn_together(make_pair):
    truth, first, second, _ = make_pair()
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
    assert np.allclose(once[0], rows, atol=0.03)  # different draws of the same units
    repeated = scores.bootstrap_interval(
        np.tile(truth, 5), np.tile(first, 5), None, cluster=None
    )
    assert np.ptp(repeated) < 0.6 * np.ptp(often[0])


def test_one_utterance_has_an_interval_of_no_width():
    interval = scores.bootstrap_interval(["a"], ["a"], ["x"], cluster="utterance")
    assert interval == (1.0, 1.0)
    with pytest.raises(ValueError, match="one speaker for each of the 1 utterances"):
        scores.bootstrap_interval(["a"], ["a"], None, cluster="utterance")


def test_paired_draws_are_narrower_if_speakers_are_hard_for_both():
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


def test_bad_pairs_are_rejected(make_pair):
    truth, first, second, speaker = make_pair()
    for change, words in (
        ({"second": second[1:]}, "same length. Received: 80 and 79"),
        ({"first": np.full(80, "")}, "`first` must contain no missing"),
        ({"speaker": ["x"] * 80}, "at least 2 speakers"),
        ({"level": 95}, "`level` must lie between 0 and 1"),
    ):
        arguments = {"first": first, "second": second, "speaker": speaker, **change}
        with pytest.raises(ValueError, match=words):
            scores.difference_interval(truth, **arguments)


@pytest.fixture(scope="module")
def make_crossed(make_pair):
    """Rows of speakers and trainings; some pairs of both do not occur."""

    def make(rows=150):
        truth, first, second, speaker = make_pair(rows, speakers=5)
        training = np.random.default_rng(2).integers(0, 4, rows)
        occurs = (training != 1) | (speaker != "2")
        return [each[occurs] for each in (truth, first, second, speaker, training)]

    return make


def crossed_draws(speaker, training, samples, seed):
    """Rows of draws of speakers and, independently, of trainings."""
    rng, times = np.random.default_rng(seed), []
    for unit in (speaker, training):
        names, index = np.unique(unit, return_inverse=True)
        shares = np.full(len(names), 1 / len(names))
        times.append(rng.multinomial(len(names), shares, size=samples)[:, index])
    for weights in times[0] * times[1]:
        yield np.repeat(np.arange(len(weights)), weights)


def test_two_way_intervals_equal_a_loop_over_the_same_draws(
    balanced_accuracy, make_crossed
):
    truth, first, second, speaker, training = make_crossed()
    one, other = np.transpose(
        [
            [balanced_accuracy(truth[rows], each[rows]) for each in (first, second)]
            for rows in crossed_draws(speaker, training, 200, seed=3)
        ]
    )
    settings = {"level": 0.9, "samples": 200, "seed": 3, "training": training}
    found = scores.bootstrap_interval(truth, first, speaker, **settings)
    assert found == pytest.approx(tuple(np.quantile(one, [0.05, 0.95])))
    found = scores.difference_interval(truth, first, second, speaker, **settings)
    assert found == pytest.approx(tuple(np.quantile(one - other, [0.05, 0.95])))


def test_trainings_that_differ_widen_the_interval():
    """Each training is all right or all wrong."""
    speaker, training = np.divmod(np.arange(400), 8)
    truth, prediction = np.zeros(400, int), training % 2
    settings = {"level": 0.9, "training": training}
    one_way = scores.bootstrap_interval(truth, prediction, speaker)
    found = scores.bootstrap_interval(truth, prediction, speaker, **settings)
    assert one_way == (0.5, 0.5)
    # The number of right trainings is binomial: P(X <= 1) = 0.035, P(X <= 2) = 0.14.
    assert found == (2 / 8, 6 / 8)


def test_draws_without_rows_are_left_out():
    """Each speaker has one training, so many draws of both share no row."""
    truth, unit = np.array(["a", "b", "a", "b"]), [1, 1, 2, 2]
    found = scores.bootstrap_interval(truth, truth, unit, training=unit)
    assert found == (1, 1)


def test_bad_trainings_are_rejected(make_crossed):
    truth, first, second, speaker, training = make_crossed()
    for change, words in (
        ({"training": training[1:]}, "one training for each of the"),
        ({"training": 0 * training}, "at least 2 different trainings"),
        ({"training": training, "cluster": None}, "`training` needs units"),
    ):
        with pytest.raises(ValueError, match=words):
            scores.bootstrap_interval(truth, first, speaker, **change)
        with pytest.raises(ValueError, match=words):
            scores.difference_interval(truth, first, second, speaker, **change)
