"""The registry of corpora, and `read`, which reads any of them into a table."""

import math
import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from keras_ser.corpora import copies
from keras_ser.corpora.labels import relabel
from keras_ser.corpora.options import check_options
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
    "synthetic_c": kinds.THIRD,
    "synthetic_noise": kinds.NOISE,
    "synthetic_unlabelled": kinds.UNLABELLED,
    "tess": tess.CORPUS,
    "urdu": urdu.CORPUS,
}


def read(
    name: str,
    root: str | Path,
    labels: str | Mapping[str, str] = "all",
    keep_unreadable: bool = False,
    **options,
) -> pd.DataFrame:
    """Reads a corpus into a table.

    Args:
        name: A key of `CORPORA`.
        root: The folder of the corpus, or the list file of a user's own data.
        labels: The label set: `"all"`, a key of `LABEL_SETS`, or a mapping from
            emotion to class.
        keep_unreadable: Whether files without a readable header stay in the table,
            with a duration of NaN. The caller can then list them and leave them out.
        **options: Options of the corpus's reader, such as `speaker` for a user's own
            data.

    Returns:
        A DataFrame with one row per utterance and the columns `COLUMNS`.

    Raises:
        ValueError: If the corpus, the label set or an option is unknown, if a value
            has the wrong type, if a file does not belong to the corpus or cannot be
            read, if a name is not valid text, or if the same audio has different
            labels.
        FileNotFoundError: If `root` does not hold the corpus.

    Example:

    >>> table = read("emodb", "/data/emodb", labels="four")
    >>> table = read("csv", "/data/calls.csv", speaker="subject")
    """
    _check_arguments(name, root, keep_unreadable)
    check_options(name, CORPORA[name].read, options)
    table = with_digests(_read(name, root, keep_unreadable, options))
    copies.warn_about_copies(table)
    table = relabel(table, labels)
    copies.check_labels(f"Corpus `{name}`", table)
    return table


def _check_arguments(name: str, root, keep_unreadable) -> None:
    if not isinstance(name, str) or name not in CORPORA:
        raise ValueError(
            f"Corpus must be one of {sorted(CORPORA)}. Received: {name!r}."
        )
    if not isinstance(root, str | os.PathLike):
        raise ValueError(
            f"The root of corpus `{name}` must be a path. Received: {root!r}, of type "
            f"{type(root).__name__}. Give the folder of the corpus, or its list."
        )
    if not isinstance(keep_unreadable, bool):
        raise ValueError(
            "`keep_unreadable` must be True or False. Received: "
            f"{keep_unreadable!r}. Correct the value."
        )


def _read(name: str, root, keep_unreadable: bool, options: dict) -> pd.DataFrame:
    try:
        return CORPORA[name].read(root, **options)
    except UnreadableFiles as error:
        if not keep_unreadable:
            raise
        return from_rows(error.rows + [_mark_unread(row) for row in error.unreadable])


def _mark_unread(row: dict) -> dict:
    # The digest is unique because nothing shows whether the file is a copy of another.
    return {**row, "duration": math.nan, "digest": f"unread {row['utterance']}"}
