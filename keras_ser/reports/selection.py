"""What selected each run's epoch, and the speakers of its training and test side."""

import io
import math
from collections.abc import Iterable

import pandas as pd

from keras_ser.reports import fold_means
from keras_ser.reports.blocks import Block, Heading, Table, Text
from keras_ser.reports.reading import Paths, Run, read_runs
from keras_ser.reports.run_files import (
    RunPath,
    invalid_file,
    read_bytes,
    read_history,
)
from keras_ser.reports.text import (
    NO_VALUE,
    as_text,
    natural_key,
    number,
    sort_names,
    sort_systems,
)

SIDES = ("train", "dev", "test")
# Sides that share speakers in some protocols, and the entry of metrics.json for it.
INTENDED = {
    ("dev", "test"): "test_speakers_select",
    ("train", "dev"): "train_speakers_select",
}
SKIPPED = "skipped.csv"
MAX_SKIPPED = 6  # skipped utterances that a report names


def shared_speakers(paths: Paths) -> list[str]:
    """One line per run and pair of its sides that share a speaker; empty if none do.

    The lines come from `metrics.json` and from the speakers of `predictions.csv`.
    The report holds the same lines, as errors.

    Args:
        paths: As for `reports.read`.

    Raises:
        FileNotFoundError: As `reports.read`, and if a metrics.json is missing.
        ValueError: As `reports.read`, and if a metrics.json does not name speakers.
    """
    return _shared_speakers(_read_selections(read_runs(paths)))


def check_speakers(paths: Paths) -> None:
    """Rejects runs in which a speaker is on two sides of a fold.

    Args:
        paths: As for `reports.read`.

    Raises:
        RuntimeError: If the sides of a fold share a speaker.
        FileNotFoundError: As `shared_speakers`.
        ValueError: As `shared_speakers`.
    """
    shared = shared_speakers(paths)
    if shared:
        raise RuntimeError(
            "The sides of a fold must share no speaker. Received: "
            f"{len(shared)} that do, the first: {shared[0]} The report lists all. "
            "Correct the corpus's speaker names and run again."
        )


def selection_blocks(runs: list[Run], order: Iterable[str] = ()) -> list[Block]:
    """What selected the epochs, shared speakers and ratings, and skipped utterances.

    Args:
        runs: From `reading.read_runs`.
        order: Systems that come first.
    """
    table = _read_selections(runs)
    blocks: list[Block] = [Heading("How the epochs were selected", 2)]
    for name, part in table.groupby("experiment", sort=False):
        blocks += _experiment_blocks(name, part, order)
        blocks += _alpha_blocks(name, part, order)
        trained = part[part["updates"] != NO_VALUE]
        if (trained.groupby("fold")["updates"].nunique() > 1).any():
            warning = f"WARNING: in {name}, the systems differ in updates per epoch."
            blocks.append(Text(warning))
    texts = [*_describe_speakers(table), *_describe_ratings(runs)]
    texts.append(_describe_skipped(runs))
    return blocks + [Text(text) for text in texts]


def _experiment_blocks(
    name: str, table: pd.DataFrame, order: Iterable[str]
) -> list[Block]:
    """The table of epochs, and a line on the systems that have none."""
    epochs = table.groupby("system")["epoch"]
    without = epochs.transform(lambda each: (each == NO_VALUE).all())
    blocks: list[Block] = []
    if not without.all():
        blocks.append(_epoch_table(name, table[~without], order))
    for selected_by, part in table[without].groupby("selected_by"):
        systems = ", ".join(sort_systems(part["system"], order))
        blocks.append(Text(f"{systems}: selected by {selected_by}."))
    return blocks


def _epoch_table(experiment: str, table: pd.DataFrame, order: Iterable[str]) -> Table:
    systems = sort_systems(table["system"], order)
    groups = {key: part for key, part in table.groupby(["fold", "selected_by"])}
    rows = []
    for fold, selected_by in sorted(
        groups, key=lambda group: (natural_key(group[0]), group[1])
    ):
        part = groups[fold, selected_by]
        epochs = part.groupby("system")["epoch"].agg(", ".join)
        updates = ", ".join(dict.fromkeys(part["updates"]))
        chosen = [epochs.get(name, NO_VALUE) for name in systems]
        rows.append([fold, selected_by, updates, *chosen])
    kind = "last" if table["tests_last"].all() else "selected"
    caption = (
        f"{experiment}: {kind} epoch of each repeat, counted from 1, and the number "
        "of epochs that were run"
    )
    header = ["Fold", "Selected by", "Updates per epoch", *systems]
    return Table(caption, header, rows)


def _alpha_blocks(name: str, table: pd.DataFrame, order: Iterable[str]) -> list[Block]:
    """The weight of the attributes in the loss of the tested models, if one has it."""
    known = table[table["alpha"].notna()]
    if known.empty:
        return []
    groups = dict(list(known.groupby("system")["alpha"]))
    rows = [
        [system, str(len(groups[system])), _mean_and_range(groups[system])]
        for system in sort_systems(groups, order)
    ]
    caption = (
        f"{name}: α, the weight of the attributes in the loss, at the epoch that is "
        "tested, mean over runs, with the range where they differ"
    )
    return [Table(caption, ["System", "Runs", "α"], rows)]


def _mean_and_range(values: pd.Series) -> str:
    low, high = number(values.min()), number(values.max())
    return low if low == high else f"{number(values.mean())} ({low} to {high})"


def _describe_speakers(table: pd.DataFrame) -> list[str]:
    """Lines on shared speakers: errors, intended ones, or that there are none."""
    errors = [f"ERROR: {line}" for line in _shared_speakers(table)]
    intended = _intended(table)
    if errors or intended:
        return errors + intended
    return [f"Speakers shared between train, dev and test: none ({len(table)} runs)."]


def _intended(table: pd.DataFrame) -> list[str]:
    """The warning on runs whose protocol lets known speakers select the epoch."""
    return [*_test_speakers_select(table), *_train_speakers_select(table)]


def _test_speakers_select(table: pd.DataFrame) -> list[str]:
    shared = table["test_speakers_select"]
    folds = sort_names(table["fold"][shared & ~table["tests_last"]])
    others = sort_names(table["fold"][shared & table["tests_last"]])
    texts = [
        "WARNING: the protocol lets test speakers select the epoch, with utterances "
        f"that are not tested, in fold {', '.join(folds)}. The scores of such a fold "
        "are optimistic. No test speaker is among the training speakers.",
        "The development speech has test speakers, with utterances that are not "
        f"tested, in fold {', '.join(others)}. They select no epoch, because the last "
        "one is tested. No test speaker is among the training speakers.",
    ]
    return [text for text, named in zip(texts, (folds, others), strict=True) if named]


def _train_speakers_select(table: pd.DataFrame) -> list[str]:
    shared = table["train_speakers_select"]
    if not shared.any():
        return []
    folds = ", ".join(sort_names(table["fold"][shared]))
    selects = "They select no epoch, because the last one is tested."
    chosen = table["has_epochs"] & ~table["tests_last"]
    if chosen[shared].any():
        selects = "The epoch that they select may suit new speakers badly."
    return [
        "The development speech has training speakers, with utterances that are not "
        f"trained on, in fold {folds}, because the corpus has too few speakers. "
        f"{selects} No test speaker is among the training speakers."
    ]


def _describe_ratings(runs: list[Run]) -> list[str]:
    """The warning on experiments in which ratings of test speakers define classes."""
    found = [run for run in runs if run.metrics.get("clusters") is not None]
    names = sort_names(
        run.experiment for run in found if not fold_means.varies(run.config)
    )
    if not names:
        return []
    return [
        f"WARNING: in {', '.join(names)}, the classes are clusters of the ratings of "
        "all labelled utterances, so that ratings of test speakers help define the "
        "classes. The scores may be optimistic."
    ]


def _shared_speakers(table: pd.DataFrame) -> list[str]:
    lines = []
    for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        for run in table.to_dict("records"):
            intended = INTENDED.get((one, other))
            if intended and run[intended]:
                continue
            names = sort_names(run[one] & run[other])
            if names:
                job = f"{run['system']}, fold {run['fold']} repeat {run['repeat']}"
                what = f"speakers shared between {one} and {other}: "
                lines.append(f"{what}{', '.join(names)} ({job}).")
    return lines


def _describe_skipped(runs: list[Run]) -> str:
    """The utterances that runs left out, which their `skipped.csv` list."""
    paths = [run.folder / SKIPPED for run in runs]
    paths = [path for path in paths if path.exists()]
    names = set().union(*map(_read_skipped, paths))
    if not names:
        return "Utterances skipped because their audio is not usable: none."
    named = sort_names(names)[:MAX_SKIPPED]
    rest = len(names) - len(named)
    more = f" and {rest} more" if rest else ""
    return (
        f"WARNING: utterances skipped because their audio is not usable: {len(names)}, "
        f"in {len(paths)} of {len(runs)} runs: {', '.join(named)}{more} (see {SKIPPED} "
        "of these runs for the reasons)."
    )


def _read_skipped(path: RunPath) -> set[str]:
    try:
        return set(_read_csv(path, dtype=str)["utterance"])
    except (ValueError, KeyError) as error:
        expected = "a CSV file with the column `utterance`"
        raise invalid_file(path, expected, error) from error


def _read_selections(runs: list[Run]) -> pd.DataFrame:
    """One row per run: what selected its epoch, and the speakers of each side."""
    return pd.DataFrame([_read_selection(run) for run in runs])


def _read_selection(run: Run) -> dict:
    metrics = run.metrics
    sides = _read_sides(run)
    # Whoever has predictions was tested, whatever metrics.json says.
    sides["test"] |= set(run.predictions["speaker"])
    history = run.folder / "history.csv"
    epochs = f" of {len(read_history(history))}" if history.is_file() else ""
    return {
        **run.identity,
        "selected_by": str(metrics["selected_by"]),
        **{name: metrics.get(name) is True for name in INTENDED.values()},
        "tests_last": _tests_last(run),
        "has_epochs": metrics.get("epoch") is not None,
        "updates": as_text(metrics.get("updates_per_epoch")),
        "epoch": as_text(metrics.get("epoch")) + epochs,
        "alpha": _read_alpha(run),
        **sides,
    }


def _read_alpha(run: Run) -> float:
    """The weight of the attributes in the loss of the tested model; NaN without one."""
    value = run.metrics.get("alpha")
    if value is None:
        return math.nan
    if type(value) not in (int, float) or not 0 <= value <= 1:
        expected = "a number from 0 to 1 as `alpha`"
        raise invalid_file(run.folder / "metrics.json", expected, repr(value))
    return float(value)


def _tests_last(run: Run) -> bool:
    """Whether the last epoch was tested, so that nothing selected one."""
    select = run.config.get("training", {}).get("select")
    return select == "last" and run.metrics.get("epoch") is not None


def _read_csv(path: RunPath, **options) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(read_bytes(path)), **options)


def _read_sides(run: Run) -> dict[str, set[str]]:
    """The speakers of each side. A missing side would seem to share no speaker."""
    speakers = run.metrics["speakers"]
    if not isinstance(speakers, dict) or not all(
        isinstance(speakers.get(side), list)
        and all(isinstance(name, str) for name in speakers[side])
        for side in SIDES
    ):
        expected = f"`speakers` with a list of names for each of {', '.join(SIDES)}"
        raise invalid_file(run.folder / "metrics.json", expected, speakers)
    return {side: set(speakers[side]) for side in SIDES}
