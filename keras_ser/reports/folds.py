"""Names of folds, and whether the folds of a repeat test each utterance once."""

import re

import pandas as pd

from keras_ser.reports.run_files import KEYS
from keras_ser.reports.text import sort_names

_NUMBER = re.compile(r"-\d+$")


def stem(fold: str) -> str:
    """The name of a fold without the number at its end.

    Folds that differ in the number alone hold out the same corpora, and other speakers
    of the corpora that they train on; see `protocols.held_out_corpora`.

    Args:
        fold: The name, such as `"ravdess-emodb-1"`.
    """
    return _NUMBER.sub("", fold)


def check_folds(table: pd.DataFrame) -> None:
    """Checks that no utterance is tested by several divisions of the speech.

    A corpus that is held out as a whole, whose test table is called like it, may be
    tested by all folds that differ in their number alone.

    Args:
        table: All predictions.

    Raises:
        ValueError: If an utterance is tested in several other folds of a repeat.
    """
    keys = ["experiment", "system", "repeat", *KEYS]
    stems = table["fold"].map({fold: stem(fold) for fold in table["fold"].unique()})
    division = stems.where(table["test"] == table["corpus"], table["fold"])
    divided = table.assign(division=division).drop_duplicates([*keys, "division"])
    repeated = divided[divided.duplicated(keys)]
    if len(repeated):
        first = repeated.iloc[0]
        same = (table[keys] == first[keys]).all(axis=1)
        folds = sort_names(table.loc[same, "fold"])
        where = ", ".join(f"{key}={first[key]}" for key in keys)
        raise ValueError(
            "Each utterance must be tested in only one fold of a repeat. Received: "
            f"{len(repeated)} tested more than once, the first in folds "
            f"{', '.join(folds)} with {where}. Report runs that divide the corpus "
            "differently separately."
        )
