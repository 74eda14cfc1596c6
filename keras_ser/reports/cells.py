"""A score with its interval, as the cell of a table."""

import dataclasses
import math
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from keras_ser import scores
from keras_ser.reports.blocks import Table
from keras_ser.reports.fold_means import by_fold, is_by_fold
from keras_ser.reports.tasks import Head
from keras_ser.reports.text import (
    NO_VALUE,
    mean_and_deviation,
    number,
    percent,
    points,
    signed,
)
from keras_ser.reports.trainings import DEVIATION, by_training
from keras_ser.reports.units import MIN_UNITS, Units, find_units

UAR_COLUMNS = ["uar", "low", "high"]
FEW_UNITS_MARK = " ‡"  # after an interval over speakers or utterances, not units
Interval = tuple[float, float]
# What reports say of the cells of `with_interval`.
INTERVALS = (
    "In brackets after a score: its 95 % t interval, which is about other speakers. It "
    "rests on how much the score changes if one unit is left out. A unit is a speaker, "
    "or a group of speakers who were tested by the same trainings. Where trainings are "
    "units, too, the text below the table says so. With the mark ‡, there are fewer "
    f"than {MIN_UNITS} units. The interval is then over speakers if there are at least "
    f"{MIN_UNITS}, and too narrow, because they share trainings. Otherwise it is over "
    "utterances, each with all of its repeats, and says nothing about other speakers. "
    "An interval of width 0 means that leaving out any unit changes nothing. In place "
    "of an interval, [–] means that there is none: of a single utterance, or because a "
    "class occurs in a single unit or training only. Between a score and its interval, "
    "after ±: the sample standard deviation (SD) over seeds, that is of the pooled "
    "scores of the repeats that have all folds."
)


@dataclasses.dataclass(frozen=True)
class Measure:
    """The score that reports show of a head, and the statistics that belong to it.

    Args:
        name: Its name.
        unit: The end of its title that names its unit; may be empty.
        read: Converts labels of `predictions.csv`, which are text.
        score: The score of true and predicted labels.
        t_interval: Its t interval, of the same and the units of the rows.
        difference_t_interval: The t interval of a difference, of true labels, the
            labels of both systems, and the units of the rows.
        difference_bootstrap: The bootstrap interval, of the same.
        sign_flip_test: p of the difference over units, of the same.
        t_test: p over units and trainings, of the same and the trainings of the rows.
        confined_classes: The classes that occur in a single unit only, of true labels
            and the units of the rows; none of numbers.
        text: How a value is written.
        signed: How a difference is written.
    """

    name: str
    unit: str
    read: Callable[[pd.Series], pd.Series]
    score: Callable[..., float]
    t_interval: Callable[..., Interval]
    difference_t_interval: Callable[..., Interval]
    difference_bootstrap: Callable[..., Interval]
    sign_flip_test: Callable[..., float]
    t_test: Callable[..., float]
    confined_classes: Callable[..., list]
    text: Callable[[float], str]
    signed: Callable[[float], str]

    @property
    def title(self) -> str:
        """Its name and unit, for captions."""
        return f"{self.name}{self.unit}"

    def labels(
        self, rows: pd.DataFrame, columns: Iterable[str] = ("truth", "prediction")
    ) -> list[pd.Series]:
        """The labels in some columns of predictions.

        Args:
            rows: The predictions.
            columns: The columns.
        """
        return [self.read(rows[name]) for name in columns]


def _sign_flip_test(truth, first, second, unit) -> float:
    return scores.sign_flip_test(scores.contributions(truth, first, second, unit))


UAR = Measure(
    name="UAR",
    unit=" %",
    read=lambda labels: labels,
    score=scores.uar,
    t_interval=scores.t_interval,
    difference_t_interval=scores.difference_t_interval,
    difference_bootstrap=scores.difference_interval,
    sign_flip_test=_sign_flip_test,
    t_test=scores.difference_t_test,
    confined_classes=scores.confined_classes,
    text=percent,
    signed=points,
)
CCC = Measure(
    name="CCC",
    unit="",
    read=pd.to_numeric,
    score=scores.ccc,
    t_interval=scores.ccc_t_interval,
    difference_t_interval=scores.ccc_difference_t_interval,
    difference_bootstrap=scores.ccc_difference_interval,
    sign_flip_test=scores.ccc_sign_flip_test,
    t_test=scores.ccc_difference_t_test,
    confined_classes=lambda truth, unit: [],
    text=number,
    signed=signed,
)


def measure_of(head: Head) -> Measure:
    """The score of a head: UAR of classes, CCC of numbers."""
    return CCC if head.has_numbers else UAR


def pooled(rows: pd.DataFrame, measure: Measure = UAR) -> float:
    """The score of all rows of predictions together.

    Where the classes differ from fold to fold, it is the mean over the folds; see
    `fold_means`.

    Args:
        rows: Labelled predictions of one head, as `reports.read` returns them.
        measure: The score.
    """
    if is_by_fold(rows):
        return float(_fold_scores(rows, measure).mean())
    return measure.score(*measure.labels(rows))


def _fold_scores(rows: pd.DataFrame, measure: Measure) -> pd.Series:
    return by_fold(rows, lambda part: measure.score(*measure.labels(part)))


def _training_scores(rows: pd.DataFrame, measure: Measure) -> pd.Series:
    return by_training(rows, lambda part: measure.score(*measure.labels(part)))


def score_repeats(rows: pd.DataFrame, measure: Measure = UAR) -> pd.Series:
    """The pooled score of each repeat that has all folds of the system.

    Args:
        rows: As for `pooled`.
        measure: The score.
    """
    folds = rows["fold"].nunique()
    return pd.Series(
        {
            repeat: pooled(part, measure)
            for repeat, part in rows.groupby("repeat")
            if part["fold"].nunique() == folds
        },
        dtype=float,
    )


def interval(
    rows: pd.DataFrame, measure: Measure = UAR, units: Units | None = None
) -> tuple[float, float, float]:
    """The pooled score and both ends of its 95 % t interval.

    The interval is over units (see `units.find_units`), or over speakers or utterances
    where the units are too few. Both ends are NaN where there is none, where trainings
    of several folds test the same few speakers, and where the classes differ from fold
    to fold.

    Args:
        rows: As for `pooled`.
        measure: The score.
        units: Their units; default: those that `units.find_units` finds.
    """
    if is_by_fold(rows):
        return pooled(rows, measure), math.nan, math.nan
    labels, units = measure.labels(rows), units or find_units(rows)
    if units.are_trainings:
        return float(_training_scores(rows, measure).mean()), math.nan, math.nan
    limits = t_limits(measure.t_interval, labels, rows, units)
    return measure.score(*labels), *limits


def t_limits(
    compute: Callable[..., Interval],
    labels: Iterable[pd.Series],
    rows: pd.DataFrame,
    units: Units,
) -> Interval:
    """A t interval over units, or over what takes their place if they are too few.

    Args:
        compute: The interval of labels and units.
        labels: True and predicted labels.
        rows: The predictions, with the columns `speaker` and `utterance`.
        units: Their units.

    Returns:
        Both ends; NaN for a single utterance, and if a class occurs in a single unit
        or training only.
    """
    _, names = units.of_interval(rows)
    if len(set(names)) < 2:
        return math.nan, math.nan
    return compute(*labels, names, training=_varied_training(units))


def _varied_training(units: Units) -> np.ndarray | None:
    return None if units.are_few else units.varied_training


def confined(
    rows: pd.DataFrame, measure: Measure = UAR, units: Units | None = None
) -> dict[str, list[str]]:
    """The classes that occur in a single unit only, by what a unit is called.

    Args:
        rows: As for `pooled`.
        measure: The score.
        units: Their units; default: those that `units.find_units` finds.
    """
    if is_by_fold(rows):
        return {}
    units = units or find_units(rows)
    if units.are_trainings:
        return {}
    noun, names = units.of_interval(rows)
    groups = {noun: names, "training": _varied_training(units)}
    found = {
        noun: measure.confined_classes(rows["truth"], group)
        for noun, group in groups.items()
        if group is not None and len(set(group)) > 1
    }
    return {noun: classes for noun, classes in found.items() if classes}


def with_interval(rows: pd.DataFrame, measure: Measure = UAR) -> str:
    """The pooled score with its 95 % t interval, such as `87.5 ± 1.2 [83.7, 91.2]`.

    The number after ± is the sample standard deviation over seeds, if at least two
    repeats have all folds of the system. The mark ‡ follows if there are too few units
    for an interval over units; it is then over speakers or utterances. `[–]` stands
    where there is no interval. Where the classes differ from fold to fold, it is the
    mean over the folds, with the standard deviation over them and without an interval;
    where trainings of several folds test the same few speakers, it is that over
    trainings.

    Args:
        rows: As for `pooled`.
        measure: The score.
    """
    if is_by_fold(rows):
        return mean_and_deviation(_fold_scores(rows, measure), measure.text)
    units = find_units(rows)
    if units.are_trainings:
        return mean_and_deviation(_training_scores(rows, measure), measure.text)
    score, *limits = interval(rows, measure, units)
    deviation = score_repeats(rows, measure).std()
    spread = "" if math.isnan(deviation) else f" ± {measure.text(deviation)}"
    mark = FEW_UNITS_MARK if units.are_few else ""
    return f"{measure.text(score)}{spread} {in_brackets(limits, measure.text)}{mark}"


def in_brackets(limits: Iterable[float], text: Callable[[float], str]) -> str:
    """Both ends of an interval as text, or a dash if there is none.

    Args:
        limits: Both ends, or NaN.
        text: How a value is written.
    """
    ends = list(limits)
    shown = [NO_VALUE] if any(map(math.isnan, ends)) else map(text, ends)
    return f"[{', '.join(shown)}]"


def score_title(measure: Measure, cells: Iterable[str]) -> str:
    """The title of scores, which names the standard deviation where there is one.

    Args:
        measure: The score.
        cells: The cells below the title, from `with_interval`.
    """
    return measure.title + (DEVIATION if any("±" in cell for cell in cells) else "")


def describe_bars(tables: Iterable[Table]) -> str:
    """What the caption of a figure says of its bars.

    Args:
        tables: The tables whose scores the figure shows.
    """
    cells = [cell for table in tables for row in table.rows for cell in row]
    few = any(cell.endswith(FEW_UNITS_MARK) for cell in cells)
    if not any("[" in cell for cell in cells):
        return "without intervals"
    return f"with 95 % t intervals{FEW_UNITS_MARK if few else ''}"


def uar_interval(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Pooled UAR and its t interval, in the order of `UAR_COLUMNS`.

    Args:
        rows: Labelled predictions of one head, as `reports.read` returns them.

    Returns:
        UAR and both ends of its 95 % interval, in [0, 1].
    """
    return interval(rows, UAR)


def uar_with_interval(rows: pd.DataFrame) -> str:
    """Pooled UAR in percent with its 95 % t interval, such as `87.5 [83.7, 91.2]`.

    With repeats, the standard deviation over seeds stands between them; see
    `with_interval`.

    Args:
        rows: Labelled predictions of one head, as `reports.read` returns them.
    """
    return with_interval(rows, UAR)
