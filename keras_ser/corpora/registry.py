"""The corpora by name, and `read`, which makes a table of any of them."""

import inspect
import math
from pathlib import Path

import pandas as pd

from keras_ser.corpora.labels import relabel
from keras_ser.corpora.own import csv_file, emobox, emotion_folders, huggingface
from keras_ser.corpora.readers import (
    crema_d,
    emodb,
    emovo,
    epst,
    iemocap,
    librispeech,
    msp_improv,
    noise,
    ravdess,
    savee,
    tess,
    urdu,
)
from keras_ser.corpora.synthetic import kinds
from keras_ser.corpora.table import (
    Corpus,
    UnreadableFiles,
    from_rows,
    warn_of_copies,
    with_digests,
)

CORPORA: dict[str, Corpus] = {
    "crema_d": crema_d.CORPUS,
    "csv": csv_file.CORPUS,
    "demand": noise.DEMAND,
    "emobox": emobox.CORPUS,
    "emodb": emodb.CORPUS,
    "emovo": emovo.CORPUS,
    "epst": epst.CORPUS,
    "folder": emotion_folders.CORPUS,
    "huggingface": huggingface.CORPUS,
    "iemocap": iemocap.CORPUS,
    "iemocap_improvised": iemocap.IMPROVISED,
    "iemocap_scripted": iemocap.SCRIPTED,
    "librispeech": librispeech.CORPUS,
    "msp_improv": msp_improv.CORPUS,
    "noise": noise.NOISE,
    "ravdess": ravdess.CORPUS,
    "savee": savee.CORPUS,
    "synthetic": kinds.CORPUS,
    "synthetic_b": kinds.SECOND,
    "synthetic_noise": kinds.NOISE,
    "synthetic_unlabelled": kinds.UNLABELLED,
    "tess": tess.CORPUS,
    "urdu": urdu.CORPUS,
}


def read(
    name: str,
    root: str | Path,
    labels="all",
    keep_unreadable: bool = False,
    **options,
) -> pd.DataFrame:
    """Reads a corpus into the table.

    Args:
        name: a key of `CORPORA`.
        root: the corpus's folder, or the file of a user's own list.
        labels: a label set: `"all"`, a key of `LABEL_SETS` or a mapping.
        keep_unreadable: whether files without a readable header stay in the table,
            with duration NaN, for somebody who lists and leaves them out.
        options: of the corpus's reader, such as `speaker` of a user's own data.

    Returns:
        One row an utterance, columns `COLUMNS`.

    Raises:
        ValueError: an unknown corpus, label set or option, a file that is not the
            corpus's or that cannot be read.
        FileNotFoundError: `root` does not hold the corpus.

    Example:

    >>> table = read("emodb", "/data/emodb", labels="four")
    >>> table = read("csv", "/data/calls.csv", speaker="subject")
    """
    if name not in CORPORA:
        raise ValueError(
            f"Corpus must be one of {sorted(CORPORA)}. Received: {name!r}."
        )
    _check_options(name, options)
    table = with_digests(_read(name, root, keep_unreadable, options))
    warn_of_copies(table)
    return relabel(table, labels)


def _check_options(name: str, options: dict) -> None:
    known = list(inspect.signature(CORPORA[name].read).parameters)[1:]
    if not set(options) <= set(known):
        raise ValueError(
            f"Corpus `{name}` takes the options {known}. Received: {sorted(options)}. "
            "Leave out the others."
        )


def _read(name: str, root, keep_unreadable: bool, options: dict) -> pd.DataFrame:
    try:
        return CORPORA[name].read(root, **options)
    except UnreadableFiles as error:
        if not keep_unreadable:
            raise
        return from_rows(error.rows + [_unread(row) for row in error.unreadable])


def _unread(row: dict) -> dict:
    # A digest of its own: no header or bytes say what it is a copy of.
    return {**row, "duration": math.nan, "digest": f"unread {row['utterance']}"}
