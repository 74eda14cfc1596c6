"""A score with its interval, as the cell of a table."""

import dataclasses
from collections.abc import Callable

import pandas as pd

from keras_ser import scores
from keras_ser.reports.tasks import Head
from keras_ser.reports.text import number, percent
from keras_ser.scores.significance import MIN_SPEAKERS

UAR_COLUMNS = ["uar", "low", "high"]
FEW_SPEAKERS_MARK = " ‡"  # after an interval over utterances instead of speakers
Interval = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Measure:
    """The score that reports show of a head.

    Args:
        title: Its name and unit, for captions.
        read: Converts labels of `predictions.csv`, which are text.
        score: The score of true and predicted labels.
        interval: Its bootstrap interval, of the same and the names of the clusters.
        text: How a value is written.
    """

    title: str
    read: Callable[[pd.Series], pd.Series]
    score: Callable[..., float]
    interval: Callable[..., Interval]
    text: Callable[[float], str]

    def labels(self, rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
        """The true and the predicted labels of predictions."""
        return self.read(rows["truth"]), self.read(rows["prediction"])


UAR = Measure(
    "UAR %", lambda labels: labels, scores.uar, scores.bootstrap_interval, percent
)
CCC = Measure("CCC", pd.to_numeric, scores.ccc, scores.ccc_interval, number)


def measure_of(head: Head) -> Measure:
    """The score of a head: UAR of classes, CCC of numbers."""
    return CCC if head.has_numbers else UAR


def pooled(rows: pd.DataFrame, measure: Measure = UAR) -> float:
    """The score of all rows of predictions together.

    Args:
        rows: Labelled predictions of one head, as `reports.read` returns them.
        measure: The score.
    """
    return measure.score(*measure.labels(rows))


def interval(rows: pd.DataFrame, measure: Measure = UAR) -> tuple[float, float, float]:
    """The pooled score and both ends of its 95 % bootstrap interval.

    The interval is over draws of speakers, or of utterances where the speakers are
    too few.

    Args:
        rows: As for `pooled`.
        measure: The score.
    """
    cluster = "utterance" if _has_few_speakers(rows) else "speaker"
    labels = measure.labels(rows)
    low, high = measure.interval(*labels, rows[cluster], cluster=cluster)
    return measure.score(*labels), low, high


def with_interval(rows: pd.DataFrame, measure: Measure = UAR) -> str:
    """The pooled score with its 95 % interval, such as `87.5 [83.7, 91.2]`.

    The mark ‡ follows if there are too few speakers for an interval over speakers;
    it is then over utterances.

    Args:
        rows: As for `pooled`.
        measure: The score.
    """
    score, low, high = map(measure.text, interval(rows, measure))
    mark = FEW_SPEAKERS_MARK if _has_few_speakers(rows) else ""
    return f"{score} [{low}, {high}]{mark}"


def uar_interval(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Pooled UAR and its bootstrap interval, in the order of `UAR_COLUMNS`.

    Args:
        rows: Labelled predictions of one head, as `reports.read` returns them.

    Returns:
        UAR and both ends of its 95 % interval, in [0, 1].
    """
    return interval(rows, UAR)


def uar_with_interval(rows: pd.DataFrame) -> str:
    """Pooled UAR in percent with its 95 % interval, such as `87.5 [83.7, 91.2]`.

    The mark ‡ follows if there are too few speakers for an interval over speakers;
    it is then over utterances.

    Args:
        rows: Labelled predictions of one head, as `reports.read` returns them.
    """
    return with_interval(rows, UAR)


def _has_few_speakers(rows: pd.DataFrame) -> bool:
    return rows["speaker"].nunique() < MIN_SPEAKERS
