"""Scores of trainings that all test the same few speakers.

Where fewer than three speakers are tested by several folds, no interval is about other
speakers. What varies is the training. The score is then the mean over the trainings,
each of which is a fold in a repeat, with the standard deviation over them.
"""

from collections.abc import Callable, Mapping

import pandas as pd

from keras_ser.reports.text import count_range
from keras_ser.reports.units import MIN_UNITS, Units

DEVIATION = " ± SD"  # in the title of scores that have one
INTERVAL = " [95 % t interval]"  # in the title of scores that have one


def by_training(
    rows: pd.DataFrame, score: Callable[[pd.DataFrame], float]
) -> pd.Series:
    """The score of each training, by its fold and repeat.

    Args:
        rows: Predictions of one head of one system.
        score: The score of such rows.
    """
    found = {job: score(part) for job, part in rows.groupby(["fold", "repeat"])}
    return pd.Series(found, dtype=float)


def explain(own: Mapping[str, Units], shared: Mapping[str, Units] = {}) -> str:
    """What a table says of such scores, or an empty text if there are none.

    Args:
        own: The units of each system.
        shared: The units of each system's comparison with the reference.
    """
    scored, compared = (
        [each for each in units.values() if each.are_trainings]
        for units in (own, shared)
    )
    if not scored and not compared:
        return ""
    number = count_range([each.trainings for each in scored + compared], "training")
    texts = [
        f"Fewer than {MIN_UNITS} speakers are tested here, by {number} in several "
        "folds. Nothing shows how much other speakers differ. A score without an "
        "interval is the mean over the trainings. The number after ± is the sample "
        "standard deviation (SD) over the trainings."
    ]
    if compared:
        texts.append(
            "Δ is the mean of the differences between trainings of the same fold and "
            "repeat, with the SD of these differences."
        )
    texts.append(
        "The folds share most of their training speech, so that the SD describes "
        "these trainings and is no confidence interval."
    )
    return " ".join(texts)
