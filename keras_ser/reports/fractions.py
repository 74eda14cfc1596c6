"""UAR against the fraction of labelled training utterances, where systems differ."""

import functools
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser.figures import curves
from keras_ser.reports.blocks import Block, Figure, Heading, Table, Text
from keras_ser.reports.cells import (
    UAR,
    describe_bars,
    score_title,
    uar_interval,
    uar_with_interval,
)
from keras_ser.reports.test_sets import format_test_set
from keras_ser.reports.text import NO_VALUE, slug, sort_names

AXIS = "against the share of training utterances that kept their label"
CAPTION = f"{UAR.title} {AXIS}"
Lines = dict[str, dict[float, str]]  # the system of each line at each percentage


def label_fraction_blocks(
    settings: dict[str, dict], table: pd.DataFrame
) -> list[Block]:
    """A table and a figure for each experiment in which systems had few labels.

    Systems whose names differ only in the percentage at their end, such as
    `mtl_aug_20` and `mtl_aug_100` or plain `mtl_aug`, form one line. A system that
    exists with all labels only has no line. Only those folds and repeats count that
    all systems of the lines have.

    Args:
        settings: From `reading.collect_settings`.
        table: Predictions of the main heads, with the column `test_set`.
    """
    blocks: list[Block] = []
    few = {name: own for name, own in settings.items() if _fractions(own, table, name)}
    for experiment, own in few.items():
        rows = table[(table["experiment"] == experiment) & (table["truth"] != "")]
        lines, percents = _lines(_fractions(own, table, experiment))
        rows, note = _keep_common(rows, lines)
        suffix = f"_{slug(experiment)}" if len(few) > 1 else ""
        blocks.append(Heading(f"{experiment}: few labels", 2))
        blocks += [Text(note)] if note else []
        tables = [
            _table(format_test_set(name), part, lines, percents)
            for name, part in rows.groupby("test_set")
        ]
        blocks += tables
        draw = functools.partial(_draw, rows, lines, percents)
        caption = f"{CAPTION}, {describe_bars(tables)}"
        blocks.append(Figure(f"labels{suffix}.png", caption, draw))
    return blocks


def _fractions(
    settings: dict, table: pd.DataFrame, experiment: str
) -> dict[str, float]:
    """Percentage of labels of each system; empty if all systems have all labels."""
    systems = sort_names(table["system"][table["experiment"] == experiment])
    percents = {
        name: round(100 * settings.get(f"systems.{name}.label_fraction", 1.0), 6)
        for name in systems
    }
    return percents if set(percents.values()) - {100} else {}


def _lines(fractions: dict[str, float]) -> tuple[Lines, list[float]]:
    """The lines, and all percentages that occur in them."""
    lines: Lines = {}
    for system, percent in fractions.items():
        name = system.removesuffix(f"_{percent:g}")
        if percent in lines.get(name, {}):  # `x` and `x_20` with 20 % each
            name = system
        lines.setdefault(name, {})[percent] = system
    lines = {name: line for name, line in lines.items() if set(line) != {100}}
    return lines, sorted({percent for line in lines.values() for percent in line})


def _keep_common(rows: pd.DataFrame, lines: Lines) -> tuple[pd.DataFrame, str]:
    """The rows of folds and repeats that all systems have; a note on the others."""
    systems = [system for line in lines.values() for system in line.values()]
    rows = rows[rows["system"].isin(systems)]
    counts = rows.groupby(["fold", "repeat"])["system"].nunique()
    common = counts.index[counts == rows["system"].nunique()]
    incomplete = counts.index.difference(common)
    if not len(common):
        return rows, "These systems have no fold and repeat in common."
    if not len(incomplete):
        return rows, ""
    is_common = pd.MultiIndex.from_frame(rows[["fold", "repeat"]]).isin(common)
    names = ", ".join(f"fold {fold} repeat {repeat}" for fold, repeat in incomplete)
    note = f"Left out because not all of these systems have them: {names}."
    return rows[is_common], note


def _table(
    test_set: str, rows: pd.DataFrame, lines: Lines, percents: list[float]
) -> Table:
    body = [
        [f"{percent:g} %", *(_cell(rows, line.get(percent)) for line in lines.values())]
        for percent in percents
    ]
    title = score_title(UAR, (cell for row in body for cell in row))
    return Table(f"{test_set}: {title} {AXIS}", ["Labels", *lines], body)


def _cell(rows: pd.DataFrame, system: str | None) -> str:
    part = rows[rows["system"] == system]
    return NO_VALUE if part.empty else uar_with_interval(part)


def _draw(rows: pd.DataFrame, lines: Lines, percents: list[float], path: Path) -> None:
    panels = [
        curves.Panel(
            title=format_test_set(test_set),
            axis="training utterances with a label (%)",
            ticks=tuple(f"{percent:g}" for percent in percents),
            lines={
                name: _line(rows[rows["test_set"] == test_set], line, percents)
                for name, line in lines.items()
            },
            clean=len(percents) - 1,
        )
        for test_set in sort_names(rows["test_set"])
    ]
    curves.draw(panels, path)


def _line(
    rows: pd.DataFrame, systems: dict[float, str], percents: list[float]
) -> np.ndarray:
    """UAR and its interval at each percentage, `(percents, 3)`; NaN if not run."""
    values = np.full((len(percents), 3), np.nan)
    for index, percent in enumerate(percents):
        part = rows[rows["system"] == systems.get(percent)]
        if len(part):
            values[index] = uar_interval(part)
    return values
