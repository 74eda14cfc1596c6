"""A toy experiment and its tables, for tests of several modules."""

import pandas as pd
import pytest
from toy_models import Pooled

from keras_ser.experiments.config import Experiment, Features, System, Training
from keras_ser.models import BASELINE


@pytest.fixture(scope="session")
def toy() -> Experiment:
    """An experiment with three networks, one of which uses unlabelled speech."""
    return Experiment(
        name="toy",
        corpus="emodb",
        systems={
            "baseline": System(arguments=BASELINE, augment=()),
            "mtl_aug": System(Pooled),
            "more": System(Pooled, use_unlabelled=True),
        },
        unlabelled_corpus="librispeech",
        features=Features(settings={"n_mels": 16}, seconds=1.0),
        training=Training(batch=4, epochs=3, learning_rate=1e-2, select="best"),
    )


@pytest.fixture(scope="session")
def tables(spoken_table) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Labelled speech of four speakers, and unlabelled speech of two others."""
    labelled = spoken_table[spoken_table.speaker < "toy/5"].reset_index(drop=True)
    unlabelled = spoken_table[spoken_table.speaker >= "toy/5"].assign(emotion="")
    return labelled, unlabelled
