"""The card of what was measured under many conditions: tables and one picture."""

import functools
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from keras_ser.conditions import CONDITIONS, Condition, parse
from keras_ser.figures import curves
from keras_ser.reports import published as printed
from keras_ser.reports.cells import UAR_COLUMNS, uar_interval, uar_with_interval
from keras_ser.reports.text import NOTHING, natural, rank, slug
from keras_ser.reports.writing import markdown
from keras_ser.utils import files

NAME = "robustness"
WHO = ["experiment", "system", "corpus"]
POOLED = ["fold", "repeat", "utterance"]
FAMILY = ["axis", "family", "steps"]  # of a condition: what its levels share
HOW_TO_READ = (
    "UAR % is the mean recall of the classes that have a true utterance, pooled over "
    "the folds and repeats above. In brackets: its 95 % interval over 2000 bootstrap "
    "draws of whole speakers; with ‡, for under 6 speakers, of single utterances, "
    "which says nothing about other speakers. Column `clean` is the same speech as it "
    "is. All systems hear the same: noise, clip and place in it are drawn from the "
    "utterance's name. SNR is the mean power of speech in 20 ms frames within 40 dB of "
    "the loudest, over that of the noise. ε is the largest change of a normalised "
    "feature by an attack that knows the model and the true emotion. A gain multiplies "
    "all samples and clips nothing; a band limit resamples to twice the limit and "
    "back; lossy coding is that of libsndfile, compressed as it chooses unless said."
)


def write(
    table: pd.DataFrame, out, published: Iterable[str] = (), noise: str = ""
) -> list[Path]:
    """Writes `robustness.md` and, if there is a condition but `clean`, a picture.

    Args:
        table: predictions with the columns of `predictions.csv`; each system's under
            `clean`, too.
        out: folder.
        published: figures to set beside what was measured, `mtl_aug:5`, each with a
            picture of its own; see `keras_ser.published`.
        noise: the corpus of the noise that was mixed in.

    Returns:
        The written files.

    Raises:
        ValueError: unknown figures, or of no condition that was measured.
    """
    blocks = contents(table, published, noise)
    text = files.write_text(Path(out, f"{NAME}.md"), markdown(blocks))
    drawings = [block for block in blocks if block[0] == "figure"]
    for _, name, _, draw in drawings:
        draw(Path(out, name))
    return [text, *(Path(out, name) for _, name, *_ in drawings)]


def contents(
    table: pd.DataFrame, published: Iterable[str] = (), noise: str = ""
) -> list[tuple]:
    """The card as blocks, as those of a report; arguments and errors of `write`."""
    scored = table[(table["head"] == "emotion") & (table["truth"] != "")]
    scored = scored.assign(row=_rows(scored))
    found = _scores(scored)
    blocks = [("heading", 1, _title(scored)), *_systems(scored)]
    blocks.append(("text", HOW_TO_READ))
    blocks += [_table(axis, part) for axis, part in found.groupby("axis", sort=False)]
    if len(found):
        chance = 1 / scored["truth"].nunique()
        draw = functools.partial(curves.draw, _panels(found), chance=chance)
        blocks.append(("figure", f"{NAME}.png", "UAR % under each condition", draw))
    for name in published:
        blocks += _beside(name, scored, noise)
    return blocks


def _beside(name: str, scored: pd.DataFrame, noise: str) -> list[tuple]:
    """The blocks that set a paper's table beside what was measured."""
    conditions = set(printed.parse(name)["condition"])
    rows = scored.assign(system=scored["row"], place=scored["corpus"])
    measured = {
        column: by
        for column, by in printed.measured(rows).items()
        if column[1] in {*conditions, "clean"}
    }
    if not {condition for _, condition in measured} & conditions:
        raise ValueError(
            f"`published` must hold conditions that were measured. Received: {name}, "
            f"of {', '.join(sorted(conditions))}. Measure these, or leave it out."
        )
    return printed.beside(name, measured, noise, f"published_{slug(name)}.png")


def _rows(scored: pd.DataFrame) -> pd.Series:
    """The system of each prediction, with experiment and corpus if one has several."""
    by_system = scored.groupby("system")
    others = [
        name for name in WHO if name != "system" and by_system[name].nunique().max() > 1
    ]
    return scored[["system", *others]].agg(", ".join, axis=1)


def _title(scored: pd.DataFrame) -> str:
    names = sorted(set(scored["experiment"]), key=natural)
    places = sorted(set(scored["corpus"]), key=natural)
    return f"Robustness: {', '.join(names)}, tested on {', '.join(places)}"


def _ordered(rows: pd.Series) -> list[str]:
    """Rows as reports order them: baselines first, the others by name."""
    return sorted(set(rows), key=functools.partial(rank, []))


def _systems(scored: pd.DataFrame) -> list[tuple]:
    """What the scores of each system pool, and whether they pool the same."""
    clean = scored[scored["condition"] == "clean"]
    held, rows = [], []
    for name in _ordered(clean["row"]):
        part = clean[clean["row"] == name]
        held.append(set(part[POOLED].itertuples(index=False, name=None)))
        folds = ", ".join(sorted(set(part["fold"]), key=natural))
        counted = (part["repeat"], part["speaker"], part["utterance"])
        rows.append([name, folds, *(str(each.nunique()) for each in counted)])
    header = ["System", "Folds", "Repeats", "Speakers", "Utterances"]
    blocks = [("table", "What is pooled", header, rows)]
    if any(each != held[0] for each in held):
        words = "WARNING: the systems were not tested on the same folds, repeats and "
        blocks.append(("text", f"{words}utterances: their scores do not compare."))
    return blocks


def _scores(scored: pd.DataFrame) -> pd.DataFrame:
    """A line a system and level of each family; `clean` is a level of all."""
    lines = []
    for name in _ordered(scored["row"]):
        own = scored[scored["row"] == name]
        parts = {text: rows for text, rows in own.groupby("condition", sort=False)}
        clean = _measured(parts.pop("clean"))
        given = sorted(map(parse, parts), key=_place)
        found = {each: _measured(parts[each.text]) for each in given}
        for condition, score in found.items():
            at = {"level": condition.level, "tick": condition.tick}
            lines.append({"row": name, **_family(condition), **at, **score})
        for condition in {each.family: each for each in found}.values():
            at = {"level": condition.clean_at, "tick": "clean"}
            lines.append({"row": name, **_family(condition), **at, **clean})
    columns = ["row", *FAMILY, "level", "tick", *UAR_COLUMNS, "text"]
    return pd.DataFrame(lines, columns=columns)


def _place(condition: Condition) -> tuple:
    """Where its family stands on the card."""
    return list(CONDITIONS).index(condition.name), natural(condition.family)


def _family(condition: Condition) -> dict:
    return {name: getattr(condition, name) for name in FAMILY}


def _measured(rows: pd.DataFrame) -> dict:
    score = dict(zip(UAR_COLUMNS, uar_interval(rows), strict=True))
    return {**score, "text": uar_with_interval(rows)}


def _ticks(lines: pd.DataFrame) -> list[str]:
    """The levels of a quantity, in their order."""
    levels = lines[["level", "tick"]].drop_duplicates()
    return levels.sort_values(["level", "tick"])["tick"].tolist()


def _table(axis: str, lines: pd.DataFrame) -> tuple:
    """The scores over the levels of one quantity, a row a family and system."""
    ticks, rows = _ticks(lines), []
    several = not set(lines["family"]) <= set(CONDITIONS)  # the axis names the others
    for (family, name), part in lines.groupby(["family", "row"], sort=False):
        texts = dict(zip(part["tick"], part["text"], strict=True))
        cells = [texts.get(tick, NOTHING) for tick in ticks]
        rows.append([name, *([family] if several else []), *cells])
    rows.sort(key=lambda row: row[1] if several else "")  # keeps the systems' order
    header = ["System", *(["Condition"] if several else []), *ticks]
    return ("table", f"UAR % by {axis}", header, rows)


def _panels(found: pd.DataFrame) -> list[curves.Panel]:
    panels = []
    for family, lines in found.groupby("family", sort=False):
        ticks = _ticks(lines)
        drawn = {
            name: part.set_index("tick")[UAR_COLUMNS].reindex(ticks).to_numpy(float)
            for name, part in lines.groupby("row", sort=False)
        }
        panels.append(
            curves.Panel(
                title=family,
                axis=lines["axis"].iloc[0],
                ticks=tuple(ticks),
                lines=drawn,
                clean=ticks.index("clean"),
                joined=bool(lines["steps"].all()),
            )
        )
    return panels
