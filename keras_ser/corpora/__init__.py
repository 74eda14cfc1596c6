"""Emotional speech corpora, all read into the same table.

`read` returns the table of a corpus in `CORPORA`. `keras_ser.corpora.table` describes
its columns.
"""

from keras_ser.corpora.labels import LABEL_SETS, labels_by_corpus, relabel
from keras_ser.corpora.registry import CORPORA, read
from keras_ser.corpora.survey import Survey, survey_corpus
from keras_ser.corpora.table import COLUMNS, Corpus, check, classes, without_labels

__all__ = [
    "COLUMNS",
    "CORPORA",
    "LABEL_SETS",
    "Corpus",
    "Survey",
    "check",
    "classes",
    "labels_by_corpus",
    "read",
    "relabel",
    "survey_corpus",
    "without_labels",
]
