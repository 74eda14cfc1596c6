"""The systems of the papers' tables: each of them is accepted as it is."""

import pytest

from keras_ser.classical import CLASSICAL
from keras_ser.experiments import checks, systems
from keras_ser.experiments.config import Experiment
from keras_ser.models import MODELS, TABLE_7
from keras_ser.reports import load_published


@pytest.mark.parametrize("rows", [systems.NETWORKS, systems.CLASSICAL])
def test_every_row_is_accepted(rows):
    checks.check(Experiment("toy", "emodb", rows, unlabelled_corpus="librispeech"))


def test_systems_are_of_their_kind_and_share_no_name():
    assert {row.model for row in systems.NETWORKS.values()} <= set(MODELS)
    assert {row.model for row in systems.CLASSICAL.values()} == set(CLASSICAL)
    assert set(systems.NETWORKS).isdisjoint(systems.CLASSICAL)


def test_mtl_aug_differs_from_its_augmented_baseline_by_its_tasks_only():
    baseline, mtl = (systems.NETWORKS[n] for n in ("baseline_augmented", "mtl_aug"))
    assert baseline.augment == mtl.augment
    assert not any(baseline.arguments.values()) and not mtl.arguments


def test_our_names_are_those_of_the_published_figures():
    for table in "23456":
        assert set(systems.NETWORKS) <= set(load_published("mtl_aug", table).row)
    models = {f"model_{number}" for number in TABLE_7}
    assert set(load_published("mtl_aug", "7").row) == models
