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
from keras_ser.reports.blocks import Text
from keras_ser.reports.cells import FEW_UNITS_MARK, UAR, Interval, Measure, t_limits
from keras_ser.reports.text import NO_VALUE, PRIMARY, count_range, counted, p_value
from keras_ser.reports.units import Units, describe, find_units
from keras_ser.scores.significance import EXACT, MIN_SPEAKERS, SAMPLES

PAIR_COLUMNS = ["test", "fold", "repeat", "utterance", "speaker", "truth"]
LABEL_COLUMNS = ["truth", "prediction", "prediction_reference"]
PARTIAL_MARK = " §"  # after a difference on a part of the utterances


@dataclasses.dataclass(frozen=True, eq=False)
class Difference:
    """A system's pooled score minus the reference's, on what both predicted.

    Args:
        value: The difference in UAR, in [-1, 1], or in CCC.
        t_interval: Both ends of its 95 % t interval.
        bootstrap: Both ends of its 95 % bootstrap interval.
        p: p of the difference: of a sign-flip test over units, or of a t test over
            speakers and trainings. NaN if there are too few units.
        units: The units of the shared predictions.
        utterances: Number of shared utterances.
        partial: Whether one of the systems predicted more than the other.
    """

    value: float
    t_interval: Interval
    bootstrap: Interval
    p: float
    units: Units
    utterances: int
    partial: bool

    @property
    def is_tested(self) -> bool:
        """Whether there are enough units for a test."""
        return not math.isnan(self.p)

    def cells(self, measure: Measure = UAR) -> list[str]:
        """The difference with its t interval, and its bootstrap interval, as text.

        Args:
            measure: The score.
        """
        if not self.utterances:
            return [NO_VALUE, NO_VALUE]
        few = FEW_UNITS_MARK if self.units.are_few else ""
        partial = PARTIAL_MARK if self.partial else ""
        t_interval, bootstrap = (
            "[{}, {}]".format(*map(measure.signed, limits)) + few
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
    candidates = [reference, "baseline_augmented", "baseline", *systems]
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


def choose_primary(compared: Iterable[str], primary: str | None) -> str | None:
    """The system of a table's primary comparison, whose p is not adjusted.

    Args:
        compared: Names of the systems that are compared with the reference.
        primary: The system that the user or the config names, if any.

    Returns:
        `primary` if it is compared, else the only system if there is just one, else
        None.
    """
    names = list(compared)
    if primary in names:
        return primary
    return names[0] if len(names) == 1 else None


def check_primary(primary: str | None, compared: Iterable[str]) -> None:
    """Rejects a primary system that no table compares with its reference.

    Raises:
        ValueError: If it is neither None nor such a system.
    """
    names = sorted(set(compared))
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
    the intervals are over utterances.

    Args:
        rows: The system's predictions of a head under one condition, as
            `reports.by_test_set` returns them.
        reference: The predictions of the reference.
        measure: The score.
    """
    both, partial = _pair(rows, reference)
    units, none = find_units(both), math.nan
    if both.empty:
        return Difference(none, (none, none), (none, none), none, units, 0, partial)
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


def _bootstrap(
    labels: list[pd.Series], rows: pd.DataFrame, units: Units, measure: Measure
) -> Interval:
    draw = measure.difference_bootstrap
    if units.are_few:
        return draw(*labels, rows["utterance"], cluster="utterance")
    return draw(*labels, units.unit, training=units.varied_training)


def _test(labels: list[pd.Series], units: Units, measure: Measure) -> float:
    if not units.can_be_tested:
        return math.nan
    if units.varied_training is None:
        return measure.sign_flip_test(*labels, units.unit)
    return measure.t_test(*labels, units.unit, units.varied_training)


def difference_header(measure: Measure = UAR) -> list[str]:
    """The titles of the columns of a comparison.

    Args:
        measure: The score.
    """
    title = f"Δ {measure.name} [95 % t interval]"
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
            others.
        measure: The score.
    """
    others = [np.nan if k == primary else v.p for k, v in differences.items()]
    adjusted = map(p_value, scores.holm(others))
    return {
        name: [
            *each.cells(measure),
            p_value(each.p),
            PRIMARY if name == primary and each.is_tested else holm,
        ]
        for (name, each), holm in zip(differences.items(), adjusted, strict=True)
    }


def describe_reference(differences: dict[str, Difference], reference: str) -> str:
    """What the caption of a table says of the reference and of shared units."""
    units = describe(each.units for each in differences.values())
    return f"Δ to {reference} over {units}"


def explain(
    differences: dict[str, Difference], primary: str | None = None
) -> list[Text]:
    """The paragraphs that explain Δ and p below a table.

    Args:
        differences: From `compare`.
        primary: The system whose p is not adjusted.
    """
    texts = _explain_partial(differences) + _explain_few(differences)
    tested = {name: each for name, each in differences.items() if each.is_tested}
    if tested:
        words = [*_explain_tests(tested), *_explain_holm(list(tested), primary)]
        texts.append(" ".join(words))
    return [Text(text) for text in texts]


def _explain_partial(differences: dict[str, Difference]) -> list[str]:
    """What the mark § means in a table; nothing if no difference has it."""
    alike: dict[str, list[str]] = {}
    for name, each in differences.items():
        if each.partial:
            alike.setdefault(_size(each), []).append(name)
    if not alike:
        return []
    sizes = [f"{', '.join(names)} on {size}" for size, names in alike.items()]
    return [
        "§ Compared only on the utterances that both systems predicted in the same "
        f"fold and repeat: {'; '.join(sizes)}."
    ]


def _size(each: Difference) -> str:
    speakers = counted(each.units.speakers, "speaker")
    return f"{speakers} and {counted(each.utterances, 'utterance')}"


def _explain_few(differences: dict[str, Difference]) -> list[str]:
    few = [
        f"{name} ({each.units.count})"
        for name, each in differences.items()
        if not each.is_tested
    ]
    if not few:
        return []
    nouns = dict.fromkeys(
        each.units.noun for each in differences.values() if not each.is_tested
    )
    least = " or ".join(count_range([MIN_SPEAKERS], f"shared {n}") for n in nouns)
    return [
        f"No p for {', '.join(few)}: with fewer than {least} (their number is in "
        "parentheses), p cannot be small."
    ]


def _explain_tests(tested: dict[str, Difference]) -> list[str]:
    """What p is, in one sentence after the other."""
    units = {name: each.units for name, each in tested.items()}
    flipped = {k: each for k, each in units.items() if each.varied_training is None}
    twofold = {k: each for k, each in units.items() if k not in flipped}
    several = bool(flipped and twofold)
    texts = []
    if flipped:
        where = f"For {', '.join(flipped)}, p" if several else "p"
        texts += _explain_sign_flips(where, list(flipped.values()))
    if twofold:
        where = f"For {', '.join(twofold)}, p" if several else "p"
        texts.append(
            f"{where} comes from a two-sided t test of the printed Δ. Its standard "
            "error is that of the t interval, in which both speakers and trainings "
            "vary, and its degrees of freedom are one less than the smaller of their "
            "two numbers."
        )
    return texts


def _explain_sign_flips(where: str, units: list[Units]) -> list[str]:
    found = sorted({(each.noun, each.count) for each in units})
    nouns = list(dict.fromkeys(noun for noun, _ in found))
    flipped = " or ".join(f"a {noun}" for noun in nouns)
    that = " or ".join(f"that {noun.partition(' ')[0]}" for noun in nouns)
    return [
        f"{where} comes from a two-sided sign-flip test of the printed Δ. Flipping the "
        f"sign of {flipped} swaps the two systems' predictions for {that}. p is the "
        "share of sign patterns whose Δ is at least as far from 0 as the printed one.",
        *(_smallest_p(*each) for each in found),
    ]


def _smallest_p(noun: str, count: int) -> str:
    smallest = p_value(scores.smallest_p(count))
    if count <= EXACT:
        patterns = f"all {2**count} sign patterns are counted, so p is exact"
    else:
        patterns = f"{SAMPLES} sign patterns are drawn, so p is approximate"
    units = count_range([count], noun)
    return f"With {units}, {patterns}, and it cannot be below {smallest}."


def _explain_holm(tested: list[str], primary: str | None) -> list[str]:
    """Which p values are adjusted, and which one is not."""
    others = [name for name in tested if name != primary]
    if primary not in tested:
        tests = f"{len(tested)} tests" if len(tested) > 1 else "one test"
        return [
            f"The last column adjusts p for the {tests} of this table by Holm's method."
        ]
    if not others:
        return ["It is the only test of this table, so p is not adjusted."]
    tests = f"{len(others)} other tests" if len(others) > 1 else "other test"
    return [
        f"The comparison of {primary} is the primary one of this table, and its p is "
        f"not adjusted. The last column adjusts p for the {tests} by Holm's method."
    ]
