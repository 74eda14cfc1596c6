"""Checks that the folds of a protocol test what it promises, each utterance once."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from keras_ser.protocols.fold import Fold

MAX_NAMED = 5  # names that a message lists


def by_name(folds: Iterable["Fold"]) -> dict[str, "Fold"]:
    """Folds as a dictionary from their names.

    Args:
        folds: The folds. Their names may be joined from several, such as a corpus and
            a speaker.

    Raises:
        ValueError: If two folds have the same name, so that one would replace the
            other. The message names the test speakers of both.
    """
    found: dict[str, Fold] = {}
    for fold in folds:
        if fold.name in found:
            both = [each.speakers()["test"] for each in (found[fold.name], fold)]
            tested = " and ".join(_short(names) for names in both)
            raise ValueError(
                f"Folds must have different names. Received: two folds {fold.name!r}, "
                f"which test {tested}. Rename a corpus or a speaker, so that their "
                "names differ when they are joined by a hyphen."
            )
        found[fold.name] = fold
    return found


def check_tested(
    protocol: str, folds: Collection["Fold"], promised: pd.DataFrame
) -> None:
    """Check that folds test exactly the promised utterances, each of them once.

    Args:
        protocol: Name of the protocol or of its fold, for the message.
        folds: The folds.
        promised: The rows that the protocol promises to test.

    Raises:
        ValueError: If an utterance or a speaker is not tested, is tested twice, or is
            tested without a promise.
    """
    tests = [table for fold in folds for table in fold.tests.values()]
    check_tables(protocol, tests, promised)


def check_tables(
    protocol: str, tests: Iterable[pd.DataFrame], promised: pd.DataFrame
) -> None:
    """Check that test tables hold exactly the promised utterances, each of them once.

    Args:
        protocol: Name of the protocol or of its fold, for the message.
        tests: The test tables.
        promised: The rows that the protocol promises to test.

    Raises:
        ValueError: As for `check_tested`.
    """
    tested = pd.concat([table[["utterance", "speaker"]] for table in tests])
    wanted = set(zip(promised.utterance, promised.speaker, strict=True))
    found = set(zip(tested.utterance, tested.speaker, strict=True))
    twice = sorted(tested.utterance[tested.utterance.duplicated()].unique())
    faults = {
        "utterances that no fold tests": [name for name, _ in wanted - found],
        "utterances that it must not test": [name for name, _ in found - wanted],
        "utterances that are tested twice": twice,
    }
    received = [f"{what}: {_short(names)}" for what, names in faults.items() if names]
    if received:
        raise ValueError(
            f"`{protocol}` must test each utterance of its test speakers "
            f"once. Received {'; '.join(received)}. Give each utterance an id of its "
            "own and a speaker, and each fold a name of its own."
        )


def _short(names: Iterable[str]) -> str:
    names = sorted(map(str, names))
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more
