"""Measured scores next to those that a paper printed."""

import functools
from collections.abc import Iterable

import pandas as pd

from keras_ser import conditions, figures
from keras_ser.reports.blocks import Block, Figure, Heading, Table, Text
from keras_ser.reports.cells import UAR_COLUMNS, uar_interval, uar_with_interval
from keras_ser.reports.published_figures import SPREADS, load_published
from keras_ser.reports.test_sets import ARROW, COLON, format_test_set
from keras_ser.reports.text import NO_VALUE, slug

OTHER_CORPUS, OTHER_TABLE, SYNTHETIC, OTHER_NOISE = "†", "‖", "§", "¶"
OTHER_TRAINING = "⋆"
PAPER_TITLES = {
    "mtl_aug": "Latif et al. 2022 (MTL-AUG)",
    "robust_densenet": "Latif et al., Interspeech 2020 (DenseNet)",
    "ss_aae": "Rana et al., arXiv 1907.06078 (SS-AAE)",
    "in_the_wild": "Parry et al., Interspeech 2022 (attributes in the wild)",
}
PAPER_NOISE = "demand"
LEGEND = {
    OTHER_CORPUS: "Another corpus than the paper's: only the order of the systems can "
    "be compared, not the scores themselves.",
    OTHER_TRAINING: "Trained on other corpora than the paper's: only the order of the "
    "systems can be compared, not the scores themselves.",
    OTHER_TABLE: "Another part of the corpus than the paper's: only the order of the "
    "systems can be compared, not the scores themselves.",
    SYNTHETIC: "Synthetic speech: shows that the code runs, but says nothing about the "
    "systems.",
    OTHER_NOISE: "Noise of `{noise}`, not of the paper's DEMAND corpus.",
}
Column = tuple[str, str]  # test set and condition
Measured = dict[Column, dict[str, pd.DataFrame]]  # predictions by column and system


def parse(name: str) -> pd.DataFrame:
    """The published figures with a name such as `mtl_aug:2`.

    Args:
        name: Paper and table, separated by a colon, or several tables such as
            `in_the_wild:2+3`. A figure that several of them print comes once.

    Returns:
        DataFrame as from `load_published`.

    Raises:
        ValueError: If there are no figures with this name.
    """
    paper, colon, table = name.partition(":")
    if not colon:
        raise ValueError(
            "Published figures must be named `paper:table`, such as mtl_aug:2. "
            f"Received: {name!r}. Add the table."
        )
    found = [load_published(paper, each) for each in table.split("+")]
    keys = ["row", "corpus", "condition"]
    return pd.concat(found).drop_duplicates(keys, ignore_index=True)


def published_blocks(settings: dict[str, dict], table: pd.DataFrame) -> list[Block]:
    """The blocks of all experiments whose config names published figures.

    Args:
        settings: From `reading.collect_settings`.
        table: Predictions of the main heads, with the column `test_set`.
    """
    names: dict[str, str] = {
        experiment: own["published"]
        for experiment, own in settings.items()
        if own.get("published")
    }
    blocks: list[Block] = []
    for experiment, name in names.items():
        rows = table[(table["experiment"] == experiment) & (table["truth"] != "")]
        noise = settings[experiment].get("noise", "")
        suffix = f"_{slug(experiment)}" if len(names) > 1 else ""
        file = f"published{suffix}.png"
        blocks += compare_with_published(name, group_measured(rows), noise, file)
    return blocks


def group_measured(rows: pd.DataFrame) -> Measured:
    """The rows of each system, by test set and condition as papers call it.

    Args:
        rows: Predictions of one head, with the column `test_set`.
    """
    measured: Measured = {}
    for key, part in rows.groupby(["test_set", "condition", "system"], sort=True):
        test_set, condition, system = key
        column = test_set, conditions.published_name(condition)
        measured.setdefault(column, {})[system] = part
    return measured


def compare_with_published(
    name: str, measured: Measured, noise: str = "", file: str = "published.png"
) -> list[Block]:
    """A table of published and measured UAR, one row per system, and its figure.

    A test set that is not among the corpora of the published table is marked. Another
    part of such a corpus and synthetic speech have marks of their own. Only the order
    of the systems can be compared there. Noise that is not the paper's is marked, too.

    Args:
        name: Name of the published figures, such as `mtl_aug:2`.
        measured: Predictions of each system, by test set (`emodb`, `emodb>ravdess`)
            and condition (`clean`, `10 dB`).
        noise: Name of the corpus of the noise that was mixed in.
        file: Name of the figure's file.

    Returns:
        The blocks. If none of the figures is available, they are a heading and the
        notes, which say why.

    Raises:
        ValueError: If there are no figures with this name.
    """
    printed = parse(name)
    paper, _, number = name.partition(":")
    number = number if number.startswith("figure") else _tables(number)
    heading = Heading(f"Published figures of {number}", 2)
    remarks = Text(f"Notes on the published figures: {_notes(printed)}")
    if printed.value.isna().all():  # not available
        return [heading, remarks]
    measured = _sort_columns(measured, printed)
    systems = [system for by_system in measured.values() for system in by_system]
    rows = list(dict.fromkeys([*printed.row, *systems]))
    marks = {column: _marks(*column, printed, noise) for column in measured}
    title = f"{PAPER_TITLES[paper]}, {number}: UAR %, published and measured"
    used = sorted(set().union(*marks.values()))
    legend = [f"{mark} {LEGEND[mark].format(noise=noise)}" for mark in used]
    panels = _panels(printed, measured, marks, rows)
    draw = functools.partial(
        figures.measured_and_published, *panels, title, notes=legend
    )
    return [
        heading,
        Table(title, *_header_and_rows(printed, measured, marks, rows)),
        *map(Text, [_explain_cells(paper), *legend]),
        remarks,
        Figure(file, title, draw),
    ]


def _tables(number: str) -> str:
    """What one or several tables are called: `Table 2`, or `Tables 2 and 3`."""
    names = number.split("+")
    if len(names) == 1:
        return f"Table {number}"
    return f"Tables {', '.join(names[:-1])} and {names[-1]}"


def _header_and_rows(
    printed: pd.DataFrame,
    measured: Measured,
    marks: dict[Column, str],
    rows: Iterable[str],
) -> tuple[list[str], list[list[str]]]:
    """Columns of published scores, then columns of measured ones."""
    columns = list(dict.fromkeys(zip(printed.corpus, printed.condition, strict=True)))
    header = [
        "System",
        *(f"published: {_title(*column)}" for column in columns),
        *(f"measured: {_title(*each)}{_after(marks[each])}" for each in measured),
    ]
    cells = [
        [
            row,
            *(_published_cell(printed, row, *column) for column in columns),
            *(_measured_cell(by_system.get(row)) for by_system in measured.values()),
        ]
        for row in rows
    ]
    return header, cells


def _sort_columns(measured: Measured, printed: pd.DataFrame) -> Measured:
    """Sorted by test set, then by condition: `clean`, then in the paper's order."""
    order = ["clean", *dict.fromkeys(printed.condition)]

    def key(column: Column) -> tuple:
        test_set, condition = column
        known = condition in order
        return test_set, order.index(condition) if known else len(order), condition

    return {column: measured[column] for column in sorted(measured, key=key)}


def _marks(test_set: str, condition: str, printed: pd.DataFrame, noise: str) -> str:
    """The marks of a column, such as `†¶`."""
    marks = ""
    corpora = test_set.partition(COLON)[0]
    if "synthetic" in corpora:
        marks += SYNTHETIC
    elif test_set not in set(printed.corpus):
        marks += _other_speech(corpora, set(printed.corpus))
    if noise and noise != PAPER_NOISE and condition.endswith(" dB"):
        marks += OTHER_NOISE
    return marks


def _other_speech(corpora: str, printed: set[str]) -> str:
    """The mark of a test set that the paper does not have."""
    if corpora in printed:
        return OTHER_TABLE
    tested = [each.partition(ARROW)[2] for each in (corpora, *printed)]
    return OTHER_TRAINING if tested[0] and tested[0] in tested[1:] else OTHER_CORPUS


def _after(marks: str) -> str:
    return f" {marks}" if marks else ""


def _title(test_set: str, condition: str) -> str:
    title = format_test_set(test_set)
    return title if condition == "clean" else f"{title}, {condition}"


def _published_cell(printed, row: str, corpus: str, condition: str) -> str:
    found = printed[
        (printed.row == row)
        & (printed.corpus == corpus)
        & (printed.condition == condition)
    ]
    if found.empty or pd.isna(found.value.iloc[0]):
        return NO_VALUE
    value, spread = found.value.iloc[0], found.spread.iloc[0]
    return f"{value:.1f}" if pd.isna(spread) else f"{value:.1f} ± {spread:.1f}"


def _measured_cell(rows: pd.DataFrame | None) -> str:
    return NO_VALUE if rows is None or rows.empty else uar_with_interval(rows)


def _panels(
    printed: pd.DataFrame,
    measured: Measured,
    marks: dict[Column, str],
    rows: list[str],
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Measured and printed scores in percent, by the title of their panel.

    A test set and condition that both have share a panel.
    """
    values, papers = {}, {}
    for column, by_system in measured.items():
        title = f"{_title(*column)}{_after(marks[column])}"
        found = {row: uar_interval(part) for row, part in by_system.items()}
        frame = pd.DataFrame.from_dict(found, orient="index", columns=UAR_COLUMNS)
        values[title] = (100 * frame).reindex(rows)
    for column, part in printed.groupby(["corpus", "condition"], sort=False):
        by_row = part.set_index("row")[["value", "spread"]].reindex(rows)
        if by_row.value.notna().any():
            papers[_title(*column)] = by_row
    return values, papers


def _explain_cells(paper: str) -> str:
    return (
        f"After ± in published figures: {SPREADS[paper]}. Measured figures have the "
        "interval, and with repeats the standard deviation over seeds, of the other "
        f"tables. {NO_VALUE}: not printed, or not run."
    )


def _notes(printed: pd.DataFrame) -> str:
    noted = printed[printed.note != ""]
    notes = dict.fromkeys(zip(noted.row, noted.note, strict=True))
    return "; ".join(f"{row}: {note}" for row, note in notes) or "none."
