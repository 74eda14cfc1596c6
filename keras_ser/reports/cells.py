"""A score and its interval, as one cell of a table."""

import pandas as pd

from keras_ser import scores
from keras_ser.reports.text import percent
from keras_ser.scores.significance import FEWEST

UAR_COLUMNS = ["uar", "low", "high"]
FEW = " ‡"  # of intervals over utterances, for want of speakers


def uar_of(rows: pd.DataFrame) -> float:
    return scores.uar(rows["truth"], rows["prediction"])


def uar_interval(rows: pd.DataFrame) -> tuple[float, float, float]:
    """`UAR_COLUMNS`: pooled UAR, its interval over speakers, or over utterances."""
    cluster = "utterance" if _are_few(rows) else "speaker"
    low, high = scores.bootstrap_interval(
        rows["truth"], rows["prediction"], rows[cluster], cluster=cluster
    )
    return uar_of(rows), low, high


def uar_with_interval(rows: pd.DataFrame) -> str:
    """Pooled UAR and its interval over speakers; marked, over utterances."""
    uar, low, high = uar_interval(rows)
    mark = FEW if _are_few(rows) else ""
    return f"{percent(uar)} [{percent(low)}, {percent(high)}]{mark}"


def _are_few(rows: pd.DataFrame) -> bool:
    return rows["speaker"].nunique() < FEWEST
