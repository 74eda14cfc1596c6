"""Few labels: only a fraction of the training utterances keeps its label."""

import dataclasses
from collections.abc import Callable, Mapping

import pandas as pd

from keras_ser.corpora import without_labels
from keras_ser.protocols.across import cross_corpus, cross_language
from keras_ser.protocols.draws import random_key
from keras_ser.protocols.each import BASES as WITHIN
from keras_ser.protocols.each import each_corpus
from keras_ser.protocols.fold import Fold
from keras_ser.protocols.unseen import held_out_corpora, leave_one_corpus_out
from keras_ser.utils.choices import check_choice, check_numbers

RESTS = ("unlabelled", "drop")
BASES: dict[str, Callable[..., dict[str, Fold]]] = {
    **WITHIN,
    "each_corpus": each_corpus,
    "cross_corpus": cross_corpus,
    "cross_language": cross_language,
    "held_out_corpora": held_out_corpora,
    "leave_one_corpus_out": leave_one_corpus_out,
}


def label_fraction(
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None = None,
    fraction: float = 1.0,
    rest: str = "unlabelled",
    seed: int = 0,
    protocol: str = "leave_one_speaker_out",
    arguments: Mapping | None = None,
) -> dict[str, Fold]:
    """Make the folds of another protocol and keep a fraction of the training labels.

    Of the n training utterances of each emotion, the first `round(fraction * n)` in a
    random order keep their label. An utterance's place in this order depends only on
    the seed and the utterance. The utterances of a smaller fraction are therefore
    among those of a larger one, and the order is the same in every fold.

    The repeats of an experiment share these folds. To keep other labels in each
    repeat, set `label_fraction` of a system instead.

    Args:
        table: Labelled utterances; see the other protocol.
        unlabelled: Speech for the auxiliary tasks; see the other protocol.
        fraction: Fraction of the labels that is kept, above 0 and up to 1.
        rest: What happens to the other training utterances: `"unlabelled"` adds them
            to the unlabelled speech, without emotion and ratings, for systems that
            train on it; `"drop"` leaves them out.
        seed: Seed of the random order.
        protocol: Name of the other protocol, any of `PROTOCOLS` except
            `label_fraction`.
        arguments: Keyword arguments of the other protocol.

    Returns:
        The folds by the names that the other protocol gives them. Development and
        test speech is unchanged.

    Raises:
        ValueError: If an argument is invalid, if no labelled utterance of an emotion
            is left, or under the same conditions as the other protocol.

    Example:

    >>> folds = label_fraction(table, fraction=0.1, protocol="k_fold")
    >>> len(folds)
    5
    """
    check_choice("protocol", protocol, sorted(BASES))
    _check(fraction, rest)
    folds = BASES[protocol](table, unlabelled, **(arguments or {}))
    return {
        name: with_few_labels(fold, fraction, rest, seed)
        for name, fold in folds.items()
    }


def with_few_labels(
    fold: Fold, fraction: float, rest: str = "unlabelled", seed: int = 0
) -> Fold:
    """Keep a fraction of the training labels of one fold.

    Args:
        fold: The fold with all labels.
        fraction: Fraction of the labels that is kept; see `label_fraction`.
        rest: What happens to the other training utterances; see `label_fraction`.
        seed: Seed of the random order.

    Returns:
        A new fold, or the same one if `fraction` is 1.

    Raises:
        ValueError: If an argument is invalid, or if no labelled utterance of an emotion
            is left.
    """
    _check(fraction, rest)
    if fraction == 1:
        return fold
    order = fold.train.utterance.map(lambda name: random_key(name, seed))
    groups = order.groupby(fold.train.emotion)
    keeps = groups.rank(method="first") <= (fraction * groups.transform("size")).round()
    kept = fold.train[keeps]
    missing = sorted(set(fold.train.emotion) - set(kept.emotion))
    if missing:
        raise ValueError(
            f"Fold `{fold.name}` needs a labelled utterance of each emotion. Received: "
            f"none of {', '.join(missing)} at fraction={fraction}. Increase "
            "`fraction`."
        )
    unlabelled = fold.unlabelled
    if rest == "unlabelled" and not keeps.all():
        others = [without_labels(fold.train[~keeps])]
        others += [] if unlabelled is None else [unlabelled]
        unlabelled = pd.concat(others, ignore_index=True)
    return dataclasses.replace(
        fold, train=kept.reset_index(drop=True), unlabelled=unlabelled
    )


def _check(fraction, rest):
    expected = "a number above 0 and up to 1"
    check_numbers(expected, lambda value: 0 < value <= 1, fraction=fraction)
    check_choice("rest", rest, RESTS)
