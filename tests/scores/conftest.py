"""Predictions and an oracle that the tests of several score modules share."""

import warnings

import numpy as np
import pytest
from sklearn import metrics

NAMES = ["anger", "happiness", "neutral", "sadness"]


def compute_balanced_accuracy(truth, prediction) -> float:
    """scikit-learn's balanced accuracy, without its warning of classes never true."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return metrics.balanced_accuracy_score(truth, prediction)


def draw_predictions(rows: int, seed: int = 0, speakers: int = 6):
    """Truth, prediction and speaker of random utterances; about 70 % are right."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(NAMES, rows)
    prediction = np.where(rng.random(rows) < 0.6, truth, rng.choice(NAMES, rows))
    return truth, prediction, rng.integers(0, speakers, rows).astype(str)


@pytest.fixture(scope="session")
def class_names():
    return NAMES


@pytest.fixture(scope="session")
def balanced_accuracy():
    return compute_balanced_accuracy


@pytest.fixture(scope="session")
def make_predictions():
    return draw_predictions
