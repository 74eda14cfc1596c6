"""Protocols that train on one corpus, or language, and test on another one."""

import warnings
from itertools import permutations

import numpy as np
import pandas as pd

from keras_ser import corpora
from keras_ser.protocols.fold import Fold, corpora_of
from keras_ser.protocols.speakers import speakers_of, units

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
    """One fold: a corpus trains, part of another selects the epoch, the rest is tested.

    Latif et al. 2022, section 5.2.1, draws 30 % of the test corpus's utterances at
    random to select with, so that speakers who are tested chose the epoch:
    `split="utterance"`, and reports say so. By speaker, nobody does; both genders
    are among the development speakers, and sessions stay whole.

    Args:
        table: labelled utterances of both corpora, or of more.
        unlabelled: speech for the auxiliary tasks; what development or test
            speakers say in it is left out.
        train, test: names of corpora.
        share: of the test corpus that selects the epoch, above 0 and below 1.
        split: `"speaker"` or `"utterance"`.
        seed: of the draw.

    Returns:
        The fold `<train>-<test>`.

    Raises:
        ValueError: an unknown corpus, a class that the training corpus lacks, or too
            few speakers.
    """
    known = sorted(set(table.corpus))
    if train not in known or test not in known or train == test:
        raise ValueError(
            "Protocol `cross_corpus` needs `train` and `test`, two of the experiment's "
            f"corpora {known}. Received: train={train!r}, test={test!r}. Give "
            "`corpus` both names, and `protocol_arguments` which is which."
        )
    parts = table[table.corpus == train], table[table.corpus == test]
    fold = _across(f"{train}-{test}", *parts, unlabelled, share, split, seed)
    return {fold.name: fold}


def cross_language(
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None = None,
    share: float = 0.3,
    split: str = "speaker",
    seed: int = 0,
) -> dict[str, Fold]:
    """A fold for each ordered pair of languages: one trains, the other is tested.

    Args:
        table: labelled utterances of two languages or more.
        unlabelled, share, split, seed: as in `cross_corpus`.

    Returns:
        The folds `<training corpora>-<test corpora>`, `emodb-crema_d+ravdess`.

    Raises:
        ValueError: fewer than two languages; else as `cross_corpus`.
    """
    languages = sorted(set(table.language))
    if len(languages) < 2 or "" in languages:
        raise ValueError(
            "Protocol `cross_language` needs corpora of two languages or more. "
            f"Received: corpus={corpora_of(table)} of languages={languages}. Give "
            "`corpus` several names, ('ravdess', 'emodb')."
        )
    parts = {each: table[table.language == each] for each in languages}
    made = {}
    for source, target in permutations(parts.values(), 2):
        name = f"{corpora_of(source)}-{corpora_of(target)}"
        made[name] = _across(name, source, target, unlabelled, share, split, seed)
    return made


def _across(name, source, target, unlabelled, share, split, seed) -> Fold:
    _check(name, share, split)
    _compare_classes(name, source, target)
    choose = _some_speakers if split == "speaker" else _some_utterances
    selects = choose(name, target, share, seed)
    dev, test = target[selects], target[~selects]
    if unlabelled is not None:
        unlabelled = unlabelled[~unlabelled.speaker.isin(speakers_of(target))]
        unlabelled = unlabelled.reset_index(drop=True)
    return Fold(
        name=name,
        train=source.reset_index(drop=True),
        dev=dev.reset_index(drop=True),
        tests={"test": test.reset_index(drop=True)},
        unlabelled=unlabelled,
        classes=corpora.classes(source),
        selected_by=_told(target, dev, split),
        test_speakers_select=split == "utterance",
    )


def _check(name: str, share, split) -> None:
    right = isinstance(share, float) and 0 < share < 1
    if not right or split not in SPLITS:
        raise ValueError(
            f"Fold `{name}`: expected a `share` above 0 and below 1, and `split` among "
            f"{SPLITS}. Received: share={share!r}, split={split!r}."
        )


def _compare_classes(name: str, source, target) -> None:
    """Refuses classes that nobody teaches; warns of those that nobody asks for."""
    taught, asked = set(source.emotion), set(target.emotion)
    if asked - taught:
        raise ValueError(
            f"Fold `{name}`: the training speech must have every class of the test "
            f"speech. Received without training: {', '.join(sorted(asked - taught))}. "
            "Choose `labels` that both have, 'four' for example."
        )
    if taught - asked:
        warnings.warn(
            f"Fold `{name}`: the test speech lacks {', '.join(sorted(taught - asked))}."
            " UAR is over the classes that it has.",
            stacklevel=5,
        )


def _some_speakers(name: str, target, share: float, seed: int) -> pd.Series:
    """Which rows are of the speakers that select the epoch.

    Sessions stay whole, and genders take turns, so that two speakers are enough for
    both to be there.
    """
    together = units(target, seed)
    fewest = min(2, target.gender.nunique())
    count = max(round(share * len(together)), fewest)
    if len(together) - count < fewest:
        raise ValueError(
            f"Fold `{name}` needs speakers to select the epoch and others to test, "
            f"of each gender. Received: {speakers_of(target)}, sessions kept whole. "
            "Use split='utterance', and say that test speakers chose the epoch."
        )
    return target.speaker.isin(sum(together[:count], []))


def _some_utterances(name: str, target, share: float, seed: int) -> pd.Series:
    """Which rows select the epoch: utterances at random, copies with their source."""
    origins = target.source.where(target.source != "", target.utterance)
    kinds = sorted(set(origins))
    chosen = np.random.default_rng(seed).permutation(kinds)[: round(share * len(kinds))]
    if not 0 < len(chosen) < len(kinds):
        raise ValueError(
            f"Fold `{name}` needs utterances to select the epoch and others to test. "
            f"Received: {len(kinds)}, of which share={share} are {len(chosen)}."
        )
    return origins.isin(chosen)


def _told(target, dev, split: str) -> str:
    part = f"{len(dev)} of {len(target)} utterances of {corpora_of(target)}"
    if split == "utterance":
        return f"{part}, drawn at random: speakers who are tested chose the epoch"
    return f"development speakers {', '.join(speakers_of(dev))} ({part})"
