"""Scores that are averaged over folds, because the classes differ from fold to fold.

The clusters of `corpora.Clusters` come from the ratings of the training speakers of
each fold. A class then has the same name in each fold, but not the same centroid, and
a score over the utterances of several folds would mix different questions.
"""

from collections.abc import Callable, Iterable, Mapping

import pandas as pd

from keras_ser.corpora import varies_by_fold
from keras_ser.corpora.rated import KIND
from keras_ser.reports.reading import Run

COLUMN = "varies_by_fold"  # whether the classes of a prediction are those of its fold
EXPLANATION = (
    "The classes of {where} are clusters of ratings with centroids of each fold, so "
    "that a class of one fold is not quite that of another. No score pools folds: a "
    "score is the mean over the folds, each of which is the mean over its repeats, and "
    "after ± stands the sample standard deviation (SD) over the folds. Δ is the mean "
    "over the folds, too. There are no intervals and no p, and no tables of speakers "
    "and no confusion matrices. The centroids of a fold are in the `metrics.json` of "
    "its runs."
)


def mark(table: pd.DataFrame, runs: Iterable[Run]) -> pd.DataFrame:
    """Adds a column that says which predictions must not be pooled over folds.

    Args:
        table: Predictions of the runs.
        runs: The runs.

    Returns:
        The table with the column `COLUMN`, or the same table if the classes of no run
        differ from fold to fold.
    """
    mains = {run.experiment: run.heads[0].name for run in runs if varies(run.config)}
    if not mains:
        return table
    return table.assign(**{COLUMN: table["experiment"].map(mains) == table["head"]})


def varies(config: Mapping) -> bool:
    """Whether the classes of a run are those of its fold.

    Args:
        config: The object in its `config.json`.
    """
    names = config.get("corpus", "")
    names = (names,) if isinstance(names, str) else tuple(names)
    labels = config.get("labels", "all")
    if not isinstance(labels, Mapping) or KIND in labels:
        return varies_by_fold(labels)
    return any(varies_by_fold(labels[name]) for name in names if name in labels)


def is_by_fold(rows: pd.DataFrame) -> bool:
    """Whether predictions must not be pooled over folds.

    Args:
        rows: Predictions of one head, with or without the column `COLUMN`.
    """
    return COLUMN in rows and bool(rows[COLUMN].any())


def by_fold(rows: pd.DataFrame, score: Callable[[pd.DataFrame], float]) -> pd.Series:
    """The score of each fold, the mean over its repeats.

    Args:
        rows: Predictions of one head of one system.
        score: The score of such rows.
    """
    return pd.Series(
        {
            fold: pd.Series([score(run) for _, run in part.groupby("repeat")]).mean()
            for fold, part in rows.groupby("fold")
        },
        dtype=float,
    )


def explain(by_system: Mapping[str, pd.DataFrame], where: str) -> str:
    """The paragraph on such predictions, or an empty text if there are none.

    Args:
        by_system: Predictions by the name of the system.
        where: What has these classes, such as the name of the experiment.
    """
    if not any(map(is_by_fold, by_system.values())):
        return ""
    return EXPLANATION.format(where=where)
