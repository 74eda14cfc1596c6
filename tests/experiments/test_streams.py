"""The plans of jobs: which there are, and that shared ones are computed once."""

import dataclasses

import numpy as np
import pytest

from keras_ser.data import plan as plans
from keras_ser.experiments import extraction, network, plan, streams
from keras_ser.experiments.config import System
from keras_ser.experiments.job import feature_store
from keras_ser.models import BASELINE


@pytest.fixture(scope="module")
def jobs(toy, tables):
    """Jobs of one fold and two repeats, some of whose systems share their streams."""
    systems = {
        "baseline": System(arguments=BASELINE, augment=()),
        "baseline_augmented": System(arguments=BASELINE),
        "mtl_aug": System(),
        "probe": System("LengthProbe", augment=()),
    }
    config = dataclasses.replace(toy, systems=systems, repeats=2)
    return plan.plan_jobs(config, *tables, "runs", folds=["1"])


@pytest.fixture(scope="module")
def cache(jobs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    extraction.prepare(jobs, folder, progress=False)
    return folder


def test_the_plans_are_those_that_pipelines_read(jobs, cache, monkeypatch):
    made, make_pipeline = [], network.make_pipeline

    def making(*arguments):
        made.append(arguments)
        return make_pipeline(*arguments)

    monkeypatch.setattr(network, "make_pipeline", making)
    found = streams.compute(jobs, cache, progress=False)
    # Per repeat: without and with augmentation, and all types of development speech.
    assert len(made) == 2 * 2
    assert len(found) == 2 * (2 + 1)
    kept = (cache / "features" / plans.FOLDER).glob("*.npz")
    assert sorted(path.stem for path in kept) == sorted(found)
    store = feature_store(jobs[0].config, cache)
    job = next(job for job in jobs if job.system == "mtl_aug")
    data = make_pipeline(job, store, ())
    contents = [plans.Plan.from_bytes(each).arrays() for each in found.values()]
    wanted = [data.plan(0, 3), data.plan_augmented(data.fold.dev, data.types)]
    for each in wanted:
        assert any(is_equal(each.arrays(), content) for content in contents)


def is_equal(one, other):
    return list(one) == list(other) and all(
        np.array_equal(one[name], other[name]) for name in one
    )


def test_a_longer_plan_in_the_cache_is_cut(jobs, cache):
    job = jobs[0]
    data = network.make_pipeline(job, feature_store(job.config, cache), ())
    data.plan(0, 5)
    (content,) = streams.compute([job], cache, progress=False).values()
    assert plans.Plan.from_bytes(content).shape[0] == job.config.training.epochs
