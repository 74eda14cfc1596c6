"""Protocols that train and test on the same corpora, by speakers."""

from collections.abc import Iterator

import pandas as pd

from keras_ser.protocols.fold import Fold, corpora_of, divided
from keras_ser.protocols.speakers import (
    group_sizes,
    next_speakers,
    sessions,
    speakers_of,
    units,
)


def leave_one_speaker_out(
    table: pd.DataFrame, unlabelled: pd.DataFrame | None = None
) -> dict[str, Fold]:
    """Each speaker is tested once; the others train and select the epoch.

    Where every session has two speakers, the partner of the test speaker selects
    the epoch and nobody of that session trains. Elsewhere two development speakers
    do: the next of the same gender and the next of the other one, in the order of
    names and cyclically. One alone is too few: its best accuracies tie.

    Args:
        table: labelled utterances of at least 4 speakers.
        unlabelled: speech for the auxiliary tasks; what a development or test
            speaker says in it, or anybody in the test speaker's session, is left
            out.

    Returns:
        The folds by the test speaker's name, without its corpus where there is
        one corpus only.

    Raises:
        ValueError: too few speakers.
    """
    speakers = speakers_of(table)
    needed = 4  # one tests, two select the epoch, one trains
    if len(speakers) < needed:
        raise ValueError(
            f"Protocol `leave_one_speaker_out` needs at least {needed} speakers. "
            f"Received: corpus={corpora_of(table)} with speakers={speakers}. "
            "Use `held_out_speakers` for a corpus with so few."
        )
    folds = (
        divided(_fold_name(speaker, table), table, [speaker], dev, unlabelled)
        for speaker, dev in _development(table, speakers)
    )
    return {fold.name: fold for fold in folds}


def held_out_speakers(
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None = None,
    test: tuple[str, ...] = (),
    dev: tuple[str, ...] = (),
) -> dict[str, Fold]:
    """One fold with named test and development speakers; all others train.

    Args:
        table: labelled utterances.
        unlabelled: as in `leave_one_speaker_out`.
        test, dev: names of speakers, `synthetic/s04`.
    """
    speakers = set(speakers_of(table))
    unknown = sorted((set(test) | set(dev)) - speakers)
    if unknown or not test or not dev:
        raise ValueError(
            "Protocol `held_out_speakers` needs `test` and `dev` speakers among "
            f"{sorted(speakers)}. Received: test={list(test)}, dev={list(dev)}."
        )
    return {"held-out": divided("held-out", table, test, dev, unlabelled)}


def k_fold(
    table: pd.DataFrame, unlabelled: pd.DataFrame | None = None, folds: int = 5
) -> dict[str, Fold]:
    """Each of `folds` groups of speakers is tested once.

    Groups are neighbours in the order of names, as equal in size as possible, where
    corpora and genders take turns: six folds of RAVDESS are actors 01 to 04, 05 to
    08 and so on. Two speakers after the group select the epoch, the next of its
    first speaker's gender and the next of the other one, cyclically. A session
    stands on one side as a whole, so that its partners join whoever was chosen.

    Args:
        table: labelled utterances.
        unlabelled: as in `leave_one_speaker_out`.
        folds: how many, at least 2.

    Returns:
        The folds by their numbers, `1` to `6`.

    Raises:
        ValueError: too few speakers, or sessions, to fill the folds and to leave
            somebody to train.
    """
    together = units(table)
    if type(folds) is not int or not 2 <= folds <= len(together):
        raise ValueError(
            "Protocol `k_fold` needs `folds` of at least 2 and at most the number of "
            f"speakers (of sessions, where there are any), {len(together)}. Received: "
            f"folds={folds!r}, corpus={corpora_of(table)} with "
            f"speakers={speakers_of(table)}."
        )
    gender = table.drop_duplicates("speaker").set_index("speaker").gender
    made, first = {}, 0
    for number, count in enumerate(group_sizes(together, folds), start=1):
        stop = first + count
        group, rest = together[first:stop], together[stop:]
        others = rest + together[:first]
        test = sum(group, [])
        chosen = next_speakers(gender[test[0]], sum(others, []), gender)
        dev = sum((unit for unit in others if not set(unit).isdisjoint(chosen)), [])
        name = str(number).zfill(len(str(folds)))
        made[name] = divided(name, table, test, dev, unlabelled, apart=test + dev)
        first = stop
    return made


def _fold_name(speaker: str, table: pd.DataFrame) -> str:
    """Fit for a folder's name: `03`, or `emodb-03` beside another corpus."""
    if table.corpus.nunique() == 1:
        return speaker.split("/", 1)[-1]
    return speaker.replace("/", "-")


def _development(table, speakers) -> Iterator[tuple[str, list[str]]]:
    """Test speaker and development speakers of each fold."""
    rows = table.drop_duplicates("speaker").set_index("speaker")
    session = sessions(rows)
    for speaker in speakers:
        here = session[speaker]
        partners = [s for s in speakers if s != speaker and session[s] == here]
        if rows.session[speaker] and partners:
            yield speaker, partners
        else:
            place = speakers.index(speaker)
            others = speakers[place + 1 :] + speakers[:place]
            yield speaker, next_speakers(rows.gender[speaker], others, rows.gender)
