"""Utterances of training speakers that are not trained on, to score attributes."""

import dataclasses

import numpy as np
import pandas as pd

from keras_ser import corpora
from keras_ser.protocols.bundles import bundles
from keras_ser.protocols.draws import random_key
from keras_ser.protocols.fold import Fold

ROUNDING = 1e-9  # of a fraction times a number of utterances


def with_heard(fold: Fold, fraction: float, seed: int = 0) -> Fold:
    """Hold out utterances of the training speakers of one fold.

    Nobody can recognise a speaker who was never heard, so a head that recognises
    speakers is scored on further utterances of those who train. Of the n utterances of
    a speaker, labelled or not, the first

        k = ⌊fraction · n⌋

    in a random order are held out. A speaker with fewer than 1 / fraction utterances
    therefore gives none, and every speaker keeps at least one. An utterance's place in
    the order depends only on the seed and its name.

    Utterances that overlap, and copies of each other, stay together: all of them are
    held out or none, and none if this would be more than k of them or if they belong
    to several speakers.

    Args:
        fold: The fold with all training utterances.
        fraction: The fraction that is held out, from 0 and below 1.
        seed: Seed of the random order.

    Returns:
        A new fold with these utterances as `heard`, or the same one if `fraction` is
        0. The development and test sides are unchanged.

    Raises:
        ValueError: If the fraction is out of range, if no speaker has enough
            utterances, or if no utterance of a class is left to train on.

    Example:

    >>> with_heard(fold, 0.1).heard.speaker.nunique()
    8
    """
    if not 0 <= fraction < 1:
        raise ValueError(
            "`fraction` must be a number from 0, below 1. Received: "
            f"{fraction!r}. Choose a smaller one, such as 0.1."
        )
    if fraction == 0:
        return fold
    rows = fold.sides()["train"].reset_index(drop=True)
    drawn = set(rows.utterance[draw(rows, fraction, seed)])
    if not drawn:
        raise ValueError(
            f"Fold `{fold.name}` needs a training speaker with 1 / `heard_fraction` "
            f"or more utterances, {1 / fraction:.3g}. Received: at most "
            f"{rows.speaker.value_counts().max()}. Increase `heard_fraction`."
        )
    train, held = _divide(fold.train, drawn)
    unlabelled, more = fold.unlabelled, None
    if unlabelled is not None:
        unlabelled, more = _divide(unlabelled, drawn)
    _check_classes(fold, train)
    heard = held if more is None else pd.concat([held, more], ignore_index=True)
    return dataclasses.replace(fold, train=train, unlabelled=unlabelled, heard=heard)


def with_heard_of(fold: Fold, table: pd.DataFrame) -> Fold:
    """Add held-out utterances to a fold, of those speakers whom it trains on.

    Args:
        fold: A fold without held-out utterances. Its training side may have become
            smaller since `with_heard` drew them.
        table: The held-out utterances.

    Raises:
        ValueError: If none of them is of a training speaker.
    """
    heard = table[table.speaker.isin(fold.speakers()["train"])]
    if heard.empty:
        raise ValueError(
            f"Fold `{fold.name}` needs a training speaker with held-out utterances. "
            "Received: none, because all of them are of unlabelled speech that is left "
            "out. Increase `heard_fraction`."
        )
    return dataclasses.replace(fold, heard=heard.reset_index(drop=True))


def _divide(table: pd.DataFrame, drawn: set[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that train, and those that were drawn."""
    chosen = table.utterance.isin(drawn)
    return tuple(table[each].reset_index(drop=True) for each in (~chosen, chosen))


def draw(rows: pd.DataFrame, fraction: float, seed: int) -> np.ndarray:
    """Draws a fraction of each speaker's utterances, as `with_heard` explains.

    Args:
        rows: A table of utterances, each once, with a running index.
        fraction: The fraction, from 0 and below 1.
        seed: Seed of the random order.

    Returns:
        Which rows are drawn, booleans `(rows,)`.
    """
    bundle = bundles(rows)
    frame = pd.DataFrame({"speaker": rows.speaker, "bundle": bundle})
    frame["key"] = rows.utterance.map(lambda name: random_key(name, seed))
    shared = frame.groupby("bundle").speaker.transform("nunique") > 1
    chosen: list[int] = []
    for _, own in frame.groupby("speaker"):
        most = int(fraction * len(own) + ROUNDING)
        sizes = own[~shared[own.index]].groupby("bundle").key.agg(["min", "size"])
        for number, size in sizes.sort_values("min")["size"].items():
            if size <= most:
                chosen.append(number)
                most -= size
    return np.isin(bundle, chosen)


def _check_classes(fold: Fold, train: pd.DataFrame) -> None:
    missing = sorted(set(fold.classes) - set(corpora.classes(train)))
    if missing:
        raise ValueError(
            f"Fold `{fold.name}` needs training utterances of each class. Received: "
            f"none of {', '.join(missing[:5])} without those that are held out. "
            "Decrease `heard_fraction`."
        )
