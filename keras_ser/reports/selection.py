"""What selected each run's epoch, and that no speaker is on two sides."""

import functools
from pathlib import Path

import pandas as pd

from keras_ser import files
from keras_ser.reports.reading import RUN, bad, run_file
from keras_ser.reports.text import NOTHING, natural, rank, text_of

SIDES = ("train", "dev", "test")


def selection(runs, order: list[str]) -> list[tuple]:
    """What selected the epochs, and the speakers on two sides of a fold."""
    table = pd.DataFrame([_choice(*run) for run in runs])
    blocks = [("heading", 2, "What selected the epoch")]
    for name, part in table.groupby("experiment", sort=False):
        blocks.append(_selection_table(name, part, order))
        if (part.groupby("fold")["updates"].nunique() > 1).any():
            warning = f"WARNING: in {name} the systems differ in updates an epoch."
            blocks.append(("text", warning))
    return blocks + _shared(table)


def _selection_table(experiment: str, table: pd.DataFrame, order: list) -> tuple:
    systems = sorted(set(table["system"]), key=functools.partial(rank, order))
    groups = {key: part for key, part in table.groupby(["fold", "selected_by"])}
    rows = []
    for fold, selected_by in sorted(groups, key=lambda key: (natural(key[0]), key[1])):
        part = groups[fold, selected_by]
        epochs = part.groupby("system")["epoch"].agg(", ".join)
        updates = ", ".join(dict.fromkeys(part["updates"]))
        chosen = [epochs.get(name, NOTHING) for name in systems]
        rows.append([fold, selected_by, updates, *chosen])
    caption = f"{experiment}: chosen epoch, counted from 1, of those run in each repeat"
    header = ["Fold", "Selected by", "Updates an epoch", *systems]
    return ("table", caption, header, rows)


def _shared(table: pd.DataFrame) -> list[tuple]:
    blocks = []
    for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        for run in table.to_dict("records"):
            names = sorted(run[one] & run[other], key=natural)
            if names:
                job = f"{run['system']}, fold {run['fold']} repeat {run['repeat']}"
                what = f"ERROR: speakers shared between {one} and {other}: "
                blocks.append(("text", f"{what}{', '.join(names)} ({job})."))
    fine = f"Speakers shared between train, dev and test: none ({len(table)} runs)."
    return blocks or [("text", fine)]


def _choice(key: tuple, folder: Path, predictions: pd.DataFrame) -> dict:
    path = run_file(folder, "metrics.json")
    metrics = files.read_json(path)
    needed = {"speakers", "selected_by"}
    if not isinstance(metrics, dict) or not needed <= set(metrics):
        raise bad(path, f"an object with {sorted(needed)}", type(metrics).__name__)
    sides = {side: set(metrics["speakers"].get(side, ())) for side in SIDES}
    sides["test"] |= set(predictions["speaker"])
    history = folder / "history.csv"
    run = f" of {len(pd.read_csv(history))}" if history.is_file() else ""
    return {
        **dict(zip(RUN, key, strict=True)),
        "selected_by": str(metrics["selected_by"]),
        "updates": text_of(metrics.get("updates_per_epoch")),
        "epoch": text_of(metrics.get("epoch")) + run,
        **sides,
    }
