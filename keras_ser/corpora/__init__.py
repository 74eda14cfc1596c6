"""Emotional speech corpora, all read into the same table.

`read` returns the table of a corpus in `CORPORA`. `keras_ser.corpora.table` describes
its columns.
"""

from keras_ser.corpora.clusters import Clusters
from keras_ser.corpora.labels import (
    LABEL_SETS,
    find_label_set,
    labels_by_corpus,
    relabel,
    varies_by_fold,
)
from keras_ser.corpora.levels import Levels
from keras_ser.corpora.rated import RatedLabelSet
from keras_ser.corpora.registry import CORPORA, read
from keras_ser.corpora.survey import Survey, survey_corpus
from keras_ser.corpora.table import COLUMNS, Corpus, check, classes, without_labels

__all__ = [
    "COLUMNS",
    "CORPORA",
    "LABEL_SETS",
    "Clusters",
    "Corpus",
    "Levels",
    "RatedLabelSet",
    "Survey",
    "check",
    "classes",
    "find_label_set",
    "labels_by_corpus",
    "read",
    "relabel",
    "survey_corpus",
    "varies_by_fold",
    "without_labels",
]
