"""What a report says, as blocks that `writing` turns into text.

A block is `("heading", level, text)`, `("text", text)`, `("table", caption, header,
rows)` or `("figure", file name, caption, function that draws it to a path)`.
"""

import functools

import pandas as pd

from keras_ser import figures, scores
from keras_ser.reports import comparison, published
from keras_ser.reports.cells import uar_of, uar_with_interval
from keras_ser.reports.fractions import label_fractions
from keras_ser.reports.heads import augmentation_heads
from keras_ser.reports.reading import HEAD, classes_of, concat, settings_of
from keras_ser.reports.selection import selection
from keras_ser.reports.settings import normalisation, settings
from keras_ser.reports.test_sets import placed, shown
from keras_ser.reports.text import (
    NOTHING,
    group_rank,
    job_rank,
    natural,
    percent,
    rank,
    share,
    slug,
    spread,
)

GROUP = ["experiment", "place", "condition"]
HOW_TO_READ = (
    "UAR is the mean recall of the classes that have a true utterance; WA is accuracy. "
    "Both pool all test utterances, and all repeats. In brackets: the 95 % interval "
    "over 2000 bootstrap draws of whole speakers; with ‡, for under 6 speakers, of "
    "single utterances, all repeats of one together, which says nothing about other "
    "speakers. Δ is a system's "
    "pooled UAR minus that of the system its table names, in points, its interval from "
    "the same draws for both. After ±: the sample standard deviation of the rows above "
    "it; a fold's UAR is the mean of its repeats. "
    "A fold or speaker that lacks classes is averaged over those it has."
)


def contents(runs, order: list[str], against: str | None = None) -> list[tuple]:
    found = settings_of(runs)
    table = placed(runs, found)
    table = table[table["head"] == HEAD]
    if not (table["truth"] != "").any():
        raise ValueError(
            f"`paths` must hold labelled predictions of the head `{HEAD}`. Received: "
            f"heads {sorted(set(concat(runs)['head']))}, none of them labelled. "
            "Predict a labelled corpus."
        )
    comparison.check_reference(against, table["system"])
    varying = [column for column in GROUP if table[column].nunique() > 1]
    groups = {key: rows for key, rows in table.groupby(GROUP, sort=False)}
    title = "Results: " + ", ".join(sorted(set(table["experiment"]), key=natural))
    blocks = [("heading", 1, title), ("text", HOW_TO_READ)]
    blocks += settings(runs, found, order)
    marks = normalisation(found)
    for key in sorted(groups, key=group_rank):
        where = dict(zip(GROUP, key, strict=True))
        suffix = "".join(f"_{slug(where[column])}" for column in varying)
        of_experiment = table[table["experiment"] == where["experiment"]]
        systems = sorted(
            set(of_experiment["system"]), key=functools.partial(rank, order)
        )
        named = against or found[where["experiment"]].get("against")
        reference = comparison.reference_of(systems, named)
        titles = {**where, "normalised": marks[where["experiment"]]}
        blocks += _group(titles, groups[key], systems, reference, suffix)
    blocks += label_fractions(found, table) + published.comparisons(found, table)
    blocks += augmentation_heads(runs, order) + selection(runs, order)
    _refuse_equal_names(blocks)
    return blocks


def _group(where, rows: pd.DataFrame, systems: list, reference, suffix) -> list:
    """The blocks of one corpus under one condition."""
    place = f"{shown(where['place'])}, {where['condition']}"
    scored = rows[rows["truth"] != ""]
    unscored = len(rows) - len(scored)
    note = f"Not scored, for want of a true label: {unscored} predictions."
    blocks = [("heading", 2, f"{where['experiment']}: {place}"), ("text", note)]
    by_system = {name: scored[scored["system"] == name] for name in systems}
    by_system = {name: part for name, part in by_system.items() if len(part)}
    if not by_system:
        return blocks
    return [
        *blocks,
        *_main(place, systems, by_system, reference, where["normalised"]),
        *_repeat_table(place, by_system),
        _fold_table(place, by_system),
        *_speakers(place, by_system, f"speakers{suffix}.png"),
        *_confusions(place, by_system, suffix),
    ]


def _main(place: str, systems: list, by_system: dict, reference, note) -> list[tuple]:
    """The main table; where folds differ, what is missing and a fair table."""
    held = {name: _jobs(rows) for name, rows in by_system.items()}
    every = sorted(set().union(*held.values()), key=job_rank)
    lacking = {name: [j for j in every if j not in held[name]] for name in held}
    marks = {name: " †" if lacking[name] else "" for name in held}
    blocks = _scores(f"{place}: scores{note}", by_system, marks, reference)
    blocks += [_absent(n, reference) for n in systems if n not in held]
    blocks += [("text", line) for line in _lacks(lacking)]
    common = set.intersection(*held.values())
    shared = {name: _only(rows, common) for name, rows in by_system.items()}
    if any(lacking.values()) and common:
        title = f"{place}: scores on the common folds{note}"
        blocks += _scores(title, shared, {}, reference)
    elif any(lacking.values()):
        blocks.append(("text", "The systems have no fold and repeat in common."))
    return blocks + _warn_of_utterances(shared)


def _lacks(lacking: dict[str, list]) -> list[str]:
    """What systems lack, those that lack the same in one line."""
    alike = {}
    for name, jobs in lacking.items():
        alike.setdefault(tuple(jobs), []).append(name)
    return [
        f"† {', '.join(names)} lack{'s' if len(names) == 1 else ''}: "
        + ", ".join(f"fold {fold} repeat {n}" for fold, n in jobs)
        + "."
        for jobs, names in alike.items()
        if jobs
    ]


def _absent(name: str, reference: str) -> tuple:
    compared = " Nothing can be compared with it." if name == reference else ""
    return ("text", f"{name} has no run here.{compared}")


def _scores(caption: str, by_system: dict, marks: dict, reference: str) -> list[tuple]:
    """A table of scores, each system compared with the reference, and its notes."""
    found = comparison.compare(by_system, reference)
    header = ["System", "Folds", "Repeats", "Utterances", "UAR % [95 % interval]"]
    header += ["WA %", *(comparison.HEADER if found else [])]
    none = [NOTHING] * len(comparison.HEADER)
    compared = comparison.cells(found)
    table = [
        [
            name + marks.get(name, ""),
            *_score_row(rows),
            *(compared.get(name, none) if found else []),
        ]
        for name, rows in by_system.items()
    ]
    if found:
        caption = f"{caption}, {comparison.caption(found, reference)}"
    blocks = [("table", caption, header, table)]
    return blocks + comparison.notes(found, reference)


def _score_row(rows: pd.DataFrame) -> list[str]:
    return [
        str(rows["fold"].nunique()),
        str(rows["repeat"].nunique()),
        str(rows["utterance"].nunique()),
        uar_with_interval(rows),
        percent(scores.accuracy(rows["truth"], rows["prediction"])),
    ]


def _by_fold(rows: pd.DataFrame) -> pd.Series:
    """UAR of each fold, the mean over its repeats."""
    return pd.Series(
        {
            fold: pd.Series([uar_of(run) for _, run in part.groupby("repeat")]).mean()
            for fold, part in rows.groupby("fold")
        }
    )


def _by_repeat(rows: pd.DataFrame) -> pd.Series:
    """Pooled UAR of each repeat that holds every fold of the system."""
    folds = rows["fold"].nunique()
    parts = {n: part for n, part in rows.groupby("repeat")}
    whole = {n: part for n, part in parts.items() if part["fold"].nunique() == folds}
    return pd.Series({n: uar_of(part) for n, part in whole.items()}, dtype=float)


def _warn_of_utterances(shared: dict) -> list[tuple]:
    columns = ["fold", "repeat", "utterance", "truth"]
    sets = [set(rows[columns].itertuples(index=False)) for rows in shared.values()]
    if all(one == sets[0] for one in sets):
        return []
    sizes = ", ".join(
        f"{name} {len(rows)}" for name, rows in zip(shared, sets, strict=True)
    )
    warning = "WARNING: on the common folds the systems differ in the utterances or "
    return [("text", f"{warning}true labels they were scored on ({sizes} rows).")]


def _repeat_table(place: str, by_system: dict) -> list[tuple]:
    if all(rows["repeat"].nunique() == 1 for rows in by_system.values()):
        return []
    table = pd.DataFrame({name: _by_repeat(rows) for name, rows in by_system.items()})
    caption = f"{place}: pooled UAR % of each repeat that is whole"
    return [("table", caption, ["Repeat", *table], _spread_rows(table))]


def _fold_table(place: str, by_system: dict) -> tuple:
    table = pd.DataFrame({name: _by_fold(rows) for name, rows in by_system.items()})
    caption = f"{place}: UAR % of each fold"
    return ("table", caption, ["Fold", *table], _spread_rows(table))


def _spread_rows(table: pd.DataFrame) -> list[list[str]]:
    """A row each, in the order of names, then their mean ± deviation."""
    table = table.loc[sorted(table.index, key=natural)]
    rows = [[str(name), *map(percent, row)] for name, *row in table.itertuples()]
    return [*rows, ["mean ± deviation", *(spread(table[name]) for name in table)]]


def _speakers(place: str, by_system: dict, name: str) -> list[tuple]:
    pooled = pd.concat(by_system.values())
    table = pd.DataFrame(
        {system: comparison.by_speaker(rows) for system, rows in by_system.items()}
    )
    table = table.loc[sorted(table.index, key=natural)]
    heard = pooled.groupby("speaker")["utterance"].nunique()
    rows = [
        [who, str(heard[who]), *map(percent, row)] for who, *row in table.itertuples()
    ]
    rows.append(["mean", NOTHING, *map(percent, table.mean())])
    caption = f"{place}: UAR % of each speaker"
    drawing = functools.partial(figures.speaker_bars, table)
    return [
        ("table", caption, ["Speaker", "Utterances", *table], rows),
        ("figure", name, caption, drawing),
    ]


def _confusions(place: str, by_system: dict, suffix: str) -> list[tuple]:
    classes = {name: classes_of(rows) for name, rows in by_system.items()}
    blocks = []
    for name, rows in by_system.items():
        counts = scores.confusion(rows["truth"], rows["prediction"], classes[name])
        repeats = rows["repeat"].nunique()
        summed = f", sum of {repeats} repeats" if repeats > 1 else ""
        title = f"{name} on {place}{summed}"
        table = [
            [label, *(share(count, row.sum()) for count in row)]
            for label, row in zip(classes[name], counts, strict=True)
        ]
        caption = f"{title}: confusion"
        header = ["True \\ predicted", *classes[name]]
        blocks.append(("table", caption, header, table))
        drawing = functools.partial(
            figures.confusion_matrix, counts, classes[name], title
        )
        file = f"confusion_{slug(name)}{suffix}.png"
        blocks.append(("figure", file, caption, drawing))
    return blocks


def _refuse_equal_names(blocks: list[tuple]) -> None:
    names = [block[1] for block in blocks if block[0] == "figure"]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            "Systems, corpora and conditions must differ in more than punctuation. "
            f"Received: two figures for {twice}. Rename one, or report them apart."
        )


def _jobs(rows: pd.DataFrame) -> set[tuple]:
    return set(zip(rows["fold"], rows["repeat"], strict=True))


def _only(rows: pd.DataFrame, jobs: set[tuple]) -> pd.DataFrame:
    pairs = zip(rows["fold"], rows["repeat"], strict=True)
    return rows[[pair in jobs for pair in pairs]]
