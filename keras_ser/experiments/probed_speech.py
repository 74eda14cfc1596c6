"""The speech of a fold whose embeddings are probed, and these embeddings.

Which utterances are drawn depends on their names alone, so that all systems of a fold,
and all repeats, are probed on the same speech.
"""

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np
import pandas as pd

from keras_ser import evaluation
from keras_ser.experiments.job import Job
from keras_ser.features import FeatureStore
from keras_ser.inference import Recogniser
from keras_ser.protocols import HEARD, Fold
from keras_ser.protocols.draws import random_key
from keras_ser.protocols.unseen import IN_DOMAIN

MAX_UTTERANCES = 1000  # of each part
DRAW_SEED = 0
TRAIN = ""  # in the column `test` of speech that is not tested


@dataclasses.dataclass(frozen=True)
class ProbedSpeech:
    """Utterances of a fold, at most `MAX_UTTERANCES` in each of these tables.

    The column `test` has the name of the table of the fold that a row comes from.

    Args:
        train: Labelled utterances of the training speakers.
        heard: Utterances of these speakers that were held out; maybe none.
        held_out: Utterances of test speakers: those of the test table `in_domain` if
            there is one, otherwise those of all test tables.
        shown: Utterances of all test tables.
        spoken: By the values of `test`, the speech from which a speaker's statistics
            are computed if features are normalised by speaker.
    """

    train: pd.DataFrame
    heard: pd.DataFrame
    held_out: pd.DataFrame
    shown: pd.DataFrame
    spoken: Mapping[str, pd.DataFrame]


def draw_speech(job: Job) -> ProbedSpeech:
    """Draws the utterances that are probed.

    The training side is that of the fold with all labels, whatever part of it the
    system trains on.

    Args:
        job: The job.
    """
    fold = job.whole
    train = fold.sides()["train"]
    tests = {name: rows.assign(test=name) for name, rows in fold.tests.items()}
    shown = draw(pd.concat(tests.values()))
    return ProbedSpeech(
        train=draw(fold.train.assign(test=TRAIN)),
        heard=draw(_heard(fold)),
        held_out=draw(tests[IN_DOMAIN]) if IN_DOMAIN in tests else shown,
        shown=shown,
        spoken={TRAIN: train, HEARD: train, **fold.tests},
    )


def _heard(fold: Fold) -> pd.DataFrame:
    """The held-out utterances of labelled training speakers."""
    rows = fold.train.iloc[:0] if fold.heard is None else fold.heard
    return rows[rows.speaker.isin(fold.train.speaker)].assign(test=HEARD)


def draw(table: pd.DataFrame) -> pd.DataFrame:
    """Draws at most `MAX_UTTERANCES` rows by the names of the utterances.

    Args:
        table: Utterances.

    Returns:
        The drawn rows in the order of the table, with a new index.
    """
    table = table.reset_index(drop=True)
    keys = table.utterance.map(lambda name: random_key(name, DRAW_SEED)).astype(int)
    chosen = np.sort(keys.sort_values(kind="stable").index[:MAX_UTTERANCES])
    return table.loc[chosen].reset_index(drop=True)


class Embeddings:
    """The embeddings of drawn speech, each part computed when it is asked for.

    Speech is used as it is, without any augmentation or condition.

    Args:
        recogniser: The network with its preprocessing.
        speech: The drawn speech.
        store: The feature store. Missing entries are extracted.

    Attributes:
        train, heard, held_out, shown: Arrays `(utterances, units)` of the tables of
            `speech` with these names.
    """

    def __init__(
        self, recogniser: Recogniser, speech: ProbedSpeech, store: FeatureStore
    ):
        self.recogniser, self.speech, self.store = recogniser, speech, store

    @functools.cached_property
    def train(self) -> np.ndarray:
        return self._of(self.speech.train)

    @functools.cached_property
    def heard(self) -> np.ndarray:
        return self._of(self.speech.heard)

    @functools.cached_property
    def held_out(self) -> np.ndarray:
        return self._of(self.speech.held_out)

    @functools.cached_property
    def shown(self) -> np.ndarray:
        same = self.speech.shown is self.speech.held_out
        return self.held_out if same else self._of(self.speech.shown)

    def _of(self, rows: pd.DataFrame) -> np.ndarray:
        units = self.recogniser.model.embedding_model.output.shape[-1]
        found = np.zeros((len(rows), units))
        for test, own in rows.groupby("test").indices.items():
            spoken = self.speech.spoken[test]
            features = evaluation.normalised_features(
                self.recogniser, rows.iloc[own], self.store, speech=spoken
            )
            found[own] = self.recogniser.embeddings(features)
        return found
