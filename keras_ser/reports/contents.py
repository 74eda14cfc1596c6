"""What a report says, as the blocks that `writing` renders."""

from collections.abc import Iterable

import pandas as pd

from keras_ser.reports import comparison, regression
from keras_ser.reports.adversary import adversary_blocks
from keras_ser.reports.attributes import attribute_blocks
from keras_ser.reports.blocks import Block, Figure, Heading, Text
from keras_ser.reports.calibration import calibration_blocks
from keras_ser.reports.cells import INTERVALS
from keras_ser.reports.environments import environment_texts
from keras_ser.reports.fractions import label_fraction_blocks
from keras_ser.reports.heads import augmentation_head_blocks
from keras_ser.reports.layer_weights import layer_weight_blocks
from keras_ser.reports.missing import missing_texts
from keras_ser.reports.primaries import warn_of_primaries
from keras_ser.reports.probes import probe_blocks
from keras_ser.reports.published import published_blocks
from keras_ser.reports.reading import (
    Run,
    collect_heads,
    collect_settings,
    recorded_names,
)
from keras_ser.reports.sections import section_blocks
from keras_ser.reports.selection import selection_blocks
from keras_ser.reports.settings import settings_blocks
from keras_ser.reports.tasks import Head
from keras_ser.reports.test_sets import add_test_sets, main_rows
from keras_ser.reports.text import sort_names

SCORES = (
    "UAR (unweighted average recall) is the mean recall of the classes that have a "
    "true utterance. WA (weighted accuracy) is the share of correct predictions. Both "
    "pool all test utterances and all repeats."
)
DIFFERENCES = (
    "Δ is the pooled UAR of a system minus that of the system that the caption of the "
    "table names, in percentage points. It has a t interval over the same units, and "
    "the percentile interval of 2000 bootstrap draws of whole units, each of which is "
    "used for both systems. With few units, the bootstrap interval tends to be too "
    "narrow. p is about the printed Δ."
)
BREAKDOWNS = (
    "The last row of a table of repeats or folds holds the mean and, after ±, the "
    "sample standard deviation of the rows above. The UAR of a fold is the mean over "
    "its repeats. A fold or speaker that lacks classes is averaged over the classes "
    "that it has."
)
HOW_TO_READ = (SCORES, INTERVALS, DIFFERENCES, BREAKDOWNS)


def contents(
    runs: list[Run],
    order: Iterable[str] = (),
    reference: str | None = None,
    primary: str | None = None,
) -> list[Block]:
    """All blocks of the report of complete runs.

    Args:
        runs: From `reading.read_runs`.
        order: Systems that come first.
        reference: The system that the others are compared with; default: that of the
            config, else as `comparison.choose_reference` chooses.
        primary: The system of the primary comparison; default: that of the config, if
            it names one.

    Raises:
        FileNotFoundError: If a metrics.json is missing.
        ValueError: If there are no labelled predictions, if the reference is not a
            system, if the primary system is compared in no table, if a file of a run
            is invalid, or if two figures would have the same file name.
    """
    order = list(order)
    settings, heads = collect_settings(runs), collect_heads(runs)
    table = add_test_sets(runs, settings)
    _check_labelled(table)
    comparison.check_reference(reference, table["system"])
    _check_order(order, table["system"])
    title = f"Results: {', '.join(sort_names(table['experiment']))}"
    blocks: list[Block] = [Heading(title, 1), *map(Text, _how_to_read(heads))]
    blocks += settings_blocks(runs, settings, order)
    blocks += map(Text, environment_texts(runs))
    blocks += map(Text, missing_texts(runs))
    blocks += map(Text, warn_of_primaries(runs, primary))
    named = recorded_names(runs), primary
    blocks += section_blocks(table, heads, settings, order, reference, *named)
    main = _main_classes(table, heads)
    blocks += label_fraction_blocks(settings, main) + published_blocks(settings, main)
    blocks += attribute_blocks(runs, order) + probe_blocks(runs, order)
    blocks += augmentation_head_blocks(runs, order) + adversary_blocks(runs, order)
    blocks += layer_weight_blocks(runs, order) + calibration_blocks(runs, order)
    blocks += selection_blocks(runs, order)
    _check_figure_names(blocks)
    return blocks


def _how_to_read(heads: dict[str, tuple[Head, ...]]) -> list[str]:
    numbers = any(head.has_numbers for own in heads.values() for head in own)
    return [*HOW_TO_READ, *([regression.HOW_TO_READ] if numbers else [])]


def _main_classes(
    table: pd.DataFrame, heads: dict[str, tuple[Head, ...]]
) -> pd.DataFrame:
    """The predictions of main heads with classes: papers print their UAR."""
    names = [experiment for experiment, own in heads.items() if not own[0].has_numbers]
    return main_rows(table[table["experiment"].isin(names)], heads)


def _check_labelled(table: pd.DataFrame) -> None:
    if not (table["truth"] != "").any():
        raise ValueError(
            "`paths` must hold labelled predictions. Received: predictions of the "
            f"heads {sort_names(table['head'])} without any label. Predict a labelled "
            "corpus."
        )


def _check_order(order: list[str], systems: pd.Series) -> None:
    unknown = sorted(set(order) - set(systems))
    if unknown:
        raise ValueError(
            f"`systems` must name systems of the runs, {sort_names(systems)}. "
            f"Received: {unknown}. Correct the names, or leave them out."
        )


def _check_figure_names(blocks: list[Block]) -> None:
    # Some file systems do not distinguish capital letters.
    names = [block.name.casefold() for block in blocks if isinstance(block, Figure)]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(
            "Systems, corpora and conditions must differ in more than punctuation. "
            f"Received: two figures for {repeated}. Rename one, or report them "
            "separately."
        )
