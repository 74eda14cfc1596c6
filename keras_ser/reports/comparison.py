"""Systems against one reference: differences, intervals, p values.

What is compared are the utterances that both systems predicted in the same fold
and repeat; fewer than one of them has are marked.
"""

import dataclasses
import math

import pandas as pd

from keras_ser import scores
from keras_ser.reports.text import NOTHING, p_value, points
from keras_ser.scores.significance import EXACT, FEWEST, SAMPLES

PAIRS = ["fold", "repeat", "utterance", "speaker", "truth"]
HEADER = ["Δ UAR [95 % interval]", "Mean Δ of speakers", "p", "p, Holm"]


@dataclasses.dataclass(frozen=True)
class Difference:
    """A system's pooled UAR minus the reference's, on what both predicted."""

    value: float
    interval: tuple[float, float]
    mean: float  # of the speakers' differences, which is what p tests
    p: float  # NaN: not tested
    speakers: int
    utterances: int
    partial: bool

    @property
    def tested(self) -> bool:
        return not math.isnan(self.p)

    @property
    def opposed(self) -> bool:
        """Whether the pooled difference and the speakers' mean disagree in sign."""
        return self.tested and self.value * self.mean < 0

    @property
    def text(self) -> str:
        if not self.speakers:
            return NOTHING
        low, high = map(points, self.interval)
        few = " ‡" if self.speakers < FEWEST else ""
        mark = " §" if self.partial else ""
        return f"{points(self.value)} [{low}, {high}]{few}{mark}"


def reference_of(systems: list[str], against: str | None) -> str:
    """The system to compare with: the named one, a baseline, else the first."""
    named = [against, "baseline_augmented", "baseline", *systems]
    return next(name for name in named if name in systems)


def check_reference(against: str | None, systems) -> None:
    if against is not None and against not in set(systems):
        raise ValueError(
            f"`against` must be one of the systems, {sorted(set(systems))}. Received: "
            f"{against!r}. Name one of these."
        )


def compare(by_system: dict, reference: str) -> dict[str, Difference]:
    """Each system but the reference against it; empty without the reference."""
    if reference not in by_system:
        return {}
    base = by_system[reference]
    others = {name: rows for name, rows in by_system.items() if name != reference}
    return {name: difference(rows, base) for name, rows in others.items()}


def difference(rows: pd.DataFrame, base: pd.DataFrame) -> Difference:
    """A system against another one, on the utterances that both predicted.

    Args:
        rows, base: predictions of the emotion, as `reports.read` gives them.
    """
    columns = [*PAIRS, "prediction"]
    both = rows[columns].merge(base[columns], on=PAIRS, suffixes=("", "_base"))
    partial = len(both) < max(len(rows), len(base))
    if both.empty:
        none = math.nan
        return Difference(none, (none, none), none, none, 0, 0, partial)
    truth, first, second = both["truth"], both["prediction"], both["prediction_base"]
    speakers = both["speaker"].nunique()
    few = speakers < FEWEST
    cluster = "utterance" if few else "speaker"
    each = by_speaker(both) - by_speaker(both, "prediction_base")
    return Difference(
        value=scores.uar(truth, first) - scores.uar(truth, second),
        interval=scores.difference_interval(
            truth, first, second, both[cluster], cluster=cluster
        ),
        mean=float(each.mean()),
        p=math.nan if few else scores.sign_flip_test(each),
        speakers=speakers,
        utterances=both["utterance"].nunique(),
        partial=partial,
    )


def by_speaker(rows: pd.DataFrame, column: str = "prediction") -> pd.Series:
    """UAR of each speaker, the mean over the repeats that have the speaker."""
    repeats = [
        pd.Series(scores.per_speaker_uar(part["truth"], part[column], part["speaker"]))
        for _, part in rows.groupby("repeat")
    ]
    return pd.concat(repeats, axis=1).mean(axis=1)


def cells(differences: dict[str, Difference]) -> dict[str, list[str]]:
    """The columns of `HEADER` of each compared system; Holm over all of them."""
    adjusted = scores.holm([each.p for each in differences.values()])
    return {
        name: [each.text, _mean(each), p_value(each.p), p_value(holm)]
        for (name, each), holm in zip(differences.items(), adjusted, strict=True)
    }


def _mean(each: Difference) -> str:
    return points(each.mean) if each.tested else NOTHING


def caption(differences: dict[str, Difference], reference: str) -> str:
    counts = sorted({each.speakers for each in differences.values()})
    most = " to ".join(map(str, dict.fromkeys((counts[0], counts[-1]))))
    return f"Δ to {reference} over {most} shared speaker{'s' * (most != '1')}"


def notes(differences: dict[str, Difference], reference: str) -> list[tuple]:
    """What Δ and p of a table are, in words."""
    tested = [each for each in differences.values() if each.tested]
    texts = []
    if any(each.partial for each in differences.values()):
        texts.append(_partial(differences))
    few = [f"{n} ({e.speakers})" for n, e in differences.items() if not e.tested]
    if few:
        texts.append(
            f"No p for {', '.join(few)}: fewer than {FEWEST} shared speakers "
            "cannot reach a small one."
        )
    if tested:
        texts.append(_test(reference, sorted({each.speakers for each in tested})))
        tests = f"{len(tested)} tests" if len(tested) > 1 else "one test"
        texts[-1] += f" The last column adjusts p for the {tests} of this table (Holm)."
    opposed = [name for name, each in differences.items() if each.opposed]
    if opposed:
        texts.append(
            f"WARNING: for {', '.join(opposed)} the pooled Δ and the mean of the "
            "speakers' differences have opposite signs: p is about the mean, not "
            "about Δ."
        )
    return [("text", text) for text in texts]


def _partial(differences: dict[str, Difference]) -> str:
    sizes = ", ".join(
        f"{name} {each.speakers} speakers and {each.utterances} utterances"
        for name, each in differences.items()
        if each.partial
    )
    return f"§ compared on what both predicted in the same fold and repeat: {sizes}."


def _test(reference: str, speakers: list[int]) -> str:
    return (
        f"p is how often the speakers' UAR would lie this far from {reference}'s on "
        "average, above or below, if each speaker's difference could as well have had "
        "the opposite sign: a two-sided sign-flip test over speakers, each speaker's "
        "UAR averaged over repeats. What it tests is the mean Δ of speakers, in "
        f"points, in which each speaker counts alike. {' '.join(map(_reach, speakers))}"
    )


def _reach(speakers: int) -> str:
    smallest = p_value(scores.smallest_p(speakers))
    if speakers <= EXACT:
        patterns = f"all {2**speakers} sign patterns are counted, so p is exact"
    else:
        patterns = f"{SAMPLES} sign patterns are drawn, so p is approximate"
    return f"With {speakers} speakers {patterns}, and it cannot be below {smallest}."
