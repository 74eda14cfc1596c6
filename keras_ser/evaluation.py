"""Predictions of a recogniser for a table under test conditions, and their scores."""

import functools
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

from keras_ser import scores
from keras_ser.audio.noise import seed_of
from keras_ser.conditions import Condition, parse
from keras_ser.features import IDENTITY, FeatureStore
from keras_ser.inference import Recogniser


def predictions(
    recogniser: Recogniser,
    table: pd.DataFrame,
    conditions: Iterable[str] = ("clean",),
    store: FeatureStore | None = None,
    noise: pd.DataFrame | None = None,
    workers: int = 1,
) -> pd.DataFrame:
    """Predict the emotion of every utterance of a table under every condition.

    Neighbouring conditions that do not change the waveform, such as attacks, share
    the same features.

    Args:
        recogniser: Model and preprocessing.
        table: Utterances, with one row each; see `keras_ser.corpora.table`. If the
            preprocessing normalises by speaker, the table must have all utterances
            of each speaker: the statistics are those of the speech under the
            condition.
        conditions: Conditions as text, such as `"noise:rain:10"`; see
            `keras_ser.conditions`.
        store: Feature store to read from. Features that it lacks are extracted and
            added to it. By default, features are extracted and not stored.
        noise: Table of a noise corpus, for conditions that mix in noise.
        workers: Number of processes that extract the features that the store lacks.

    Returns:
        One row per condition and utterance, in the table's order. The columns are
        `corpus`, `condition`, `utterance`, `speaker`, `head` (always `emotion`),
        `truth` (empty if unlabelled), `prediction`, and a posterior probability
        `p_<class>` per class.

    Raises:
        ValueError: If a condition is unknown, if a condition needs noise and there is
            none, or if an utterance that is to be attacked has no emotion, or one
            that the model does not know.

    Example:

    >>> recogniser = keras_ser.load("runs/emodb/mtl_aug/03-0")
    >>> frame = predictions(recogniser, table, ["clean", "fgsm:0.08"])
    """
    found = [parse(text) for text in conditions]
    _check_labelled(table, recogniser.classes, found)

    @functools.lru_cache(maxsize=1)
    def features(transform: Callable) -> list[np.ndarray]:
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
    """Score a recogniser's predictions for a table under every condition.

    Utterances without a label are predicted but not scored.

    Args:
        recogniser: Model and preprocessing.
        table: Utterances; see `predictions`.
        conditions: Conditions as text; see `keras_ser.conditions`.
        store: Feature store to read from and to add to; see `predictions`.
        noise: Table of a noise corpus, for conditions that mix in noise.

    Returns:
        One row per condition, with the index `condition` and the columns
        `utterances` (how many were scored), `uar` (unweighted average recall) and
        `accuracy`. The last two are fractions in [0, 1].

    Raises:
        ValueError: Under the same conditions as `predictions`.

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


def _features(
    recogniser: Recogniser,
    table: pd.DataFrame,
    store: FeatureStore | None,
    transform: Callable,
    workers: int,
) -> list[np.ndarray]:
    """Normalised features `(frames, dimensions)` in the order of the table."""
    preprocessing = recogniser.preprocessing
    raw = _raw(recogniser, table, store, transform, workers)
    result: list = [None] * len(table)
    for rows in table.groupby("speaker").indices.values():
        statistics = preprocessing.statistics([raw[row] for row in rows])
        for row in rows:
            result[row] = preprocessing.normalised(raw[row], statistics)
    return result


def _raw(
    recogniser: Recogniser,
    table: pd.DataFrame,
    store: FeatureStore | None,
    transform: Callable,
    workers: int,
) -> list[np.ndarray]:
    """Features before normalisation, in the order of the table."""
    if store is not None:
        store = store.under(transform)
        store.prepare(table, [IDENTITY], workers, progress=False)
        return [store.read(path) for path in store.paths(table)]
    bind = getattr(transform, "for_utterance", lambda _: transform)
    rows = zip(table.file, table.start, table.end, table.utterance, strict=True)
    return [recogniser.features(*segment, bind(name)) for *segment, name in rows]


def _check_labelled(
    table: pd.DataFrame, classes: Sequence[str], conditions: list[Condition]
) -> None:
    attacks = [condition.text for condition in conditions if condition.is_attack]
    without = table.utterance[~table.emotion.isin(classes)]
    if attacks and len(without):
        raise ValueError(
            f"Conditions {attacks} need the true emotion of every utterance, one of "
            f"{list(classes)}. Received: {len(without)} of {len(table)} utterances "
            f"without, the first {without.iloc[0]!r}. Leave out these utterances or "
            "the attacks."
        )


def _attack(
    table: pd.DataFrame, classes: Sequence[str], condition: Condition
) -> Callable | None:
    """The attack for `Recogniser.posteriors`, or `None` if the condition has none."""
    if not condition.is_attack:
        return None
    attack, names = condition.attack(), list(classes)
    truth = np.eye(len(names), dtype=np.float32)[[*map(names.index, table.emotion)]]
    seeds = np.array([seed_of(name, condition.text) for name in table.utterance])
    return lambda model, batch, rows: attack(model, batch, truth[rows], seeds[rows])
