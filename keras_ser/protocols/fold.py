"""One division of a corpus into sides that share nothing."""

import dataclasses
import hashlib
from collections.abc import Mapping

import pandas as pd

from keras_ser import corpora
from keras_ser.protocols import leaks
from keras_ser.protocols.speakers import of_session, speakers_of


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
        test_speakers_select: whether speakers who are tested chose the epoch, on
            other utterances, as a paper's protocol may want it; reports say so.

    Raises:
        ValueError: a speaker, a stretch of audio, or an utterance and its copy
            stand on two sides.
    """

    name: str
    train: pd.DataFrame
    dev: pd.DataFrame
    tests: Mapping[str, pd.DataFrame]
    unlabelled: pd.DataFrame | None
    classes: tuple[str, ...]
    selected_by: str
    test_speakers_select: bool = False

    def __post_init__(self):
        exempt = {("dev", "test", "speakers")} if self.test_speakers_select else set()
        leaks.refuse(self.name, self.sides(), exempt)

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
        return {side: fingerprint(table) for side, table in self.sides().items()}

    def speakers(self) -> dict[str, list[str]]:
        """The speakers of each side, sorted."""
        return {side: speakers_of(table) for side, table in self.sides().items()}


def divided(name, table, test, dev, unlabelled, apart=None) -> Fold:
    """The fold of a table with these test and development speakers; all others train.

    Args:
        name: of the fold.
        table: labelled utterances.
        test, dev: names of speakers.
        unlabelled: speech for the auxiliary tasks, or None.
        apart: speakers of whose sessions nobody trains; default, `test`.

    Raises:
        ValueError: nobody is left to train on.
    """
    apart = test if apart is None else apart
    held = set(test) | set(dev)
    train = table[~table.speaker.isin(held) & ~of_session(table, table, apart)]
    if train.empty:
        raise ValueError(
            f"Fold `{name}` has no speaker left to train on: test={list(test)}, "
            f"dev={list(dev)} of {speakers_of(table)}."
        )
    if unlabelled is not None:
        drop = unlabelled.speaker.isin(held) | of_session(unlabelled, table, apart)
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


def corpora_of(table: pd.DataFrame) -> str:
    """The names of a table's corpora, `emodb+ravdess`."""
    return "+".join(sorted(set(table.corpus)))


def fingerprint(table: pd.DataFrame) -> str:
    """A hash of a table's utterances, audio and labels, in any order."""
    columns = ["utterance", "digest", "start", "end", "speaker", "emotion"]
    rows = sorted(map(repr, table[columns].itertuples(index=False, name=None)))
    return hashlib.blake2b("\n".join(rows).encode(), digest_size=16).hexdigest()
