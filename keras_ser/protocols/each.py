"""Several corpora, each by itself."""

import dataclasses
from collections.abc import Mapping

import pandas as pd

from keras_ser.protocols.fold import Fold
from keras_ser.protocols.within import (
    held_out_speakers,
    k_fold,
    leave_one_speaker_out,
)

BASES = {
    "leave_one_speaker_out": leave_one_speaker_out,
    "held_out_speakers": held_out_speakers,
    "k_fold": k_fold,
}


def each_corpus(
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None = None,
    protocol: str = "leave_one_speaker_out",
    arguments: Mapping | None = None,
) -> dict[str, Fold]:
    """The folds of another protocol on each corpus alone.

    So one experiment holds a table with a column a corpus; reports pool what was
    tested on one corpus.

    Args:
        table: labelled utterances of any number of corpora.
        unlabelled: as the other protocol takes it, for every corpus.
        protocol: name of the other protocol, one of `BASES`.
        arguments: of the other protocol.

    Returns:
        The folds by `<corpus>-<name>`; those of one corpus by their own names.

    Raises:
        ValueError: an unknown protocol; else as that one.
    """
    if protocol not in BASES:
        raise ValueError(
            "Protocol `each_corpus` needs a `protocol` among "
            f"{sorted(BASES)}. Received: {protocol!r}."
        )
    names = sorted(set(table.corpus))
    made = {}
    for corpus in names:
        part = table[table.corpus == corpus].reset_index(drop=True)
        for name, fold in BASES[protocol](
            part, unlabelled, **(arguments or {})
        ).items():
            name = name if len(names) == 1 else f"{corpus}-{name}"
            made[name] = dataclasses.replace(fold, name=name)
    return made
