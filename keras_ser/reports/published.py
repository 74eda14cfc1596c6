"""What was measured beside what a paper printed."""

import pandas as pd

from keras_ser import published
from keras_ser.reports.cells import uar_with_interval
from keras_ser.reports.text import NOTHING

OTHER, SYNTHETIC = "†", "§"
TITLES = {"mtl_aug": "Latif et al. 2022 (MTL-AUG)"}


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
    return published.load(paper, table)


def beside(name: str, places: dict[str, dict]) -> list[tuple]:
    """A table of published and measured UAR, a row a system.

    A place that is not among the table's corpora is marked, and synthetic speech by
    another mark: of these only the order of systems can be compared.

    Args:
        name: `mtl_aug:2`.
        places: by corpus, `emodb` or `emodb>ravdess`, the rows of predictions of
            each system.

    Returns:
        Blocks of a report.
    """
    figures = parse(name)
    columns = list(dict.fromkeys(zip(figures.corpus, figures.condition, strict=True)))
    rows = list(dict.fromkeys(figures.row))
    rows += [s for by in places.values() for s in by if s not in rows]
    marks = {place: _mark(place, figures) for place in places}
    header = ["System"]
    header += [f"published: {_title(*column)}" for column in columns]
    header += [f"measured: {place}{marks[place]}" for place in places]
    table = [
        [row]
        + [_published(figures, row, *column) for column in columns]
        + [_measured(by.get(row)) for by in places.values()]
        for row in dict.fromkeys(rows)
    ]
    paper, _, number = name.partition(":")
    title = f"{TITLES[paper]}, Table {number}: UAR %, published and measured"
    blocks = [("heading", 2, "Beside the published figures")]
    blocks.append(("table", title, header, table))
    blocks += _legend(paper, set(marks.values()))
    notes = [f"{row}: {note}" for row, note in _notes(figures)]
    return [*blocks, ("text", "Of the published figures: " + "; ".join(notes) + ".")]


def _mark(place: str, figures: pd.DataFrame) -> str:
    if "synthetic" in place:
        return f" {SYNTHETIC}"
    return "" if place in set(figures.corpus) else f" {OTHER}"


def _title(corpus: str, condition: str) -> str:
    where = corpus.replace(">", " → ")
    return where if condition == "clean" else f"{where}, {condition}"


def _published(figures, row: str, corpus: str, condition: str) -> str:
    found = figures[
        (figures.row == row)
        & (figures.corpus == corpus)
        & (figures.condition == condition)
    ]
    if found.empty or pd.isna(found.value.iloc[0]):
        return NOTHING
    value, spread = found.value.iloc[0], found.spread.iloc[0]
    return f"{value:.1f}" if pd.isna(spread) else f"{value:.1f} ± {spread:.1f}"


def _measured(rows: pd.DataFrame | None) -> str:
    return NOTHING if rows is None or rows.empty else uar_with_interval(rows)


def _legend(paper: str, marks: set[str]) -> list[tuple]:
    told = f"After ± in published figures: {published.SPREADS[paper]}. In brackets: "
    lines = [
        f"{told}the interval of the tables above. {NOTHING}: not printed, or not run."
    ]
    if f" {OTHER}" in marks:
        lines.append(
            f"{OTHER} Another corpus than the paper's: only the order of systems can "
            "be compared, and no figure with a published one."
        )
    if f" {SYNTHETIC}" in marks:
        lines.append(
            f"{SYNTHETIC} Synthetic speech: shows that the code runs, and says nothing "
            "of the systems."
        )
    return [("text", line) for line in lines]


def _notes(figures: pd.DataFrame) -> list[tuple[str, str]]:
    told = figures[figures.note != ""]
    return list(dict.fromkeys(zip(told.row, told.note, strict=True)))
