"""What was measured beside what a paper printed."""

import functools
from collections.abc import Iterable

import pandas as pd

from keras_ser import conditions, figures
from keras_ser.reports.cells import UAR_COLUMNS, uar_interval, uar_with_interval
from keras_ser.reports.published_figures import SPREADS, load
from keras_ser.reports.test_sets import shown
from keras_ser.reports.text import NOTHING, slug

OTHER, SYNTHETIC, NOISE = "†", "§", "¶"
TITLES = {"mtl_aug": "Latif et al. 2022 (MTL-AUG)"}
PAPERS_NOISE = "demand"
LEGEND = {
    OTHER: "Another corpus than the paper's: only the order of systems can be "
    "compared, and no figure with a published one.",
    SYNTHETIC: "Synthetic speech: shows that the code runs, and says nothing of the "
    "systems.",
    NOISE: "Noise of `{noise}`, not of the paper's DEMAND.",
}


def parse(name: str) -> pd.DataFrame:
    """The figures that `mtl_aug:2` names.

    Raises:
        ValueError: it names none.
    """
    paper, colon, table = name.partition(":")
    if not colon:
        raise ValueError(
            f"Published figures are named `paper:table`, mtl_aug:2. Received: {name!r}."
        )
    return load(paper, table)


def comparisons(found: dict[str, dict], table: pd.DataFrame) -> list[tuple]:
    """The blocks of every experiment whose config names published figures.

    Args:
        found: settings, from `reading.settings_of`.
        table: the predictions of the emotion, with the column `place`.
    """
    names = {name: own.get("published") for name, own in found.items()}
    named = [name for name in names if names[name]]
    blocks = []
    for experiment in named:
        rows = table[(table["experiment"] == experiment) & (table["truth"] != "")]
        noise = found[experiment].get("noise", "")
        suffix = f"_{slug(experiment)}" if len(named) > 1 else ""
        file = f"published{suffix}.png"
        blocks += beside(names[experiment], measured(rows), noise, file)
    return blocks


def measured(rows: pd.DataFrame) -> dict[tuple[str, str], dict[str, pd.DataFrame]]:
    """By place and condition, as papers call it, the rows of each system."""
    found: dict = {}
    for key, part in rows.groupby(["place", "condition", "system"], sort=True):
        place, condition, system = key
        column = place, conditions.published_name(condition)
        found.setdefault(column, {})[system] = part
    return found


def beside(
    name: str,
    measured: dict[tuple[str, str], dict[str, pd.DataFrame]],
    noise: str = "",
    file: str = "published.png",
) -> list[tuple]:
    """A table of published and measured UAR, a row a system, and its picture.

    A place that is not among the table's corpora is marked, and synthetic speech by
    another mark: of these only the order of systems can be compared. So is noise
    that is not the paper's.

    Args:
        name: `mtl_aug:2`.
        measured: by place, `emodb` or `emodb>ravdess`, and condition, `clean` or
            `10 dB`, the rows of predictions of each system.
        noise: the corpus of the noise that was mixed in.
        file: of the picture.

    Returns:
        Blocks of a report; of what a paper only draws, what it says of it.
    """
    printed = parse(name)
    paper, _, number = name.partition(":")
    number = number if number.startswith("figure") else f"Table {number}"
    heading = ("heading", 2, f"Beside the published figures of {number}")
    remarks = ("text", f"Of the published figures: {_notes(printed)}")
    if printed.value.isna().all():  # a drawing
        return [heading, remarks]
    measured = _as_printed(measured, printed)
    rows = dict.fromkeys([*printed.row, *(s for by in measured.values() for s in by)])
    marks = {column: _marks(*column, printed, noise) for column in measured}
    title = f"{TITLES[paper]}, {number}: UAR %, published and measured"
    told = sorted(set().union(*marks.values()))
    notes = [f"{mark} {LEGEND[mark].format(noise=noise)}" for mark in told]
    drawn = _drawn(printed, measured, marks, list(rows))
    drawing = functools.partial(figures.beside_published, *drawn, title, notes=notes)
    return [
        heading,
        ("table", title, *_table(printed, measured, marks, rows)),
        *_legend(paper, notes),
        remarks,
        ("figure", file, title, drawing),
    ]


def _table(printed, measured, marks, rows: Iterable[str]) -> tuple[list, list]:
    """Header and rows: what was published, then what was measured."""
    columns = list(dict.fromkeys(zip(printed.corpus, printed.condition, strict=True)))
    header = [
        "System",
        *(f"published: {_title(*column)}" for column in columns),
        *(f"measured: {_title(*each)}{_text(marks[each])}" for each in measured),
    ]
    cells = [
        [
            row,
            *(_published(printed, row, *column) for column in columns),
            *(_measured(by.get(row)) for by in measured.values()),
        ]
        for row in rows
    ]
    return header, cells


def _as_printed(measured: dict, printed: pd.DataFrame) -> dict:
    """The columns place by place, conditions in the paper's order, `clean` first."""
    order = ["clean", *dict.fromkeys(printed.condition)]

    def rank(column: tuple[str, str]) -> tuple:
        place, condition = column
        known = condition in order
        return place, order.index(condition) if known else len(order), condition

    return {column: measured[column] for column in sorted(measured, key=rank)}


def _marks(place: str, condition: str, printed: pd.DataFrame, noise: str) -> list[str]:
    found = []
    if "synthetic" in place:
        found.append(SYNTHETIC)
    elif place not in set(printed.corpus):
        found.append(OTHER)
    if noise and noise != PAPERS_NOISE and condition.endswith(" dB"):
        found.append(NOISE)
    return found


def _text(marks: list[str]) -> str:
    return f" {''.join(marks)}" if marks else ""


def _title(corpus: str, condition: str) -> str:
    where = shown(corpus)
    return where if condition == "clean" else f"{where}, {condition}"


def _cell(printed, row: str, corpus: str, condition: str) -> pd.DataFrame:
    return printed[
        (printed.row == row)
        & (printed.corpus == corpus)
        & (printed.condition == condition)
    ]


def _published(printed, row: str, corpus: str, condition: str) -> str:
    found = _cell(printed, row, corpus, condition)
    if found.empty or pd.isna(found.value.iloc[0]):
        return NOTHING
    value, spread = found.value.iloc[0], found.spread.iloc[0]
    return f"{value:.1f}" if pd.isna(spread) else f"{value:.1f} ± {spread:.1f}"


def _measured(rows: pd.DataFrame | None) -> str:
    return NOTHING if rows is None or rows.empty else uar_with_interval(rows)


def _drawn(printed, measured, marks, rows: list[str]) -> tuple[dict, dict]:
    """Titles of panels to tables in percent: what was measured, what was printed.

    A place and condition that both have share a panel.
    """
    values, papers = {}, {}
    for column, by in measured.items():
        title = f"{_title(*column)}{_text(marks[column])}"
        found = {row: uar_interval(part) for row, part in by.items()}
        frame = pd.DataFrame.from_dict(found, orient="index", columns=UAR_COLUMNS)
        values[title] = (100 * frame).reindex(rows)
    for column, part in printed.groupby(["corpus", "condition"], sort=False):
        by_row = part.set_index("row")[["value", "spread"]].reindex(rows)
        if by_row.value.notna().any():
            papers[_title(*column)] = by_row
    return values, papers


def _legend(paper: str, notes: list[str]) -> list[tuple]:
    told = f"After ± in published figures: {SPREADS[paper]}. In brackets: "
    lines = [
        f"{told}the interval of the tables above. {NOTHING}: not printed, or not run."
    ]
    return [("text", line) for line in [*lines, *notes]]


def _notes(printed: pd.DataFrame) -> str:
    told = printed[printed.note != ""]
    notes = dict.fromkeys(zip(told.row, told.note, strict=True))
    return "; ".join(f"{row}: {note}" for row, note in notes) or "no remark."
