"""From a folder or a file of a user to a reader and its options."""

import dataclasses
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_ser.corpora import folders, people, registry
from keras_ser.corpora.own import guesses, patterns
from keras_ser.corpora.own.guesses import Guess
from keras_ser.corpora.own.huggingface import METADATA

OWN = ("csv", "emobox", "folder", "huggingface")  # readers that need no name
LISTS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "csv"}
LISTS |= {".jsonl": "emobox"}
MAX_VALUES = 4  # that a line names
MAX_GUESSES = 4  # of one kind that a text lists


class SpeakerUnknown(ValueError):
    """Several places in paths may say the speaker. The text has a line for each."""


@dataclasses.dataclass(frozen=True)
class Found:
    """A reader of `CORPORA` for data of a user, and what to tell it.

    Args:
        reader: The name of the reader.
        root: The folder or the list.
        options: The options of the reader, given and guessed.
        speakers: The guesses of the speaker, if the choice is left to the user. The
            data cannot be read before.
        guessed: What was guessed, one line each.
    """

    reader: str
    root: Path
    options: dict[str, Any]
    speakers: tuple[Guess, ...] = ()
    guessed: tuple[str, ...] = ()

    def command(self, verb: str = "train", **more: str) -> str:
        """The command that takes the data as they were understood.

        Args:
            verb: The command, `train` or `corpus`.
            **more: Further options.
        """
        named = {**self.options, **more}
        is_corpus = self.reader not in OWN
        words = ["keras-ser", verb]
        words.append(f"{self.reader}={self.root}" if is_corpus else str(self.root))
        for name in ("emotion", "speaker"):
            value = named.pop(name, "")
            words += [f"--{name}", value] if value else []
        for name, value in named.items():
            words += ["--set", f"{name}={value}"]
        return shlex.join(words)

    def choices(self, verb: str = "train") -> str:
        """The guesses of the speaker, each with the command that chooses it.

        Args:
            verb: The command, `train` or `corpus`.
        """
        lines = [
            f"{_count(self.speakers)} in the paths may be the speaker. Nobody can know "
            "which one except you, and a figure means nothing if it is the wrong one. "
            "Give the command with the right one:"
        ]
        for guess in self.speakers[:MAX_GUESSES]:
            lines.append(f"  {describe(guess)}")
            lines.append(f"    {self.command(verb, speaker=guess.pattern)}")
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
        emotion, speaker: Patterns, or a column for the speaker; see `own.Options`.
            Without one, it is guessed from the paths of a folder.
        options: Further options of the reader.
        root: The folder, if `data` is the name of a reader alone.

    Raises:
        FileNotFoundError: If there is nothing at that path.
        ValueError: If the file is no list, if the folder holds no audio, or if nothing
            in the paths may be the speaker.
    """
    given = {"emotion": emotion, "speaker": speaker}
    given = {key: value for key, value in given.items() if value}
    given |= dict(options or {})
    if root:
        return Found(str(data), Path(root), given)
    name, _, place = str(data).partition("=")
    is_named = name in registry.CORPORA and not Path(data).exists()
    found = Path(place if is_named else data)
    if is_named and not place or not found.exists():
        advice = f"Give its folder, {name}=FOLDER" if is_named else "Correct the path"
        raise FileNotFoundError(
            "Expected a folder of audio files, a list of them, or a corpus and its "
            f"folder. Received: {data}, which does not exist. {advice}."
        )
    reader = name if is_named else _reader(found)
    return _guess(found, given) if reader == "folder" else Found(reader, found, given)


def describe(guess: Guess) -> str:
    """A guess in a line: the place, the number of values and the first of them."""
    names = [f"{name} ({count})" for name, count in guess.counts.items()]
    more = ", …" if len(names) > MAX_VALUES else ""
    shown = ", ".join(names[:MAX_VALUES])
    return f"{guess.place}: {len(names)} values, {shown}{more}"


def _reader(root: Path) -> str:
    if root.is_file():
        suffix = root.suffix.lower()
        if suffix in LISTS:
            return LISTS[suffix]
        raise ValueError(
            "Expected a folder of audio files, or a list of them, one of "
            f"{', '.join(LISTS)}. Received: {root}. Give the folder that it lies in."
        )
    if any((root / name).is_file() for name in METADATA):
        return "huggingface"
    tables = [*root.glob("db.*.csv"), *root.glob("db.*.parquet")]
    return "csv" if tables else "folder"


def _guess(root: Path, given: dict[str, Any]) -> Found:
    """Guesses what the user has not said about a folder."""
    files = [file for file in folders.files_below(root) if folders.is_audio(file)]
    if not files:
        raise ValueError(
            f"Expected a folder of audio files. Received: {root}, which has none that "
            "is read. Give the folder above those of the audio files."
        )
    paths = [people.composed(file.relative_to(root).as_posix()) for file in files]
    guessed, options = [], dict(given)
    labelled = options.get("labelled", True)
    if labelled and not options.get("emotion"):
        found = guesses.guess_emotion(paths)
        if found:
            options["emotion"] = found[0].pattern
            guessed.append(f"Emotion, guessed: {describe(found[0])}")
    if options.get("speaker"):
        return Found("folder", root, options, (), tuple(guessed))
    labels = _labels(paths, options.get("emotion", ""))
    found = guesses.guess_speaker(paths, labels)
    if not found:
        raise ValueError(
            "Expected paths that say the speaker, because without one no figure can be "
            f"speaker-independent. Received: {paths[0]!r} and {len(paths) - 1} others, "
            "in which nothing recurs like a speaker. Give a pattern whose group finds "
            r"the speaker, --speaker '(\d+)_', or a list (CSV) with a column `speaker`."
        )
    if len(found) > 1:
        return Found("folder", root, options, tuple(found), tuple(guessed))
    options["speaker"] = found[0].pattern
    guessed.append(f"Speaker, guessed: {describe(found[0])}")
    return Found("folder", root, options, (), tuple(guessed))


def _labels(paths: list[str], emotion: str) -> list[str]:
    """The label of each path, or the same text for all if they cannot be found."""
    pattern, reason = patterns.compile_pattern(emotion) if emotion else (None, "")
    if pattern is None or reason:
        return [""] * len(paths)
    return [patterns.find(pattern, path) for path in paths]


def _count(found: tuple[Guess, ...]) -> str:
    return {2: "Two places", 3: "Three places"}.get(len(found), "Several places")
