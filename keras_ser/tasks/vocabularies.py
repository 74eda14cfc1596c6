"""The classes that a head can learn, from the column of a table."""

from collections.abc import Iterable

import pandas as pd

# Columns whose classes need several utterances: a class that occurs once can be
# learned by heart, but not recognised.
MIN_UTTERANCES = {"speaker": 2}
PER_FOLD = frozenset(["speaker"])  # columns of which each fold has other classes
MAX_NAMED = 5  # classes that an error message quotes


def vocabulary(table: pd.DataFrame, column: str) -> tuple[str, ...]:
    """The classes of a column of the training speech, in alphabetical order.

    A speaker with a single utterance is not a class. The weight of that utterance is
    then 0 on a head that recognises speakers.

    Args:
        table: The training side of a fold, with its unlabelled speech.
        column: A column of the table, such as `gender`.

    Raises:
        ValueError: If the table lacks the column, or has fewer than two classes.
    """
    names = texts_of(table, column, "A vocabulary")
    counts = names[names != ""].value_counts()
    least = MIN_UTTERANCES.get(column, 1)
    return check_classes(column, sorted(counts[counts >= least].index))


def check_classes(name: str, classes: Iterable[str]) -> tuple[str, ...]:
    """Returns the classes as a tuple, if a head can learn to distinguish them.

    Args:
        name: The name of the head or of its column, for the message.
        classes: Names of classes.

    Raises:
        ValueError: If they are not a list of at least two different names.
    """
    found = () if isinstance(classes, str) else tuple(classes)
    are_texts = all(isinstance(each, str) and each for each in found)
    if len(found) < 2 or len(set(found)) < len(found) or not are_texts:
        received = repr(classes if isinstance(classes, str) else found[:MAX_NAMED])
        raise ValueError(
            f"`{name}` needs two or more classes, as a list of different names: with "
            f"one class there is nothing to recognise. Received: {received}. Leave "
            "this head out, or train on speech in which the classes differ."
        )
    return found


def texts_of(table: pd.DataFrame, column: str, who: str) -> pd.Series:
    """A column of the table as text, empty where it has no value.

    Args:
        table: Utterances.
        column: The name of the column.
        who: Who needs it, for the message.

    Raises:
        ValueError: If there is no such column.
    """
    values = column_of(table, column, who)
    return values.astype(object).where(values.notna(), "").astype(str)


def column_of(table: pd.DataFrame, column: str, who: str) -> pd.Series:
    """A column of the table.

    Args:
        table: Utterances.
        column: The name of the column.
        who: Who needs it, for the message.

    Raises:
        ValueError: If there is no such column.
    """
    if column not in table:
        raise ValueError(
            f"{who} needs the column `{column}`. Received: a table with "
            f"{list(table.columns)}. Choose one of these."
        )
    return table[column]
