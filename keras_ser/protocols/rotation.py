"""Groups of the speakers of several corpora, which are tested in turn."""

from collections.abc import Iterator

import pandas as pd

from keras_ser.protocols.speakers import group_sizes, speaker_units, speakers_of

MIN_GROUPS = 3  # one is tested, one selects the epoch, and the others train


def check_groups(protocol: str, groups: int) -> None:
    """Raises ValueError unless a number of groups is 0 or leaves some to train on.

    Args:
        protocol: Name of the protocol, for the message.
        groups: The number of groups, or 0 for none.
    """
    if type(groups) is not int or (groups != 0 and groups < MIN_GROUPS):
        raise ValueError(
            f"Protocol `{protocol}` needs `groups` of at least {MIN_GROUPS}, or 0 "
            f"without an in-domain test. Received: groups={groups!r}. Correct it in "
            "`protocol_arguments`."
        )


def rotations(
    name: str, table: pd.DataFrame, groups: int, seed: int
) -> Iterator[tuple[list[str], list[str]]]:
    """Divides the speakers of each corpus into groups, and takes each group in turn.

    Sessions stay whole, and genders alternate within a corpus. A corpus with fewer
    speakers (or sessions) than groups has empty groups, at equal distances.

    Args:
        name: Name of the folds, for a message.
        table: Labelled utterances of the corpora.
        groups: The number of groups.
        seed: Seed of the order of the speakers.

    Yields:
        Of one group after the other: the speakers in this group of every corpus, and
        those in the next group that has any. With few speakers, the first may be none.

    Raises:
        ValueError: If a corpus has fewer than three speakers, or sessions.
    """
    corpora = [
        _groups(name, corpus, rows, groups, seed)
        for corpus, rows in table.groupby("corpus")
    ]
    for number in range(groups):
        following = [[*own[number + 1 :], *own[:number]] for own in corpora]
        dev = [next(filter(None, own)) for own in following]
        yield sum((own[number] for own in corpora), []), sum(dev, [])


def _groups(
    name: str, corpus: str, rows: pd.DataFrame, groups: int, seed: int
) -> list[list[str]]:
    """The speakers in each group of a corpus."""
    units = speaker_units(rows, seed)
    if len(units) < MIN_GROUPS:
        raise ValueError(
            f"Fold `{name}` needs at least {MIN_GROUPS} speakers (sessions, if there "
            f"are any) of each training corpus, so that some are tested, some select "
            f"the epoch and some train. Received: {corpus} with {speakers_of(rows)}. "
            "Leave it out of the training corpora, or set groups=0 in "
            "`protocol_arguments`."
        )
    found: list[list[str]] = [[] for _ in range(groups)]
    filled = min(groups, len(units))
    first = 0
    for number, size in enumerate(group_sizes(units, filled)):
        found[number * groups // filled] = sum(units[first : first + size], [])
        first += size
    return found
