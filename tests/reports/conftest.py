"""Toy runs that the tests of several modules of reports share."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from toy_runs import make_config, predictions, report_text, write

from keras_ser import reports


@pytest.fixture(scope="session")
def finished_runs(tmp_path_factory) -> Path:
    """Two systems, three folds (10 sorts after 3), two repeats; not to be changed."""
    root = tmp_path_factory.mktemp("finished") / "runs"
    for system in ("mtl", "baseline"):
        for fold in ("10", "03", "08"):
            for repeat in (1, 0):
                write(root, predictions(system, fold, repeat))
    return root


@pytest.fixture(scope="session")
def table(finished_runs) -> pd.DataFrame:
    """The predictions of `finished_runs`."""
    return reports.read(finished_runs)


@pytest.fixture(scope="session")
def text(finished_runs, tmp_path_factory) -> str:
    """The report of `finished_runs`."""
    return report_text(finished_runs, tmp_path_factory.mktemp("text"))


@pytest.fixture
def runs(finished_runs, tmp_path) -> Path:
    """A copy of `finished_runs` that a test may change."""
    return Path(shutil.copytree(finished_runs, tmp_path / "runs"))


@pytest.fixture
def cross_corpus_runs(tmp_path) -> Path:
    """Two systems that were trained on RAVDESS and tested on EMO-DB."""
    for system in ("baseline", "mtl_aug"):
        table = predictions(system, "1").assign(fold="ravdess-emodb")
        config = make_config(
            table,
            protocol="cross_corpus",
            corpus=["ravdess", "emodb"],
            published="mtl_aug:3",
        )
        write(tmp_path / "runs", table, config)
    return tmp_path / "runs"
