"""What the embeddings of a network still say of an attribute: probes and pictures."""

from collections.abc import Iterable
from itertools import product

import numpy as np
import pandas as pd

from keras_ser.reports.blocks import Block, Heading, Table, Text
from keras_ser.reports.embeddings import embedding_figures
from keras_ser.reports.reading import Run
from keras_ser.reports.run_files import RunPath, invalid_file, read_table
from keras_ser.reports.text import (
    NO_VALUE,
    mean_and_deviation,
    number_range,
    percent,
    points,
    slug,
    sort_systems,
)

PROBES = "probes.csv"
TRAINED, UNTRAINED = NETWORKS = "trained", "untrained"
TEXTS = ("column", "network", "test", "reason")
COUNTS = ("classes", "left_out", "train_utterances", "test_utterances")
SHARES = ("uar", "chance")
HEADER = [
    *("System", "Column", "Scored on", "Runs", "Classes", "Fitted", "Scored"),
    *("Trained UAR %", "Untrained UAR %", "Trained − untrained", "Chance %"),
]
EXPLANATION = (
    "A probe is a linear classifier that reads a column of the table from the "
    "embeddings of a network, which stay as they are. It is fitted to labelled "
    "utterances of training speakers. The speaker is scored on further utterances of "
    "the same speakers, which no system trains on, and every other column on speakers "
    "who do not train. `Trained` is the tested network, and `untrained` is the same "
    "network before its training: what is read from it comes from the architecture "
    "and the speech alone. Each figure is the mean over runs, followed by the sample "
    "standard deviation over runs, which are folds and repeats. It is not an "
    "interval, and none is given: the runs share speakers, and the probes of a run "
    "share its network. Chance is 100 divided by the number of scored classes, which "
    "is the UAR of every probe that ignores the embeddings. Classes that only one "
    "side has are left out. A probe near chance says that no linear classifier reads "
    "the attribute, not that the embeddings hold nothing of it."
)


def probe_blocks(runs: list[Run], order: Iterable[str] = ()) -> list[Block]:
    """A table and a picture per column, for each experiment whose runs have probes.

    Args:
        runs: From `reading.read_runs`.
        order: Systems that come first.

    Raises:
        ValueError: If a probes.csv or an embeddings.csv cannot be read, or holds
            something else.
    """
    found: dict[str, list[tuple[Run, pd.DataFrame]]] = {}
    for run in runs:
        path = run.folder / PROBES
        if path.is_file():
            found.setdefault(run.experiment, []).append((run, read_probes(path)))
    if not found:
        return []
    blocks: list[Block] = [Heading("What the embeddings still say of an attribute", 2)]
    for experiment, probed in found.items():
        suffix = f"_{slug(experiment)}" if len(found) > 1 else ""
        table = pd.concat(rows.assign(**run.identity) for run, rows in probed)
        own = [run for run, _ in probed]
        columns = list(dict.fromkeys(table["column"]))
        blocks.append(_table(experiment, table, order))
        blocks += map(Text, _notes(experiment, table, order))
        blocks += embedding_figures(experiment, own, columns, order, suffix)
    return [*blocks, Text(EXPLANATION)]


def read_probes(path: RunPath) -> pd.DataFrame:
    """One `probes.csv`, checked.

    Args:
        path: Path of the file.

    Raises:
        ValueError: If it is not a CSV file, or does not have one row per column and
            network with fractions as `uar` and `chance`.
    """
    table = read_table(path, TEXTS, (*COUNTS, *SHARES))
    for column, rows in table.groupby("column"):
        if sorted(rows["network"]) != sorted(NETWORKS):
            expected = f"one row for each of {list(NETWORKS)} per column"
            received = f"{sorted(rows['network'])} for {column!r}"
            raise invalid_file(path, expected, received)
    shares = table[[*SHARES]]
    if not (shares.isna() | shares.ge(0) & shares.le(1)).all(axis=None):
        raise invalid_file(path, f"numbers from 0 to 1 in {list(SHARES)}", "others")
    counts = table[[*COUNTS]]
    if not (counts.ge(0) & counts.mod(1).eq(0) & np.isfinite(counts)).all(axis=None):
        raise invalid_file(path, f"whole numbers in {list(COUNTS)}", "others")
    return table


def _table(experiment: str, table: pd.DataFrame, order: Iterable[str]) -> Table:
    groups = dict(list(table.groupby(["column", "system"])))
    systems = sort_systems(table["system"], order)
    keys = product(dict.fromkeys(table["column"]), systems)
    rows = [
        [system, column, *_cells(groups[column, system])]
        for column, system in keys
        if (column, system) in groups
    ]
    caption = f"{experiment}: probes of the embeddings, mean over runs"
    return Table(caption, HEADER, rows)


def _cells(rows: pd.DataFrame) -> list[str]:
    """The cells of a system and a column after their names."""
    trained, untrained = (
        rows[rows["network"] == name].set_index(["fold", "repeat"]) for name in NETWORKS
    )
    scored = trained[trained["uar"].notna()]
    counted = trained if scored.empty else scored
    return [
        ", ".join(dict.fromkeys(trained["test"])),
        str(len(scored)),
        *(number_range(counted[name]) for name in (COUNTS[0], *COUNTS[2:])),
        mean_and_deviation(trained["uar"]),
        mean_and_deviation(untrained["uar"]),
        _difference(trained["uar"] - untrained["uar"]),
        percent(trained["chance"].mean()),
    ]


def _difference(values: pd.Series) -> str:
    """The mean of differences in percentage points, with its standard deviation."""
    if not values.count():
        return NO_VALUE
    deviation = f" ± {percent(values.std())}" if values.count() > 1 else ""
    return f"{points(values.mean())}{deviation}"


def _notes(experiment: str, table: pd.DataFrame, order: Iterable[str]) -> list[str]:
    """What was left out, and what could not be read, of the trained networks."""
    trained = table[table["network"] == TRAINED]
    texts = []
    for column, rows in trained.groupby("column", sort=False):
        if (rows["left_out"] > 0).any():
            texts.append(
                f"{experiment}, {column}: classes that only one side has and that are "
                f"left out: {number_range(rows['left_out'])}."
            )
        for reason, failed in rows[rows["uar"].isna()].groupby("reason", sort=False):
            systems = ", ".join(sort_systems(failed["system"], order))
            texts.append(
                f"{experiment}, {column}: nothing is read in {len(failed)} of "
                f"{len(rows)} runs ({systems}), because {reason}."
            )
    return texts
