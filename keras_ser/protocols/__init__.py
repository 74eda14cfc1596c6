"""Protocols: how a table is divided into folds of disjoint speakers.

A protocol is a function from a table, and the unlabelled speech beside it, to folds by
their names; it knows no model.
"""

from keras_ser.protocols.across import cross_corpus, cross_language
from keras_ser.protocols.each import each_corpus
from keras_ser.protocols.fold import Fold, corpora_of
from keras_ser.protocols.labels import BASES, label_fraction, with_few_labels
from keras_ser.protocols.within import (
    held_out_speakers,
    k_fold,
    leave_one_speaker_out,
)

__all__ = [
    "PROTOCOLS",
    "Fold",
    "corpora_of",
    "cross_corpus",
    "cross_language",
    "each_corpus",
    "held_out_speakers",
    "k_fold",
    "label_fraction",
    "leave_one_speaker_out",
    "with_few_labels",
]

PROTOCOLS = {**BASES, "label_fraction": label_fraction}
