"""One person is one speaker: speakers whose names differ only in how they are written.

A list that was merged from two sources may call the same person `3` and `03`, or `Anna`
and `anna `. Leaving out one of the two speakers would then test a person on whom the
system was trained.
"""

import re
import unicodedata
from collections.abc import Iterable

import pandas as pd

MAX_PAIRS = 3  # of spellings that a message names
MAX_NAME_LENGTH = 60  # characters of a speaker in a message
ZERO_WIDTH = "Cf"  # the Unicode category of characters without any width

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+\.0+|[0-9](?:\.[0-9]+)?e\+[0-9]{1,2}")
_BLANK_AT_NUMBER = re.compile(r"(?<=[^\W\d_]) (?=[0-9])|(?<=[0-9]) (?=[^\W\d_])")
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")


def composed(text: str) -> str:
    """Returns a text in Unicode's composed form (NFC).

    macOS writes `ö` in the names of files as an `o` and a separate mark. The result has
    the single character that other systems use.
    """
    return unicodedata.normalize("NFC", text)


def spelling(name: str) -> str:
    """Returns what all spellings of the name of one person have in common.

    Upper and lower case, Unicode's forms of a character, blanks, leading zeros and the
    form of whole numbers (`3`, `3.0`) make no difference. Everything else does, so
    `1.1` and `1.10` are two people.

    Args:
        name: The speaker without the corpus.

    Example:

    >>> spelling(" Speaker 03 ")
    'speaker3'
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    text = "".join(c for c in text if unicodedata.category(c) != ZERO_WIDTH)
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    if _WHOLE_NUMBER.fullmatch(text) and float(text).is_integer():
        text = str(int(float(text)))
    return _LEADING_ZEROS.sub("", _BLANK_AT_NUMBER.sub("", text))


def find_spellings(speakers: Iterable[str]) -> list[list[str]]:
    """Finds speakers of one corpus whose names differ only in their spelling.

    Args:
        speakers: Speakers such as `emodb/03`. The part before the first slash is the
            corpus; people of different corpora are different people.

    Returns:
        The groups of at least two such speakers, in the order of their occurrence.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for speaker in dict.fromkeys(speakers):
        corpus, slash, name = speaker.partition("/")
        key = (corpus, spelling(name)) if slash else ("", spelling(speaker))
        groups.setdefault(key, []).append(speaker)
    return [group for group in groups.values() if len(group) > 1]


def name_spellings(groups: list[list[str]]) -> str:
    """Names groups of spellings for a message."""
    named = [" and ".join(map(_quote, group[:3])) for group in groups[:MAX_PAIRS]]
    more = len(groups) - MAX_PAIRS
    return "; ".join(named) + (f"; and {more} more" if more > 0 else "")


def check_spellings(table: pd.DataFrame) -> None:
    """Checks that no person occurs as two speakers.

    Recordings of noise are exempt. They have neither emotion nor language nor gender,
    and each of them is its own speaker.

    Args:
        table: A table with the columns of `keras_ser.corpora.table`.

    Raises:
        ValueError: If two speakers of a corpus differ only in their spelling.
    """
    if find_spellings(table.speaker.unique()):
        check_speakers(table.speaker[~_is_noise(table)].unique())


def check_speakers(speakers: Iterable[str]) -> None:
    """Checks that no person occurs as two of these speakers; see `find_spellings`.

    Raises:
        ValueError: If two speakers of a corpus differ only in their spelling.
    """
    groups = find_spellings(speakers)
    if groups:
        first, second = map(_quote, groups[0][:2])
        raise ValueError(
            "One person must be one speaker. Received speakers that differ only in "
            f"case, blanks, zeros or form: {name_spellings(groups)}. If they are one "
            "person, give both the same name, "
            f"table.replace({{'speaker': {{{second}: {first}}}}}). If they are two "
            "people, give one of them a name that differs in more than spelling."
        )


def _is_noise(table: pd.DataFrame) -> pd.Series:
    described = table[["emotion", "language", "gender"]] != ""
    return ~described.any(axis=1) & (table.speaker == table.utterance)


def _quote(name: str) -> str:
    # repr writes invisible characters and other blanks than a space as codes.
    quoted = repr(name)
    return quoted if len(quoted) <= MAX_NAME_LENGTH else f"{quoted[:MAX_NAME_LENGTH]}…"
