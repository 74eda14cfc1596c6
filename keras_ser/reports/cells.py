"""A score with its interval, as the cell of a table."""

import pandas as pd

from keras_ser import scores
from keras_ser.reports.text import percent
from keras_ser.scores.significance import MIN_SPEAKERS

UAR_COLUMNS = ["uar", "low", "high"]
FEW_SPEAKERS_MARK = " ‡"  # after an interval over utterances instead of speakers


def pooled_uar(rows: pd.DataFrame) -> float:
    """UAR (unweighted average recall) over all rows of predictions, in [0, 1]."""
    return scores.uar(rows["truth"], rows["prediction"])


def uar_interval(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Pooled UAR and its bootstrap interval, in the order of `UAR_COLUMNS`.

    The interval is over draws of speakers, or of utterances where the speakers are
    too few.

    Args:
        rows: Predictions of the emotion, as `reports.read` returns them.

    Returns:
        UAR and both ends of its 95 % interval, in [0, 1].
    """
    cluster = "utterance" if _has_few_speakers(rows) else "speaker"
    low, high = scores.bootstrap_interval(
        rows["truth"], rows["prediction"], rows[cluster], cluster=cluster
    )
    return pooled_uar(rows), low, high


def uar_with_interval(rows: pd.DataFrame) -> str:
    """Pooled UAR in percent with its 95 % interval, such as `87.5 [83.7, 91.2]`.

    The mark ‡ follows if there are too few speakers for an interval over speakers;
    it is then over utterances.

    Args:
        rows: Predictions of the emotion, as `reports.read` returns them.
    """
    uar, low, high = uar_interval(rows)
    mark = FEW_SPEAKERS_MARK if _has_few_speakers(rows) else ""
    return f"{percent(uar)} [{percent(low)}, {percent(high)}]{mark}"


def _has_few_speakers(rows: pd.DataFrame) -> bool:
    return rows["speaker"].nunique() < MIN_SPEAKERS
