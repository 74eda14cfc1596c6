"""The simulation of coverage: its formulas are those of the package, row by row."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

from keras_ser import scores

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def coverage(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("interval_coverage")


def as_rows(drawn, number):
    """One simulation as truth, predictions of all systems, speakers and trainings."""
    size, hits = drawn.size[number], drawn.hits[:, number]
    truth, predictions, unit, training = [], [[] for _ in hits], [], []
    for speaker, kind in np.ndindex(size.shape):
        for repeat in range(hits.shape[2]):
            count = size[speaker, kind]
            truth += [kind] * count
            unit += [speaker] * count
            training += [repeat] * count
            for system, found in enumerate(predictions):
                right = int(hits[system, speaker, repeat, kind])
                found += [kind] * right + [(kind + 1) % 4] * (count - right)
    return truth, predictions, unit, training


@pytest.fixture
def drawn(coverage):
    return coverage.draw_sample(3, 6, 5, np.random.default_rng(1))


@pytest.mark.parametrize("two_way", [False, True])
def test_intervals_are_those_of_the_package(coverage, drawn, two_way):
    size, gain = drawn.size, drawn.hits[0] - drawn.hits[2]
    found = [
        coverage.t_limits(drawn.hits[0], size, two_way=two_way),
        coverage.t_limits(gain, size, two_way=two_way),
        coverage.bootstrap_limits(drawn.hits[0], size, two_way=two_way),
        coverage.bootstrap_limits(gain, size, two_way=two_way),
    ]
    for number in range(3):
        truth, (first, _, third), unit, training = as_rows(drawn, number)
        crossing = {"training": training} if two_way else {}
        expected = [
            scores.t_interval(truth, first, unit, **crossing),
            scores.difference_t_interval(truth, first, third, unit, **crossing),
            scores.bootstrap_interval(truth, first, unit, **crossing),
            scores.difference_interval(truth, first, third, unit, **crossing),
        ]
        assert [each[:, number] for each in found] == [
            pytest.approx(each) for each in expected
        ]


def test_tests_are_those_of_the_package(coverage):
    drawn = coverage.draw_sample(40, 8, 5, np.random.default_rng(0))
    flips, both = coverage.flips_reject(drawn), coverage.two_way_rejects(drawn)
    assert 0 < both.sum() < flips.sum() < 40
    for number in range(40):
        truth, (first, second, _), unit, training = as_rows(drawn, number)
        parts = scores.contributions(truth, first, second, unit)
        assert flips[number] == (scores.sign_flip_test(parts) <= 0.05)
        p = scores.difference_t_test(truth, first, second, unit, training)
        assert both[number] == (p <= 0.05)


def test_effects_of_trainings_are_scaled(coverage):
    spread = {}
    for scale in (0, 1, 3):
        drawn = coverage.draw_sample(30, 20, 5, np.random.default_rng(0), scale=scale)
        spread[scale] = drawn.fixed[0].std()
    assert spread[0] < 1e-9 < 0.005 < spread[1] < spread[3] / 2


@pytest.mark.parametrize("trainings", [1, 40])
def test_true_values_are_those_of_many_speakers_and_trainings(coverage, trainings):
    drawn = coverage.draw_sample(40, 40, trainings, np.random.default_rng(0))
    found = [coverage.pooled(each, drawn.size).mean() for each in drawn.hits]
    true = coverage.true_uars(trainings)[:, 0]
    assert found == pytest.approx(true, abs=0.01)
    assert drawn.fixed.mean(axis=1) == pytest.approx(true, abs=0.005)
    assert true[0] == true[1] > true[2] + 0.05


def test_the_design_is_that_of_emodb(coverage):
    drawn = coverage.draw_sample(200, 10, 1, np.random.default_rng(0))
    utterances = drawn.size.sum(axis=1).mean(axis=0)
    assert utterances == pytest.approx([127, 71, 79, 62], rel=0.05)
    assert (drawn.hits[:, :, :, 0] <= drawn.size).all()
    assert drawn.size.sum(axis=2).std(axis=1).min() > 2


def test_the_report_has_all_tables(coverage, monkeypatch):
    monkeypatch.setattr(coverage, "DRAWS", 50)
    monkeypatch.setattr(coverage, "SPEAKERS", (3, 6))
    monkeypatch.setattr(coverage, "AT_ONCE", 40)
    monkeypatch.setattr(coverage, "CROSSED", ((8, 5),))
    text = coverage.report(60, seed=0)
    assert text == coverage.report(60, seed=0)
    assert text.count("\n|---") == 5
    assert "60 simulations. The Monte Carlo standard error is 2.8 points" in text
    ignoring = re.search(r"a single one of 10\s+speakers only: of UAR (\d+)", text)
    assert float(ignoring[1]) < 85
    rows = [line.split(" | ") for line in text.splitlines() if "value 0 | 6 |" in line]
    bootstrap, t = (float(cell.split()[0]) for cell in rows[0][2:])
    assert bootstrap < t
