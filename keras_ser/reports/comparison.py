"""Systems compared with a reference: differences, intervals and p values.

Two systems are compared on the utterances that both predicted in the same fold and
repeat. A mark says where these are fewer than one of the systems has.
"""

import dataclasses
import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from keras_ser import scores
from keras_ser.reports.cells import (
    FEW_UNITS_MARK,
    UAR,
    Interval,
    Measure,
    confined,
    in_brackets,
    t_limits,
)
from keras_ser.reports.fold_means import by_fold, is_by_fold
from keras_ser.reports.text import (
    NO_VALUE,
    ONLY_TEST,
    PRIMARY,
    p_value,
)
from keras_ser.reports.trainings import DEVIATION, INTERVAL, by_training
from keras_ser.reports.units import Units, describe, find_units

PAIR_COLUMNS = ["test", "fold", "repeat", "utterance", "speaker", "truth"]
LABEL_COLUMNS = ["truth", "prediction", "prediction_reference"]
BASELINES = ("baseline_augmented", "baseline")  # the usual references
PARTIAL_MARK = " §"  # after a difference on a part of the utterances


@dataclasses.dataclass(frozen=True, eq=False)
class Difference:
    """A system's pooled score minus the reference's, on what both predicted.

    Where the classes differ from fold to fold, both scores are means over the folds,
    and there are no intervals and no p. Where trainings of several folds test the same
    few speakers, both scores are means over the trainings, and their differences have a
    standard deviation in place of intervals and p.

    Args:
        value: The difference in UAR, in [-1, 1], or in CCC.
        t_interval: Both ends of its 95 % t interval.
        bootstrap: Both ends of its 95 % bootstrap interval.
        p: p of the difference: of a sign-flip test over units, or of a t test over
            speakers and trainings. NaN if there are too few units, or if a class
            occurs in too few for a t test.
        units: The units of the shared predictions.
        utterances: Number of shared utterances.
        partial: Whether one of the systems predicted more than the other.
        shared_repeats: The number of repeats that both have, if one of them has more.
        confined: The classes that occur in a single unit only, by what it is called.
        deviation: The sample standard deviation of the differences of trainings, or NaN
            where there is none.
    """

    value: float
    t_interval: Interval
    bootstrap: Interval
    p: float
    units: Units
    utterances: int
    partial: bool
    shared_repeats: int | None = None
    confined: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    deviation: float = math.nan

    @property
    def is_tested(self) -> bool:
        """Whether there is a p value."""
        return not math.isnan(self.p)

    @property
    def text(self) -> str:
        """The difference in UAR with its t interval, in percentage points."""
        return self.cells()[0]

    def cells(self, measure: Measure = UAR) -> list[str]:
        """The difference with its t interval, and its bootstrap interval, as text.

        Args:
            measure: The score.
        """
        if not self.utterances:
            return [NO_VALUE, NO_VALUE]
        few = FEW_UNITS_MARK if self.units.are_few else ""
        partial = PARTIAL_MARK if self.partial else ""
        if not math.isnan(self.deviation):
            spread = f" ± {measure.text(self.deviation)}"
            return [f"{measure.signed(self.value)}{spread}{partial}", NO_VALUE]
        t_interval, bootstrap = (
            in_brackets(limits, measure.signed) + few
            for limits in (self.t_interval, self.bootstrap)
        )
        return [f"{measure.signed(self.value)} {t_interval}{partial}", bootstrap]


def choose_reference(systems: list[str], reference: str | None) -> str:
    """The system that the others are compared with.

    Args:
        systems: Names of the systems, in the order of the report.
        reference: The system that the user or the config names, if any.

    Returns:
        `reference` if it is one of the systems, else `baseline_augmented`, else
        `baseline`, else the first system.
    """
    candidates = [reference, *BASELINES, *systems]
    return next(name for name in candidates if name in systems)


def check_reference(reference: str | None, systems: Iterable[str]) -> None:
    """Rejects a reference that is not one of the systems.

    Raises:
        ValueError: If it is neither None nor a system.
    """
    names = sorted(set(systems))
    if reference is not None and reference not in names:
        raise ValueError(
            f"`reference` must be one of the systems, {names}. Received: "
            f"{reference!r}. Name one of these."
        )


def check_primary(primary: str | None, compared: Iterable[str]) -> None:
    """Rejects a primary system that no table compares with its reference.

    Raises:
        ValueError: If it is neither None nor such a system.
    """
    names = sorted(set(compared))
    if primary is not None and not names:
        raise ValueError(
            "`primary` must be a system that is compared with the reference. Received: "
            f"{primary!r}, but no table has two systems, so that there is nothing to "
            "compare. Leave it out, or report the runs of another system, too."
        )
    if primary is not None and primary not in names:
        raise ValueError(
            "`primary` must be a system that is compared with the reference, one of "
            f"{names}. Received: {primary!r}. Name one of these."
        )


def compare(
    by_system: dict[str, pd.DataFrame], reference: str, measure: Measure = UAR
) -> dict[str, Difference]:
    """The `Difference` of each system from the reference.

    Args:
        by_system: Predictions of one head by the name of the system.
        reference: Name of the reference.
        measure: The score.

    Returns:
        Differences by system, without the reference; empty if there are no
        predictions of the reference.
    """
    if reference not in by_system:
        return {}
    base = by_system[reference]
    others = {name: rows for name, rows in by_system.items() if name != reference}
    return {name: difference(rows, base, measure) for name, rows in others.items()}


def difference(
    rows: pd.DataFrame, reference: pd.DataFrame, measure: Measure = UAR
) -> Difference:
    """The difference of a system from a reference, on what both predicted.

    Both intervals and p are of the printed difference of the pooled scores, and are
    over the same units; see `units.find_units`. With too few units for an interval,
    the intervals are over speakers or utterances. Where trainings of several folds test
    the same few speakers, there is a standard deviation over trainings instead.

    Args:
        rows: The system's predictions of a head under one condition, as
            `reports.by_test_set` returns them.
        reference: The predictions of the reference.
        measure: The score.
    """
    both, partial = _pair(rows, reference)
    units, none = find_units(both), math.nan
    if both.empty:
        return Difference(none, (none, none), (none, none), none, units, 0, partial, 0)
    if is_by_fold(rows) or units.are_trainings:
        return _mean_difference(both, units, partial, measure, rows, reference)
    labels = measure.labels(both, LABEL_COLUMNS)
    truth, one, other = labels
    return Difference(
        value=measure.score(truth, one) - measure.score(truth, other),
        t_interval=t_limits(measure.difference_t_interval, labels, both, units),
        bootstrap=_bootstrap(labels, both, units, measure),
        p=_test(labels, units, measure),
        units=units,
        utterances=both["utterance"].nunique(),
        partial=partial,
        shared_repeats=_shared_repeats(both, rows, reference),
        confined=confined(both, measure, units),
    )


def _mean_difference(
    both: pd.DataFrame,
    units: Units,
    partial: bool,
    measure: Measure,
    *each: pd.DataFrame,
) -> Difference:
    """The mean difference over folds or trainings, without intervals and p."""

    def score(part: pd.DataFrame) -> float:
        truth, one, other = measure.labels(part, LABEL_COLUMNS)
        return measure.score(truth, one) - measure.score(truth, other)

    none, averaged = math.nan, is_by_fold(each[0])
    values = by_fold(both, score) if averaged else by_training(both, score)
    return Difference(
        value=float(values.mean()),
        t_interval=(none, none),
        bootstrap=(none, none),
        p=none,
        units=units,
        utterances=both["utterance"].nunique(),
        partial=partial,
        shared_repeats=_shared_repeats(both, *each),
        deviation=none if averaged else float(values.std()),
    )


def _pair(rows: pd.DataFrame, reference: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """What both predicted, and whether one of them predicted more.

    The shared rows have the columns `prediction` and `prediction_reference`.
    """
    columns = [*PAIR_COLUMNS, "prediction"]
    both = rows[columns].merge(
        reference[columns], on=PAIR_COLUMNS, suffixes=("", "_reference")
    )
    return both, len(both) < max(len(rows), len(reference))


def _shared_repeats(both: pd.DataFrame, *each: pd.DataFrame) -> int | None:
    """The number of repeats that both systems have, if one of them has more."""
    shared = both["repeat"].nunique()
    has_more = any(rows["repeat"].nunique() > shared for rows in each)
    return shared if has_more else None


def _bootstrap(
    labels: list[pd.Series], rows: pd.DataFrame, units: Units, measure: Measure
) -> Interval:
    draw = measure.difference_bootstrap
    if not units.are_few:
        return draw(*labels, units.unit, training=units.varied_training)
    noun, names = units.of_interval(rows)
    if len(set(names)) < 2:
        return math.nan, math.nan
    return draw(*labels, names, cluster=noun)


def _test(labels: list[pd.Series], units: Units, measure: Measure) -> float:
    if not units.can_be_tested:
        return math.nan
    if units.varied_training is None:
        return measure.sign_flip_test(*labels, units.unit)
    return measure.t_test(*labels, units.unit, units.varied_training)


def difference_header(measure: Measure = UAR, cells: Iterable[str] = ()) -> list[str]:
    """The titles of the columns of a comparison.

    Args:
        measure: The score.
        cells: The cells below the first title, which names what they hold.
    """
    cells = list(cells)
    has_deviations = any("±" in cell for cell in cells)
    has_intervals = not has_deviations or any("[" in cell for cell in cells)
    title = f"Δ {measure.name}{DEVIATION if has_deviations else ''}"
    title += INTERVAL if has_intervals else ""
    return [title, "[95 % bootstrap]", "p", "p (Holm)"]


def difference_cells(
    differences: dict[str, Difference],
    primary: str | None = None,
    measure: Measure = UAR,
) -> dict[str, list[str]]:
    """The cells below `difference_header` of each system.

    Args:
        differences: From `compare`.
        primary: The system whose p is not adjusted. Holm's method adjusts p for all
            others, unless there is a single test.
        measure: The score.
    """
    last = _last_cells({name: each.p for name, each in differences.items()}, primary)
    return {
        name: [*each.cells(measure), p_value(each.p), last[name]]
        for name, each in differences.items()
    }


def _last_cells(p: dict[str, float], primary: str | None) -> dict[str, str]:
    """The adjusted p of each system, or why it is not adjusted."""
    others = [np.nan if name == primary else own for name, own in p.items()]
    cells = dict(zip(p, map(p_value, scores.holm(others)), strict=True))
    tested = [name for name, own in p.items() if not math.isnan(own)]
    if len(tested) == 1:
        cells[tested[0]] = ONLY_TEST
    if primary in tested:
        cells[primary] = PRIMARY
    return cells


def describe_reference(differences: dict[str, Difference], reference: str) -> str:
    """What the caption of a table says of the reference and of shared units."""
    units = describe(each.units for each in differences.values())
    return f"Δ to {reference} over {units}"
