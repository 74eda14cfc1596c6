"""A toy experiment, its search space, and searches for it, without any training."""

import pytest

from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.models import BASELINE
from keras_ser.tuning import Choice, Range, study

GENDERS = {f"{number}": ("female", "male")[number % 2] for number in range(8)}


@pytest.fixture(scope="session")
def config():
    return Experiment(
        name="toy",
        corpus="emodb",
        systems={
            "baseline": System(arguments=BASELINE, augment=()),
            "svm": System("OpenSmileSVM", augment=()),
        },
        features=Features(settings={"n_mels": 16}, seconds=1.0),
        training=Training(batch=4, epochs=2),
    )


@pytest.fixture(scope="session")
def space():
    return {
        "training.learning_rate": Range(1e-4, 1e-1, log=True),
        "arguments.kernels": Choice(((7, 5, 3), (3, 3, 3))),
        "arguments.filters": Choice(((8, 8, 8),)),
    }


@pytest.fixture(scope="session")
def speakers_table(toy_table):
    """Eight speakers, `toy/0` to `toy/7`, with twelve utterances each."""
    return toy_table(GENDERS, ("anger", "sadness") * 6)


@pytest.fixture
def plan(config, space, speakers_table, tmp_path):
    """A function that plans a search, inside fold 3 unless it has speakers."""

    def plan(config=config, out=tmp_path, fold="3", divisions=2, **options):
        options = {"space": space, "system": "baseline", **options}
        fold = "" if "speakers" in options else fold
        tables = speakers_table, None
        return study.plan_search(
            config, tables, out, fold=fold, divisions=divisions, **options
        )

    return plan
