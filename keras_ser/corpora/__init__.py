"""Corpora: one file each, read into one table (`keras_ser.corpora.table`)."""

from keras_ser.corpora.labels import LABEL_SETS, relabel
from keras_ser.corpora.registry import CORPORA, read
from keras_ser.corpora.survey import Survey, survey_corpus
from keras_ser.corpora.table import COLUMNS, Corpus, check, classes

__all__ = [
    "COLUMNS",
    "CORPORA",
    "LABEL_SETS",
    "Corpus",
    "Survey",
    "check",
    "classes",
    "read",
    "relabel",
    "survey_corpus",
]
