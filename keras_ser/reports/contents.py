"""What a report says, as the blocks that `writing` renders."""

from collections.abc import Iterable

import pandas as pd

from keras_ser.reports import breakdowns, comparison
from keras_ser.reports.blocks import Block, Figure, Heading, Text
from keras_ser.reports.fractions import label_fraction_blocks
from keras_ser.reports.heads import augmentation_head_blocks
from keras_ser.reports.main_table import main_table_blocks
from keras_ser.reports.published import published_blocks
from keras_ser.reports.reading import Run, collect_settings
from keras_ser.reports.run_files import HEAD
from keras_ser.reports.selection import selection_blocks
from keras_ser.reports.settings import normalisation_notes, settings_blocks
from keras_ser.reports.test_sets import add_test_sets, format_test_set
from keras_ser.reports.text import group_key, slug, sort_names, sort_systems

GROUP = ["experiment", "test_set", "condition"]  # columns; each group has a section
HOW_TO_READ = (
    "UAR (unweighted average recall) is the mean recall of the classes that have a "
    "true utterance. WA (weighted accuracy) is the share of correct predictions. Both "
    "pool all test utterances and all repeats. In brackets: the 95 % interval over "
    "2000 bootstrap draws of whole speakers. An interval with the mark ‡ has fewer "
    "than 6 speakers; it is over draws of single utterances, each with all of its "
    "repeats, and says nothing about other speakers. Δ is the pooled UAR of a system "
    "minus that of the system that the caption of the table names, in percentage "
    "points; its interval comes from the same draws for both systems. After ±: the "
    "sample standard deviation of the rows above. The UAR of a fold is the mean over "
    "its repeats. A fold or speaker that lacks classes is averaged over the classes "
    "that it has."
)


def contents(
    runs: list[Run], order: Iterable[str] = (), reference: str | None = None
) -> list[Block]:
    """All blocks of the report of complete runs.

    Args:
        runs: From `reading.read_runs`.
        order: Systems that come first.
        reference: The system that the others are compared with; default: that of the
            config, else as `comparison.choose_reference` chooses.

    Raises:
        FileNotFoundError: If a metrics.json is missing.
        ValueError: If there are no labelled predictions of the emotion, if the
            reference is not a system, if a file of a run is invalid, or if two
            figures would have the same file name.
    """
    order = list(order)
    settings = collect_settings(runs)
    table = add_test_sets(runs, settings)
    heads = sort_names(table["head"])
    table = table[table["head"] == HEAD]
    _check_labelled(table, heads)
    comparison.check_reference(reference, table["system"])
    title = f"Results: {', '.join(sort_names(table['experiment']))}"
    blocks: list[Block] = [Heading(title, 1), Text(HOW_TO_READ)]
    blocks += settings_blocks(runs, settings, order)
    blocks += _groups(table, settings, order, reference)
    blocks += label_fraction_blocks(settings, table) + published_blocks(settings, table)
    blocks += augmentation_head_blocks(runs, order) + selection_blocks(runs, order)
    _check_figure_names(blocks)
    return blocks


def _groups(
    table: pd.DataFrame,
    settings: dict[str, dict],
    order: list[str],
    reference: str | None,
) -> list[Block]:
    """The sections of all experiments, test sets and conditions."""
    varying = [column for column in GROUP if table[column].nunique() > 1]
    groups = {key: rows for key, rows in table.groupby(GROUP, sort=False)}
    notes = normalisation_notes(settings)
    blocks: list[Block] = []
    for key in sorted(groups, key=group_key):
        group = dict(zip(GROUP, key, strict=True))
        experiment = group["experiment"]
        own = table[table["experiment"] == experiment]
        systems = sort_systems(own["system"], order)
        named = reference or settings[experiment].get("reference")
        blocks += _group(
            group,
            groups[key],
            systems,
            comparison.choose_reference(systems, named),
            note=notes[experiment],
            suffix="".join(f"_{slug(group[column])}" for column in varying),
        )
    return blocks


def _group(
    group: dict[str, str],
    rows: pd.DataFrame,
    systems: list[str],
    reference: str,
    note: str,
    suffix: str,
) -> list[Block]:
    """The section of one test set under one condition."""
    title = f"{format_test_set(group['test_set'])}, {group['condition']}"
    scored = rows[rows["truth"] != ""]
    unscored = len(rows) - len(scored)
    blocks: list[Block] = [
        Heading(f"{group['experiment']}: {title}", 2),
        Text(f"Predictions without a true label, which are not scored: {unscored}."),
    ]
    by_system = {name: scored[scored["system"] == name] for name in systems}
    by_system = {name: part for name, part in by_system.items() if len(part)}
    if not by_system:
        return blocks
    return [
        *blocks,
        *main_table_blocks(title, systems, by_system, reference, note),
        *breakdowns.repeat_table(title, by_system),
        breakdowns.fold_table(title, by_system),
        *breakdowns.speaker_blocks(title, by_system, suffix),
        *breakdowns.confusion_blocks(title, by_system, suffix),
    ]


def _check_labelled(table: pd.DataFrame, heads: list[str]) -> None:
    if not (table["truth"] != "").any():
        raise ValueError(
            f"`paths` must hold labelled predictions of the head `{HEAD}`. Received: "
            f"heads {heads}, without labelled predictions of it. Predict a labelled "
            "corpus."
        )


def _check_figure_names(blocks: list[Block]) -> None:
    names = [block.name for block in blocks if isinstance(block, Figure)]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(
            "Systems, corpora and conditions must differ in more than punctuation. "
            f"Received: two figures for {repeated}. Rename one, or report them "
            "separately."
        )
