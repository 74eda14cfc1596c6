"""Few labels: a fraction of the training utterances keeps its label."""

import dataclasses
import hashlib
from collections.abc import Mapping

import pandas as pd

from keras_ser.protocols.across import cross_corpus, cross_language
from keras_ser.protocols.each import BASES as WITHIN
from keras_ser.protocols.each import each_corpus
from keras_ser.protocols.fold import Fold

RESTS = ("unlabelled", "drop")
BASES = {
    **WITHIN,
    "each_corpus": each_corpus,
    "cross_corpus": cross_corpus,
    "cross_language": cross_language,
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
    """Folds of another protocol, of whose training labels a fraction is kept.

    Of each emotion, the utterances that come first in a random order keep theirs. The
    order is a function of the seed and of the utterance alone, so that a smaller
    fraction is part of a larger one, and the same in every fold.

    Args:
        table, unlabelled: as the other protocol takes them.
        fraction: above 0, up to 1.
        rest: `"unlabelled"`: the others join the unlabelled speech, for the systems
            that train on it; `"drop"`: they are left out.
        seed: of the order.
        protocol: name of the other protocol, one of `BASES`.
        arguments: of the other protocol.

    Raises:
        ValueError: a value out of range, or a fraction that leaves an emotion without
            a labelled utterance; else as the other protocol.
    """
    right = isinstance(fraction, int | float) and 0 < fraction <= 1
    if not right or rest not in RESTS or protocol not in BASES:
        raise ValueError(
            "Protocol `label_fraction` needs a `fraction` above 0 and up to 1, `rest` "
            f"among {RESTS} and `protocol` among {sorted(BASES)}. Received: "
            f"fraction={fraction!r}, rest={rest!r}, protocol={protocol!r}."
        )
    folds = BASES[protocol](table, unlabelled, **(arguments or {}))
    return {
        name: with_few_labels(fold, fraction, rest, seed)
        for name, fold in folds.items()
    }


def with_few_labels(
    fold: Fold, fraction: float, rest: str = "unlabelled", seed: int = 0
) -> Fold:
    """One fold as `label_fraction` makes it; the arguments are that function's."""
    if fraction == 1:
        return fold
    order = fold.train.utterance.map(lambda name: _draw(name, seed))
    groups = order.groupby(fold.train.emotion)
    keeps = groups.rank(method="first") <= (fraction * groups.transform("size")).round()
    kept = fold.train[keeps]
    missing = sorted(set(fold.train.emotion) - set(kept.emotion))
    if missing:
        raise ValueError(
            f"Fold `{fold.name}` needs a labelled utterance of each emotion. Received: "
            f"none of {', '.join(missing)} at fraction={fraction}. Raise it."
        )
    unlabelled = fold.unlabelled
    if rest == "unlabelled" and not keeps.all():
        others = [fold.train[~keeps].assign(emotion="")]
        others += [] if unlabelled is None else [unlabelled]
        unlabelled = pd.concat(others, ignore_index=True)
    return dataclasses.replace(
        fold, train=kept.reset_index(drop=True), unlabelled=unlabelled
    )


def _draw(utterance: str, seed: int) -> int:
    digest = hashlib.blake2b(f"{seed} {utterance}".encode(), digest_size=7).digest()
    return int.from_bytes(digest, "little")  # below 2**56: exact as a float
