"""A corpus's folder: that it is there, what in it is audio, and what names say."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

# What libsndfile reads, by the ends of names.
AUDIO = frozenset(
    ".wav .flac .ogg .oga .opus .mp3 .aif .aiff .aifc .au .snd .caf .w64 .rf64 "
    ".sph".split()
)


def require_folder(root, corpus: str, holds: str) -> Path:
    """`root` as a Path, or a FileNotFoundError that says what it should hold."""
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(
            f"Corpus `{corpus}` expects a folder with {holds}. "
            f"Received: {root}, which is no folder."
        )
    return root


def is_audio(file: Path) -> bool:
    """Whether a name ends as that of a file that libsndfile reads."""
    return file.suffix.lower() in AUDIO


def files_below(root: Path) -> list[Path]:
    """All files of a tree, sorted, through links; hidden ones left out.

    Hidden is what begins with a dot, and what a Mac's archives add.
    """
    found, seen = [], set()
    for folder, inside, names in os.walk(root, followlinks=True):
        inside[:] = [name for name in inside if not _hidden(name)]
        real = os.path.realpath(folder)
        if real in seen:  # a link to a folder above it
            inside.clear()
            continue
        seen.add(real)
        found += [Path(folder, name) for name in names if not _hidden(name)]
    return sorted(found)


def audio_below(root: Path, corpus: str, example: str, advice: str) -> list[Path]:
    """The audio files of a tree, sorted.

    Args:
        root: the tree.
        corpus, example, advice: for the message: a path that the corpus has, and
            what to do.

    Raises:
        FileNotFoundError: there is none.
    """
    files = [file for file in files_below(root) if is_audio(file)]
    if not files:
        raise FileNotFoundError(
            f"Corpus `{corpus}` expects {example} and its siblings. "
            f"Received: {root} with none. {advice}"
        )
    return files


def parsed(
    files: Iterable[Path], pattern: re.Pattern, corpus: str, expects: str
) -> list[tuple[Path, re.Match]]:
    """Each file with what its name says.

    Args:
        files: of the corpus.
        pattern: of a name without extension.
        corpus, expects: for the message.

    Raises:
        ValueError: a name is another one; the first is told, and how many there are.
    """
    files = list(files)
    names = [pattern.fullmatch(file.stem) for file in files]
    wrong = [file for file, name in zip(files, names, strict=True) if not name]
    if wrong:
        raise ValueError(
            f"Corpus `{corpus}` expects names of {expects}. Received: "
            f"{wrong[0].parent.name}/{wrong[0].name}{_more(len(wrong))}. "
            "Move other files elsewhere."
        )
    return list(zip(files, names, strict=True))


def refuse_twice(
    files: Iterable[Path], corpus: str, name: Callable = lambda file: file.stem
) -> None:
    """Refuses a recording that is there in two formats or in two places.

    Args:
        files: of the recordings.
        corpus: for the message.
        name: from a file to its recording's name.

    Raises:
        ValueError: two files have one name.
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


def refuse_unpaired(
    corpus: str, labels: Iterable[str], files: Iterable[str], where: str
) -> None:
    """Refuses labels without audio and audio without label.

    Args:
        corpus: for the message.
        labels: names that have a label.
        files: names that have audio.
        where: the file or files of the labels.

    Raises:
        ValueError: the two are not the same names.
    """
    labels, files = set(labels), set(files)
    silent, mute = sorted(labels - files), sorted(files - labels)
    if silent or mute:
        lack = [f"{name} has no audio" for name in silent[:1]]
        lack += [f"{name} has no label" for name in mute[:1]]
        raise ValueError(
            f"Corpus `{corpus}` expects audio of each label and a label of each audio "
            f"file. Received: {', '.join(lack)}; {len(silent)} without audio, "
            f"{len(mute)} without label. Copy the corpus again, or correct {where}."
        )


def _more(count: int) -> str:
    return f" and {count - 1} more" if count > 1 else ""


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"
