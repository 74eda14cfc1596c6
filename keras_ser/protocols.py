"""Protocols: how a table is divided into folds of disjoint speakers."""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping

import pandas as pd

from keras_ser import corpora


@dataclasses.dataclass(frozen=True)
class Fold:
    """One division of a corpus.

    Args:
        name: of the fold, `03`.
        train: labelled utterances that train.
        dev: utterances whose score selects the epoch.
        tests: named tables that are scored once, at the end.
        unlabelled: utterances for the auxiliary tasks, or None.
        classes: the emotions, in the order of the models' probabilities.
        selected_by: what selects the epoch, for the report.

    Raises:
        ValueError: a speaker, or the audio of an utterance, stands on two sides.
    """

    name: str
    train: pd.DataFrame
    dev: pd.DataFrame
    tests: Mapping[str, pd.DataFrame]
    unlabelled: pd.DataFrame | None
    classes: tuple[str, ...]
    selected_by: str

    def __post_init__(self):
        sides = self.sides()
        _refuse_shared(self.name, sides, "speaker", "speaker", "speakers")
        _refuse_shared(self.name, sides, "digest", "utterance", "recordings")

    def sides(self) -> dict[str, pd.DataFrame]:
        """What may learn, what selects and what is scored."""
        learn = [self.train]
        if self.unlabelled is not None:
            learn.append(self.unlabelled)
        return {
            "train": pd.concat(learn),
            "dev": self.dev,
            "test": pd.concat(list(self.tests.values())),
        }

    def fingerprints(self) -> dict[str, str]:
        """A hash of each side's utterances, audio and labels, in any order."""
        return {side: _fingerprint(table) for side, table in self.sides().items()}

    def speakers(self) -> dict[str, list[str]]:
        """The speakers of each side, sorted."""
        return {side: _speakers(table) for side, table in self.sides().items()}


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
    speakers = _speakers(table)
    needed = 4  # one tests, two select the epoch, one trains
    if len(speakers) < needed:
        raise ValueError(
            f"Protocol `leave_one_speaker_out` needs at least {needed} speakers. "
            f"Received: corpus={corpora_of(table)} with speakers={speakers}. "
            "Use `held_out_speakers` for a corpus with so few."
        )
    folds = (
        _fold(_fold_name(speaker, table), table, [speaker], dev, unlabelled)
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
    speakers = set(_speakers(table))
    unknown = sorted((set(test) | set(dev)) - speakers)
    if unknown or not test or not dev:
        raise ValueError(
            "Protocol `held_out_speakers` needs `test` and `dev` speakers among "
            f"{sorted(speakers)}. Received: test={list(test)}, dev={list(dev)}."
        )
    return {"held-out": _fold("held-out", table, test, dev, unlabelled)}


PROTOCOLS = {
    "leave_one_speaker_out": leave_one_speaker_out,
    "held_out_speakers": held_out_speakers,
}


def corpora_of(table: pd.DataFrame) -> str:
    return "+".join(sorted(set(table.corpus)))


def _speakers(table: pd.DataFrame) -> list[str]:
    return sorted(set(table.speaker))


def _fold_name(speaker: str, table: pd.DataFrame) -> str:
    """Fit for a folder's name: `03`, or `emodb-03` beside another corpus."""
    if table.corpus.nunique() == 1:
        return speaker.split("/", 1)[-1]
    return speaker.replace("/", "-")


def _development(table, speakers) -> Iterator[tuple[str, list[str]]]:
    """Test speaker and development speakers of each fold."""
    rows = table.drop_duplicates("speaker").set_index("speaker")
    sessions = _sessions(rows)
    for speaker in speakers:
        here = sessions[speaker]
        partners = [s for s in speakers if s != speaker and sessions[s] == here]
        if rows.session[speaker] and partners:
            yield speaker, partners
        else:
            yield speaker, _next_speakers(speaker, speakers, rows.gender)


def _next_speakers(speaker, speakers, gender) -> list[str]:
    """The next of the same gender and the next of another one, cyclically."""
    place = speakers.index(speaker)
    others = speakers[place + 1 :] + speakers[:place]
    same = [s for s in others if gender[s] == gender[speaker]][:1]
    other = [s for s in others if gender[s] != gender[speaker]][:1]
    chosen = same + other
    return chosen + [s for s in others if s not in chosen][: 2 - len(chosen)]


def _fold(name, table, test, dev, unlabelled) -> Fold:
    held = set(test) | set(dev)
    train = table[~table.speaker.isin(held) & ~_of_session(table, table, test)]
    if train.empty:
        raise ValueError(
            f"Fold `{name}` has no speaker left to train on: test={list(test)}, "
            f"dev={list(dev)} of {_speakers(table)}."
        )
    if unlabelled is not None:
        drop = unlabelled.speaker.isin(held) | _of_session(unlabelled, table, test)
        unlabelled = unlabelled[~drop].reset_index(drop=True)
    return Fold(
        name=name,
        train=train.reset_index(drop=True),
        dev=table[table.speaker.isin(dev)].reset_index(drop=True),
        tests={"test": table[table.speaker.isin(test)].reset_index(drop=True)},
        unlabelled=unlabelled,
        classes=corpora.classes(table),
        selected_by=f"development speakers {', '.join(sorted(dev))}",
    )


def _of_session(rows, table, speakers) -> pd.Series:
    """Which rows come from a session that one of the speakers was recorded in."""
    recorded = table[table.speaker.isin(speakers) & (table.session != "")]
    return _sessions(rows).isin(set(_sessions(recorded)))


def _sessions(table) -> pd.Series:
    return table.corpus + "/" + table.session  # corpora number theirs alike


def _refuse_shared(fold, sides, column, names_of, what) -> None:
    names = list(sides)
    for position, first in enumerate(names):
        for second in names[position + 1 :]:
            shared = set(sides[first][column]) & set(sides[second][column])
            if shared:
                both = pd.concat([sides[first], sides[second]])
                found = sorted(set(both[names_of][both[column].isin(shared)]))
                raise ValueError(
                    f"Fold `{fold}`: {first} and {second} must share no {what}. "
                    f"Received in both: {', '.join(found[:6])}. Correct the "
                    "table's speaker column, or remove the copies."
                )


def _fingerprint(table: pd.DataFrame) -> str:
    columns = ["utterance", "digest", "start", "end", "speaker", "emotion"]
    rows = sorted(map(repr, table[columns].itertuples(index=False, name=None)))
    return hashlib.blake2b("\n".join(rows).encode(), digest_size=16).hexdigest()
