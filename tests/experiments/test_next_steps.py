"""The next commands name files that are there."""

import pytest
from toy_runs import make_config, predictions, write

from keras_ser.experiments.next_steps import next_steps


@pytest.fixture
def folder(tmp_path):
    for system in ("baseline", "mtl_aug", "svm"):
        table = predictions(system, "03")
        write(tmp_path, table, make_config(table, primary="mtl_aug"))
    return tmp_path / "toy"


def test_a_model_that_can_predict_is_named(folder):
    (svm,) = folder.glob("svm/*-0")
    (mtl_aug,) = folder.glob("mtl_aug/*-0")
    (baseline,) = folder.glob("baseline/*-0")
    assert "keras-ser predict" not in next_steps(folder)
    for run, named in [(baseline, ""), (mtl_aug, ""), (baseline, "baseline")]:
        (run / "model.keras").touch()
        text = next_steps(folder, named)
        assert f"keras-ser predict {run} FILE" in text
    assert f"{folder}/report/report.md" in text and str(svm) not in text


def test_paths_with_spaces_are_quoted(folder):
    there = folder.rename(folder.with_name("my toy"))
    assert "tensorboard" not in next_steps(there)  # classical systems have no curves
    next(there.glob("mtl_aug/*-0")).joinpath("logs").mkdir()
    assert f"tensorboard --logdir '{there}'" in next_steps(there)
