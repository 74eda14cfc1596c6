"""A protocol that tests corpora of which nothing is heard before the test."""

import dataclasses
from collections.abc import Collection

import pandas as pd

from keras_ser.protocols import coverage
from keras_ser.protocols.across import draw_speakers, warn_of_classes_never_tested
from keras_ser.protocols.fold import Fold, corpora_of, make_fold
from keras_ser.protocols.speakers import speakers_of


def held_out_corpora(
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None = None,
    train: tuple[str, ...] = (),
    share: float = 0.2,
    seed: int = 0,
) -> dict[str, Fold]:
    """Train on named corpora, and test every other corpus as a whole.

    Some speakers of each training corpus select the epoch. Both genders are among
    them, if each has two speakers, and sessions stay whole. In contrast to
    `cross_corpus`, a test corpus does not take part in the selection. One training is
    tested on all test corpora.

    Args:
        table: Labelled utterances of two or more corpora.
        unlabelled: Speech for the auxiliary tasks. Utterances of development and test
            speakers, and of anybody in a test speaker's session, are left out.
        train: Names of the corpora to train on. All others are tested.
        share: Fraction of the speakers (or sessions) of each training corpus that
            selects the epoch, in (0, 1).
        seed: Seed of the draw of these speakers.

    Returns:
        The fold `<training corpora>-<test corpora>`, such as `"ravdess-emodb+tess"`.
        It has one test table per test corpus, by the name of the corpus.

    Raises:
        ValueError: If `train` names no corpus, an unknown one or all of them, if
            `share` is invalid, if a training corpus has too few speakers, or if the
            training speech has fewer than two classes or none of those of the
            development speech.

    Example:

    >>> paths = {name: f"/data/{name}" for name in ("ravdess", "emodb", "tess")}
    >>> tables = [corpora.read(name, paths[name], labels="four") for name in paths]
    >>> table = pd.concat(tables, ignore_index=True)
    >>> fold = held_out_corpora(table, train=("ravdess",))["ravdess-emodb+tess"]
    >>> list(fold.tests)
    ['emodb', 'tess']
    """
    _check_corpora(train, set(table.corpus))
    is_source = table.corpus.isin(train)
    source, target = table[is_source], table[~is_source]
    name = f"{corpora_of(source)}-{corpora_of(target)}"
    dev = _development_speakers(name, source, share, seed)
    fold = make_fold(name, table, speakers_of(target), dev, unlabelled)
    tests = {
        corpus: rows.reset_index(drop=True) for corpus, rows in target.groupby("corpus")
    }
    for corpus, rows in tests.items():
        what = f"test speech of {corpus}"
        warn_of_classes_never_tested(name, fold.train, rows, what)
    fold = dataclasses.replace(fold, tests=tests)
    coverage.check_tested("held_out_corpora", [fold], target)
    return {name: fold}


def _check_corpora(train: Collection[str], known: set[str]) -> None:
    """Raises unless some of the known corpora train, and others are left to test."""
    if isinstance(train, str) or not train or not set(train) < known:
        raise ValueError(
            "Protocol `held_out_corpora` needs `train`, a tuple of names of the "
            f"experiment's corpora {sorted(known)}, and another corpus to test. "
            f"Received: train={train!r}. List all corpora in `corpus`, and set `train` "
            "in `protocol_arguments` to those that train, such as ('ravdess',)."
        )


def _development_speakers(
    name: str, source: pd.DataFrame, share: float, seed: int
) -> list[str]:
    """The speakers of each training corpus that select the epoch."""
    if not isinstance(share, float) or not 0 < share < 1:
        raise ValueError(
            f"Fold `{name}`: expected a `share` above 0 and below 1. Received: "
            f"share={share!r}. Correct it in `protocol_arguments`."
        )
    chosen = []
    for corpus, rows in source.groupby("corpus"):
        drawn = draw_speakers(rows, share, seed)
        if not drawn:
            raise ValueError(
                f"Fold `{name}` needs speakers of {corpus} to train and others to "
                f"select the epoch, of each gender. Received: {speakers_of(rows)}, "
                f"with whole sessions, and share={share}. Train on a corpus with more "
                f"speakers{_or_reduce_share(rows, seed)}."
            )
        chosen += drawn
    return chosen


def _or_reduce_share(rows: pd.DataFrame, seed: int) -> str:
    """The end of a message, if fewer development speakers would be possible."""
    fewest = draw_speakers(rows, 0.0, seed)
    return ", or reduce `share` in `protocol_arguments`" if fewest else ""
