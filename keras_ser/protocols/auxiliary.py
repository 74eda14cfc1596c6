"""Unlabelled speech of a limited number of speakers."""

import dataclasses
from collections.abc import Iterable, Mapping

import pandas as pd

from keras_ser.protocols.draws import random_key
from keras_ser.protocols.fold import Fold
from keras_ser.utils.choices import check_integer_from_0


def with_speakers(fold: Fold, count: int | None, seed: int = 0) -> Fold:
    """Limit the number of speakers of the unlabelled speech of one fold.

    The speakers are the first `count` in a random order, in which a speaker's place
    depends on the seed and the speaker's name alone, whatever the corpus. The speakers
    of a smaller count are therefore among those of a larger one. The genders of
    speakers whose gender is known alternate in this order as long as there are both.

    Speakers who have labelled training speech do not count, and their unlabelled
    speech stays: they are training speakers without this speech, too.

    Args:
        fold: The fold with all unlabelled speech.
        count: The number of speakers; None for all of them, 0 for none.
        seed: Seed of the random order.

    Returns:
        A new fold, or the same one if `count` is None. Its `unlabelled` is None if
        nothing is left.

    Raises:
        ValueError: If `count` is not an integer of at least 0, or if there are fewer
            such speakers.

    Example:

    >>> small, large = (with_speakers(fold, count) for count in (8, 24))
    """
    if count is None:
        return fold
    check_integer_from_0(count=count)
    table = fold.train.iloc[:0] if fold.unlabelled is None else fold.unlabelled
    labelled = table.speaker.isin(fold.train.speaker)
    order = speaker_order(table[~labelled], seed)
    if count > len(order):
        raise ValueError(
            f"Fold `{fold.name}` needs {count} speakers of unlabelled speech. "
            f"Received: {len(order)}, without those who have labels or are held out. "
            "Decrease `unlabelled_speakers`, or name a larger `unlabelled_corpus`."
        )
    kept = table[labelled | table.speaker.isin(order[:count])]
    unlabelled = None if kept.empty else kept.reset_index(drop=True)
    return dataclasses.replace(fold, unlabelled=unlabelled)


def speaker_order(table: pd.DataFrame, seed: int) -> list[str]:
    """All speakers of a table in a random order with alternating genders.

    Speakers of unknown gender keep their places in the order of a hash. The others
    take the other places, female and male in turn; the first of them in the order of
    the hash starts.

    Args:
        table: Utterances.
        seed: Seed of the random order.
    """
    genders = table.drop_duplicates("speaker").set_index("speaker").gender.to_dict()
    order = sorted(genders, key=lambda name: (random_key(name, seed), name))
    known = iter(_alternate([name for name in order if genders[name]], genders))
    return [next(known) if genders[name] else name for name in order]


def _alternate(names: Iterable[str], genders: Mapping[str, str]) -> list[str]:
    """The names in an order in which each gender has its turn while it lasts."""
    queues: dict[str, list[str]] = {}
    for name in names:
        queues.setdefault(genders[name], []).append(name)
    turns = [
        (place, turn, name)
        for turn, queue in enumerate(queues.values())
        for place, name in enumerate(queue)
    ]
    return [name for _, _, name in sorted(turns)]
