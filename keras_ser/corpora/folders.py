"""Checks of a corpus's folder, its audio files and their names."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from keras_ser.audio import placeholders
from keras_ser.utils.walk import visible_files

# Extensions of the files that libsndfile reads.
AUDIO = frozenset(
    ".wav .flac .ogg .oga .opus .mp3 .aif .aiff .aifc .au .snd .caf .w64 .rf64 "
    ".sph".split()
)
_COMMON = (".wav", ".WAV", ".flac", ".mp3", ".ogg", ".opus", ".aiff")


def require_folder(root: str | Path, corpus: str, holds: str) -> Path:
    """Returns `root` as a Path if it is a folder.

    Args:
        root: Path of the folder.
        corpus: Name of the corpus, for the message.
        holds: What the folder should hold, for the message.

    Raises:
        FileNotFoundError: If `root` is not a folder.
    """
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(
            f"Corpus `{corpus}` expects a folder with {holds}. "
            f"Received: {root}, which is not a folder. Correct the path."
        )
    return root


def is_audio(file: Path) -> bool:
    """Whether a file belongs to a corpus as audio, judged by its extension.

    Formats that libsndfile does not read count too, so that a corpus is rejected with
    their names instead of being read without them. Such a file does not count if the
    same recording lies next to it in a format that is read.
    """
    suffix = file.suffix.lower()
    if suffix in placeholders.FOREIGN:
        return not any(file.with_suffix(each).exists() for each in _COMMON)
    return suffix in AUDIO


def files_below(root: Path) -> list[Path]:
    """Lists all files below `root`, sorted, and follows links to folders.

    In place of DVC's `a.wav.dvc` it lists `a.wav`, also if that was not fetched.
    Hidden files and folders are left out: those whose name starts with a dot, and the
    folder `__MACOSX` that archives made on a Mac contain.
    """
    return _fetched(visible_files(root))


def files_matching(root: Path, pattern: str) -> list[Path]:
    """Lists the files below `root` that match a pattern of `Path.glob`, sorted.

    In place of DVC's `a.wav.dvc` it lists `a.wav`, as `files_below` does.
    """
    return _fetched(root.glob(pattern))


def _fetched(files: Iterable[Path]) -> list[Path]:
    """Replaces DVC's files for audio by that audio, and sorts."""
    targets = [(file, placeholders.target(file)) for file in files]
    return sorted(target if is_audio(target) else file for file, target in targets)


def audio_below(root: Path, corpus: str, example: str, advice: str) -> list[Path]:
    """Lists the audio files below `root`, sorted.

    Args:
        root: The folder to search.
        corpus: Name of the corpus, for the message.
        example: A path that the corpus should contain, for the message.
        advice: The next step for the user, a full sentence, for the message.

    Raises:
        FileNotFoundError: If there is no audio file.
    """
    files = files_below(root)
    audio = [file for file in files if is_audio(file)]
    if not audio:
        other = placeholders.describe_others(files)
        raise FileNotFoundError(
            f"Corpus `{corpus}` expects audio files such as {example}. "
            f"Received: {root}, which has none. {other or advice}"
        )
    return audio


def parse_names(
    files: Iterable[Path], pattern: re.Pattern, corpus: str, expects: str
) -> list[tuple[Path, re.Match]]:
    """Matches the name of every file against a pattern.

    Args:
        files: The files of the corpus.
        pattern: The pattern of a full name without its extension.
        corpus: Name of the corpus, for the message.
        expects: What a name consists of, for the message.

    Returns:
        Each file with the match of its name.

    Raises:
        ValueError: If a name does not match. The message shows the first such name
            and their number.
    """
    files = list(files)
    names = [pattern.fullmatch(file.stem) for file in files]
    wrong = [file for file, name in zip(files, names, strict=True) if not name]
    if wrong:
        raise ValueError(
            f"Corpus `{corpus}` expects file names that consist of {expects}. "
            f"Received: {wrong[0].parent.name}/{wrong[0].name}{_more(len(wrong))}. "
            "Move files that do not belong to the corpus elsewhere."
        )
    return list(zip(files, names, strict=True))


def check_unique(
    files: Iterable[Path],
    corpus: str,
    name: Callable[[Path], str] = lambda file: file.stem,
) -> None:
    """Checks that no recording occurs in two formats or in two places.

    Args:
        files: The files of the recordings.
        corpus: Name of the corpus, for the message.
        name: Function that maps a file to the name of its recording.

    Raises:
        ValueError: If two files have the same name.
    """
    first = {}
    for file in files:
        other = first.setdefault(name(file), file)
        if other is file:
            continue
        one_folder = other.parent == file.parent
        pair = f"{other.name} and {file.name}" if one_folder else f"{other} and {file}"
        raise ValueError(
            f"Corpus `{corpus}` expects each recording once. Received: "
            f"{f'{file.parent} with ' if one_folder else ''}{pair}. "
            f"Keep one of the two{' formats' if one_folder else ''}."
        )


def check_paired(
    corpus: str, labels: Iterable[str], files: Iterable[str], where: str
) -> None:
    """Checks that every label has audio and that all audio has a label.

    Args:
        corpus: Name of the corpus, for the message.
        labels: Names of the recordings with a label.
        files: Names of the recordings with audio.
        where: The file or files that hold the labels, for the message.

    Raises:
        ValueError: If the two sets of names differ.
    """
    labels, files = set(labels), set(files)
    no_audio, no_label = sorted(labels - files), sorted(files - labels)
    if no_audio or no_label:
        missing = [f"{name} has no audio" for name in no_audio[:1]]
        missing += [f"{name} has no label" for name in no_label[:1]]
        raise ValueError(
            f"Corpus `{corpus}` expects audio for each label and a label for each "
            f"audio file. Received: {', '.join(missing)}; {len(no_audio)} without "
            f"audio, {len(no_label)} without a label. Copy the corpus again, or "
            f"correct {where}."
        )


def _more(count: int) -> str:
    return f" and {count - 1} more" if count > 1 else ""
