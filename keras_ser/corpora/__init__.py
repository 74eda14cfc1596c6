"""Corpora: one file each, read into one table (`keras_ser.corpora.table`)."""

from pathlib import Path

import pandas as pd

from keras_ser.corpora import emodb, librispeech, synthetic
from keras_ser.corpora.table import (
    COLUMNS,
    LABEL_SETS,
    Corpus,
    check,
    classes,
    relabel,
    with_digests,
)

CORPORA: dict[str, Corpus] = {
    "emodb": emodb.CORPUS,
    "librispeech": librispeech.CORPUS,
    "synthetic": synthetic.CORPUS,
    "synthetic_unlabelled": synthetic.UNLABELLED,
}

__all__ = [
    "COLUMNS",
    "CORPORA",
    "LABEL_SETS",
    "Corpus",
    "check",
    "classes",
    "read",
    "relabel",
]


def read(name: str, root: str | Path, labels="all") -> pd.DataFrame:
    """Reads a corpus into the table.

    Args:
        name: a key of `CORPORA`.
        root: the corpus's folder.
        labels: a label set: `"all"`, a key of `LABEL_SETS` or a mapping.

    Returns:
        One row an utterance, columns `COLUMNS`.

    Raises:
        ValueError: an unknown corpus or label set, or a file that is not the
            corpus's.
        FileNotFoundError: `root` does not hold the corpus.

    Example:

    >>> table = read("emodb", "/data/emodb", labels="four")
    """
    if name not in CORPORA:
        raise ValueError(
            f"Corpus must be one of {sorted(CORPORA)}. Received: {name!r}."
        )
    return relabel(with_digests(CORPORA[name].read(root)), labels)
