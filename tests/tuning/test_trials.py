"""The outcome of a trial is the score of the main head."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from keras_ser import Experiment, System
from keras_ser.tuning import trials
from keras_ser.utils import files


@dataclasses.dataclass
class FakeJob:
    folder: Path
    config: Experiment = Experiment("toy", "synthetic", {"a": System()})


def row(head, truth, prediction, **probabilities):
    return {"head": head, "truth": truth, "prediction": prediction, **probabilities}


@pytest.fixture
def finished(tmp_path):
    """A function that writes a finished job with such predictions."""

    def write(*rows, **metrics):
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        text = pd.DataFrame(rows).to_csv(index=False)
        files.write_text(folder / "predictions.csv", text)
        files.write_json(folder / "metrics.json", {"epoch": 3, **metrics})
        files.write_json(folder / "environment.json", {"sessions": [{"seconds": 2.0}]})
        return FakeJob(folder)

    return write


def test_only_labelled_rows_of_the_main_head_are_scored(finished):
    one = finished(
        row("emotion", "anger", "anger", p_anger=0.9),
        row("gender", "male", "female", p_male=0.1),
        row("emotion", "joy", "anger", p_anger=0.8),
        row("emotion", "", "anger", p_anger=0.8),
    )
    other = finished(row("emotion", "joy", "joy", p_anger=0.2))
    found = trials.read_outcome(4, {"x": 1}, [one, other])
    assert found == trials.Outcome(4, {"x": 1}, 0.75, (3, 3), 4.0)


def test_a_main_head_without_classes_is_rejected(finished):
    job = finished(
        row("valence", "0.5", "0.25", p_male=""),
        row("gender", "male", "male", p_male=0.9),
    )
    with pytest.raises(ValueError, match="`valence`, which predicts numbers"):
        trials.read_outcome(0, {}, [job])


@pytest.mark.parametrize(("place", "uar"), [(1.5, 3 / 4), (1.0, 5 / 6)])
def test_classes_with_other_centroids_are_not_pooled(finished, place, uar):
    jobs = [
        finished(
            *(
                row("emotion", truth, prediction, p_low=0.5, fold=fold)
                for truth, prediction in pairs
            ),
            clusters={"low": {"valence": valence}},
        )
        for fold, valence, pairs in (
            ("1", 1.0, [("low", "low"), ("high", "low")]),
            ("2", place, [("low", "low"), *[("high", "high")] * 2]),
        )
    ]
    assert trials.read_outcome(0, {}, jobs).uar == pytest.approx(uar)
