"""The robustness report: tables and one figure of scores under many conditions."""

import functools
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from keras_ser.conditions import CONDITIONS, Condition, parse
from keras_ser.figures import curves
from keras_ser.reports import fold_means, regression
from keras_ser.reports import published as published_tables
from keras_ser.reports.blocks import Block, Figure, Heading, Table, Text
from keras_ser.reports.cells import (
    INTERVALS,
    Measure,
    confined,
    describe_bars,
    interval,
    measure_of,
    score_title,
    with_interval,
)
from keras_ser.reports.explaining import explain_confined
from keras_ser.reports.tasks import UNRECORDED, Head
from keras_ser.reports.test_sets import add_table_names, format_test_set
from keras_ser.reports.text import NO_VALUE, natural_key, slug, sort_names, sort_systems
from keras_ser.reports.trainings import explain as explain_trainings
from keras_ser.reports.units import explain, find_units
from keras_ser.reports.writing import draw_figures, markdown
from keras_ser.robustness import unchanged
from keras_ser.utils import files

NAME = "robustness"
SYSTEM_COLUMNS = ["experiment", "system", "test_set"]
SCORE_COLUMNS = ["score", "low", "high"]
POOLED_COLUMNS = ["fold", "repeat", "utterance"]
FAMILY_COLUMNS = ["axis", "family", "steps"]  # shared by the levels of a condition
HOW_TO_READ = (
    "UAR (unweighted average recall) is the mean recall of the classes that have a "
    "true utterance, pooled over the folds and repeats above. "
    f"{INTERVALS} "
    "The column `clean` is for the same speech, unchanged. All systems are tested on "
    "the same audio: the noise clip and the position in it are drawn from the name of "
    "the utterance. The SNR is the mean power of the speech, in 20 ms frames within "
    "40 dB of the loudest frame, over that of the noise. ε is the largest change of a "
    "normalised feature by an attack that knows the model and the true emotion. A gain "
    "multiplies all samples and clips none. A band limit resamples to twice the limit "
    "and back. Lossy coding is that of libsndfile, with its default compression unless "
    "stated."
)


def write(
    table: pd.DataFrame,
    out: str | Path,
    published: Iterable[str] = (),
    noise: str = "",
    heads: Iterable[Head] = UNRECORDED,
) -> list[Path]:
    """Writes `robustness.md` and, if there are conditions besides `clean`, figures.

    Args:
        table: Predictions with the columns of `predictions.csv`. Each system must
            have predictions under `clean`.
        out: Folder to write to.
        published: Names of published figures to show next to the measured scores,
            such as `mtl_aug:5`. Each has a figure of its own; see `reports.published`.
        noise: Name of the corpus of the noise that was mixed in.
        heads: The heads of the predictions, main head first; see
            `reports.tasks.merge_heads`. Default: the one head of runs that do not
            record their tasks. Published figures concern the main head only.

    Returns:
        The written files.

    Raises:
        ValueError: If no prediction has a label, if published figures are unknown, or
            if none of their conditions was measured.
    """
    blocks = contents(table, published, noise, heads)
    text = files.write_text(Path(out, f"{NAME}.md"), markdown(blocks))
    return [text, *draw_figures(blocks, out)]


def contents(
    table: pd.DataFrame,
    published: Iterable[str] = (),
    noise: str = "",
    heads: Iterable[Head] = UNRECORDED,
) -> list[Block]:
    """The blocks of the robustness report.

    Args:
        table, published, noise, heads: As for `write`.

    Raises:
        ValueError: As `write`.
    """
    labelled = table[table["truth"] != ""]
    labelled = labelled.assign(test_set=add_table_names(labelled, labelled["corpus"]))
    parts = {head: labelled[labelled["head"] == head.name] for head in heads}
    (main, rows), *others = _labelled_heads(parts)
    blocks: list[Block] = [Heading(_title(labelled), 1), *_pooled_blocks(rows)]
    blocks.append(Text(HOW_TO_READ))
    if any(head.has_numbers for head in parts):
        blocks.append(Text(regression.HOW_TO_READ))
    averaged = fold_means.explain({main.name: rows}, "these runs")
    blocks += [Text(averaged)] if averaged else []
    blocks += _score_blocks(rows, main)
    blocks += map(Text, [] if main.has_numbers else unchanged.warnings_of(rows))
    for name in _checked(published, main):
        blocks += _published_blocks(name, rows, noise)
    for head, rows in others:
        blocks += [Heading(f"Head `{head.name}`", 2), *_pooled_blocks(rows)]
        blocks += _score_blocks(rows, head, f"_{head.name}")
    return blocks


def _checked(published: Iterable[str], main: Head) -> list[str]:
    names = list(published)
    if names and main.has_numbers:
        raise ValueError(
            f"`published` needs a main head with classes. Received: {', '.join(names)} "
            f"and the head `{main.name}`, which predicts numbers. Leave these out."
        )
    return names


def _labelled_heads(
    parts: dict[Head, pd.DataFrame],
) -> list[tuple[Head, pd.DataFrame]]:
    """The heads that have labelled predictions, with the names of their rows."""
    found = [
        (head, rows.assign(row=_row_names(rows)))
        for head, rows in parts.items()
        if len(rows)
    ]
    if not found:
        raise ValueError(
            "The robustness report needs labelled predictions. Received: none of the "
            f"heads {[head.name for head in parts]}. Test on a labelled corpus."
        )
    return found


def _score_blocks(rows: pd.DataFrame, head: Head, suffix: str = "") -> list[Block]:
    """The tables of a head, and a figure if it has classes."""
    measure = measure_of(head)
    levels = _scores(rows, measure)
    tables = [
        _table(axis, part, measure) for axis, part in levels.groupby("axis", sort=False)
    ]
    blocks: list[Block] = [*tables]
    found = [confined(part, measure) for _, part in rows.groupby(["row", "condition"])]
    units = {name: find_units(part) for name, part in rows.groupby("row")}
    texts = [explain_confined(found), *explain(units, "Intervals")]
    texts.append(explain_trainings(units))
    texts = [] if fold_means.is_by_fold(rows) else texts
    blocks += [Text(text) for text in texts if text]
    if len(levels) and not head.has_numbers:
        chance = 1 / rows["truth"].nunique()
        draw = functools.partial(curves.draw, _panels(levels), chance=chance)
        caption = f"UAR % under each condition, {describe_bars(tables)}"
        blocks.append(Figure(f"{NAME}{slug(suffix)}.png", caption, draw))
    return blocks


def check_published(name: str, measured: Iterable[str]) -> None:
    """Raises ValueError unless a published figure is of a measured condition.

    Args:
        name: Name of the published figures, such as `mtl_aug:5`.
        measured: The conditions as papers call them; see `conditions.published_name`.
    """
    conditions = set(published_tables.parse(name)["condition"])
    if not conditions & set(measured):
        raise ValueError(
            f"`published` must name figures under conditions that are measured. "
            f"Received: {name}, under {', '.join(sorted(conditions))}. Measure these, "
            "or leave it out."
        )


def _published_blocks(name: str, scored: pd.DataFrame, noise: str) -> list[Block]:
    """A table of published figures next to the measured scores."""
    conditions = set(published_tables.parse(name)["condition"])
    rows = scored.assign(system=scored["row"])
    measured = {
        column: by_system
        for column, by_system in published_tables.group_measured(rows).items()
        if column[1] in {*conditions, "clean"}
    }
    check_published(name, [condition for _, condition in measured])
    file = f"published_{slug(name)}.png"
    return published_tables.compare_with_published(name, measured, noise, file)


def _row_names(scored: pd.DataFrame) -> pd.Series:
    """The system of each prediction.

    Its experiment and test set are added if a system has several of them.
    """
    by_system = scored.groupby("system")
    others = [
        name
        for name in SYSTEM_COLUMNS
        if name != "system" and by_system[name].nunique().max() > 1
    ]
    named = scored.assign(test_set=scored["test_set"].map(format_test_set))
    return named[["system", *others]].agg(", ".join, axis=1)


def _title(scored: pd.DataFrame) -> str:
    experiments = ", ".join(sort_names(scored["experiment"]))
    tested = ", ".join(map(format_test_set, sort_names(scored["test_set"])))
    return f"Robustness: {experiments}, tested on {tested}"


def _pooled_blocks(scored: pd.DataFrame) -> list[Block]:
    """What the scores of each system pool, and whether all pool the same."""
    clean = scored[scored["condition"] == "clean"]
    pooled, rows = [], []
    for name in sort_systems(clean["row"]):
        part = clean[clean["row"] == name]
        pooled.append(set(part[POOLED_COLUMNS].itertuples(index=False, name=None)))
        folds = ", ".join(sort_names(part["fold"]))
        counted = (part["repeat"], part["speaker"], part["utterance"])
        rows.append([name, folds, *(str(each.nunique()) for each in counted)])
    header = ["System", "Folds", "Repeats", "Speakers", "Utterances"]
    blocks = [Table("What is pooled", header, rows)]
    if any(each != pooled[0] for each in pooled):
        warning = "WARNING: the systems were not tested on the same folds, repeats and "
        blocks.append(Text(f"{warning}utterances, so their scores are not comparable."))
    return blocks


def _scores(scored: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """One row per system and level of each family; `clean` is a level of all."""
    lines = []
    for name in sort_systems(scored["row"]):
        own = scored[scored["row"] == name]
        parts = {text: rows for text, rows in own.groupby("condition", sort=False)}
        clean = _score(parts.pop("clean"), measure)
        conditions = sorted(map(parse, parts), key=_family_key)
        found = {each: _score(parts[each.text], measure) for each in conditions}
        for condition, score in found.items():
            level = {"level": condition.level, "tick": condition.tick}
            lines.append({"row": name, **_family(condition), **level, **score})
        for condition in {each.family: each for each in found}.values():
            level = {"level": condition.clean_at, "tick": "clean"}
            lines.append({"row": name, **_family(condition), **level, **clean})
    columns = ["row", *FAMILY_COLUMNS, "level", "tick", *SCORE_COLUMNS, "text"]
    return pd.DataFrame(lines, columns=columns)


def _family_key(condition: Condition) -> tuple:
    """Sort key of a condition's family in the report."""
    return list(CONDITIONS).index(condition.name), natural_key(condition.family)


def _family(condition: Condition) -> dict:
    return {name: getattr(condition, name) for name in FAMILY_COLUMNS}


def _score(rows: pd.DataFrame, measure: Measure) -> dict:
    score = dict(zip(SCORE_COLUMNS, interval(rows, measure), strict=True))
    return {**score, "text": with_interval(rows, measure)}


def _ticks(levels: pd.DataFrame) -> list[str]:
    """The levels of a quantity, in their order."""
    ticks = levels[["level", "tick"]].drop_duplicates()
    return ticks.sort_values(["level", "tick"])["tick"].tolist()


def _table(axis: str, levels: pd.DataFrame, measure: Measure) -> Table:
    """The scores over the levels of one quantity, one row per family and system."""
    ticks, rows = _ticks(levels), []
    several = not set(levels["family"]) <= set(CONDITIONS)  # the axis names the others
    for (family, name), part in levels.groupby(["family", "row"], sort=False):
        texts = dict(zip(part["tick"], part["text"], strict=True))
        cells = [texts.get(tick, NO_VALUE) for tick in ticks]
        rows.append([name, *([family] if several else []), *cells])
    rows.sort(key=lambda row: row[1] if several else "")  # keeps the systems' order
    header = ["System", *(["Condition"] if several else []), *ticks]
    title = score_title(measure, levels["text"])
    return Table(f"{title} by {axis}", header, rows)


def _panels(levels: pd.DataFrame) -> list[curves.Panel]:
    panels = []
    for family, part in levels.groupby("family", sort=False):
        ticks = _ticks(part)
        lines = {
            name: rows.set_index("tick")[SCORE_COLUMNS].reindex(ticks).to_numpy(float)
            for name, rows in part.groupby("row", sort=False)
        }
        panels.append(
            curves.Panel(
                title=family,
                axis=part["axis"].iloc[0],
                ticks=tuple(ticks),
                lines=lines,
                clean=ticks.index("clean"),
                joined=bool(part["steps"].all()),
            )
        )
    return panels
