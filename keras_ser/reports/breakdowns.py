"""Scores of each repeat, fold and speaker, and confusion matrices."""

import functools

import pandas as pd

from keras_ser import figures, scores
from keras_ser.reports.blocks import Block, Figure, Table, Text
from keras_ser.reports.cells import (
    FEW_UNITS_MARK,
    UAR,
    UAR_COLUMNS,
    Measure,
    pooled,
    score_repeats,
    uar_interval,
)
from keras_ser.reports.fold_means import by_fold, is_by_fold
from keras_ser.reports.run_files import class_names
from keras_ser.reports.text import (
    NO_VALUE,
    counted,
    mean_and_deviation,
    percent,
    share,
    slug,
    sort_names,
)
from keras_ser.reports.units import find_units

MAX_PICTURED = 16  # systems whose confusion matrices are drawn


def repeat_table(
    title: str, by_system: dict[str, pd.DataFrame], measure: Measure = UAR
) -> list[Table]:
    """The score of each repeat; no table if no system has several repeats.

    Args:
        title: Test set, condition, and the head if there are several.
        by_system: Scored predictions by the name of the system.
        measure: The score.
    """
    if all(rows["repeat"].nunique() == 1 for rows in by_system.values()):
        return []
    table = pd.DataFrame(
        {name: score_repeats(rows, measure) for name, rows in by_system.items()}
    )
    averaged = any(map(is_by_fold, by_system.values()))
    what = f"mean {measure.title} over folds" if averaged else f"pooled {measure.title}"
    caption = f"{title}: {what} of each repeat that has all folds"
    return [Table(caption, ["Repeat", *table], _rows_and_mean(table, measure))]


def fold_table(
    title: str, by_system: dict[str, pd.DataFrame], measure: Measure = UAR
) -> Table:
    """The score of each fold, the mean over its repeats; as `repeat_table`."""
    table = pd.DataFrame(
        {name: _score_folds(rows, measure) for name, rows in by_system.items()}
    )
    caption = f"{title}: {measure.title} of each fold"
    return Table(caption, ["Fold", *table], _rows_and_mean(table, measure))


def systems_figure(
    title: str, by_system: dict[str, pd.DataFrame], suffix: str = ""
) -> Figure:
    """The UAR of each system with its interval, as a figure.

    Args:
        title: Test set, condition, and the head if there are several.
        by_system: Scored predictions by the name of the system.
        suffix: End of the figure's file name.
    """
    rows = {name: uar_interval(part) for name, part in by_system.items()}
    table = pd.DataFrame.from_dict(rows, "index", columns=UAR_COLUMNS)
    few = {name: find_units(part).are_few for name, part in by_system.items()}
    table["mark"] = [FEW_UNITS_MARK * few[name] for name in table.index]
    speakers = {name: list(speaker_uar(part)) for name, part in by_system.items()}
    classes = max(len(class_names(part)) for part in by_system.values())
    caption = f"{title}: UAR of each system with its interval"
    draw = functools.partial(
        figures.system_scores, table, speakers, chance=1 / classes, title=title
    )
    return Figure(f"systems{suffix}.png", caption, draw)


def speaker_blocks(
    title: str, by_system: dict[str, pd.DataFrame], suffix: str = ""
) -> list[Block]:
    """UAR of each speaker, as a table and as a figure.

    Args:
        title: Test set, condition, and the head if there are several.
        by_system: Scored predictions by the name of the system.
        suffix: End of the figure's file name.
    """
    pooled = pd.concat(by_system.values())
    table = pd.DataFrame({name: speaker_uar(rows) for name, rows in by_system.items()})
    table = table.loc[sort_names(table.index)]
    utterances = pooled.groupby("speaker")["utterance"].nunique()
    rows = [
        [speaker, str(utterances[speaker]), *map(percent, row)]
        for speaker, *row in table.itertuples()
    ]
    rows.append(["mean", NO_VALUE, *map(percent, table.mean())])
    caption = f"{title}: UAR % of each speaker"
    draw = functools.partial(figures.speaker_bars, table)
    return [
        Table(caption, ["Speaker", "Utterances", *table], rows),
        *recall_note(by_system, "speaker"),
        Figure(f"speakers{suffix}.png", caption, draw),
    ]


def speaker_uar(rows: pd.DataFrame) -> pd.Series:
    """UAR of each speaker, averaged over the repeats that have the speaker.

    Args:
        rows: Predictions of a head with classes.
    """
    repeats = [
        pd.Series(
            scores.per_speaker_uar(part["truth"], part["prediction"], part["speaker"])
        )
        for _, part in rows.groupby("repeat")
    ]
    return pd.concat(repeats, axis=1).mean(axis=1)


def recall_note(by_system: dict[str, pd.DataFrame], column: str = "") -> list[Text]:
    """A sentence on UARs of a single true class, which are recalls; none without any.

    Args:
        by_system: Scored predictions by the name of the system.
        column: The column that divides the predictions, `fold` or `speaker`. If empty,
            they are taken together.
    """
    if not by_system:
        return []
    rows = pd.concat(by_system.values())
    if not column:
        text = "There is a single true class, so that UAR is the recall of that class."
        return [Text(text)] if rows["truth"].nunique() == 1 else []
    classes = rows.groupby(["system", column])["truth"].nunique()
    single = sort_names(classes[classes == 1].index.get_level_values(column))
    if not single:
        return []
    return [
        Text(
            "With one true class, UAR is the recall of that class: this concerns "
            f"{len(single)} of {counted(rows[column].nunique(), column)}."
        )
    ]


def confusion_blocks(
    title: str, by_system: dict[str, pd.DataFrame], suffix: str = ""
) -> list[Block]:
    """The confusion matrix of each system; arguments as `speaker_blocks`.

    With more than `MAX_PICTURED` systems, there are tables without pictures.
    """
    blocks: list[Block] = []
    for name, rows in by_system.items():
        blocks += _confusion(name, title, rows, f"confusion_{slug(name)}{suffix}.png")
    if len(by_system) > MAX_PICTURED:
        return [block for block in blocks if not isinstance(block, Figure)]
    return blocks


def _confusion(name: str, title: str, rows: pd.DataFrame, file: str) -> list[Block]:
    classes = class_names(rows)
    counts = scores.confusion(rows["truth"], rows["prediction"], classes)
    repeats = rows["repeat"].nunique()
    summed = f", sum of {repeats} repeats" if repeats > 1 else ""
    title = f"{name} on {title}{summed}"
    cells = [
        [label, *(share(count, row.sum()) for count in row)]
        for label, row in zip(classes, counts, strict=True)
    ]
    caption = f"{title}: confusion matrix"
    draw = functools.partial(figures.confusion_matrix, counts, classes, title)
    return [
        Table(caption, ["True \\ predicted", *classes], cells),
        Figure(file, caption, draw),
    ]


def _score_folds(rows: pd.DataFrame, measure: Measure) -> pd.Series:
    """The score of each fold, the mean over its repeats."""
    return by_fold(rows, lambda run: pooled(run, measure))


def _rows_and_mean(table: pd.DataFrame, measure: Measure) -> list[list[str]]:
    """One row per name in natural order, then mean ± standard deviation."""
    table = table.loc[sort_names(table.index)]
    rows = [[str(name), *map(measure.text, row)] for name, *row in table.itertuples()]
    means = [mean_and_deviation(table[name], measure.text) for name in table]
    return [*rows, ["mean ± standard deviation", *means]]
