"""UAR against the fraction of training labels, where systems differ in it."""

import functools

import numpy as np
import pandas as pd

from keras_ser.figures import curves
from keras_ser.reports.cells import uar_interval, uar_with_interval
from keras_ser.reports.test_sets import shown
from keras_ser.reports.text import NOTHING, natural, slug

CAPTION = "UAR % against the share of training utterances that kept their label"


def label_fractions(found: dict[str, dict], table: pd.DataFrame) -> list[tuple]:
    """A table and a picture for each experiment in which systems had few labels.

    Systems whose names differ only in the percentage at their end, `mtl_aug_20` and
    `mtl_aug_100`, or `mtl_aug`, are one line; systems without few labels are none. Only
    folds and repeats that all of these have count.

    Args:
        found: settings, from `reading.settings_of`.
        table: the predictions of the emotion, with the column `place`.
    """
    blocks = []
    few = {name: own for name, own in found.items() if _fractions(own, table, name)}
    for experiment, own in few.items():
        rows = table[(table["experiment"] == experiment) & (table["truth"] != "")]
        fractions = _fractions(own, table, experiment)
        lines, percents = _lines(fractions)
        rows, note = _shared(rows, lines)
        suffix = f"_{slug(experiment)}" if len(few) > 1 else ""
        blocks.append(("heading", 2, f"{experiment}: few labels"))
        blocks += [("text", note)] if note else []
        for place in sorted(set(rows["place"]), key=natural):
            part = rows[rows["place"] == place]
            blocks.append(_table(f"{shown(place)}: {CAPTION}", part, lines, percents))
        drawing = functools.partial(_draw, rows, lines, percents)
        blocks.append(("figure", f"labels{suffix}.png", CAPTION, drawing))
    return blocks


def _fractions(settings: dict, table: pd.DataFrame, experiment: str) -> dict[str, int]:
    """Percent of labels of each system; empty where all systems have all of them."""
    names = set(table["system"][table["experiment"] == experiment])
    found = {
        name: round(100 * settings.get(f"systems.{name}.label_fraction", 1.0))
        for name in sorted(names, key=natural)
    }
    return found if set(found.values()) - {100} else {}


def _lines(fractions: dict[str, int]) -> tuple[dict[str, dict[int, str]], list[int]]:
    """The systems of each line by percent, and all percents."""
    lines: dict = {}
    for system, percent in fractions.items():
        lines.setdefault(system.removesuffix(f"_{percent}"), {})[percent] = system
    lines = {name: line for name, line in lines.items() if set(line) != {100}}
    return lines, sorted({percent for line in lines.values() for percent in line})


def _shared(rows: pd.DataFrame, lines: dict) -> tuple[pd.DataFrame, str]:
    """The rows of folds and repeats that all systems have; a note where some lack."""
    systems = [system for own in lines.values() for system in own.values()]
    rows = rows[rows["system"].isin(systems)]
    having = rows.groupby(["fold", "repeat"])["system"].nunique()
    common = having.index[having == rows["system"].nunique()]
    lacking = having.index.difference(common)
    if not len(common):
        return rows, "These systems have no fold and repeat in common."
    if not len(lacking):
        return rows, ""
    is_common = pd.MultiIndex.from_frame(rows[["fold", "repeat"]]).isin(common)
    told = ", ".join(f"fold {fold} repeat {repeat}" for fold, repeat in lacking)
    return rows[is_common], f"Left out, as not all of these systems have it: {told}."


def _table(caption: str, rows: pd.DataFrame, lines: dict, percents: list[int]) -> tuple:
    body = [
        [f"{percent} %", *(_cell(rows, own.get(percent)) for own in lines.values())]
        for percent in percents
    ]
    return ("table", caption, ["Labels", *lines], body)


def _cell(rows: pd.DataFrame, system: str | None) -> str:
    part = rows[rows["system"] == system]
    return NOTHING if part.empty else uar_with_interval(part)


def _draw(rows: pd.DataFrame, lines: dict, percents: list[int], path) -> None:
    panels = [
        curves.Panel(
            title=shown(place),
            axis="training utterances with a label (%)",
            ticks=tuple(map(str, percents)),
            lines={
                name: _line(rows[rows["place"] == place], own, percents)
                for name, own in lines.items()
            },
            clean=len(percents) - 1,
        )
        for place in sorted(set(rows["place"]), key=natural)
    ]
    curves.draw(panels, path)


def _line(rows: pd.DataFrame, systems: dict[int, str], percents: list[int]):
    """Score and interval at each percentage, `(percents, 3)`; NaN where not run."""
    values = np.full((len(percents), 3), np.nan)
    for place, percent in enumerate(percents):
        part = rows[rows["system"] == systems.get(percent)]
        if len(part):
            values[place] = uar_interval(part)
    return values
