"""Protocols that test corpora of which nothing is heard before the test."""

import dataclasses
from collections.abc import Collection

import pandas as pd

from keras_ser.protocols import coverage
from keras_ser.protocols.across import draw_speakers, warn_of_classes_never_tested
from keras_ser.protocols.fold import Fold, corpora_of, make_fold
from keras_ser.protocols.rotation import check_groups, rotations
from keras_ser.protocols.speakers import speakers_of

IN_DOMAIN = "in_domain"  # the test table of speakers of the training corpora


def held_out_corpora(
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None = None,
    train: tuple[str, ...] = (),
    share: float = 0.2,
    seed: int = 0,
    groups: int = 0,
) -> dict[str, Fold]:
    """Train on named corpora, and test every other corpus as a whole.

    Some speakers of each training corpus select the epoch. Both genders are among
    them, if each has two speakers, and sessions stay whole. In contrast to
    `cross_corpus`, a test corpus does not take part in the selection. One training is
    tested on all test corpora.

    With `groups`, speakers of the training corpora are tested as well. Those of each
    training corpus are divided into groups, in which genders alternate. Fold i tests
    group i of every training corpus as the test table `in_domain`, next to the held-out
    corpora. The next group that has speakers of a corpus selects the epoch, and all
    others train. Each speaker of the training corpora is tested by one fold, and the
    held-out corpora by all of them. Ten groups are the 80, 10 and 10 % of the speakers
    of Parry et al. 2022.

    Args:
        table: Labelled utterances of two or more corpora.
        unlabelled: Speech for the auxiliary tasks. Utterances of development and test
            speakers, and of anybody in a test speaker's session, are left out.
        train: Names of the corpora to train on. All others are tested.
        share: Fraction of the speakers (or sessions) of each training corpus that
            selects the epoch, in (0, 1). With `groups`, a group selects it instead.
        seed: Seed of the draw of these speakers, or of the groups.
        groups: The number of groups, which is that of the folds, at least 3. A corpus
            may have fewer speakers than groups; some folds then test none of it in
            domain. With 0, the default, there is no in-domain test.

    Returns:
        The fold `<training corpora>-<test corpora>`, such as `"ravdess-emodb+tess"`.
        It has one test table per test corpus, by the name of the corpus. With `groups`,
        the folds `"ravdess-emodb+tess-1"`, `"ravdess-emodb+tess-2"`, …

    Raises:
        ValueError: If `train` names no corpus, an unknown one or all of them, if
            `share` or `groups` is invalid, if a training corpus has too few speakers,
            or if the training speech has fewer than two classes or none of those of
            the development speech.

    Example:

    >>> paths = {name: f"/data/{name}" for name in ("ravdess", "emodb", "tess")}
    >>> tables = [corpora.read(name, paths[name], labels="four") for name in paths]
    >>> table = pd.concat(tables, ignore_index=True)
    >>> fold = held_out_corpora(table, train=("ravdess",))["ravdess-emodb+tess"]
    >>> list(fold.tests)
    ['emodb', 'tess']
    >>> folds = held_out_corpora(table, train=("ravdess", "emodb"), groups=10)
    >>> list(folds["emodb+ravdess-tess-1"].tests)
    ['in_domain', 'tess']

    Reference:
        Parry, DeMattos, Klementiev, Ind, Morse-Kopp, Clarke and Palaz (2022), "Speech
        emotion recognition in the wild using multi-task and adversarial learning",
        Interspeech.
    """
    _check_corpora(train, set(table.corpus))
    _check_arguments("held_out_corpora", share, groups)
    return coverage.by_name(_hold_out(table, unlabelled, train, share, seed, groups))


def leave_one_corpus_out(
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None = None,
    share: float = 0.2,
    seed: int = 0,
    groups: int = 0,
) -> dict[str, Fold]:
    """Test each corpus as a whole; the others train, as in `held_out_corpora`.

    Args:
        table: Labelled utterances of two or more corpora.
        unlabelled: Speech for the auxiliary tasks. Utterances of development and test
            speakers, and of anybody in a test speaker's session, are left out.
        share: Fraction of the speakers (or sessions) of each training corpus that
            selects the epoch; see `held_out_corpora`.
        seed: Seed of the draw of these speakers, or of the groups.
        groups: The number of groups of speakers of the training corpora that are
            tested as well; see `held_out_corpora`. Each held-out corpus then has as
            many folds.

    Returns:
        The folds `<training corpora>-<test corpus>`, such as `"emodb+ravdess-tess"`,
        with a number at the end if there are `groups`.

    Raises:
        ValueError: If there are fewer than two corpora, or under the same conditions
            as `held_out_corpora`.

    Example:

    >>> list(leave_one_corpus_out(table))
    ['ravdess+tess-emodb', 'emodb+tess-ravdess', 'emodb+ravdess-tess']
    """
    names = sorted(set(table.corpus))
    if len(names) < 2:
        raise ValueError(
            "Protocol `leave_one_corpus_out` needs two or more corpora. Received: "
            f"{names}. List them in `corpus`."
        )
    _check_arguments("leave_one_corpus_out", share, groups)
    made = []
    for held_out in names:
        train = tuple(name for name in names if name != held_out)
        made += _hold_out(table, unlabelled, train, share, seed, groups)
    return coverage.by_name(made)


def _hold_out(
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None,
    train: Collection[str],
    share: float,
    seed: int,
    groups: int,
) -> list[Fold]:
    """The folds that train on some corpora and test the others."""
    is_source = table.corpus.isin(train)
    source, target = table[is_source], table[~is_source]
    name = f"{corpora_of(source)}-{corpora_of(target)}"
    if groups:
        chosen = {
            f"{name}-{number}": both
            for number, both in enumerate(rotations(name, source, groups, seed), 1)
        }
    else:
        chosen = {name: ([], _development_speakers(name, source, share, seed))}
    made = [_fold(n, table, unlabelled, target, *both) for n, both in chosen.items()]
    for corpus, rows in target.groupby("corpus"):
        trained = source if groups else made[0].train
        what = f"test speech of {corpus}"
        warn_of_classes_never_tested(name, trained, rows, what)
    _check_tested(name, made, source, target)
    return made


def _fold(
    name: str,
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None,
    target: pd.DataFrame,
    test: list[str],
    dev: list[str],
) -> Fold:
    """The fold that tests some speakers of the training corpora, and the others."""
    fold = make_fold(name, table, [*test, *speakers_of(target)], dev, unlabelled)
    tests = {str(corpus): rows for corpus, rows in target.groupby("corpus")}
    if test:
        tests = {IN_DOMAIN: table[table.speaker.isin(test)], **tests}
    tests = {each: rows.reset_index(drop=True) for each, rows in tests.items()}
    return dataclasses.replace(fold, tests=tests)


def _check_tested(
    name: str, folds: list[Fold], source: pd.DataFrame, target: pd.DataFrame
) -> None:
    """Check that each fold tests the whole target, and all of them the source."""
    inside = [fold.tests[IN_DOMAIN] for fold in folds if IN_DOMAIN in fold.tests]
    if inside:
        coverage.check_tables(name, inside, source)
    for fold in folds:
        outside = [rows for each, rows in fold.tests.items() if each != IN_DOMAIN]
        coverage.check_tables(fold.name, outside, target)


def _check_corpora(train: Collection[str], known: set[str]) -> None:
    """Raises unless some of the known corpora train, and others are left to test."""
    if isinstance(train, str) or not train or not set(train) < known:
        raise ValueError(
            "Protocol `held_out_corpora` needs `train`, a tuple of names of the "
            f"experiment's corpora {sorted(known)}, and another corpus to test. "
            f"Received: train={train!r}. List all corpora in `corpus`, and set `train` "
            "in `protocol_arguments` to those that train, such as ('ravdess',)."
        )


def _check_arguments(protocol: str, share: float, groups: int) -> None:
    if not isinstance(share, float) or not 0 < share < 1:
        raise ValueError(
            f"Protocol `{protocol}`: expected a `share` above 0 and below 1. Received: "
            f"share={share!r}. Correct it in `protocol_arguments`."
        )
    check_groups(protocol, groups)


def _development_speakers(
    name: str, source: pd.DataFrame, share: float, seed: int
) -> list[str]:
    """The speakers of each training corpus that select the epoch."""
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
