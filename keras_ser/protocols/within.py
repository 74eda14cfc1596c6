"""Protocols that train and test on the same corpora, with different speakers."""

from collections.abc import Iterator

import pandas as pd

from keras_ser.protocols import coverage
from keras_ser.protocols.fold import Fold, corpora_of, fold_of, make_fold
from keras_ser.protocols.speakers import (
    group_sizes,
    next_speakers,
    session_keys,
    speaker_units,
    speakers_of,
)
from keras_ser.protocols.speech import Speech


def leave_one_speaker_out(
    table: pd.DataFrame, unlabelled: pd.DataFrame | None = None
) -> dict[str, Fold]:
    """Test each speaker once; the other speakers train and select the epoch.

    If the test speaker shared a session with others, these partners select the epoch
    and nobody from that session trains. Otherwise two development speakers select it:
    the next speaker of the same gender and the next of a different gender, in the
    cyclic order of the names. One development speaker would be too few, because the
    best accuracies of several epochs tie.

    Args:
        table: Labelled utterances of at least 4 speakers.
        unlabelled: Speech for the auxiliary tasks. Utterances of development and test
            speakers, and of anybody in the test speaker's session, are left out.

    Returns:
        One fold per speaker, by the name of the test speaker. With a single corpus,
        the names leave out the corpus: `"03"`; otherwise they are like `"emodb-03"`.

    Raises:
        ValueError: If there are fewer than 4 speakers, if a fold has nobody left to
            train on, or if two folds would have the same name.

    Example:

    >>> table = corpora.read("emodb", "/data/emodb", labels="four")
    >>> folds = leave_one_speaker_out(table)
    >>> folds["03"].speakers()["dev"]
    ['emodb/08', 'emodb/10']
    """
    speakers = speakers_of(table)
    needed = 4  # one to test, two to select the epoch, one to train
    if len(speakers) < needed:
        raise ValueError(
            f"Protocol `leave_one_speaker_out` needs at least {needed} speakers. "
            f"Received: corpus={corpora_of(table)} with speakers={speakers}. "
            "Use `few_speakers` for a corpus with so few speakers."
        )
    speech = Speech(table, unlabelled)
    several = table.corpus.nunique() > 1
    folds = coverage.by_name(
        fold_of(_fold_name(speaker, several), speech, [speaker], dev)
        for speaker, dev in _development_speakers(table, speakers)
    )
    coverage.check_tested("leave_one_speaker_out", folds.values(), table)
    return folds


def held_out_speakers(
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None = None,
    test: tuple[str, ...] = (),
    dev: tuple[str, ...] = (),
) -> dict[str, Fold]:
    """Make one fold with named test and development speakers; all others train.

    Nobody from a test speaker's session trains.

    Args:
        table: Labelled utterances.
        unlabelled: Speech for the auxiliary tasks. Utterances of development and test
            speakers, and of anybody in a test speaker's session, are left out.
        test: Names of the test speakers as in the table, such as `"synthetic/s04"`.
        dev: Names of the development speakers, who select the epoch.

    Returns:
        The fold `"held-out"`.

    Raises:
        ValueError: If `test` or `dev` is empty, contains an unknown speaker or shares
            a speaker with the other, or if nobody is left to train on.

    Example:

    >>> folds = held_out_speakers(table, test=("emodb/03",), dev=("emodb/08",))
    >>> fold = folds["held-out"]
    """
    speakers = set(speakers_of(table))
    unknown = sorted((set(test) | set(dev)) - speakers)
    if unknown or not test or not dev:
        raise ValueError(
            "Protocol `held_out_speakers` needs `test` and `dev` speakers among "
            f"{sorted(speakers)}. Received: test={list(test)}, dev={list(dev)}. "
            "Name at least one speaker for each, as in the table."
        )
    fold = make_fold("held-out", table, test, dev, unlabelled)
    promised = table[table.speaker.isin(test)]
    coverage.check_tested("held_out_speakers", [fold], promised)
    return {fold.name: fold}


def k_fold(
    table: pd.DataFrame, unlabelled: pd.DataFrame | None = None, folds: int = 5
) -> dict[str, Fold]:
    """Divide the speakers into groups and test each group once.

    The speakers are put in an order in which corpora and genders alternate, each
    sorted by name, and are cut into `folds` groups of neighbours of nearly equal
    size. For example, six folds of RAVDESS test actors 01 to 04, 05 to 08, and so on.
    Two speakers after the group select the epoch: the next of its first speaker's
    gender and the next of a different gender, in cyclic order. All speakers of a
    session are on the same side, so the partners of a chosen speaker join it.

    Args:
        table: Labelled utterances.
        unlabelled: Speech for the auxiliary tasks. Utterances of development and test
            speakers, and of anybody in their sessions, are left out.
        folds: The number of folds, at least 2.

    Returns:
        The folds by their numbers, such as `"1"` to `"6"`; from ten folds on, with
        leading zeros.

    Raises:
        ValueError: If there are too few speakers, or sessions, to fill the folds and
            to leave somebody to train on.

    Example:

    >>> folds = k_fold(table, folds=6)
    >>> folds["1"].speakers()["test"]
    ['ravdess/01', 'ravdess/02', 'ravdess/03', 'ravdess/04']
    """
    together = speaker_units(table)
    if type(folds) is not int or not 2 <= folds <= len(together):
        raise ValueError(
            "Protocol `k_fold` needs `folds` of at least 2 and at most the number of "
            f"speakers (of sessions, if there are any), {len(together)}. Received: "
            f"folds={folds!r}, corpus={corpora_of(table)} with "
            f"speakers={speakers_of(table)}. Choose `folds` in this range."
        )
    gender = table.drop_duplicates("speaker").set_index("speaker").gender.to_dict()
    made, first, speech = [], 0, Speech(table, unlabelled)
    for number, count in enumerate(group_sizes(together, folds), start=1):
        stop = first + count
        group, rest = together[first:stop], together[stop:]
        others = rest + together[:first]
        test = sum(group, [])
        chosen = next_speakers(gender[test[0]], sum(others, []), gender)
        dev = sum((unit for unit in others if not set(unit).isdisjoint(chosen)), [])
        name = str(number).zfill(len(str(folds)))
        made.append(fold_of(name, speech, test, dev, apart=test + dev))
        first = stop
    coverage.check_tested("k_fold", made, table)
    return coverage.by_name(made)


def _fold_name(speaker: str, several: bool) -> str:
    """A name that suits a folder: `03`, or `emodb-03` if there are several corpora."""
    return speaker.replace("/", "-") if several else speaker.split("/", 1)[-1]


def _development_speakers(
    table: pd.DataFrame, speakers: list[str]
) -> Iterator[tuple[str, list[str]]]:
    """Yield the test speaker and the development speakers of each fold."""
    rows = table.drop_duplicates("speaker").set_index("speaker")
    gender, own = rows.gender.to_dict(), rows.session.to_dict()
    session = session_keys(rows).to_dict()
    for place, speaker in enumerate(speakers):
        here = session[speaker]
        partners = [s for s in speakers if s != speaker and session[s] == here]
        if own[speaker] and partners:
            yield speaker, partners
        else:
            others = speakers[place + 1 :] + speakers[:place]
            yield speaker, next_speakers(gender[speaker], others, gender)
