"""The units of a table: what its intervals and p values generalise to.

A training is a fold in a repeat. It is connected with each speaker that it was tested
on, and what is connected belongs together: a speaker who is left out, or a group of
speakers who are left out together. If everything is connected, as when each training
is tested on a whole corpus, speakers and trainings are crossed, and both are units.
If such a corpus has too few speakers, and several folds test it, the trainings are what
varies; see `trainings`.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from keras_ser.reports.text import count_range, counted
from keras_ser.scores.significance import MIN_SPEAKERS, MIN_TRAININGS

SPEAKER, GROUP, CROSSED = "speaker", "group", "crossed"
MIN_UNITS = 3  # with two, a t interval has one degree of freedom and says nothing


@dataclasses.dataclass(frozen=True, eq=False)
class Units:
    """The units of predictions.

    Args:
        kind: `"speaker"`, `"group"` of speakers, or `"crossed"` with trainings.
        unit: The name of each row's unit, `(rows,)`: its speaker, or the first
            speaker of its group.
        training: The number of each row's training, `(rows,)`; None unless crossed.
        count: The number of units; in a crossed design, that of speakers.
        speakers: The number of speakers.
        trainings: The number of trainings.
        are_rotated: Whether several folds test these speakers, and each training tests
            all of them.
    """

    kind: str
    unit: np.ndarray
    training: np.ndarray | None
    count: int
    speakers: int
    trainings: int
    are_rotated: bool

    @property
    def are_few(self) -> bool:
        """Whether there are too few for an interval over units."""
        return self.count < MIN_UNITS

    @property
    def are_trainings(self) -> bool:
        """Whether trainings of several folds test the same speakers, who are too few.

        A spread is then over the trainings. Repeats of a single fold, which differ in
        their seeds alone, do not count.
        """
        return self.are_rotated and self.are_few and self.trainings >= MIN_UNITS

    @property
    def least(self) -> int:
        """The number that a p value needs: of sign flips, or of a t test."""
        return MIN_SPEAKERS if self.varied_training is None else MIN_UNITS

    @property
    def can_be_tested(self) -> bool:
        """Whether there are enough for a p value."""
        return self.count >= self.least

    @property
    def has_single_trainings(self) -> bool:
        """Whether trainings are crossed, and too few to say anything about others."""
        return self.kind == CROSSED and self.trainings < MIN_TRAININGS

    @property
    def varied_training(self) -> np.ndarray | None:
        """The training of each row if it is a unit next to the speaker, else None."""
        return None if self.has_single_trainings else self.training

    @property
    def noun(self) -> str:
        """What a unit is called; the speaker in a crossed design."""
        return "group of speakers" if self.kind == GROUP else "speaker"

    def of_interval(self, rows: pd.DataFrame) -> tuple[str, np.ndarray]:
        """What an interval is over, and the name of this for each row.

        Where the units are too few, speakers take their place if they are not. Where
        these are too few as well, utterances do.

        Args:
            rows: The predictions, with the columns `speaker` and `utterance`.
        """
        if not self.are_few:
            return self.noun, self.unit
        column = "speaker" if self.speakers >= MIN_UNITS else "utterance"
        return column, rows[column].to_numpy()


def find_units(rows: pd.DataFrame) -> Units:
    """The units of predictions of one head, on one test set under one condition.

    The connected components of the graph of speakers and trainings are the units, if
    there are several. A single speaker is a unit, too.

    Args:
        rows: Predictions with the columns `fold`, `repeat` and `speaker`.

    Example:

    >>> columns = {"fold": ["1", "1", "2"], "repeat": 0, "speaker": ["a", "b", "c"]}
    >>> find_units(pd.DataFrame(columns)).unit
    array(['a', 'a', 'c'], dtype=object)
    """
    speaker, names = pd.factorize(rows["speaker"], sort=True)
    training = rows.groupby(["fold", "repeat"]).ngroup().to_numpy()
    trainings = len(np.unique(training))
    component = _components(speaker, training, len(names), trainings)
    first = np.unique(component, return_index=True)[1]
    is_crossed = len(first) == 1 < len(names)
    kind = SPEAKER if len(first) == len(names) else GROUP
    own = speaker if is_crossed else first[component[speaker]]
    return Units(
        kind=CROSSED if is_crossed else kind,
        unit=np.asarray(names, object)[own],
        training=training if is_crossed else None,
        count=len(names) if is_crossed else len(first),
        speakers=len(names),
        trainings=trainings,
        are_rotated=_are_rotated(rows, len(names), trainings),
    )


def _are_rotated(rows: pd.DataFrame, speakers: int, trainings: int) -> bool:
    tested = rows.groupby(["fold", "repeat", "speaker"]).ngroups
    return rows["fold"].nunique() > 1 and tested == speakers * trainings


def _components(
    speaker: np.ndarray, training: np.ndarray, speakers: int, trainings: int
) -> np.ndarray:
    """The connected component of each speaker, `(speakers,)`, numbered from 0."""
    size = speakers + trainings
    edges = np.ones(len(speaker)), (speaker, speakers + training)
    graph = coo_array(edges, shape=(size, size)).tocsr()
    return connected_components(graph, directed=False)[1][:speakers]


def describe(units: Iterable[Units]) -> str:
    """How the caption of a table names the units of its comparisons.

    Args:
        units: Those of each comparison.

    Returns:
        Such as `10 shared speakers`, `6 shared groups of speakers`, `17 shared
        speakers and 5 trainings`, or `3 shared trainings`.
    """
    alike: dict[tuple[str, bool], list[Units]] = {}
    for each in units:
        key = each.noun, each.varied_training is not None
        key = ("training", False) if each.are_trainings else key
        alike.setdefault(key, []).append(each)
    return " or ".join(_describe(*key, found) for key, found in alike.items())


def _describe(noun: str, varied: bool, units: list[Units]) -> str:
    if noun == "training":
        return count_range([each.trainings for each in units], "shared training")
    text = count_range([each.count for each in units], f"shared {noun}")
    if varied:
        text += f" and {count_range([e.trainings for e in units], 'training')}"
    return text


def explain(
    own: Mapping[str, Units], what: str, shared: Mapping[str, Units] = {}
) -> list[str]:
    """What a table says of its units, unless each speaker is one.

    Args:
        own: The units of each system.
        what: What rests on them, such as `Intervals and p`.
        shared: The units of each system's comparison with the reference.
    """
    known = [each for each in [*own.values(), *shared.values()] if not each.are_few]
    texts = [_explain_groups([each for each in known if each.kind == GROUP], what)]
    single, several = (
        _Trainings(
            _count_trainings(own, is_single), _count_trainings(shared, is_single)
        )
        for is_single in (True, False)
    )
    texts.append(_explain_single(single, what, differ=bool(several.counts)))
    texts.append(_explain_several(several, what, differ=bool(single.counts)))
    return [text for text in texts if text]


class _Trainings(NamedTuple):
    """The numbers of crossed trainings of systems, and of their comparisons."""

    own: dict[str, int]
    shared: dict[str, int]

    @property
    def counts(self) -> list[int]:
        """All of the numbers."""
        return [*self.own.values(), *self.shared.values()]


def _count_trainings(units: Mapping[str, Units], is_single: bool) -> dict[str, int]:
    """The numbers of trainings, either of crossed units with few or with enough."""
    return {
        name: each.trainings
        for name, each in units.items()
        if each.kind == CROSSED and not each.are_few
        if each.has_single_trainings == is_single
    }


def _explain_groups(units: list[Units], what: str) -> str:
    if not units:
        return ""
    groups = count_range([each.count for each in units], "group")
    speakers = count_range([each.speakers for each in units], "speaker")
    return (
        "Speakers who were tested by the same trainings are one unit, because they may "
        f"share the luck of these trainings. {what} are over these units: {speakers} "
        f"in {groups}."
    )


def _explain_single(trainings: _Trainings, what: str, differ: bool) -> str:
    """The sentences on trainings that are too few to say anything about others."""
    counts = trainings.counts
    if not counts:
        return ""
    if differ or len(set(counts)) > 1:
        subject = f"{_name_trainings(trainings)}, tested on"
        what = _these(what, trainings)
    else:
        number = counted(counts[0], "single training").replace("1 single", "a single")
        subject = f"The figures describe {number} of each system, tested on"
    return (
        f"{subject} many speakers. {what} are about other speakers, not about other "
        "trainings. To say something about other trainings, run the other folds of the "
        "protocol, if this test set has any, or at least "
        f"{MIN_TRAININGS} repeats (`--set repeats={MIN_TRAININGS}`)."
    )


def _explain_several(trainings: _Trainings, what: str, differ: bool) -> str:
    if not trainings.counts:
        return ""
    if differ:
        subject = f"{_name_trainings(trainings)}, each tested on many"
        what = _these(what, trainings)
    else:
        number = count_range(trainings.counts, "training")
        subject = f"A system has {number} here, each tested on many"
    return (
        f"{subject} speakers. {what} are about other speakers and about other "
        "trainings: both vary in the t interval, and both are drawn in the bootstrap."
    )


def _name_trainings(trainings: _Trainings) -> str:
    """Which systems and differences have how many trainings."""
    own, shared = trainings
    parts = [
        f"{', '.join(names)} {'has' if len(names) == 1 else 'have'} "
        + _count(number, "training")
        for number, names in _by_number(own)
    ]
    parts += [
        f"the difference{'' if len(names) == 1 else 's'} of {', '.join(names)} "
        f"{'rests' if len(names) == 1 else 'rest'} on "
        + _count(number, "shared training")
        for number, names in _by_number(shared)
    ]
    text = ", and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
    return text[0].upper() + text[1:] if not own else text


def _by_number(trainings: dict[str, int]) -> list[tuple[int, list[str]]]:
    alike: dict[int, list[str]] = {}
    for name, number in trainings.items():
        alike.setdefault(number, []).append(name)
    return sorted(alike.items())


def _count(number: int, noun: str) -> str:
    return counted(number, noun) if number > 1 else f"a single {noun}"


def _these(what: str, trainings: _Trainings) -> str:
    """What rests on some trainings only; p rests on those of differences."""
    return f"These {what.lower()}" if trainings.shared else "These intervals"
