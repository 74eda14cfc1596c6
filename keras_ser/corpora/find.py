"""From a folder or a file of a user to a reader and its options."""

import ast
import dataclasses
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_ser.corpora import folders, people, registry
from keras_ser.corpora.options import check_options
from keras_ser.corpora.own import guesses, patterns
from keras_ser.corpora.own.guesses import MIN_CROSSED, Guess
from keras_ser.corpora.own.huggingface import METADATA
from keras_ser.corpora.own.sheet import COLUMN_READERS

OWN = ("csv", "emobox", "folder", "huggingface")  # readers that need no name
LISTS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "csv"}
LISTS |= {".jsonl": "emobox"}
PLACEHOLDER = "PATTERN"  # in a command, for what the user has to say
MAX_VALUES = 4  # that a line names
NUMBERS = {1: "One place", 2: "Two places", 3: "Three places", 4: "Four places"}


class SpeakerUnknown(ValueError):
    """Nobody has said which place in paths is the speaker. A line for each place."""


@dataclasses.dataclass(frozen=True)
class Found:
    """A reader of `CORPORA` for data of a user, and what to tell it.

    Args:
        reader: The name of the reader.
        root: The folder or the list.
        options: The options of the reader, given and guessed.
        speakers: The places in paths that may be the speaker, if the user has to choose
            one. The data cannot be read before.
        guessed: What was guessed, one line each.
        lacks_emotion: Whether no place in paths was recognised as the emotion, so that
            the user has to say it.
    """

    reader: str
    root: Path
    options: dict[str, Any]
    speakers: tuple[Guess, ...] = ()
    guessed: tuple[str, ...] = ()
    lacks_emotion: bool = False

    def command(self, **more: str) -> str:
        """The command that trains on the data.

        Args:
            **more: Further options.
        """
        named = {**self.options, **more}
        if self.lacks_emotion:
            named["emotion"] = PLACEHOLDER
        is_known = self.root.exists() and _reader(self.root) == self.reader
        place = str(self.root) if is_known else f"{self.reader}={self.root}"
        words = ["keras-ser", "train", place]
        for name in ("emotion", "speaker"):
            value = named.pop(name, "")
            words += (
                [f"--{name}={value}"] if value else []
            )  # it may start with a hyphen
        for name, value in named.items():
            words += ["--set", f"{name}={_literal(value)}"]
        return shlex.join(words)

    def choices(self) -> str:
        """The places that may be the speaker, each with the command that chooses it."""
        number = NUMBERS.get(len(self.speakers), f"{len(self.speakers)} places")
        lines = [
            f"{number} in the paths may be the speaker. Sentences and takes look the "
            "same, so only you can say. With the wrong one, a score would not be about "
            "new speakers. Choose a command:"
        ]
        for guess in self.speakers:
            lines.append(f"  {describe(guess)}")
            lines.append(f"    {self.command(speaker=guess.pattern)}")
        return "\n".join(lines)


def find(
    data: str | Path,
    emotion: str = "",
    speaker: str = "",
    options: Mapping[str, Any] | None = None,
    root: str | Path = "",
) -> Found:
    """Finds out how data of a user can be read.

    Args:
        data: A folder of audio files, a list of files (CSV, parquet, or JSON lines),
            or `NAME=FOLDER` for the reader NAME of `CORPORA`.
        emotion: A pattern that finds the emotion in a path. By default, the place in
            the paths is guessed. For a list, it is a column.
        speaker: A pattern that finds the speaker in a path, or a column of a list.
        options: Further options of the reader.
        root: The folder, if `data` is the name of a reader alone.

    Raises:
        FileNotFoundError: If there is nothing at that path.
        ValueError: If the file is not a list, if the folder holds no audio, or if
            nothing in the paths may be the speaker.
    """
    given = {"emotion": emotion, "speaker": speaker}
    given = {key: value for key, value in given.items() if value}
    given |= dict(options or {})
    name, _, place = str(data).partition("=")
    is_named = name in registry.CORPORA and not Path(data).exists()
    found = Path(root or (place if is_named else data))
    if not root and (is_named and not place or not found.exists()):
        advice = f"Give its folder, {name}=FOLDER" if is_named else "Correct the path"
        raise FileNotFoundError(
            "Expected a folder of audio files, a list of them, or a corpus and its "
            f"folder. Received: {data}, which does not exist. {advice}."
        )
    reader = str(data) if root else name if is_named else _reader(found)
    if reader in COLUMN_READERS and "emotion" in given:
        check_options(reader, registry.CORPORA[reader].read, dict(options or {}))
        columns = given.get("columns") or {}
        given["columns"] = {**columns, "emotion": given.pop("emotion")}
    guessing = reader == "folder" and found.is_dir()
    return _guess(found, given) if guessing else Found(reader, found, given)


def describe(guess: Guess) -> str:
    """A guess in a line: the place, its first values, and what does not fit."""
    names = [f"{name} ({count})" for name, count in guess.counts.items()]
    more = ", …" if len(names) > MAX_VALUES else ""
    parts = [
        f"{guess.place}: {len(names)} values, {', '.join(names[:MAX_VALUES])}{more}"
    ]
    if guess.unknown:
        parts.append(f"unknown labels: {', '.join(guess.unknown[:MAX_VALUES])}")
    if guess.absent:
        parts.append(f"absent in {guess.absent} files")
    if guess.crossed < MIN_CROSSED:
        parts.append("doubtful, because many of them have a single emotion")
    return "; ".join(parts)


def _literal(value: Any) -> str:
    """A value as `--set` reads it back: text that looks like a number is quoted."""
    if not isinstance(value, str):
        return repr(value)
    try:
        ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
    return repr(value)


def _reader(root: Path) -> str:
    if root.is_file():
        suffix = root.suffix.lower()
        if suffix in LISTS:
            return LISTS[suffix]
        raise ValueError(
            "Expected a folder of audio files, or a list of them, one of "
            f"{', '.join(LISTS)}. Received: {root}. Give the folder that it lies in."
        )
    if any(each.name in METADATA for each in folders.files_below(root)):
        return "huggingface"
    tables = [*root.glob("db.*.csv"), *root.glob("db.*.parquet")]
    return "csv" if tables else "folder"


def _guess(root: Path, given: dict[str, Any]) -> Found:
    """Guesses what the user has not said about a folder."""
    files = [file for file in folders.files_below(root) if folders.is_audio(file)]
    if not files:
        raise ValueError(
            f"Expected a folder of audio files. Received: {root}, which has none. Give "
            "the folder above those of the audio files."
        )
    paths = [people.composed(file.relative_to(root).as_posix()) for file in files]
    guessed, options, lacks_emotion = [], dict(given), False
    if options.get("labelled", True) and not options.get("emotion"):
        found = guesses.guess_emotion(paths, options.get("emotions"))
        if found:
            options["emotion"] = found[0].pattern
            guessed.append(f"Emotion, guessed: {describe(found[0])}")
        else:
            lacks_emotion = True
            guessed.append(
                "Emotion: no place in the paths was recognised. Give a pattern whose "
                r"group finds it, --emotion '_(\w+)\.', or keras-ser train NAME=FOLDER "
                "for a published corpus with the reader NAME."
            )
    if options.get("speaker"):
        return Found("folder", root, options, (), tuple(guessed), lacks_emotion)
    found = guesses.guess_speaker(paths, _labels(paths, options.get("emotion", "")))
    if not found:
        raise ValueError(
            "Expected paths that say the speaker, because without one no score can be "
            f"about new speakers. Received: {paths[0]!r} and {len(paths) - 1} others, "
            "in which nothing recurs like a speaker. Give a pattern whose group finds "
            r"the speaker, --speaker '(\d+)_', or a list (CSV) with a column `speaker`."
        )
    speakers = tuple(found)
    return Found("folder", root, options, speakers, tuple(guessed), lacks_emotion)


def _labels(paths: list[str], emotion: str) -> list[str]:
    """The label of each path, or the same text for all if they cannot be found."""
    pattern, reason = patterns.compile_pattern(emotion) if emotion else (None, "")
    if pattern is None or reason:
        return [""] * len(paths)
    return [patterns.find(pattern, path) for path in paths]
