"""What the users of a model file should know: the speech that it learned from."""

import pandas as pd

from keras_ser.corpora.own.vocabulary import LANGUAGES

MAX_CHARACTERS = 2000


def describe(train: pd.DataFrame, unlabelled: pd.DataFrame | None = None) -> str:
    """Describes the speech that a model learned from.

    Args:
        train: Its labelled utterances.
        unlabelled: Its unlabelled utterances, or None.

    Returns:
        A sentence with the utterances and speakers of each corpus, and the language
        where it is known. It is fit to be printed, whatever the corpora are called; see
        `check`.

    Example:

    >>> describe(fold.train)
    'It learned from 431 utterances of 8 speakers of emodb (German).'
    """
    text = f"It learned from {_list(train)}"
    if unlabelled is not None and len(unlabelled):
        text += f", and from {_list(unlabelled)} without labels"
    return _printable(f"{text}.")


def _printable(text: str) -> str:
    """The text in one line that `check` accepts."""
    text = "".join(each if each.isprintable() else " " for each in text)
    if len(text) > MAX_CHARACTERS:
        text = f"{text[: MAX_CHARACTERS - 1]}…"
    return text


def _list(table: pd.DataFrame) -> str:
    parts = []
    for corpus, rows in table.groupby("corpus"):
        names = sorted({language_name(code) for code in rows.language if code})
        language = f" ({', '.join(names)})" if names else ""
        utterances = _count(len(rows), "utterance")
        speakers = _count(rows.speaker.nunique(), "speaker")
        parts.append(f"{utterances} of {speakers} of {corpus}{language}")
    return " and ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def language_name(code: str) -> str:
    """The English name of a language, or its code if the name is not known.

    Example:

    >>> language_name("deu")
    'German'
    """
    words = [word for word in LANGUAGES.get(code, "").split() if len(word) > 3]
    return words[0].capitalize() if words else code


def check(text) -> None:
    """Raises unless a text can be printed as it is, whoever wrote it.

    Raises:
        ValueError: If it is not a text, is too long, or has control characters, which
            would act on a terminal.
    """
    fits = isinstance(text, str) and len(text) <= MAX_CHARACTERS and text.isprintable()
    if not fits:
        raise ValueError(
            f"What is said about a model must be one line of at most {MAX_CHARACTERS} "
            f"printable characters. Received: {str(text)[:80]!r}. Shorten it, or leave "
            "it out."
        )
