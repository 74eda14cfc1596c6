"""Predictions of a recogniser on a table under conditions, and their scores."""

import functools
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from keras_ser import scores
from keras_ser.audio.noise import seed_of
from keras_ser.conditions import Condition, parse
from keras_ser.features import PLAIN, FeatureStore
from keras_ser.inference import Recogniser


def predictions(
    recogniser: Recogniser,
    table: pd.DataFrame,
    conditions: Iterable[str] = ("clean",),
    store: FeatureStore | None = None,
    noise: pd.DataFrame | None = None,
    workers: int = 1,
) -> pd.DataFrame:
    """Posteriors of every utterance of a table under every condition.

    Conditions that stand beside each other and leave the waveform alone, as attacks
    do, share the features.

    Args:
        recogniser: model and preprocessing.
        table: utterances; all of a speaker's, where the preprocessing normalises
            by speaker: its statistics are then those of the speech under the
            condition.
        conditions: texts; see `keras_ser.conditions`.
        store: feature store to read from, and to write to what is absent; without
            it, features are computed.
        noise: table of the noise that conditions mix in.
        workers: processes that compute what the store lacks.

    Returns:
        Columns `corpus, condition, utterance, speaker, head, truth, prediction,
        p_<class>…`, in the table's order.

    Raises:
        ValueError: an unknown condition, one that needs noise without any, or an
            attack on utterances whose emotion is not known, or none of the model's.
    """
    found = [parse(text) for text in conditions]
    _refuse_unlabelled(table, recogniser.classes, found)

    @functools.lru_cache(maxsize=1)
    def features(transform) -> list[np.ndarray]:
        return _features(recogniser, table, store, transform, workers)

    parts = []
    for condition in found:
        attack = _attack(table, recogniser.classes, condition)
        given = features(condition.transform(noise))
        posteriors = recogniser.posteriors(given, attack)
        rows = table[["corpus", "utterance", "speaker"]].reset_index(drop=True)
        rows.insert(1, "condition", condition.text)
        rows = rows.assign(head="emotion", truth=table.emotion.to_numpy())
        parts.append(pd.concat([rows, recogniser.table(posteriors)], axis=1))
    return pd.concat(parts, ignore_index=True)


def score(
    recogniser: Recogniser,
    table: pd.DataFrame,
    conditions: Iterable[str] = ("clean",),
    store: FeatureStore | None = None,
    noise: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """UAR and accuracy of a recogniser, a row a condition.

    Args:
        recogniser, table, conditions, store, noise: as in `predictions`.

    Returns:
        Index `condition`, columns `utterances, uar, accuracy` in [0, 1].

    Example:

    >>> score(recogniser, table, ["clean", "noise:rain:10", "fgsm:0.08"], noise=noise)
    """
    frame = predictions(recogniser, table, conditions, store, noise)
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


def _features(recogniser, table, store, transform, workers) -> list[np.ndarray]:
    """Normalised features in the table's order, speaker by speaker."""
    preprocessing = recogniser.preprocessing
    raw = _raw(recogniser, table, store, transform, workers)
    result = [None] * len(table)
    for places in table.groupby("speaker").indices.values():
        statistics = preprocessing.statistics([raw[place] for place in places])
        for place in places:
            result[place] = preprocessing.normalised(raw[place], statistics)
    return result


def _raw(recogniser, table, store, transform, workers) -> list[np.ndarray]:
    if store is not None:
        store = store.under(transform)
        store.prepare(table, [PLAIN], workers, progress=False)
        return [store.read(path) for path in store.paths(table)]
    bound = getattr(transform, "of", lambda _: transform)
    rows = zip(table.file, table.start, table.end, table.utterance, strict=True)
    return [recogniser.features(*place, bound(name)) for *place, name in rows]


def _refuse_unlabelled(table, classes, conditions: list[Condition]) -> None:
    attacks = [condition.text for condition in conditions if condition.attacks]
    without = table.utterance[~table.emotion.isin(classes)]
    if attacks and len(without):
        raise ValueError(
            f"Conditions {attacks} need the true emotion of every utterance, among "
            f"{list(classes)}. Received: {len(without)} of {len(table)} without, the "
            f"first {without.iloc[0]!r}. Leave these out, or the attacks."
        )


def _attack(table, classes, condition: Condition) -> Callable | None:
    """What `Recogniser.posteriors` takes; None where nothing is attacked."""
    if not condition.attacks:
        return None
    attack, names = condition.attack(), list(classes)
    truth = np.eye(len(names), dtype=np.float32)[[*map(names.index, table.emotion)]]
    seeds = np.array([seed_of(u, condition.text) for u in table.utterance])
    return lambda model, batch, rows: attack(model, batch, truth[rows], seeds[rows])
