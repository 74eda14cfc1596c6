"""Predictions of a recogniser on a table, and their scores."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from keras_ser import scores
from keras_ser.features import FeatureStore
from keras_ser.inference import Recogniser

CONDITIONS = ("clean",)


def predictions(
    recogniser: Recogniser,
    table: pd.DataFrame,
    conditions: Iterable[str] = ("clean",),
    store: FeatureStore | None = None,
) -> pd.DataFrame:
    """Posteriors of every utterance of a table under every condition.

    Args:
        recogniser: model and preprocessing.
        table: utterances; all of a speaker's, where the preprocessing normalises
            by speaker.
        conditions: of `CONDITIONS`.
        store: feature store to read from; without it, features are computed.

    Returns:
        Columns `corpus, condition, utterance, speaker, head, truth, prediction,
        p_<class>…`, in the table's order.

    Raises:
        ValueError: an unknown condition.
    """
    parts = []
    for condition in conditions:
        if condition not in CONDITIONS:
            raise ValueError(
                f"Condition must be one of {CONDITIONS}. Received: {condition!r}."
            )
        posteriors = recogniser.posteriors(_features(recogniser, table, store))
        rows = table[["corpus", "utterance", "speaker"]].reset_index(drop=True)
        rows.insert(1, "condition", condition)
        rows = rows.assign(head="emotion", truth=table.emotion.to_numpy())
        parts.append(pd.concat([rows, recogniser.table(posteriors)], axis=1))
    return pd.concat(parts, ignore_index=True)


def score(
    recogniser: Recogniser,
    table: pd.DataFrame,
    conditions: Iterable[str] = ("clean",),
    store: FeatureStore | None = None,
) -> pd.DataFrame:
    """UAR and accuracy of a recogniser, a row a condition.

    Args:
        recogniser, table, conditions, store: as in `predictions`.

    Returns:
        Index `condition`, columns `utterances, uar, accuracy` in [0, 1].
    """
    frame = predictions(recogniser, table, conditions, store)
    labelled = frame[frame.truth != ""]
    return pd.DataFrame(
        {
            condition: {
                "utterances": len(rows),
                "uar": scores.uar(rows.truth, rows.prediction),
                "accuracy": scores.accuracy(rows.truth, rows.prediction),
            }
            for condition, rows in labelled.groupby("condition", sort=False)
        }
    ).T.rename_axis("condition")


def _features(recogniser, table, store) -> list[np.ndarray]:
    """Normalised features in the table's order, speaker by speaker."""
    preprocessing = recogniser.preprocessing
    raw = _raw(recogniser, table, store)
    result = [None] * len(table)
    for places in table.groupby("speaker").indices.values():
        statistics = preprocessing.statistics([raw[place] for place in places])
        for place in places:
            result[place] = preprocessing.normalised(raw[place], statistics)
    return result


def _raw(recogniser, table, store) -> list[np.ndarray]:
    if store is not None:
        return [store.read(path) for path in store.paths(table)]
    segments = zip(table.file, table.start, table.end, strict=True)
    return [recogniser.features(*segment) for segment in segments]
