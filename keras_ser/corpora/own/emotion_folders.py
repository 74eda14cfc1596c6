"""Reader of audio files whose paths say the emotion and the speaker."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders, people
from keras_ser.corpora import table as tables
from keras_ser.corpora.own import patterns, vocabulary
from keras_ser.corpora.own.sheet import list_first, on_command_line
from keras_ser.corpora.own.table_of import Options, table_of

MAX_KINDS = 12  # of files that a message names


def read(
    root: str | Path,
    speaker: str = "",
    emotion: str = "",
    emotions: Mapping[str, str] | None = None,
    language: str = "",
    labelled: bool = True,
    corpus: str = "",
    speakers: Mapping[str, str] | None = None,
    genders: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Reads audio files that lie below a folder named after their emotion.

    The emotion of a file is the only folder in its path whose name means an emotion.
    `anger/…/x.wav`, `train/anger/x.wav` and `anna/anger/x.wav` are therefore read
    alike. With a pattern, the emotion may also be in the name of the file. Digits in
    front of a word are left out: `01Neutral` is neutral.

    Args:
        root: The folder above all files.
        speaker: A pattern (regular expression) with a group that finds the speaker
            in the path below `root`, such as `r"^([^/]+)/"` or `r"(\\d+)_"`.
        emotion: A pattern with a group that finds the emotion in the path below `root`,
            such as `r"_([a-z]+)\\."` for `OAF_back_angry.wav`. By default, it is the
            name of a folder.
        emotions, language, labelled, corpus, speakers, genders: See
            `keras_ser.corpora.own.table_of.Options`. If `labelled` is False, folders
            need not be named after emotions.

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the folder does not exist or holds no audio.
        UnreadableFiles: If files are not audio.
        ValueError: If there are no speakers, or if a file lies below no folder of an
            emotion, or below two.
    """
    options = Options(
        speaker=speaker,
        emotions=emotions or {},
        language=language,
        labelled=labelled,
        corpus=corpus,
        speakers=speakers or {},
        genders=genders or {},
    )
    return read_as("folder", root, options, emotion)


def read_as(
    reader: str, root: str | Path, options: Options, emotion: str = ""
) -> pd.DataFrame:
    """Reads such a folder for a reader of another name, which messages then name.

    Args:
        reader: A key of `CORPORA`.
        root: The folder above the folders of the emotions.
        options: What the user says about their data.
        emotion: A pattern that finds the emotion in a path; empty for the folders.
    """
    root = folders.require_folder(root, reader, "one folder per emotion")
    files = folders.files_below(root)
    audio = [file for file in files if folders.is_audio(file)]
    if not audio:
        raise FileNotFoundError(
            f"Corpus `{reader}` expects audio files such as anger/x.wav. Received: "
            f"{root}, which has none. Give the folder above those of the emotions."
        )
    below = [file.relative_to(root).as_posix() for file in audio]
    frame = pd.DataFrame({"file": below}, dtype=object)
    if options.labelled:
        # Some systems write ü as two characters in the names of folders.
        paths = [Path(people.composed(path)) for path in below]
        own = set(map(people.composed, options.emotions))
        if emotion:
            labels = _search(reader, root, paths, emotion)
        else:
            known = _label_folders(paths, own)
            labels = [_emotion(reader, path, known, root) for path in paths]
        frame["emotion"] = [
            each if each in own else vocabulary.without_number(each) for each in labels
        ]
    options = dataclasses.replace(options, audio=str(root))
    return table_of(frame, reader, root, options, _describe_others(files, audio))


def _search(reader: str, root: Path, paths: list[Path], text: str) -> list[str]:
    """Finds the labels in the paths of files by a pattern."""
    option = f"emotion={text!r:.80}"
    example = r"Put the part that finds it in parentheses, emotion=r'_([a-z]+)\.'"
    pattern, reason = patterns.compile_pattern(text)
    if reason:
        raise ValueError(
            f"Corpus `{reader}` expects `emotion` to be a pattern with a group. "
            f"Received: {option} ({reason}). {example}."
        )
    labels = [patterns.find(pattern, path.as_posix()) for path in paths]
    absent = [
        str(root / path) for path, label in zip(paths, labels, strict=True) if not label
    ]
    if absent:
        raise ValueError(
            f"Corpus `{reader}` expects {option} to find the emotion in the path of "
            f"each file. Received: {len(absent)} files in which it finds none, the "
            f"first: {absent[0]}. Correct the pattern, or move these files elsewhere."
        )
    return labels


def _label_folders(paths: list[Path], own_words: Iterable[str]) -> set[str]:
    """Returns the names of folders that are labels."""
    words = {part for path in paths for part in path.parts[:-1]}
    letters = {word for word in words if len(word) == 1}
    known = {
        word
        for word in words - letters
        if vocabulary.find_emotion(vocabulary.without_number(word)) is not None
    }
    mapped, unknown = vocabulary.map_labels(letters)
    return known | (set(mapped) - set(unknown)) | (words & set(own_words))


def _emotion(reader: str, path: Path, known: set[str], root: Path) -> str:
    found = [part for part in path.parts[:-1] if part in known]
    if len(set(found)) == 1:
        return found[0]
    below = " and ".join(found) or "none"
    advice = "Move the file into one such folder"
    if len(path.parts) > 1 and not found:
        option = f"emotions={{{path.parts[0]!r}: …}}"
        advice = (
            r"Give a pattern whose group finds the emotion, --emotion '_(\w+)\.', "
            f"or say which emotion the name of the folder means, {option}. "
            f"{on_command_line(reader, option)}"
        )
    raise ValueError(
        f"Corpus `{reader}` expects each file below exactly one folder that is named "
        f"after an emotion. Received: {root / path}, below {below}. {advice}."
    )


def _describe_others(files: list[Path], audio: list[Path]) -> list[str]:
    """Describes the files that are not audio."""
    kinds = sorted({file.suffix or file.name for file in set(files) - set(audio)})
    count = len(files) - len(audio)
    named = list_first(kinds, MAX_KINDS)
    return [f"Files that are not audio, left out: {count} ({named})"] if count else []


CORPUS = tables.Corpus(
    read=read,
    title="Your own audio files, in folders or with names that say the emotion",
    language="",
    licence="that of your data",
    citation="that of your data",
    obtain="--corpus folder=DIR. The folder holds anger/*.wav, sadness/*.wav and so on",
    counts={},
    note="A pattern finds the speaker in the path of each file, and another one may "
    "find the emotion.",
    speakers="from a pattern",
)
