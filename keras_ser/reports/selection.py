"""What selected each run's epoch, what it lacks, that no speaker is on two sides."""

import functools
from pathlib import Path

import pandas as pd

from keras_ser.reports.reading import RUN, bad, read_metrics
from keras_ser.reports.text import NOTHING, natural, rank, text_of

SIDES = ("train", "dev", "test")
SKIPPED = "skipped.csv"
SHOWN = 6


def selection(runs, order: list[str]) -> list[tuple]:
    """What selected the epochs, and the speakers on two sides of a fold."""
    table = pd.DataFrame([_choice(*run) for run in runs])
    blocks = [("heading", 2, "What selected the epoch")]
    for name, part in table.groupby("experiment", sort=False):
        blocks += _of_experiment(name, part, order)
        trained = part[part["updates"] != NOTHING]  # by updates at all
        if (trained.groupby("fold")["updates"].nunique() > 1).any():
            warning = f"WARNING: in {name} the systems differ in updates an epoch."
            blocks.append(("text", warning))
    fine = f"Speakers shared between train, dev and test: none ({len(table)} runs)."
    errors = [f"ERROR: {line}" for line in _shared(table)]
    told = _on_purpose(table)
    texts = [*(errors or [fine] * (not told)), *told, _skipped(runs)]
    return blocks + [("text", text) for text in texts]


def shared_speakers(runs) -> list[str]:
    """A line for each run and two sides of it that share a speaker."""
    return _shared(pd.DataFrame([_choice(*run) for run in runs]))


def _skipped(runs) -> str:
    """What runs went on without, as their `skipped.csv` say."""
    lists = [folder / SKIPPED for _, folder, _ in runs if (folder / SKIPPED).exists()]
    names = set().union(*(_utterances(path) for path in lists))
    if not names:
        return "Utterances skipped for want of usable audio: none."
    shown = sorted(names, key=natural)[:SHOWN]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return (
        f"WARNING: utterances skipped for want of usable audio: {len(names)}, in "
        f"{len(lists)} of {len(runs)} runs: {', '.join(shown)}{more} ({SKIPPED} of "
        "these runs says why)."
    )


def _utterances(path: Path) -> set[str]:
    try:
        return set(pd.read_csv(path, dtype=str)["utterance"])
    except (ValueError, KeyError) as error:
        raise bad(path, "a CSV file with the column `utterance`", error) from error


def _of_experiment(name: str, table: pd.DataFrame, order: list) -> list[tuple]:
    """The table of epochs; a line on systems that have none."""
    without = table.groupby("system")["epoch"].transform(lambda e: (e == NOTHING).all())
    blocks = []
    if not without.all():
        blocks.append(_selection_table(name, table[~without], order))
    for selected_by, part in table[without].groupby("selected_by"):
        systems = sorted(set(part["system"]), key=functools.partial(rank, order))
        blocks.append(("text", f"{', '.join(systems)}: selected by {selected_by}."))
    return blocks


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


def _on_purpose(table: pd.DataFrame) -> list[str]:
    """What is to be said of runs whose protocol lets test speakers select."""
    folds = sorted(set(table["fold"][table["test_speakers_select"]]), key=natural)
    if not folds:
        return []
    return [
        "WARNING: by their protocol, speakers who are tested chose the epoch, on other "
        f"utterances than those tested, in fold {', '.join(folds)}: its scores are too "
        "good by as much. No speaker of the training speech is tested."
    ]


def _shared(table: pd.DataFrame) -> list[str]:
    lines = []
    for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        for run in table.to_dict("records"):
            if (one, other) == ("dev", "test") and run["test_speakers_select"]:
                continue
            names = sorted(run[one] & run[other], key=natural)
            if names:
                job = f"{run['system']}, fold {run['fold']} repeat {run['repeat']}"
                what = f"speakers shared between {one} and {other}: "
                lines.append(f"{what}{', '.join(names)} ({job}).")
    return lines


def _choice(key: tuple, folder: Path, predictions: pd.DataFrame) -> dict:
    path, metrics = read_metrics(folder)
    sides = _sides(path, metrics["speakers"])
    # Whoever was predicted was tested, whatever metrics.json says.
    sides["test"] |= set(predictions["speaker"])
    history = folder / "history.csv"
    run = f" of {_epochs(history)}" if history.is_file() else ""
    return {
        **dict(zip(RUN, key, strict=True)),
        "selected_by": str(metrics["selected_by"]),
        "test_speakers_select": metrics.get("test_speakers_select") is True,
        "updates": text_of(metrics.get("updates_per_epoch")),
        "epoch": text_of(metrics.get("epoch")) + run,
        **sides,
    }


def _epochs(path: Path) -> int:
    """How many epochs a history.csv holds."""
    try:
        rows = len(pd.read_csv(path))
    # ValueError covers pandas' errors of empty files and of parsing, and encodings.
    except ValueError as error:
        raise bad(path, "a CSV file in UTF-8, a row an epoch", error) from error
    if not rows:
        raise bad(path, "a CSV file with at least one row, an epoch each", "no row")
    return rows


def _sides(path: Path, speakers) -> dict[str, set[str]]:
    """Names of each side; a side left out would look as if it shared nobody."""
    if not isinstance(speakers, dict) or not all(
        isinstance(speakers.get(side), list)
        and all(isinstance(name, str) for name in speakers[side])
        for side in SIDES
    ):
        expected = f"`speakers` with a list of names each for {', '.join(SIDES)}"
        raise bad(path, expected, speakers)
    return {side: set(speakers[side]) for side in SIDES}
