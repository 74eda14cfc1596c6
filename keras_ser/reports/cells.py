"""A score and its interval, as one cell of a table."""

import pandas as pd

from keras_ser import scores
from keras_ser.reports.text import percent
from keras_ser.scores.significance import FEWEST

FEW = " ‡"  # of intervals over utterances, for want of speakers


def uar_of(rows: pd.DataFrame) -> float:
    return scores.uar(rows["truth"], rows["prediction"])


def uar_with_interval(rows: pd.DataFrame) -> str:
    """Pooled UAR and its interval over speakers; marked, over utterances."""
    few = rows["speaker"].nunique() < FEWEST
    cluster = "utterance" if few else "speaker"
    low, high = scores.bootstrap_interval(
        rows["truth"], rows["prediction"], rows[cluster], cluster=cluster
    )
    mark = FEW if few else ""
    return f"{percent(uar_of(rows))} [{percent(low)}, {percent(high)}]{mark}"
