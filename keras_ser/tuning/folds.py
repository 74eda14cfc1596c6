"""The speakers that a search uses, and the folds that score its trials."""

import dataclasses
from collections.abc import Iterable

import pandas as pd

from keras_ser.experiments.config import Experiment
from keras_ser.experiments.plan import check_tuned
from keras_ser.protocols import (
    PROTOCOLS,
    Fold,
    held_out_speakers,
    k_fold,
    label_fraction,
    leaks,
    with_clusters,
)
from keras_ser.protocols.speakers import in_sessions_of, next_speakers, speakers_of

ACROSS = ("cross_corpus", "cross_language")
DIVISIONS = 3


@dataclasses.dataclass(frozen=True)
class SearchSpeakers:
    """The speakers that a search uses, and the folds that score its trials.

    Args:
        name: Name of the fold that the search runs inside, or `speakers` for a search
            among named speakers.
        speakers: Sorted names of the search speakers, without those of unlabelled
            speech.
        folds: Folds of the search speakers. In each fold, some of them train the
            model, others select the epoch, and the rest are scored.
        testable: Names of the experiment's folds that test none of the search
            speakers.
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
) -> SearchSpeakers:
    """The speakers of a search that uses the training and development side of a fold.

    Within a corpus, `k_fold` divides these speakers. Each of them is scored once, by
    a model that other speakers trained and whose epoch other speakers selected. All
    speakers count, and settings do not profit from a lucky epoch: if the same speech
    selected the epoch and gave the score, settings with unstable scores would win.

    Across corpora, the development speakers of the fold are of the language or corpus
    that will be tested. They are scored, and two training speakers select the epoch.

    Args:
        config: The experiment, whose protocol makes the folds.
        table: Labelled utterances, as the protocol takes them.
        unlabelled: Unlabelled utterances, as the protocol takes them.
        fold: Name of the fold.
        divisions: Number of groups that the speakers of a corpus are divided into. A
            trial is one training per group.

    Raises:
        ValueError: If the fold is unknown, if its test speakers select its epoch, if
            it tests a speaker of an earlier search, or if there are too few speakers.
    """
    folds = _make_folds(config, table, unlabelled)
    if fold not in folds:
        raise ValueError(f"Unknown fold: {fold!r}. Expected one of {list(folds)}.")
    outer = folds[fold]
    check_tuned(config, folds, [fold], [table, unlabelled])
    if outer.test_speakers_select:
        raise ValueError(
            f"A search inside fold `{fold}` must not use its test speakers. Received: "
            f"{outer.selected_by}. Set protocol_arguments.split='speaker'."
        )
    speakers = sorted({*speakers_of(outer.train), *speakers_of(outer.dev)})
    if _dividing_protocol(config) in ACROSS:
        inner = [_score_development(outer)]
    else:
        rows = table[table.speaker.isin(speakers)].reset_index(drop=True)
        rest = _remove_rows(outer.unlabelled, rows)
        inner = _divide(config, rows, rest, divisions)
    inner = _with_clusters(config, table, inner)
    return _checked(fold, speakers, inner, folds, [fold])


def among_speakers(
    config: Experiment,
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None,
    speakers: Iterable[str],
    divisions: int = DIVISIONS,
) -> SearchSpeakers:
    """The speakers of a search among named speakers, who are then never tested.

    They are divided as by `inside_fold`. Unlabelled speech of the other speakers in
    the table, and of their recording sessions, is left out.

    Args:
        config: As for `inside_fold`.
        table: As for `inside_fold`.
        unlabelled: As for `inside_fold`.
        speakers: Names as in the table, such as `ravdess/01`. If speakers were
            recorded in one session, all of them must be named.
        divisions: As for `inside_fold`.

    Raises:
        ValueError: If speakers are unknown or too few, if a session is named in part,
            if no fold is left that tests other speakers, or if the protocol goes
            across corpora.
    """
    folds = _make_folds(config, table, unlabelled)
    speakers = sorted(set(speakers))
    _check_speakers(config, table, speakers)
    rows = table[table.speaker.isin(speakers)].reset_index(drop=True)
    if unlabelled is not None:
        others = sorted(set(table.speaker) - set(speakers))
        excluded = unlabelled.speaker.isin(others)
        excluded |= in_sessions_of(unlabelled, table, others)
        unlabelled = unlabelled[~excluded].reset_index(drop=True)
    inner = _divide(config, rows, unlabelled, divisions)
    used = {*speakers, *config.tuned_on}
    testable = [
        name
        for name, tested in _test_speakers(folds).items()
        if used.isdisjoint(tested)
    ]
    if not testable:
        raise ValueError(
            f"A search among speakers must leave a fold of `{config.protocol}` that "
            f"tests none of them. Received: {len(speakers)} speakers. Name fewer, or "
            "search inside a fold."
        )
    inner = _with_clusters(config, table, inner)
    return _checked("speakers", speakers, inner, folds, testable)


def _make_folds(config: Experiment, table, unlabelled) -> dict[str, Fold]:
    protocol, arguments = PROTOCOLS[config.protocol], config.protocol_arguments
    return protocol(table, unlabelled=unlabelled, **arguments)


def _test_speakers(folds: dict[str, Fold]) -> dict[str, list[str]]:
    return {
        name: speakers_of(pd.concat(list(fold.tests.values())))
        for name, fold in folds.items()
    }


def _dividing_protocol(config: Experiment) -> str:
    """The name of the protocol that divides the speakers."""
    if config.protocol == "label_fraction":
        return config.protocol_arguments.get("protocol", "leave_one_speaker_out")
    return config.protocol


def _check_speakers(config: Experiment, table, speakers: list[str]) -> None:
    unknown = sorted(set(speakers) - set(table.speaker))
    if unknown or not speakers:
        raise ValueError(
            f"Unknown speakers: {unknown}. Expected some of {speakers_of(table)}."
        )
    protocol = _dividing_protocol(config)
    corpora = sorted(table.corpus[table.speaker.isin(speakers)].unique())
    if protocol in ACROSS or (protocol == "each_corpus" and len(corpora) > 1):
        raise ValueError(
            "A search among named speakers must stay within one corpus. Received: "
            f"speakers of {', '.join(corpora)} under protocol `{config.protocol}`. "
            "Search inside one of its folds."
        )
    together = in_sessions_of(table, table, speakers)
    missing = table[together & ~table.speaker.isin(speakers)]
    if len(missing):
        raise ValueError(
            "A search among speakers must use whole recording sessions. Received: a "
            f"session without {', '.join(speakers_of(missing))}. Name them, too."
        )


def _remove_rows(unlabelled, rows) -> pd.DataFrame | None:
    """Unlabelled speech without `rows`, which a fold may have added to it."""
    if unlabelled is None:
        return None
    left = unlabelled[~unlabelled.utterance.isin(rows.utterance)]
    return left.reset_index(drop=True)


def _divide(config: Experiment, rows, unlabelled, divisions: int) -> list[Fold]:
    """Folds of the search speakers in `divisions` groups, each scored once."""
    arguments = {"folds": divisions}
    if config.protocol != "label_fraction":
        return list(k_fold(rows, unlabelled, **arguments).values())
    given = {**config.protocol_arguments, "protocol": "k_fold", "arguments": arguments}
    return list(label_fraction(rows, unlabelled, **given).values())


def _score_development(outer: Fold) -> Fold:
    """The fold without its test side: the development speakers are scored instead."""
    gender = outer.train.drop_duplicates("speaker").set_index("speaker").gender
    speakers = speakers_of(outer.train)
    selecting = next_speakers(gender[speakers[0]], speakers, gender)
    scored = speakers_of(outer.dev)
    rows = pd.concat([outer.train, outer.dev], ignore_index=True)
    made = held_out_speakers(rows, outer.unlabelled, scored, selecting)
    return made["held-out"]


def _with_clusters(config: Experiment, table, inner: list[Fold]) -> list[Fold]:
    """The folds of a search, with clusters of their own training speech as classes."""
    named = {fold.name: fold for fold in inner}
    return list(with_clusters(named, table, config.labels_by_corpus).values())


def _checked(name, speakers, inner, folds, testable) -> SearchSpeakers:
    """The search speakers, once it is clear that no testable fold shares data."""
    tests = [table for fold in testable for table in folds[fold].tests.values()]
    sides = [side for fold in inner for side in fold.sides().values()]
    used = pd.concat(sides).drop_duplicates("utterance")
    leaks.check_disjoint(name, {"search": used, "test": pd.concat(tests)})
    return SearchSpeakers(name, tuple(speakers), tuple(inner), tuple(testable))
