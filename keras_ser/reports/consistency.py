"""Whether the files of a run agree with each other, so that no edit goes unnoticed.

`config.json` holds a hash of what was to be tested, which is written before anything
is predicted. `metrics.json` holds the scores of the predictions. Runs of versions that
wrote no hash are reported as unchecked.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from keras_ser import conditions
from keras_ser.protocols import HEARD
from keras_ser.reports import summary, tested
from keras_ser.reports.run_files import IDENTITY, RunPath, invalid_file, read_metrics
from keras_ser.reports.tasks import Head

ROUNDING = 1e-6  # of probabilities, which have six decimals
SUM_TOLERANCE = 1e-4  # of the sum of probabilities, which are computed in float32
SCORE_TOLERANCE = 1e-6
CLEAN = ["clean"]  # the conditions of a run that records none
NAMES = {"experiment": "name", "fold": "fold", "repeat": "repeat"}  # in config.json


def check_files(
    folder: RunPath, predictions: pd.DataFrame, config: dict, heads: Sequence[Head]
) -> None:
    """Checks the predictions of a run against everything else in its folder.

    Args:
        folder: The run's folder.
        predictions: The rows of its `predictions.csv`.
        config: The object in its `config.json`.
        heads: The heads that it predicted, main head first.

    Raises:
        ValueError: If the predictions are not of the recorded utterances, speakers,
            truths and conditions, if a prediction is not the class of the highest
            probability, if probabilities do not add up to 1, or if `metrics.json`
            holds other counts or scores.
    """
    path = folder / "predictions.csv"
    _check_tested(path, predictions, config)
    for _, rows in predictions.groupby("head"):
        _check_probabilities(path, rows)
    if (folder / "metrics.json").is_file():
        _check_metrics(folder, predictions, heads)


def check_heard(folder: RunPath, rows: pd.DataFrame, config: dict) -> None:
    """Checks the predictions of held-out utterances of training speakers.

    Args:
        folder: The run's folder.
        rows: Their rows of `predictions.csv`.
        config: The object in its `config.json`.

    Raises:
        ValueError: If they are not those that were to be predicted, or if
            `metrics.json` holds other scores.
    """
    path = folder / "predictions.csv"
    if tested.fingerprint(rows) != config.get(tested.HEARD_KEY):
        expected = (
            "the held-out utterances, speakers and truths that were to be predicted, "
            f"whose hash is `{tested.HEARD_KEY}` in its config.json"
        )
        raise invalid_file(path, expected, f"{len(rows)} other rows")
    for _, part in rows.groupby("head"):
        _check_probabilities(path, part)
    if not (folder / "metrics.json").is_file():
        return
    found = read_metrics(folder).get(HEARD)
    where = _first_difference(summary.summarise_heard(rows), found, HEARD)
    if where:
        expected = "the scores of predictions.csv"
        raise invalid_file(folder / "metrics.json", expected, where)


def is_checked(config: dict) -> bool:
    """Whether a run records what it was to test.

    Args:
        config: The object in its `config.json`.
    """
    return tested.KEY in config


def check_identity(folder: RunPath, predictions: pd.DataFrame, config: dict) -> None:
    """Checks that the predictions are of the run that `config.json` describes.

    Args:
        folder: The run's folder.
        predictions: The rows of its `predictions.csv`.
        config: The object in its `config.json`.

    Raises:
        ValueError: If the experiment, the fold or the repeat differs.
    """
    path = folder / "predictions.csv"
    first = predictions[IDENTITY].iloc[0]
    for column, key in NAMES.items():
        found = str(first[column])
        if key in config and str(config[key]) != found:
            expected = f"the {column} of its config.json, {config[key]!r}"
            raise invalid_file(path, expected, repr(found))


def _check_tested(path: RunPath, predictions: pd.DataFrame, config: dict) -> None:
    """Compares each condition with the recorded conditions and with the hash."""
    if not is_checked(config):
        return
    recorded = config.get("conditions", CLEAN)
    found = sorted(set(predictions["condition"]))
    if found != sorted(map(_condition_text, recorded)):
        expected = f"the conditions of its config.json, {recorded}"
        raise invalid_file(path, expected, found)
    for condition, rows in predictions.groupby("condition"):
        if tested.fingerprint(rows) != config[tested.KEY]:
            expected = (
                "the utterances, speakers and truths that were to be tested, whose "
                f"hash is `{tested.KEY}` in its config.json"
            )
            received = f"{len(rows)} other rows under {condition!r}"
            raise invalid_file(path, expected, received)


def _condition_text(recorded) -> str:
    """How predictions.csv writes a condition: `noise:all:10` for `noise:all:10.0`."""
    try:
        return conditions.parse(recorded).text
    except ValueError:  # a condition of the user's, which is not known here
        return str(recorded)


def _check_probabilities(path: RunPath, rows: pd.DataFrame) -> None:
    """Checks that probabilities add up to 1 and that the highest one is predicted."""
    named = [name for name in rows if name.startswith("p_") and rows[name].count()]
    if not named:
        return
    values = rows[named].to_numpy(np.float64)
    classes = pd.Index([name.removeprefix("p_") for name in named])
    places = classes.get_indexer(rows["prediction"])
    own = values[np.arange(len(rows)), places]
    tolerance = SUM_TOLERANCE + ROUNDING * len(named)
    wrong_sum = ~(np.abs(values.sum(axis=1) - 1) <= tolerance)
    wrong_range = ((values < 0) | (values > 1 + ROUNDING)).any(axis=1)
    wrong_class = (places < 0) | (own < values.max(axis=1) - ROUNDING * 1.5)
    for wrong, expected in (
        (wrong_sum | wrong_range, "probabilities in [0, 1] that add up to 1"),
        (wrong_class, "the class of the highest probability as `prediction`"),
    ):
        if wrong.any():
            row = rows[wrong].iloc[0]
            received = f"{row['prediction']!r} with {row[named].to_dict()}, of "
            received += f"{row['utterance']!r}, and {wrong.sum() - 1} others like it"
            raise invalid_file(path, expected, received)


def _check_metrics(
    folder: RunPath, predictions: pd.DataFrame, heads: Sequence[Head]
) -> None:
    path, metrics = folder / "metrics.json", read_metrics(folder)
    main = predictions[predictions["head"] == heads[0].name]
    for condition, rows in main.groupby("condition"):
        _check_counts(path, metrics, rows, condition)
    for key, value in _scores(predictions, heads).items():
        if key not in metrics and key == "scores":
            return  # an early version, or not written by a run
        where = _first_difference(value, metrics.get(key), key)
        if where:
            expected = "the scores of predictions.csv"
            raise invalid_file(path, expected, where)


def _check_counts(path: RunPath, metrics: dict, rows: pd.DataFrame, condition) -> None:
    """Compares the number of utterances and the speakers of one condition."""
    speakers, counts = metrics["speakers"], metrics.get("utterances")
    known = speakers.get("test") if isinstance(speakers, dict) else None
    found = sorted(set(rows["speaker"]))
    if isinstance(known, list) and known != found:
        expected = f"the test speakers of predictions.csv, {found}"
        raise invalid_file(path, expected, known)
    count = counts.get("test") if isinstance(counts, dict) else None
    if count is not None and count != len(rows):
        expected = f"the number of utterances in predictions.csv, {len(rows)}"
        raise invalid_file(path, f"{expected} under {condition!r}", count)


def _scores(predictions: pd.DataFrame, heads: Iterable[Head]) -> dict:
    """What `summary.summarise` says of the predictions; empty if it can say nothing."""
    parts = [
        rows
        for head in heads
        for rows in [predictions[predictions["head"] == head.name]]
        if head.has_numbers or rows.filter(like="p_").notna().to_numpy().any()
    ]
    main = parts[0] if parts else predictions[:0]
    if not ((main["truth"] != "") & (main["condition"] == "clean")).any():
        return {}
    return summary.summarise(pd.concat(parts))


def _first_difference(expected: Any, found: Any, where: str) -> str:
    """Where two JSON values differ, in words; empty if they agree."""
    if isinstance(expected, dict) and isinstance(found, dict):
        keys = sorted({*expected, *found})
        texts = (
            _first_difference(expected.get(key), found.get(key), f"{where}.{key}")
            for key in keys
        )
        return next(filter(None, texts), "")
    if _is_close(np.asarray(expected, object), np.asarray(found, object)):
        return ""
    return f"{where}={found!r}, not {expected!r}"


def _is_close(expected: np.ndarray, found: np.ndarray) -> bool:
    if expected.shape != found.shape:
        return False
    pairs = zip(expected.ravel(), found.ravel(), strict=True)
    return all(map(_equal, *zip(*pairs, strict=True))) if expected.size else True


def _equal(one: Any, other: Any) -> bool:
    if not isinstance(one, int | float) or not isinstance(other, int | float):
        return one == other
    both_unknown = math.isnan(one) and math.isnan(other)
    return both_unknown or abs(one - other) <= SCORE_TOLERANCE
