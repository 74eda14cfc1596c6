"""Whether probabilities mean what they say, before and after a temperature."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from keras_ser import scores
from keras_ser.reports.blocks import Block, Heading, Table, Text
from keras_ser.reports.reading import Run
from keras_ser.reports.run_files import invalid_file
from keras_ser.reports.text import number, percent, sort_systems

KEY = "temperature"  # of metrics.json
EXPLANATION = (
    "The confidence is the mean of the highest probability of each utterance. Where it "
    "is above the accuracy, the probabilities promise too much. The expected "
    "calibration error (ECE) is the mean distance between the two within 15 bins of "
    "the confidence. The temperature of a run is the one that makes the labels of its "
    "development speech most likely; `predict` applies it. It changes no prediction "
    "and no other score. All figures pool the clean test utterances of all runs. Those "
    "of a class that training lacks count as errors."
)


def calibration_blocks(runs: list[Run], order: Iterable[str] = ()) -> list[Block]:
    """A table for each experiment whose runs have a temperature.

    Args:
        runs: From `reading.read_runs`.
        order: Systems that come first.

    Raises:
        ValueError: If the temperature of a run is not a number above 0.
    """
    found: dict[str, dict[str, list[Run]]] = {}
    for run in runs:
        if run.metrics.get(KEY) is not None:
            systems = found.setdefault(run.experiment, {})
            systems.setdefault(run.system, []).append(run)
    blocks: list[Block] = []
    for experiment, systems in found.items():
        rows = [_row(name, systems[name]) for name in sort_systems(systems, order)]
        caption = f"{experiment}: calibration of the probabilities of the main head"
        header = ["System", "Runs", "Accuracy %", "Confidence %", "ECE %"]
        header += ["Temperature", "Confidence % then", "ECE % then"]
        blocks.append(Table(caption, header, [row for row in rows if row]))
    return [Heading("Calibration", 2), *blocks, Text(EXPLANATION)] if blocks else []


def _row(name: str, runs: list[Run]) -> list[str]:
    """The cells of a system; none if its test speech has no label."""
    parts = [_probabilities(run) for run in runs]
    truth = np.concatenate([own for own, _, _ in parts])
    if not len(truth):
        return []
    classes = sorted({each for _, _, names in parts for each in names})
    before = _in_columns([(values, names) for _, values, names in parts], classes)
    temperatures = [_temperature(run) for run in runs]
    after = _in_columns(
        [
            (scores.scaled(values, own), names)
            for (_, values, names), own in zip(parts, temperatures, strict=True)
        ],
        classes,
    )
    right = np.array(classes, object)[before.argmax(axis=1)] == truth
    own, then = (_confidence(right, values) for values in (before, after))
    counted = [name, str(len(runs)), percent(right.mean())]
    return [*counted, *own, _range(temperatures), *then]


def _confidence(right: np.ndarray, values: np.ndarray) -> list[str]:
    """The mean confidence and the calibration error."""
    confidence = values.max(axis=1)
    error = scores.confidence_error(right, confidence)
    return [percent(confidence.mean()), percent(error)]


def _range(values: list[float]) -> str:
    low, high = min(values), max(values)
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def _probabilities(run: Run) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """True labels, probabilities and classes of a run's clean test speech."""
    rows = run.predictions
    rows = rows[(rows["head"] == run.heads[0].name) & (rows["condition"] == "clean")]
    columns = [
        each for each in rows if each.startswith("p_") and rows[each].notna().all()
    ]
    names = [each.removeprefix("p_") for each in columns]
    rows = rows[rows["truth"] != ""]
    return rows["truth"].to_numpy(), rows[columns].to_numpy(float), names


def _in_columns(parts, classes: list[str]) -> np.ndarray:
    """Probabilities of runs, with 0 for classes that a run does not know."""
    frames = [pd.DataFrame(values, columns=names) for values, names in parts]
    joined = pd.concat(frames).reindex(columns=classes)
    return joined.fillna(0.0).to_numpy(float)


def _temperature(run: Run) -> float:
    value = run.metrics[KEY]
    if type(value) not in (int, float) or not 0 < value < np.inf:
        path = run.folder / "metrics.json"
        raise invalid_file(path, f"a number above 0 as `{KEY}`", repr(value)[:80])
    return float(value)
