"""Systems compared with a reference: differences, intervals and p values.

Two systems are compared on the utterances that both predicted in the same fold and
repeat. A mark says where these are fewer than one of the systems has.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable

import pandas as pd

from keras_ser import scores
from keras_ser.reports.blocks import Text
from keras_ser.reports.cells import FEW_SPEAKERS_MARK
from keras_ser.reports.text import NO_VALUE, counted, p_value, points
from keras_ser.scores.significance import EXACT, MIN_SPEAKERS, SAMPLES

PAIR_COLUMNS = ["test", "fold", "repeat", "utterance", "speaker", "truth"]
DIFFERENCE_HEADER = ["Δ UAR [95 % interval]", "Mean Δ over speakers", "p", "p (Holm)"]
PARTIAL_MARK = " §"  # after a difference on a part of the utterances


@dataclasses.dataclass(frozen=True)
class Difference:
    """A system's pooled score minus the reference's, on what both predicted.

    Args:
        value: The difference in UAR, in [-1, 1], or in CCC.
        interval: Both ends of its 95 % interval.
        mean: The mean over speakers of the difference in their UAR, which p tests; NaN
            for the CCC.
        p: p of a sign-flip test over speakers; NaN if there are too few of them, and
            for the CCC.
        speakers: Number of shared speakers.
        utterances: Number of shared utterances.
        partial: Whether one of the systems predicted more than the other.
    """

    value: float
    interval: tuple[float, float]
    mean: float
    p: float
    speakers: int
    utterances: int
    partial: bool

    @property
    def tested(self) -> bool:
        """Whether there are enough speakers for a test."""
        return not math.isnan(self.p)

    @property
    def opposed(self) -> bool:
        """Whether the pooled difference and the mean over speakers differ in sign."""
        return self.tested and self.value * self.mean < 0

    @property
    def text(self) -> str:
        """The difference and its interval in percentage points, with their marks."""
        return self.written(points)

    def written(self, text: Callable[[float], str]) -> str:
        """The difference and its interval, with their marks.

        Args:
            text: How a value is written.
        """
        if not self.speakers:
            return NO_VALUE
        low, high = map(text, self.interval)
        few = FEW_SPEAKERS_MARK if self.speakers < MIN_SPEAKERS else ""
        partial = PARTIAL_MARK if self.partial else ""
        return f"{text(self.value)} [{low}, {high}]{few}{partial}"


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


def compare(
    by_system: dict[str, pd.DataFrame],
    reference: str,
    differ: Callable[[pd.DataFrame, pd.DataFrame], Difference] | None = None,
) -> dict[str, Difference]:
    """The `Difference` of each system from the reference.

    Args:
        by_system: Predictions of one head by the name of the system.
        reference: Name of the reference.
        differ: Computes the difference from two tables of predictions; default:
            `difference`.

    Returns:
        Differences by system, without the reference; empty if there are no
        predictions of the reference.
    """
    if reference not in by_system:
        return {}
    base = by_system[reference]
    others = {name: rows for name, rows in by_system.items() if name != reference}
    differ = differ or difference
    return {name: differ(rows, base) for name, rows in others.items()}


def difference(rows: pd.DataFrame, reference: pd.DataFrame) -> Difference:
    """The difference of a system from a reference, on what both predicted.

    Args:
        rows: The system's predictions of a head with classes under one condition, as
            `reports.by_test_set` returns them.
        reference: The predictions of the reference.
    """
    both, partial = pair(rows, reference)
    if both.empty:
        return no_difference(partial)
    truth, prediction = both["truth"], both["prediction"]
    base = both["prediction_reference"]
    speakers = both["speaker"].nunique()
    few = speakers < MIN_SPEAKERS
    cluster = "utterance" if few else "speaker"
    by_speaker = speaker_uar(both) - speaker_uar(both, "prediction_reference")
    return Difference(
        value=scores.uar(truth, prediction) - scores.uar(truth, base),
        interval=scores.difference_interval(
            truth, prediction, base, both[cluster], cluster=cluster
        ),
        mean=float(by_speaker.mean()),
        p=math.nan if few else scores.sign_flip_test(by_speaker),
        speakers=speakers,
        utterances=both["utterance"].nunique(),
        partial=partial,
    )


def pair(rows: pd.DataFrame, reference: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """What both predicted, and whether one of them predicted more.

    Args:
        rows: The predictions of a system.
        reference: The predictions of the reference.

    Returns:
        The shared rows, with the columns `prediction` and `prediction_reference`, and
        whether they are only a part.
    """
    columns = [*PAIR_COLUMNS, "prediction"]
    both = rows[columns].merge(
        reference[columns], on=PAIR_COLUMNS, suffixes=("", "_reference")
    )
    return both, len(both) < max(len(rows), len(reference))


def no_difference(partial: bool) -> Difference:
    """The difference of systems that share no prediction."""
    none = math.nan
    return Difference(none, (none, none), none, none, 0, 0, partial)


def speaker_uar(rows: pd.DataFrame, column: str = "prediction") -> pd.Series:
    """UAR of each speaker, averaged over the repeats that have the speaker.

    Args:
        rows: Predictions of a head with classes.
        column: The column that holds the predictions.
    """
    repeats = [
        pd.Series(scores.per_speaker_uar(part["truth"], part[column], part["speaker"]))
        for _, part in rows.groupby("repeat")
    ]
    return pd.concat(repeats, axis=1).mean(axis=1)


def difference_cells(differences: dict[str, Difference]) -> dict[str, list[str]]:
    """The cells below `DIFFERENCE_HEADER` of each system.

    Args:
        differences: From `compare`. Holm's method adjusts p for all of them.
    """
    adjusted = scores.holm([each.p for each in differences.values()])
    return {
        name: [
            each.text,
            points(each.mean) if each.tested else NO_VALUE,
            p_value(each.p),
            p_value(holm),
        ]
        for (name, each), holm in zip(differences.items(), adjusted, strict=True)
    }


def describe_reference(differences: dict[str, Difference], reference: str) -> str:
    """What the caption of a table says of the reference and of shared speakers."""
    counts = sorted({each.speakers for each in differences.values()})
    if counts[0] == counts[-1]:
        return f"Δ to {reference} over {counted(counts[0], 'shared speaker')}"
    return f"Δ to {reference} over {counts[0]} to {counts[-1]} shared speakers"


def explain(differences: dict[str, Difference], reference: str) -> list[Text]:
    """The paragraphs that explain Δ and p below a table.

    Args:
        differences: From `compare`.
        reference: Name of the reference.
    """
    tested = [each for each in differences.values() if each.tested]
    texts = explain_partial(differences)
    few = [f"{n} ({e.speakers})" for n, e in differences.items() if not e.tested]
    if few:
        texts.append(
            f"No p for {', '.join(few)}: with fewer than {MIN_SPEAKERS} shared "
            "speakers (their number is in parentheses), p cannot be small."
        )
    if tested:
        texts.append(_explain_test(reference, tested))
    opposed = [name for name, each in differences.items() if each.opposed]
    if opposed:
        texts.append(
            f"WARNING: for {', '.join(opposed)}, the pooled Δ and the mean Δ over "
            "speakers have opposite signs. p refers to the mean, not to the pooled Δ."
        )
    return [Text(text) for text in texts]


def explain_partial(differences: dict[str, Difference]) -> list[str]:
    """What the mark § means in a table; nothing if no difference has it."""
    if not any(each.partial for each in differences.values()):
        return []
    sizes = ", ".join(
        f"{name} on {counted(each.speakers, 'speaker')} and "
        f"{counted(each.utterances, 'utterance')}"
        for name, each in differences.items()
        if each.partial
    )
    return [
        "§ Compared only on the utterances that both systems predicted in the same "
        f"fold and repeat: {sizes}."
    ]


def _explain_test(reference: str, tested: list[Difference]) -> str:
    speakers = sorted({each.speakers for each in tested})
    tests = f"{len(tested)} tests" if len(tested) > 1 else "one test"
    return (
        "p comes from a two-sided sign-flip test over speakers, in which the UAR of a "
        "speaker is averaged over repeats. It is the probability that the mean "
        f"difference of the speakers from {reference} would be at least this large, in "
        "either direction, if the difference of each speaker could equally well have "
        "had the opposite sign. The test therefore refers to the mean Δ over speakers "
        "(in percentage points), in which all speakers count equally. "
        f"{' '.join(map(_smallest_p, speakers))} The last column adjusts p for the "
        f"{tests} of this table by Holm's method."
    )


def _smallest_p(speakers: int) -> str:
    smallest = p_value(scores.smallest_p(speakers))
    if speakers <= EXACT:
        patterns = f"all {2**speakers} sign patterns are counted, so p is exact"
    else:
        patterns = f"{SAMPLES} sign patterns are drawn, so p is approximate"
    return f"With {speakers} speakers, {patterns}, and it cannot be below {smallest}."
