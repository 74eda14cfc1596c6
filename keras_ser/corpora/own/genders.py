"""The genders of a user's own data: from a column, or from the names of speakers."""

from collections.abc import Mapping

import pandas as pd

from keras_ser.corpora.own import vocabulary
from keras_ser.corpora.own.sheet import Sheet, list_first, shorten

MAX_SPEAKERS = 6  # that a message names


def find_genders(
    sheet: Sheet, speakers: pd.Series, own: Mapping[str, str]
) -> pd.Series:
    """Returns the gender of each row, empty if it is unknown.

    Args:
        sheet: The user's list, which may have a column of genders.
        speakers: The speaker of each row, without the name of the corpus.
        own: The user's mapping from beginnings of speakers' names to genders. The
            longest beginning counts.

    Raises:
        ValueError: If a speaker has several genders, if no speaker's name has a
            beginning that `own` names, or if a value of `own` is not a gender.
    """
    found = _of_column(sheet)
    if own:
        by_name = _by_beginnings(sheet, speakers, own)
        known = speakers.map(by_name)
        found = known.where(known != "", found)
        count = sum(map(bool, by_name.values()))
        sheet.guesses.append(f"Genders by name, of {count} of {len(by_name)} speakers")
    several = found.groupby(speakers).nunique() > 1
    if several.any():
        raise sheet.error(
            "one gender per speaker",
            f"several genders for speaker {shorten(several.index[several][0])}",
            "Correct the gender, or give the two people different names",
        )
    return found


def _of_column(sheet: Sheet) -> pd.Series:
    text = sheet.text("gender")
    found = text.map({word: vocabulary.find_gender(word) for word in text.unique()})
    others = ((found == "") & (text != "")).sum()
    if others:
        sheet.guesses.append(
            f"Rows with a gender other than female and male, left empty: {others}"
        )
    return found


def _by_beginnings(
    sheet: Sheet, speakers: pd.Series, own: Mapping[str, str]
) -> dict[str, str]:
    """The gender of each speaker by the longest beginning of the name, or empty."""
    names = list(speakers.unique())
    genders = {start: vocabulary.find_gender(word) for start, word in own.items()}
    wrong = [
        start
        for start, gender in genders.items()
        if not gender or not any(name.startswith(start) for name in names)
    ]
    if wrong:
        quoted = [shorten(repr(name)) for name in names]
        raise sheet.error(
            "`genders` to map beginnings of speakers' names to female or male",
            f"{shorten(repr(wrong[0]))}: {shorten(repr(own[wrong[0]]))} in `genders`, "
            f"and the speakers {list_first(quoted, MAX_SPEAKERS)}",
            "Correct the beginning or the gender",
        )
    starts = sorted(genders, key=len)
    return {
        name: next((genders[s] for s in reversed(starts) if name.startswith(s)), "")
        for name in names
    }
