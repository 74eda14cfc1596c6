"""The outcome of a trial is the score of the main head."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from keras_ser.tuning import trials
from keras_ser.utils import files


@dataclasses.dataclass
class FakeJob:
    folder: Path


def row(head, truth, prediction, **probabilities):
    return {"head": head, "truth": truth, "prediction": prediction, **probabilities}


@pytest.fixture
def finished(tmp_path):
    """A function that writes a finished job with such predictions."""

    def write(*rows):
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        text = pd.DataFrame(rows).to_csv(index=False)
        files.write_text(folder / "predictions.csv", text)
        files.write_json(folder / "metrics.json", {"epoch": 3})
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
