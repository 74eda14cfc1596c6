"""Builds the table of a user's own data and reports what was guessed about them.

Nothing is left out, and no label is made up: whatever is not understood is rejected.
"""

import dataclasses
import os
import re
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from keras_ser.audio import placeholders
from keras_ser.corpora import names, people
from keras_ser.corpora import table as tables
from keras_ser.corpora.own import vocabulary
from keras_ser.corpora.own.genders import find_genders
from keras_ser.corpora.own.paths import on_disk
from keras_ser.corpora.own.sheet import (
    COLUMN_READERS,
    MAX_COLUMNS,
    MAX_LABELS,
    Sheet,
    list_first,
    name_rows,
    on_command_line,
    shorten,
)
from keras_ser.corpora.own.speakers import find_speakers

MAX_PARENTS = 4  # folders above a list in which its files are searched


@dataclasses.dataclass(frozen=True)
class Options:
    """What users may say about their data. Everything else is recognised.

    Args:
        speaker: A column, or a pattern (regular expression) with a group that finds
            the speaker in the path of a file. Several groups are joined.
        columns: Mapping from the table's columns to the user's columns, such as
            `{"emotion": "feeling"}`.
        emotions: Mapping from labels that are not recognised to emotions, such as
            `{"wroth": "anger"}`. `""` means no emotion.
        language: ISO 639-3 code of the utterances for which no column gives a
            language.
        labelled: False for speech whose labels are not needed.
        audio: The folder that paths are relative to. By default, it is the folder of
            the list or one of the four folders above it.
        corpus: Name of the corpus. By default, it is the name of the file or folder.
        speakers: Mapping from speakers, as they are found, to their right names. It
            gives one name to a person who is written in two ways, `{"03": "3"}`, and
            different names to two people whose names are alike.
        genders: Mapping from the beginnings of the names of speakers to their genders,
            such as `{"pf": "female", "pm": "male"}`. The longest beginning counts. It
            takes precedence over a column.
    """

    speaker: str = ""
    columns: Mapping[str, str] = dataclasses.field(default_factory=dict)
    emotions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    language: str = ""
    labelled: bool = True
    audio: str | Path = ""
    corpus: str = ""
    speakers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    genders: Mapping[str, str] = dataclasses.field(default_factory=dict)


def table_of(
    frame: pd.DataFrame,
    reader: str,
    place: Path,
    options: Options,
    notes: Iterable[str] = (),
) -> pd.DataFrame:
    """Builds the table of a frame of text.

    A warning reports everything that was guessed, and how to change it.

    Args:
        frame, reader, place: See `Sheet`.
        options: What the user says about the data.
        notes: What the reader has guessed already, one clause each, for the warning.

    Returns:
        A DataFrame with one row per row of the frame and the columns `COLUMNS`.

    Raises:
        FileNotFoundError: If the first file does not exist.
        UnreadableFiles: If another file does not exist, or a file is not audio.
        ValueError: If a column, label, number or speaker cannot be interpreted.
    """
    options = _composed(options)
    given = dict(options.columns)
    if options.speaker.strip() and options.speaker in frame.columns:
        given["speaker"] = options.speaker
    leave = () if options.labelled else ("emotion",)
    sheet = Sheet(frame, reader, place, given, leave)
    corpus = options.corpus or name_of(place)
    rows = _rows(sheet, corpus, options)
    warnings.warn(
        f"Corpus `{corpus}`, read by `{reader}`. Please check what was guessed. "
        f"{'. '.join([*notes, *sheet.guesses])}. {_advise(sheet)}.",
        stacklevel=4,
    )
    return tables.from_frame(rows)


def _composed(options: Options) -> Options:
    """Brings the user's texts to the Unicode form of the cells."""
    mappings = {
        name: {
            people.composed(key): people.composed(value)
            for key, value in getattr(options, name).items()
        }
        for name in ("columns", "emotions", "speakers", "genders")
    }
    speaker = people.composed(options.speaker)
    return dataclasses.replace(options, speaker=speaker, **mappings)


def name_of(place: Path) -> str:
    """Returns the name of a corpus, which is that of its file or folder.

    Files called `db.….csv` or `metadata.…` take the name of their folder instead.
    """
    place = place.resolve()
    if place.is_file() and (place.name.startswith("db.") or place.stem == "metadata"):
        place = place.parent
    return (place.stem if place.is_file() else place.name) or "own"


def _advise(sheet: Sheet) -> str:
    """Tells the user how to change a guess."""
    example = "columns={'emotion': …}"
    others = "emotions={'sad': …} or speaker=…"
    if sheet.reader not in COLUMN_READERS:
        example, others = "emotions={'sad': …}", "speaker=…"
    return (
        f"To change a guess, give an option such as {example}, {others}. "
        f"{on_command_line(sheet.reader, example)}"
    )


def _rows(sheet: Sheet, corpus: str, options: Options) -> pd.DataFrame:
    paths = sheet.text("file")
    sheet.check_rows(paths == "", "a file in each row", "Fill in the path of the file")
    odd = ~paths.map(names.is_utf8).astype(bool)
    sheet.check_rows(odd, "names of files in UTF-8", names.RENAME, paths)
    rows = pd.DataFrame({"file": _files(sheet, paths, options)}, index=paths.index)
    rows["start"], rows["end"] = sheet.times("start"), sheet.ends()
    wrong = (rows.start < 0) | (rows.end <= rows.start.fillna(0.0))
    sheet.check_rows(wrong, "0 <= start < end in each row", "Correct the segment")
    rows["corpus"] = corpus
    rows["utterance"] = _utterances(corpus, paths, rows)
    _check_unique(sheet, rows.utterance, paths)
    speakers = find_speakers(sheet, paths, options.speaker, options.speakers)
    rows["speaker"] = corpus + "/" + speakers
    rows["session"] = _sessions(sheet, speakers)
    rows["gender"] = find_genders(sheet, speakers, options.genders)
    rows["language"] = _languages(sheet, options.language)
    rows["emotion"] = _emotions(sheet, options.emotions if options.labelled else {})
    for name in tables.RATINGS:
        rows[name] = sheet.numbers(name)
    return rows


def _files(sheet: Sheet, paths: pd.Series, options: Options) -> list[str]:
    """Returns the paths below the folder in which the first file is found."""
    first = paths.iloc[0]
    own = sheet.place if sheet.place.is_dir() else sheet.place.parent
    bases = [own, *own.resolve().parents[:MAX_PARENTS]]
    bases = [Path(options.audio)] if options.audio else bases
    found = [base for base in bases if os.path.isfile(on_disk(base, [first])[0])]
    if not found:
        above = " or a folder above it" if len(bases) > 1 else ""
        absent = placeholders.explain(on_disk(bases[0], [first])[0])
        raise FileNotFoundError(
            f"Corpus `{sheet.reader}` expects the files that {sheet.place} lists. "
            f"Received: {first}, which is not in {bases[0]}{above}. "
            f"{absent or f'{_advise_folder(sheet, first)}.'}"
        )
    if found[0] != bases[0]:
        sheet.guesses.append(f"Audio files were found below {found[0]}")
    return on_disk(found[0], paths)


def _advise_folder(sheet: Sheet, first: str) -> str:
    """Tells the user what to do if the first file of a list does not exist."""
    if "\\" in first:
        return "Write the paths with slashes, a/b.wav, not with backslashes"
    if sheet.place.is_dir():  # the reader has no option `audio`
        return "Copy the file there, or correct its path"
    return (
        "Give the folder that the paths are relative to, audio=…. "
        f"{on_command_line(sheet.reader, 'audio=…')}"
    )


def _utterances(corpus: str, paths: pd.Series, rows: pd.DataFrame) -> list[str]:
    """Returns the ids of whole files, `calls/a`, and of segments, `calls/a@0-1.5`."""
    segments = rows.start.notna() | rows.end.notna()
    return [
        f"{corpus}/{os.path.splitext(path)[0].lstrip('./')}"
        + (f"@{_format_seconds(start)}-{_format_seconds(end)}" if segment else "")
        for path, start, end, segment in zip(
            paths, rows.start.fillna(0.0), rows.end, segments, strict=True
        )
    ]


def _format_seconds(seconds: float) -> str:
    return "" if seconds != seconds else f"{seconds:.6f}".rstrip("0").rstrip(".")


def _check_unique(sheet: Sheet, utterances: pd.Series, paths: pd.Series) -> None:
    """Raises ValueError if an utterance occurs twice: the path without its suffix."""
    twice = utterances[utterances.duplicated()]
    if not len(twice):
        return
    same = utterances.index[utterances == twice.iloc[0]]
    files = sorted(set(paths[same]))
    if len(files) > 1:
        raise sheet.error(
            "names of files that differ in more than their format",
            f"{list_first(list(map(shorten, files)), MAX_LABELS)}; such files in all: "
            f"{len(twice)}",
            "Keep one of the formats, or rename a file",
        )
    raise sheet.error(
        "each utterance once",
        f"{twice.iloc[0]} in {name_rows(same)}; surplus rows: {len(twice)}",
        "Keep one row per utterance, the one whose label counts",
    )


def _sessions(sheet: Sheet, speakers: pd.Series) -> pd.Series:
    sessions = sheet.text("session")
    if (sessions.groupby(speakers).nunique() > 1).any():
        sheet.guesses.append("Sessions are left out because a speaker has several")
        return pd.Series("", index=sessions.index, dtype=object)
    return sessions


def _languages(sheet: Sheet, default: str) -> pd.Series:
    text = sheet.text("language")
    text = text.where(text != "", default)
    found = text.map({word: _language(word) for word in text.unique()})
    sheet.check_rows(
        (found == "") & (text != ""),
        "languages as ISO 639-3 codes",
        "Write deu for German, for example, or leave the language empty",
        text,
    )
    return found


def _language(word: str) -> str:
    code = re.fullmatch("[a-z]{3}", word)
    return vocabulary.find_language(word) or (code[0] if code else "")


def _emotions(sheet: Sheet, own: Mapping[str, str]) -> pd.Series:
    text = sheet.text("emotion")
    surplus = sorted(set(own) - set(text))
    if surplus:
        labels = [shorten(repr(label)) for label in sorted(text.unique())]
        raise sheet.error(
            "`emotions` to map labels of the data",
            f"{shorten(repr(surplus[0]))} in `emotions`, and the labels "
            f"{list_first(labels, MAX_COLUMNS)}",
            "Correct the key, or leave it out",
        )
    found, unknown = vocabulary.map_labels(text.unique(), own)
    if unknown:
        counted = [
            f"{shorten(repr(label))} ({_count_rows(text == label)})"
            for label in unknown
        ]
        option = f"emotions={{{shorten(repr(unknown[0]))}: …}}"
        raise sheet.error(
            "labels whose emotion is known",
            f"unknown labels: {list_first(counted, MAX_LABELS)}",
            f"Say which emotion a label means, {option}, or map it to '' for no "
            f"emotion. {on_command_line(sheet.reader, option)}",
        )
    emotions = text.map(found)
    sheet.guesses += _describe_labels({label: found[label] for label in text.unique()})
    without = (emotions == "").sum()
    if without:
        sheet.guesses.append(f"Rows without an emotion: {without} of {len(text)}")
    return emotions


def _count_rows(chosen: pd.Series) -> str:
    count = int(chosen.sum())
    return f"{count} row{'s' * (count != 1)}"


def _describe_labels(found: Mapping[str, str]) -> list[str]:
    """Describes which labels became which emotion, if the two differ."""
    labels = {}
    for label, emotion in sorted(found.items()):
        if label not in (emotion, ""):
            labels.setdefault(emotion or "no emotion", []).append(label)
    named = [
        f"{emotion} from {' + '.join(words)}"
        for emotion, words in sorted(labels.items())
    ]
    return [f"Labels: {', '.join(named)}"] if named else []
