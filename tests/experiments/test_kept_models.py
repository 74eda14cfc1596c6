"""A training that starts from a kept model gives the bytes of one with a new model."""

import dataclasses

import numpy as np
import pytest
from toy_models import Attributes

from keras_ser import backend
from keras_ser.experiments import kept_models, plan, runner, training
from keras_ser.experiments.config import System, Training
from keras_ser.models import BASELINE, MTLAug

needs_tensorflow = pytest.mark.skipif(
    not backend.makes_variables_in_graphs(), reason="models are kept on TensorFlow only"
)
FILES = ("history.csv", "predictions.csv", "metrics.json")
SMALL = {"filters": (8, 8, 8)}
SYSTEMS = {
    "mtl_aug": System(arguments=SMALL),
    "centers": System(  # and the seeds of its dropout
        arguments={**BASELINE, **SMALL, "center": True, "embedding_dropout": 0.2}
    ),
    "batch": System(arguments={**BASELINE, **SMALL, "normalisation": "batch"}),
    "reversed": System(
        "AttributeCNNLSTM",
        arguments={"attributes": ("gender",), "approach": "gradient_reversal"},
    ),
    "hidden": System(
        "AttributeCNNLSTM",
        arguments={"attributes": ("gender",), "approach": "discriminator"},
    ),
    "ss_aae": System("SSAAE", arguments={"gender": True}, augment=()),
}
SETTINGS = {
    "constant": Training(batch=4, epochs=1),
    "halved": Training(
        batch=4, epochs=2, schedule="halve_and_restore", select="best", average=0.0
    ),
    "momentum": Training(batch=4, epochs=2, optimizer="sgd", clip_norm=1.0),
}


@pytest.fixture(autouse=True)
def nothing_is_kept():
    kept_models.forget()
    yield
    kept_models.forget()


@pytest.fixture
def run(toy, tables, tmp_path, monkeypatch):
    """A function that runs jobs; it returns their files, and how often one prepared."""
    calls = []
    real = training.prepare
    monkeypatch.setattr(
        training, "prepare", lambda *given: (calls.append(1), real(*given))
    )

    def run(out, folds, settings, forget, systems=("centers",), repeats=1):
        calls.clear()
        kept_models.forget()
        config = dataclasses.replace(
            toy,
            unlabelled_corpus="",
            systems={name: SYSTEMS[name] for name in systems},
            training=SETTINGS[settings],
            repeats=repeats,
        )
        genders = np.resize(["female", "male"], len(tables[0]))
        table = tables[0].assign(gender=genders)
        jobs = plan.plan_jobs(config, table, None, tmp_path / out, folds=folds)
        for job in jobs:
            if forget:
                kept_models.forget()
            runner.run_job(job, tmp_path / "cache")
        found = {
            f"{job.system}/{job.folder.name}/{name}": (job.folder / name).read_bytes()
            for job in jobs
            for name in FILES
        }
        return found, len(calls)

    return run


@needs_tensorflow
@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ("halved", "centers"),
        pytest.param("halved", "mtl_aug", marks=pytest.mark.slow),
        pytest.param("momentum", "mtl_aug", marks=pytest.mark.slow),
    ],
)
def test_the_next_fold_gives_the_bytes_of_a_new_model(settings, name, run):
    expected, traced = run("new", ["1", "2"], settings, forget=True, systems=[name])
    assert traced == 2
    found, traced = run("kept", ["1", "2"], settings, forget=False, systems=[name])
    assert traced == 1
    assert found == expected


@needs_tensorflow
@pytest.mark.parametrize(
    "name",
    [
        "batch",
        "reversed",
        pytest.param("hidden", marks=pytest.mark.slow),
        pytest.param("ss_aae", marks=pytest.mark.slow),
    ],
)
def test_every_kind_of_model_is_renewed_as_a_whole(name, run):
    expected, _ = run("new", ["1", "2"], "constant", forget=True, systems=[name])
    found, traced = run("kept", ["1", "2"], "constant", forget=False, systems=[name])
    assert traced == 1
    assert found == expected


@needs_tensorflow
def test_systems_and_repeats_have_models_of_their_own(run):
    given = {"systems": ["centers", "batch"], "repeats": 2}
    found, traced = run("kept", ["1"], "constant", forget=False, **given)
    assert traced == 2
    assert len(kept_models._kept) == 2
    predicted = [found[name] for name in found if name.endswith("predictions.csv")]
    assert len(set(predicted)) == 4  # each has a seed of its own


@needs_tensorflow
def test_a_model_is_not_kept_after_an_error(run, monkeypatch):
    def fail(*given, **options):
        raise RuntimeError("no")

    with monkeypatch.context() as patch:
        patch.setattr(training, "fit", fail)
        with pytest.raises(RuntimeError, match="no"):
            run("failed", ["1"], "constant", forget=False)
    assert not kept_models._kept


@needs_tensorflow
def test_no_more_than_a_few_models_are_kept(monkeypatch):
    monkeypatch.setattr(kept_models, "MAX_KEPT", 2)
    monkeypatch.setattr(training, "prepare", lambda *given: None)
    for count in (2, 3, 4, 3):
        model = MTLAug([f"class {n}" for n in range(count)], dimensions=16, **SMALL)
        with kept_models.prepared(model, None, SETTINGS["constant"], {}) as found:
            assert len(found.classes) == count
    assert len(kept_models._kept) == 2


@needs_tensorflow
def test_models_of_a_user_are_not_kept(monkeypatch):
    monkeypatch.setattr(training, "prepare", lambda *given: None)
    model = Attributes(("a", "b"), {"gender": ("female", "male")})
    with kept_models.prepared(model, None, SETTINGS["constant"], {}) as found:
        assert found is model
    assert not kept_models._kept
