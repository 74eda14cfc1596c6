"""The augmentation head beside a probe that does not listen to speech."""

import functools
import math
from pathlib import Path

import pandas as pd

from keras_ser.reports.reading import RUN, bad, read_metrics
from keras_ser.reports.text import natural, percent, rank

ACCURACY = "augmentation_accuracy"
PROBE = "speed_probe"
TYPES = "augmentation_types"
CHANCE = "chance"
WHY = (
    "The head tells all its types of augmentation apart. Where its chance is given, "
    "its figure is the mean recall of these types, else its accuracy; chance is 100 "
    "divided by their number. The probe is a linear "
    "classifier on mean log-mel that tells one speed from the original, with chance "
    "at 50 %. Where it is near 100 %, the head can tell that speed from the "
    "resampler's trace, without listening to speech."
)


def augmentation_heads(runs, order: list[str]) -> list[tuple]:
    """A table of each experiment whose runs hold such scores."""
    table = pd.DataFrame(
        [dict(zip(RUN, key, strict=True)) | _found(folder) for key, folder, _ in runs]
    )
    columns = [name for name in table if name not in RUN]
    if not columns:
        return []
    table = table.dropna(how="all", subset=columns)
    blocks = [("heading", 2, "Augmentation head")]
    for name, part in table.groupby("experiment", sort=False):
        blocks.append(_table(name, part.dropna(axis=1, how="all"), order))
    return [*blocks, ("text", WHY)]


def _table(experiment: str, table: pd.DataFrame, order: list[str]) -> tuple:
    scores = [name for name in table if name not in RUN]
    first = [ACCURACY, CHANCE]
    scores.sort(key=lambda name: (name not in first, name == CHANCE, natural(name)))
    systems = sorted(set(table["system"]), key=functools.partial(rank, order))
    rows = []
    for system in systems:
        runs = table[table["system"] == system]
        means = runs.groupby("fold")[scores].mean().mean()
        rows.append([system, str(runs["fold"].nunique()), *map(percent, means)])
    titles = {ACCURACY: "Head, development %", CHANCE: "Head, chance %"}
    header = [titles.get(name, f"Probe at speed {name} %") for name in scores]
    caption = f"{experiment}: accuracy of the augmentation head and of a probe"
    return ("table", f"{caption}, mean of folds", ["System", "Folds", *header], rows)


def _found(folder: Path) -> dict[str, float]:
    path, metrics = read_metrics(folder)
    probe = metrics.get(PROBE) or {}
    if not isinstance(probe, dict) or not all(map(_is_speed, probe)):
        raise bad(path, f"an object from speed factor to accuracy as `{PROBE}`", probe)
    found = {ACCURACY: metrics.get(ACCURACY), **probe}
    found = {name: value for name, value in found.items() if value is not None}
    for name, value in found.items():
        if not _is_share(value):
            where = ACCURACY if name == ACCURACY else f"{PROBE}, {name}"
            raise bad(path, f"an accuracy from 0 to 1 as `{where}`", repr(value))
    return found | _chance(path, metrics) if ACCURACY in found else found


def _chance(path: Path, metrics: dict) -> dict[str, float]:
    """One in the number of types, where the run names these."""
    types = metrics.get(TYPES)
    if types is None:
        return {}
    names = isinstance(types, list) and all(isinstance(name, str) for name in types)
    if not names or not types or len(set(types)) < len(types):
        raise bad(path, f"a list of different names as `{TYPES}`", repr(types))
    return {CHANCE: 1 / len(types)}


def _is_speed(text: str) -> bool:
    try:
        return 0 < float(text) < math.inf
    except ValueError:
        return False


def _is_share(value) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1
