"""Whom a search hears, and how it divides them."""

import dataclasses
from collections.abc import Iterable

import pandas as pd

from keras_ser.experiments.config import Experiment
from keras_ser.protocols import (
    PROTOCOLS,
    Fold,
    held_out_speakers,
    k_fold,
    label_fraction,
    leaks,
)
from keras_ser.protocols.speakers import next_speakers, of_session, speakers_of

ACROSS = ("cross_corpus", "cross_language")
DIVISIONS = 3


@dataclasses.dataclass(frozen=True)
class Heard:
    """The speakers that a search hears, and the folds that score a trial.

    Args:
        name: of the search: the fold that it goes on inside of, or `speakers`.
        speakers: of labelled speech, sorted.
        folds: in each, some of them train, others select the epoch, others score.
        testable: names of the experiment's folds that test nobody of them.
    """

    name: str
    speakers: tuple[str, ...]
    folds: tuple[Fold, ...]
    testable: tuple[str, ...]


def inside_fold(
    config: Experiment,
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None,
    fold: str,
    divisions: int = DIVISIONS,
) -> Heard:
    """A search that hears what trains and selects in one fold, and no other speech.

    Within a corpus, these speakers are divided anew by `k_fold`: every one of them
    is scored once, by a model of which others trained and others selected the
    epoch. That way all of them count, and the luck of an epoch does not: a score at
    the epoch that the same speech selected favours settings that jump about.
    Across corpora the fold's development speakers are of the language or corpus that
    will be tested: they score, and two training speakers select.

    Args:
        config: its protocol makes the folds.
        table, unlabelled: as the protocol takes them.
        fold: its name.
        divisions: how often the speakers are divided, within a corpus; a trial is as
            many trainings.

    Raises:
        ValueError: an unknown fold, one whose test speakers select its epoch, or
            which tests a speaker that an earlier search heard; too few speakers.
    """
    folds = _folds(config, table, unlabelled)
    if fold not in folds:
        raise ValueError(f"Unknown fold: {fold!r}. Expected one of {list(folds)}.")
    outer = folds[fold]
    leaks.refuse_tuned(config.tuned_on, _tested({fold: outer}), [fold])
    if outer.test_speakers_select:
        raise ValueError(
            f"A search inside fold `{fold}` must not hear its test speakers. Received: "
            f"{outer.selected_by}. Set protocol_arguments.split='speaker'."
        )
    heard = sorted({*speakers_of(outer.train), *speakers_of(outer.dev)})
    if _base(config) in ACROSS:
        inner = [_scored_by_development(outer)]
    else:
        rows = table[table.speaker.isin(heard)].reset_index(drop=True)
        inner = _anew(config, rows, _besides(rows, outer.unlabelled), divisions)
    return _apart(fold, heard, inner, folds, [fold])


def among_speakers(
    config: Experiment,
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None,
    speakers: Iterable[str],
    divisions: int = DIVISIONS,
) -> Heard:
    """A search among named speakers, who are then never tested.

    They are divided as in `inside_fold`. Of unlabelled speech, that of the corpus's
    other speakers is left out.

    Args:
        config, table, unlabelled, divisions: as in `inside_fold`.
        speakers: names as in the table, `ravdess/01`; sessions as a whole.

    Raises:
        ValueError: unknown speakers, part of a session, too few speakers, all that
            any fold tests, or a protocol across corpora.
    """
    folds = _folds(config, table, unlabelled)
    heard = sorted(set(speakers))
    _refuse_names(config, table, heard)
    rows = table[table.speaker.isin(heard)].reset_index(drop=True)
    if unlabelled is not None:
        others = sorted(set(table.speaker) - set(heard))
        theirs = unlabelled.speaker.isin(others)
        theirs |= of_session(unlabelled, table, others)
        unlabelled = unlabelled[~theirs].reset_index(drop=True)
    inner = _anew(config, rows, unlabelled, divisions)
    known = {*heard, *config.tuned_on}
    free = [name for name in folds if known.isdisjoint(_tested(folds)[name])]
    if not free:
        raise ValueError(
            f"A search among speakers must leave a fold of `{config.protocol}` whose "
            f"test speakers it does not hear. Received: {', '.join(heard)}. Name "
            "fewer, or search inside a fold."
        )
    return _apart("speakers", heard, inner, folds, free)


def _folds(config: Experiment, table, unlabelled) -> dict[str, Fold]:
    protocol, arguments = PROTOCOLS[config.protocol], config.protocol_arguments
    return protocol(table, unlabelled=unlabelled, **arguments)


def _tested(folds) -> dict[str, list[str]]:
    return {
        name: speakers_of(pd.concat(list(fold.tests.values())))
        for name, fold in folds.items()
    }


def _base(config: Experiment) -> str:
    """The protocol that divides speakers."""
    if config.protocol == "label_fraction":
        return config.protocol_arguments.get("protocol", "leave_one_speaker_out")
    return config.protocol


def _refuse_names(config: Experiment, table, heard: list[str]) -> None:
    unknown = sorted(set(heard) - set(table.speaker))
    if unknown or not heard:
        raise ValueError(
            f"Unknown speakers: {unknown}. Expected among {speakers_of(table)}."
        )
    several = table.corpus[table.speaker.isin(heard)].nunique() > 1
    if _base(config) in ACROSS or (_base(config) == "each_corpus" and several):
        raise ValueError(
            f"Named speakers do not say which part their corpora have in protocol "
            f"`{config.protocol}`. Search inside one of its folds."
        )
    others = table[of_session(table, table, heard) & ~table.speaker.isin(heard)]
    if len(others):
        raise ValueError(
            "A search hears sessions as a whole. Received one without "
            f"{', '.join(speakers_of(others))}. Name them too."
        )


def _besides(rows, unlabelled) -> pd.DataFrame | None:
    """Unlabelled speech without that of `rows`, which a fold may have added to it."""
    if unlabelled is None:
        return None
    left = unlabelled[~unlabelled.utterance.isin(rows.utterance)]
    return left.reset_index(drop=True)


def _anew(config: Experiment, rows, unlabelled, divisions: int) -> list[Fold]:
    """The heard speakers in `divisions` groups, each of which scores once."""
    arguments = {"folds": divisions}
    if config.protocol != "label_fraction":
        return list(k_fold(rows, unlabelled, **arguments).values())
    given = {**config.protocol_arguments, "protocol": "k_fold", "arguments": arguments}
    return list(label_fraction(rows, unlabelled, **given).values())


def _scored_by_development(outer: Fold) -> Fold:
    """The fold without its tests: the development speakers take their place."""
    gender = outer.train.drop_duplicates("speaker").set_index("speaker").gender
    speakers = speakers_of(outer.train)
    selecting = next_speakers(gender[speakers[0]], speakers, gender)
    scoring = speakers_of(outer.dev)
    rows = pd.concat([outer.train, outer.dev], ignore_index=True)
    made = held_out_speakers(rows, outer.unlabelled, scoring, selecting)
    return made["held-out"]


def _apart(name, heard, inner, folds, testable) -> Heard:
    """The search, if it shares nothing with what may be tested after it."""
    tests = [table for fold in testable for table in folds[fold].tests.values()]
    sides = [side for fold in inner for side in fold.sides().values()]
    hears = pd.concat(sides).drop_duplicates("utterance")
    leaks.refuse(name, {"search": hears, "test": pd.concat(tests)})
    return Heard(name, tuple(heard), tuple(inner), tuple(testable))
