"""How much each layer of a pre-trained network counts for a system."""

import math
from collections.abc import Iterable

import numpy as np

from keras_ser.reports.blocks import Block, Heading, Table, Text
from keras_ser.reports.reading import Run
from keras_ser.reports.run_files import invalid_file
from keras_ser.reports.text import number, sort_systems

KEY = "layer_weights"  # of metrics.json
TOLERANCE = 1e-3
EXPLANATION = (
    "The weights sum to 1. They say which layers a network came to use, and not which "
    "of them would be the best alone: layers that say the same can share the weight in "
    "any way."
)


def layer_weight_blocks(runs: list[Run], order: Iterable[str] = ()) -> list[Block]:
    """A table for each experiment whose networks learn a sum of layers.

    Args:
        runs: From `reading.read_runs`.
        order: Systems that come first.

    Raises:
        ValueError: If the weights of a run are not a list of numbers from 0 up that sum
            to 1, or runs of one system have different numbers of them.
    """
    found: dict[str, dict[str, list[list[float]]]] = {}
    for run in runs:
        weights = _read_weights(run)
        if weights is not None:
            systems = found.setdefault(run.experiment, {})
            systems.setdefault(run.system, []).append(weights)
    blocks: list[Block] = [Heading("Layers of the front-end", 2)] if found else []
    for experiment, systems in found.items():
        count = max(len(each[0]) for each in systems.values())
        rows = [
            _row(name, systems[name], count) for name in sort_systems(systems, order)
        ]
        caption = (
            f"{experiment}: the weight of each layer in the sum that a network reads, "
            "mean over runs ± sample standard deviation"
        )
        header = ["System", "Runs", *(f"Layer {n}" for n in range(1, count + 1))]
        blocks.append(Table(caption, header, rows))
    return [*blocks, Text(EXPLANATION)] if found else []


def _row(name: str, weights: list[list[float]], count: int) -> list[str]:
    if len({len(each) for each in weights}) > 1:
        raise ValueError(
            f"Expected as many layers in all runs of `{name}`. Received: runs with "
            f"{sorted({len(each) for each in weights})} layers. Report those of one "
            "front-end at a time."
        )
    values = np.array(weights)
    cells = [number(each) for each in values.mean(axis=0)]
    if len(values) > 1:
        spread = values.std(axis=0, ddof=1)
        cells = [
            f"{cell} ± {number(each)}" for cell, each in zip(cells, spread, strict=True)
        ]
    return [name, str(len(values)), *cells, *[""] * (count - len(cells))]


def _read_weights(run: Run) -> list[float] | None:
    """The weights in a run's metrics.json; None if its network has no such sum."""
    value = run.metrics.get(KEY)
    if value is None:
        return None
    is_list = isinstance(value, list) and len(value) > 1
    are_weights = is_list and all(
        type(each) in (int, float) and 0 <= each <= 1 for each in value
    )
    if not are_weights or not math.isclose(sum(value), 1, abs_tol=TOLERANCE):
        expected = f"numbers from 0 up that sum to 1 as `{KEY}`"
        raise invalid_file(run.folder / "metrics.json", expected, repr(value)[:80])
    return [float(each) for each in value]
