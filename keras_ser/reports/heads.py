"""The augmentation head next to a probe that does not use the speech."""

import math
from collections.abc import Iterable

import pandas as pd

from keras_ser.reports.blocks import Block, Heading, Table, Text
from keras_ser.reports.reading import Run
from keras_ser.reports.run_files import IDENTITY, invalid_file
from keras_ser.reports.text import natural_key, percent, sort_systems

# Keys of metrics.json.
ACCURACY = "augmentation_accuracy"
PROBE = "speed_probe"
TYPES = "augmentation_types"
CHANCE = "chance"
EXPLANATION = (
    "The head distinguishes all of its types of augmentation. Where its chance level "
    "is given, its score is the mean recall of these types, otherwise its accuracy. "
    "The chance level is 100 divided by the number of types. The probe is a linear "
    "classifier on the mean spectrum of an utterance that distinguishes one speed from "
    "the original, with a chance level of 50 %. Where the probe is close to 100 %, the "
    "head can recognise that speed by the trace of the resampler, without using the "
    "speech."
)


def augmentation_head_blocks(runs: list[Run], order: Iterable[str] = ()) -> list[Block]:
    """A table for each experiment whose runs hold such scores.

    Args:
        runs: From `reading.read_runs`.
        order: Systems that come first.
    """
    table = pd.DataFrame([run.identity | _read_scores(run) for run in runs])
    columns = _score_columns(table)
    if not columns:
        return []
    table = table.dropna(how="all", subset=columns)
    blocks: list[Block] = [Heading("Augmentation head", 2)]
    for name, part in table.groupby("experiment", sort=False):
        blocks.append(_table(name, part.dropna(axis=1, how="all"), order))
    return [*blocks, Text(EXPLANATION)]


def _score_columns(table: pd.DataFrame) -> list[str]:
    return [name for name in table if name not in IDENTITY]


def _table(experiment: str, table: pd.DataFrame, order: Iterable[str]) -> Table:
    first = [ACCURACY, CHANCE]
    scores = sorted(
        _score_columns(table),
        key=lambda name: (name not in first, name == CHANCE, natural_key(name)),
    )
    rows = []
    for system in sort_systems(table["system"], order):
        runs = table[table["system"] == system]
        means = runs.groupby("fold")[scores].mean().mean()
        rows.append([system, str(runs["fold"].nunique()), *map(percent, means)])
    titles = {ACCURACY: "Head, development %", CHANCE: "Head, chance %"}
    header = [titles.get(name, f"Probe at speed {name} %") for name in scores]
    caption = f"{experiment}: accuracy of the augmentation head and of a probe"
    return Table(f"{caption}, mean over folds", ["System", "Folds", *header], rows)


def _read_scores(run: Run) -> dict[str, float]:
    """The accuracy of the head, its chance level, and the probe's by speed factor."""
    probe = run.metrics.get(PROBE) or {}
    if not isinstance(probe, dict) or not all(map(_is_speed, probe)):
        expected = f"an object from speed factor to accuracy as `{PROBE}`"
        raise _invalid_metrics(run, expected, probe)
    scores = {ACCURACY: run.metrics.get(ACCURACY), **probe}
    scores = {name: value for name, value in scores.items() if value is not None}
    for name, value in scores.items():
        if not _is_fraction(value):
            key = ACCURACY if name == ACCURACY else f"{PROBE}, {name}"
            expected = f"an accuracy from 0 to 1 as `{key}`"
            raise _invalid_metrics(run, expected, repr(value))
    return scores | _read_chance(run) if ACCURACY in scores else scores


def _read_chance(run: Run) -> dict[str, float]:
    """One divided by the number of types, if the run names its types."""
    types = run.metrics.get(TYPES)
    if types is None:
        return {}
    names = isinstance(types, list) and all(isinstance(name, str) for name in types)
    if not names or not types or len(set(types)) < len(types):
        expected = f"a list of different names as `{TYPES}`"
        raise _invalid_metrics(run, expected, repr(types))
    return {CHANCE: 1 / len(types)}


def _invalid_metrics(run: Run, expected: str, received) -> ValueError:
    return invalid_file(run.folder / "metrics.json", expected, received)


def _is_speed(text: str) -> bool:
    try:
        return 0 < float(text) < math.inf
    except ValueError:
        return False


def _is_fraction(value) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1
