"""The speakers of a user's own data: from a column, or from the paths of files."""

from collections.abc import Mapping

import pandas as pd

from keras_ser.corpora import people
from keras_ser.corpora.own import patterns
from keras_ser.corpora.own.sheet import Sheet, list_first, on_command_line, shorten

# What programs write for no value. A person may be called `Nan`.
MISSING = ("nan", "NaN", "NAN", "<NA>", "None", "null", "NULL", "N/A", "n/a", "#N/A")
MAX_SPEAKERS = 6  # that a message names


def find_speakers(
    sheet: Sheet, paths: pd.Series, speaker: str, own: Mapping[str, str]
) -> pd.Series:
    """Returns the speaker of each row, without the name of the corpus.

    Args:
        sheet: The user's list.
        paths: The path of each row.
        speaker: A column, or a pattern that finds the speaker in a path.
        own: The user's mapping from speakers, as they are found, to names.

    Raises:
        ValueError: If a row has no speaker, if `own` names an unknown speaker, or if
            two speakers differ only in their spelling.
    """
    speakers = _rename_speakers(sheet, _speakers(sheet, paths, speaker), own)
    _check_spellings(sheet, speakers)
    return speakers


def _speakers(sheet: Sheet, paths: pd.Series, speaker: str) -> pd.Series:
    column = sheet.columns.get("speaker", "")
    if speaker and speaker != column:
        return _search_speakers(sheet, paths, speaker)
    if not column:
        raise sheet.error(
            "a speaker for each utterance; without one, no split can be shown to be "
            "speaker-independent",
            sheet.name_columns(),
            'Name the column, speaker="subject", or give a pattern whose group finds '
            r'the speaker in the path of a file, speaker=r"(\d+)_". '
            + on_command_line(sheet.reader, "speaker=subject"),
        )
    found = sheet.text("speaker")
    missing = found.isin(["", *MISSING])
    sheet.check_rows(missing, "a speaker in each row", "Fill in the speaker", found)
    return found


def _search_speakers(sheet: Sheet, paths: pd.Series, text: str) -> pd.Series:
    """Finds the speakers in the paths of files by a pattern."""
    option = f"speaker={shorten(repr(text))}"
    pattern, reason = patterns.compile_pattern(text)
    if reason:
        raise sheet.error(
            f"`speaker` to be one of {sheet.name_columns()}, or a pattern with a group",
            f"{option} ({reason})",
            "Name a column, or put the part of the pattern that finds the speaker in "
            r'parentheses, speaker=r"(\d+)_"',
        )
    joined = [patterns.find(pattern, people.composed(path)) for path in paths]
    speakers = pd.Series(joined, index=paths.index, dtype=object).str.strip()
    expected = f"paths in which {option} finds a speaker"
    sheet.check_rows(speakers == "", expected, "Correct the pattern", paths)
    sheet.guesses.append(
        f"Speakers: {speakers.nunique()}, found by {text!r} in the paths, the first is "
        f"{speakers.iloc[0]!r}"
    )
    return speakers


def _rename_speakers(
    sheet: Sheet, speakers: pd.Series, own: Mapping[str, str]
) -> pd.Series:
    unknown = sorted(set(own) - set(speakers))
    if unknown or not all(map(str.strip, own.values())):
        wrong = unknown[0] if unknown else next(k for k in own if not own[k].strip())
        raise sheet.error(
            "`speakers` to map speakers of the data to their names",
            f"{shorten(repr(wrong))}: {shorten(repr(own[wrong]))} in `speakers`, and "
            f"the speakers {list_first(_quoted(speakers), MAX_SPEAKERS)}",
            "Correct the key or the name",
        )
    if own:
        sheet.guesses.append(f"Speakers renamed as given: {len(own)}")
    return speakers.map({**{name: name for name in speakers.unique()}, **own})


def _quoted(speakers: pd.Series) -> list[str]:
    return [shorten(repr(name)) for name in speakers.unique()]


def _check_spellings(sheet: Sheet, speakers: pd.Series) -> None:
    """Raises if one person seems to be several speakers."""
    groups = people.find_spellings("/" + speakers.drop_duplicates())
    if not groups:
        return
    named = [[name.removeprefix("/") for name in group] for group in groups]
    first, second = (shorten(name) for name in named[0][:2])
    one = f"speakers={{{second!r}: {first!r}}}"
    two = f"speakers={{{second!r}: {'other ' + second!r}}}"
    raise sheet.error(
        "one name for each speaker",
        "speakers that differ only in case, blanks, zeros or form: "
        f"{people.name_spellings(named)}",
        f"If they are one person, say so, {one}. If they are two, give one of them "
        f"another name, {two}. {on_command_line(sheet.reader, one)}",
    )
