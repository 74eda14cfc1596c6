"""Protocols that train on one corpus, or language, and test on another."""

import warnings
from itertools import permutations

import numpy as np
import pandas as pd

from keras_ser import corpora
from keras_ser.protocols import coverage
from keras_ser.protocols.bundles import bundles
from keras_ser.protocols.fold import Fold, corpora_of, report_unknown_classes
from keras_ser.protocols.speakers import speaker_units, speakers_of

SPLITS = ("speaker", "utterance")


def cross_corpus(
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None = None,
    train: str = "",
    test: str = "",
    share: float = 0.3,
    split: str = "speaker",
    seed: int = 0,
) -> dict[str, Fold]:
    """Train on one corpus; use part of another to select the epoch, the rest to test.

    With `split="speaker"`, different speakers of the test corpus select the epoch and
    are tested. Both genders are among the development speakers, and sessions stay
    whole. With `split="utterance"`, utterances are drawn at random, as in section
    5.2.1 of Latif et al. (2022), who draw 30 % of the test corpus. Test speakers then
    take part in selecting the epoch, and reports say so.

    Args:
        table: Labelled utterances of both corpora; other corpora are ignored.
        unlabelled: Speech for the auxiliary tasks. Utterances of development and test
            speakers are left out.
        train: Name of the corpus to train on.
        test: Name of the corpus to select the epoch and to test on.
        share: Fraction of the test corpus that selects the epoch, in (0, 1): of its
            speakers (or sessions) or of its utterances, as `split` says.
        split: `"speaker"` or `"utterance"`.
        seed: Seed of the draw.

    Returns:
        The fold `<train>-<test>`.

    Raises:
        ValueError: If a corpus is unknown, if the training corpus has fewer than two
            classes or none of those of the development speech, if `share` or `split`
            is invalid, or if there are too few speakers.

    Example:

    >>> paths = {"ravdess": "/data/ravdess", "emodb": "/data/emodb"}
    >>> tables = [corpora.read(name, paths[name], labels="four") for name in paths]
    >>> table = pd.concat(tables, ignore_index=True)
    >>> fold = cross_corpus(table, train="ravdess", test="emodb")["ravdess-emodb"]

    Reference:
        Latif, Rana, Khalifa, Jurdak and Schuller (2022), "Multitask learning from
        augmented auxiliary data for improving speech emotion recognition", IEEE
        Transactions on Affective Computing.
    """
    known = sorted(set(table.corpus))
    if train not in known or test not in known or train == test:
        raise ValueError(
            "Protocol `cross_corpus` needs `train` and `test`, two of the experiment's "
            f"corpora {known}. Received: train={train!r}, test={test!r}. List both "
            "corpora in `corpus`, and set `train` and `test` in `protocol_arguments`."
        )
    source, target = table[table.corpus == train], table[table.corpus == test]
    fold = _across(f"{train}-{test}", source, target, unlabelled, share, split, seed)
    return {fold.name: fold}


def cross_language(
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None = None,
    share: float = 0.3,
    split: str = "speaker",
    seed: int = 0,
) -> dict[str, Fold]:
    """Train on one language and test on another, for each ordered pair of languages.

    Part of the speech in the test language selects the epoch, as in `cross_corpus`.

    Args:
        table: Labelled utterances in two or more languages.
        unlabelled: Speech for the auxiliary tasks. Utterances of development and test
            speakers are left out.
        share: Fraction of the test language that selects the epoch, in (0, 1).
        split: `"speaker"` or `"utterance"`; see `cross_corpus`.
        seed: Seed of the draw.

    Returns:
        The folds by `<training corpora>-<test corpora>`, such as
        `"emodb-crema_d+ravdess"`.

    Raises:
        ValueError: If there are fewer than two languages, or under the same
            conditions as `cross_corpus`.

    Example:

    >>> folds = cross_language(table)
    >>> list(folds)
    ['emodb-ravdess', 'ravdess-emodb']
    """
    languages = sorted(set(table.language))
    if len(languages) < 2 or "" in languages:
        raise ValueError(
            "Protocol `cross_language` needs corpora in two or more languages. "
            f"Received: corpus={corpora_of(table)} in languages={languages}. Set "
            "`corpus` to several names, such as ('ravdess', 'emodb')."
        )
    parts = {each: table[table.language == each] for each in languages}
    made = []
    for source, target in permutations(parts.values(), 2):
        name = f"{corpora_of(source)}-{corpora_of(target)}"
        made.append(_across(name, source, target, unlabelled, share, split, seed))
    return coverage.by_name(made)


def _across(
    name: str,
    source: pd.DataFrame,
    target: pd.DataFrame,
    unlabelled: pd.DataFrame | None,
    share: float,
    split: str,
    seed: int,
) -> Fold:
    """The fold that trains on `source`, and selects the epoch and tests on `target`."""
    _check_arguments(name, share, split)
    warn_of_classes_never_tested(name, source, target)
    choose = _choose_speakers if split == "speaker" else _choose_utterances
    selects = choose(name, target, share, seed)
    dev, test = target[selects], target[~selects]
    if unlabelled is not None:
        unlabelled = unlabelled[~unlabelled.speaker.isin(speakers_of(target))]
        unlabelled = unlabelled.reset_index(drop=True)
    fold = Fold(
        name=name,
        train=source.reset_index(drop=True),
        dev=dev.reset_index(drop=True),
        tests={"test": test.reset_index(drop=True)},
        unlabelled=unlabelled,
        classes=corpora.classes(source),
        selected_by=_describe_selection(target, dev, split),
        test_speakers_select=split == "utterance",
    )
    _check_target(fold, target, split)
    return report_unknown_classes(fold)


def _check_target(fold: Fold, target: pd.DataFrame, split: str) -> None:
    """Check that what does not select the epoch is tested, by speaker or utterance."""
    column = "speaker" if split == "speaker" else "utterance"
    promised = target[~target[column].isin(fold.dev[column])]
    coverage.check_tested(fold.name, [fold], promised)


def _check_arguments(name: str, share: float, split: str) -> None:
    right = isinstance(share, float) and 0 < share < 1
    if not right or split not in SPLITS:
        raise ValueError(
            f"Fold `{name}`: expected a `share` above 0 and below 1, and `split` among "
            f"{SPLITS}. Received: share={share!r}, split={split!r}. Correct them in "
            "`protocol_arguments`."
        )


def warn_of_classes_never_tested(
    name: str, source: pd.DataFrame, target: pd.DataFrame, what: str = "test speech"
) -> None:
    """Warn of classes of the training speech that the test speech lacks.

    Args:
        name: Name of the fold.
        source: Training utterances.
        target: Test utterances.
        what: Description of the test utterances, for the warning.
    """
    missing = sorted(set(corpora.classes(source)) - set(target.emotion))
    if missing:
        warnings.warn(
            f"Fold `{name}`: the {what} lacks {', '.join(missing)}. UAR "
            "(unweighted average recall) is computed over the classes that it has.",
            stacklevel=5,
        )


def draw_speakers(table: pd.DataFrame, share: float, seed: int) -> list[str]:
    """Draw the speakers that select the epoch.

    Sessions stay whole. Genders alternate, so that two speakers, or one session of
    both genders, are enough to include both. Each gender is drawn and left over, unless
    only one speaker (or session) has it.

    Args:
        table: Utterances of one corpus, or of one language.
        share: Fraction of its speakers (or sessions) that is drawn.
        seed: Seed of the draw.

    Returns:
        Names of the speakers. There are none if too few speakers would be left over:
        as many are needed there.
    """
    together = speaker_units(table, seed)
    first = table[table.speaker.isin(together[0])]
    needed = 1 if first.gender.nunique() == table.gender.nunique() else 2
    count = max(round(share * len(together)), needed)
    divisible = _genders_of_several(table, together)
    for number in range(count, len(together) - needed + 1):
        drawn, left = (
            table[table.speaker.isin(sum(units, []))]
            for units in (together[:number], together[number:])
        )
        if divisible <= set(drawn.gender) & set(left.gender):
            return speakers_of(drawn)
    return []


def _genders_of_several(table: pd.DataFrame, units: list[list[str]]) -> set[str]:
    """The genders of two or more speakers (or sessions)."""
    found = [set(table.gender[table.speaker.isin(unit)]) for unit in units]
    return {
        gender for gender in set(table.gender) if sum(gender in e for e in found) > 1
    }


def _choose_speakers(
    name: str, target: pd.DataFrame, share: float, seed: int
) -> pd.Series:
    """Which rows belong to the speakers that select the epoch."""
    chosen = draw_speakers(target, share, seed)
    if not chosen:
        raise ValueError(
            f"Fold `{name}` needs speakers to select the epoch and others to test, "
            f"of each gender. Received: {speakers_of(target)}, with whole sessions. "
            "Use split='utterance', and report that test speakers select the epoch."
        )
    return target.speaker.isin(chosen)


def _choose_utterances(
    name: str, target: pd.DataFrame, share: float, seed: int
) -> pd.Series:
    """Which rows select the epoch: random utterances.

    Copies of an utterance and segments that overlap it are drawn with it.
    """
    origins = target.source.where(target.source != "", target.utterance)
    origins = origins.groupby(bundles(target)).transform("min")
    kinds = sorted(set(origins))
    chosen = np.random.default_rng(seed).permutation(kinds)[: round(share * len(kinds))]
    if not 0 < len(chosen) < len(kinds):
        raise ValueError(
            f"Fold `{name}` needs utterances to select the epoch and others to test. "
            f"Received: {len(kinds)} utterances, of which share={share} selects "
            f"{len(chosen)}. Change `share`, or use a larger test corpus."
        )
    return origins.isin(chosen)


def _describe_selection(target: pd.DataFrame, dev: pd.DataFrame, split: str) -> str:
    part = f"{len(dev)} of {len(target)} utterances of {corpora_of(target)}"
    if split == "utterance":
        return f"{part}, drawn at random: test speakers also select the epoch"
    return f"development speakers {', '.join(speakers_of(dev))} ({part})"
