"""The units of a table: what its intervals and p values generalise to.

A training is a fold in a repeat. It is connected with each speaker that it was tested
on, and what is connected belongs together: a speaker who is left out, or a group of
speakers who are left out together. If everything is connected, as when each training
is tested on a whole corpus, speakers and trainings are crossed, and both are units.
"""

import dataclasses
from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from keras_ser.reports.text import count_range
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
    """

    kind: str
    unit: np.ndarray
    training: np.ndarray | None
    count: int
    speakers: int
    trainings: int

    @property
    def are_few(self) -> bool:
        """Whether there are too few for an interval over units."""
        return self.count < MIN_UNITS

    @property
    def can_be_tested(self) -> bool:
        """Whether there are enough for a p value that can be small."""
        return self.count >= MIN_SPEAKERS

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
    )


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
        Such as `10 shared speakers`, `6 shared groups of speakers`, or `17 shared
        speakers and 5 trainings`.
    """
    alike: dict[tuple[str, bool], list[Units]] = {}
    for each in units:
        key = each.noun, each.varied_training is not None
        alike.setdefault(key, []).append(each)
    return " or ".join(_describe(*key, found) for key, found in alike.items())


def _describe(noun: str, varied: bool, units: list[Units]) -> str:
    text = count_range([each.count for each in units], f"shared {noun}")
    if varied:
        text += f" and {count_range([e.trainings for e in units], 'training')}"
    return text


def explain(units: Iterable[Units], what: str) -> list[str]:
    """What a table says of its units, unless each speaker is one.

    Args:
        units: The units of all figures of the table.
        what: What rests on them, such as `Intervals and p`.
    """
    known = [each for each in units if not each.are_few]
    texts = [_explain_groups([each for each in known if each.kind == GROUP], what)]
    crossed = [each for each in known if each.kind == CROSSED]
    single = [each.trainings for each in crossed if each.has_single_trainings]
    several = [each.trainings for each in crossed if not each.has_single_trainings]
    texts += [_explain_single(single, what), _explain_several(several, what)]
    return [text for text in texts if text]


def _explain_groups(units: list[Units], what: str) -> str:
    if not units:
        return ""
    groups = count_range([each.count for each in units], "group")
    speakers = count_range([each.speakers for each in units], "speaker")
    return (
        "Speakers who were tested by the same trainings are one unit, because they may "
        f"share the luck of these trainings. {what} are over {groups} of {speakers}."
    )


def _explain_single(trainings: list[int], what: str) -> str:
    if not trainings:
        return ""
    number = count_range(trainings, "single training").replace("1 single", "a single")
    return (
        f"The figures describe {number} of each system, tested on many speakers. "
        f"{what} are about other speakers, not about other trainings. To say something "
        f"about other trainings, at least {MIN_TRAININGS} repeats are needed: add "
        f"`--set repeats={MIN_TRAININGS}` to the run."
    )


def _explain_several(trainings: list[int], what: str) -> str:
    if not trainings:
        return ""
    return (
        f"A system has {count_range(trainings, 'training')} here, each tested on many "
        f"speakers. {what} are about other speakers and about other trainings: both "
        "vary in the t interval, and both are drawn in the bootstrap."
    )
