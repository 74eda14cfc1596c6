"""A user's own data as a table; what was guessed of them is told.

Nothing is left out, and no label is made up: what is not understood is refused.
"""

import dataclasses
import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from keras_ser.corpora import table as tables
from keras_ser.corpora.own import vocabulary
from keras_ser.corpora.own.sheet import Sheet, some

ABOVE = 4  # folders in which files are sought, if not beside their list


@dataclasses.dataclass(frozen=True)
class Options:
    """What a user may say of their data; the rest is recognised.

    Args:
        speaker: a column, or a pattern (regular expression) with a group that finds
            the speaker in a file's path; several groups are joined.
        columns: names of columns, by the table's: `{"emotion": "feeling"}`.
        emotions: emotions of labels that are not known, `{"wroth": "anger"}`; `""`
            for none.
        language: ISO 639-3 code of all utterances, where no column tells it.
        labelled: False for speech whose labels are not wanted.
        audio: the folder that paths are relative to; default, the list's own or one
            of those above it.
        corpus: its name; default, that of the file or folder.
    """

    speaker: str = ""
    columns: Mapping[str, str] = dataclasses.field(default_factory=dict)
    emotions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    language: str = ""
    labelled: bool = True
    audio: str = ""
    corpus: str = ""


def table_of(
    frame: pd.DataFrame, reader: str, place: Path, options: Options, told=()
) -> pd.DataFrame:
    """The table of a frame of text.

    Args:
        frame, reader, place: see `Sheet`.
        options: what the user says.
        told: what the reader guessed before, to be told.

    Raises:
        FileNotFoundError: the first file is not there.
        UnreadableFiles: another one is not there, or is no audio.
        ValueError: a column, label, number or speaker is not understood.
    """
    given = dict(options.columns)
    if options.speaker in frame.columns:
        given["speaker"] = options.speaker
    leave = () if options.labelled else ("emotion",)
    sheet = Sheet(frame, reader, place, given, leave)
    corpus = options.corpus or name_of(place)
    rows = _rows(sheet, corpus, options)
    warnings.warn(
        f"Corpus `{corpus}`, read by `{reader}`: {'; '.join([*told, *sheet.guesses])}.",
        stacklevel=4,
    )
    return tables.completed(rows)


def name_of(place: Path) -> str:
    """The name of a corpus: that of its folder, or of its file where it has one."""
    place = place.resolve()
    if place.is_file() and (place.name.startswith("db.") or place.stem == "metadata"):
        place = place.parent
    return (place.stem if place.is_file() else place.name) or "own"


def _rows(sheet: Sheet, corpus: str, options: Options) -> pd.DataFrame:
    paths = sheet.text("file")
    sheet.refuse(paths == "", "a file in each row", "Fill in the file")
    rows = pd.DataFrame({"file": _files(sheet, paths, options)}, index=paths.index)
    rows["start"], rows["end"] = sheet.times("start"), sheet.times("end")
    wrong = (rows.start < 0) | (rows.end <= rows.start.fillna(0.0))
    sheet.refuse(wrong, "0 <= start < end", "Correct the segment")
    rows["corpus"] = corpus
    rows["utterance"] = _utterances(corpus, paths, rows)
    _refuse_twice(sheet, rows.utterance)
    speakers = _speakers(sheet, paths, options.speaker)
    rows["speaker"] = corpus + "/" + speakers
    rows["session"] = _sessions(sheet, speakers)
    rows["gender"] = _genders(sheet, speakers)
    rows["language"] = _languages(sheet, options.language)
    rows["emotion"] = _emotions(sheet, options.emotions)
    rows["activation"] = sheet.numbers("activation")
    rows["valence"] = sheet.numbers("valence")
    return rows


def _files(sheet: Sheet, paths: pd.Series, options: Options) -> list[str]:
    """Paths of the files, from the folder in which the first is there."""
    first = paths.iloc[0]
    own = sheet.place if sheet.place.is_dir() else sheet.place.parent
    bases = [own, *own.resolve().parents[:ABOVE]]
    bases = [Path(options.audio)] if options.audio else bases
    there = [base for base in bases if os.path.isfile(base / first)]
    if not there:
        above = " or a folder above it" if len(bases) > 1 else ""
        raise FileNotFoundError(
            f"Corpus `{sheet.reader}` expects the files that {sheet.place} lists. "
            f"Received: {first}, which is not in {bases[0]}{above}. Give the folder "
            "that paths are relative to, audio=…"
        )
    if there[0] != bases[0]:
        sheet.guesses.append(f"files are below {there[0]}")
    return [os.path.join(there[0], path) for path in paths]


def _utterances(corpus: str, paths: pd.Series, rows: pd.DataFrame) -> list[str]:
    """Ids of files, and of segments."""
    segments = rows.start.notna() | rows.end.notna()
    return [
        f"{corpus}/{os.path.splitext(path)[0].lstrip('./')}"
        + (f"@{_short(start)}-{_short(end)}" if segment else "")
        for path, start, end, segment in zip(
            paths, rows.start.fillna(0.0), rows.end, segments, strict=True
        )
    ]


def _short(seconds: float) -> str:
    return "" if seconds != seconds else f"{seconds:.6f}".rstrip("0").rstrip(".")


def _refuse_twice(sheet: Sheet, utterances: pd.Series) -> None:
    twice = utterances[utterances.duplicated()]
    if len(twice):
        same = utterances.index[utterances == twice.iloc[0]]
        raise sheet.wrong(
            "each utterance once",
            f"{twice.iloc[0]} in the rows {some([str(number) for number in same])}; "
            f"{len(twice)} rows too many",
            "Keep one row an utterance, with the label that counts",
        )


def _speakers(sheet: Sheet, paths: pd.Series, speaker: str) -> pd.Series:
    column = sheet.columns.get("speaker", "")
    if speaker and speaker != column:
        return _by_pattern(sheet, paths, speaker)
    if not column:
        raise sheet.wrong(
            "a speaker of each utterance, or no split can be shown to be "
            "speaker-independent",
            f"the columns {list(sheet.frame.columns)}",
            'Name the column, speaker="subject", or give a pattern that finds the '
            r'speaker in a path, speaker=r"(\d+)_"',
        )
    found = sheet.text("speaker")
    sheet.refuse(found == "", "a speaker in each row", "Fill in the speaker")
    return found


def _by_pattern(sheet: Sheet, paths: pd.Series, text: str) -> pd.Series:
    try:
        pattern = re.compile(text)
        reason = "" if pattern.groups else "no group"
    except re.error as error:
        reason = str(error)
    if reason:
        raise sheet.wrong(
            f"`speaker` to be a column, of {list(sheet.frame.columns)}, or a pattern "
            "with a group",
            f"speaker={text!r} ({reason})",
            "Put what tells the speaker in ( )",
        )
    found = [pattern.search(path) for path in paths]
    joined = ["".join(filter(None, f.groups())) if f else "" for f in found]
    speakers = pd.Series(joined, index=paths.index, dtype=object).str.strip()
    expected = f"paths in which speaker={text!r} finds one"
    sheet.refuse(speakers == "", expected, "Correct the pattern", paths)
    sheet.guesses.append(
        f"speaker ← {text!r} in the path, {speakers.nunique()} speakers, the first "
        f"{speakers.iloc[0]!r}"
    )
    return speakers


def _sessions(sheet: Sheet, speakers: pd.Series) -> pd.Series:
    sessions = sheet.text("session")
    if (sessions.groupby(speakers).nunique() > 1).any():
        sheet.guesses.append("sessions are left out, as a speaker has several")
        return pd.Series("", index=sessions.index, dtype=object)
    return sessions


def _genders(sheet: Sheet, speakers: pd.Series) -> pd.Series:
    text = sheet.text("gender")
    found = text.map({word: vocabulary.gender(word) for word in text.unique()})
    other = ((found == "") & (text != "")).sum()
    if other:
        sheet.guesses.append(f"{other} rows have another gender than female or male")
    several = found.groupby(speakers).nunique() > 1
    if several.any():
        raise sheet.wrong(
            "one gender a speaker",
            f"several of {several.index[several][0]}",
            "Correct it, or tell two people apart",
        )
    return found


def _languages(sheet: Sheet, default: str) -> pd.Series:
    text = sheet.text("language")
    text = text.where(text != "", default)
    found = text.map({word: _language(word) for word in text.unique()})
    expected = "languages as ISO 639-3 codes"
    wrong = (found == "") & (text != "")
    sheet.refuse(wrong, expected, "Write deu for German, or leave it empty", text)
    return found


def _language(word: str) -> str:
    code = re.fullmatch("[a-z]{3}", word)
    return vocabulary.language(word) or (code[0] if code else "")


def _emotions(sheet: Sheet, own: Mapping[str, str]) -> pd.Series:
    text = sheet.text("emotion")
    found, unknown = vocabulary.emotions(text.unique(), own)
    if unknown:
        counted = [f"{label!r} ({(text == label).sum()} times)" for label in unknown]
        raise sheet.wrong(
            "labels that are known",
            some(counted),
            f"Say what they are, emotions={{{unknown[0]!r}: …}}, or '' for none",
        )
    emotions = text.map(found)
    sheet.guesses += _told_emotions({label: found[label] for label in text.unique()})
    without = (emotions == "").sum()
    if without:
        sheet.guesses.append(f"{without} of {len(text)} rows have no emotion")
    return emotions


def _told_emotions(found: Mapping[str, str]) -> list[str]:
    """Which labels became which emotion, where the two differ."""
    labels = {}
    for label, emotion in sorted(found.items()):
        if label not in (emotion, ""):
            labels.setdefault(emotion or "no emotion", []).append(label)
    told = [f"{name} ← {' + '.join(words)}" for name, words in sorted(labels.items())]
    return [f"labels: {', '.join(told)}"] if told else []
