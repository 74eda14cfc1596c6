"""Protocols: how a table of utterances is divided into folds of disjoint speakers.

A protocol is a function. It takes a table of labelled utterances and, optionally, a
table of unlabelled speech, and returns a dictionary from fold names to `Fold`s. It
does not depend on any model.
"""

from keras_ser.protocols.across import cross_corpus, cross_language
from keras_ser.protocols.auxiliary import with_speakers
from keras_ser.protocols.clusters import with_clusters
from keras_ser.protocols.each import each_corpus
from keras_ser.protocols.few import few_speakers
from keras_ser.protocols.fold import HEARD, Fold, corpora_of
from keras_ser.protocols.heard import with_heard
from keras_ser.protocols.labels import BASES, label_fraction, with_few_labels
from keras_ser.protocols.unseen import (
    IN_DOMAIN,
    held_out_corpora,
    leave_one_corpus_out,
)
from keras_ser.protocols.within import (
    held_out_speakers,
    k_fold,
    leave_one_speaker_out,
)

__all__ = [
    "HEARD",
    "IN_DOMAIN",
    "PROTOCOLS",
    "Fold",
    "corpora_of",
    "cross_corpus",
    "cross_language",
    "each_corpus",
    "few_speakers",
    "held_out_corpora",
    "held_out_speakers",
    "k_fold",
    "label_fraction",
    "leave_one_corpus_out",
    "leave_one_speaker_out",
    "with_clusters",
    "with_few_labels",
    "with_heard",
    "with_speakers",
]

PROTOCOLS = {**BASES, "label_fraction": label_fraction}
