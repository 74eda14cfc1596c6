"""Corpora: one file each, read into one table (`keras_ser.corpora.table`)."""

import math
from pathlib import Path

import pandas as pd

from keras_ser.corpora import emodb, librispeech, ravdess, synthetic
from keras_ser.corpora.table import (
    COLUMNS,
    LABEL_SETS,
    Corpus,
    UnreadableFiles,
    check,
    classes,
    from_rows,
    relabel,
    warn_of_copies,
    with_digests,
)

CORPORA: dict[str, Corpus] = {
    "emodb": emodb.CORPUS,
    "librispeech": librispeech.CORPUS,
    "ravdess": ravdess.CORPUS,
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


def read(
    name: str, root: str | Path, labels="all", keep_unreadable: bool = False
) -> pd.DataFrame:
    """Reads a corpus into the table.

    Args:
        name: a key of `CORPORA`.
        root: the corpus's folder.
        labels: a label set: `"all"`, a key of `LABEL_SETS` or a mapping.
        keep_unreadable: whether files without a readable header stay in the table,
            with duration NaN, for somebody who lists and leaves them out.

    Returns:
        One row an utterance, columns `COLUMNS`.

    Raises:
        ValueError: an unknown corpus or label set, a file that is not the corpus's
            or that cannot be read.
        FileNotFoundError: `root` does not hold the corpus.

    Example:

    >>> table = read("emodb", "/data/emodb", labels="four")
    """
    if name not in CORPORA:
        raise ValueError(
            f"Corpus must be one of {sorted(CORPORA)}. Received: {name!r}."
        )
    table = with_digests(_read(name, root, keep_unreadable))
    warn_of_copies(table)
    return relabel(table, labels)


def _read(name: str, root, keep_unreadable: bool) -> pd.DataFrame:
    try:
        return CORPORA[name].read(root)
    except UnreadableFiles as error:
        if not keep_unreadable:
            raise
        return from_rows(error.rows + [_unread(row) for row in error.unreadable])


def _unread(row: dict) -> dict:
    # A digest of its own: no header or bytes say what it is a copy of.
    return {**row, "duration": math.nan, "digest": f"unread {row['utterance']}"}
