"""A protocol that applies another protocol to each corpus separately."""

import dataclasses
from collections.abc import Callable, Mapping

import pandas as pd

from keras_ser.protocols import coverage
from keras_ser.protocols.few import few_speakers
from keras_ser.protocols.fold import Fold
from keras_ser.protocols.within import (
    held_out_speakers,
    k_fold,
    leave_one_speaker_out,
)

BASES: dict[str, Callable[..., dict[str, Fold]]] = {
    "leave_one_speaker_out": leave_one_speaker_out,
    "held_out_speakers": held_out_speakers,
    "k_fold": k_fold,
    "few_speakers": few_speakers,
}


def each_corpus(
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None = None,
    protocol: str = "leave_one_speaker_out",
    arguments: Mapping | None = None,
) -> dict[str, Fold]:
    """Apply another protocol to each corpus on its own.

    One experiment can then report a table with one column per corpus, because reports
    pool the folds that were tested on the same corpus.

    Args:
        table: Labelled utterances of any number of corpora.
        unlabelled: Speech for the auxiliary tasks, used with every corpus; see the
            other protocol.
        protocol: Name of the other protocol, one of `leave_one_speaker_out`,
            `held_out_speakers`, `k_fold` and `few_speakers`.
        arguments: Keyword arguments of the other protocol.

    Returns:
        The folds by `<corpus>-<name>`. With a single corpus, they keep the names that
        the other protocol gives them.

    Raises:
        ValueError: If the protocol is unknown, or under the same conditions as the
            other protocol.

    Example:

    >>> folds = each_corpus(table, protocol="k_fold", arguments={"folds": 2})
    >>> list(folds)
    ['emodb-1', 'emodb-2', 'ravdess-1', 'ravdess-2']
    """
    if protocol not in BASES:
        raise ValueError(
            "Protocol `each_corpus` needs a `protocol` among "
            f"{sorted(BASES)}. Received: {protocol!r}. Choose one of these."
        )
    names = sorted(set(table.corpus))
    made = []
    for corpus in names:
        part = table[table.corpus == corpus].reset_index(drop=True)
        folds = BASES[protocol](part, unlabelled, **(arguments or {}))
        for name, fold in folds.items():
            name = name if len(names) == 1 else f"{corpus}-{name}"
            made.append(dataclasses.replace(fold, name=name))
    return coverage.by_name(made)
