"""A corpus's folder: that it is there, and what in it is audio."""

from collections.abc import Iterable
from pathlib import Path

# What libsndfile reads, by the ends of names.
AUDIO = frozenset(
    ".wav .flac .ogg .oga .opus .mp3 .aif .aiff .aifc .au .snd .caf .w64 .rf64".split()
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


def refuse_twice(files: Iterable[Path], corpus: str) -> None:
    """Refuses a recording that is there in two formats.

    Args:
        files: whose names without extension are those of recordings.
        corpus: for the message.

    Raises:
        ValueError: two files have one name.
    """
    first = {}
    for file in files:
        other = first.setdefault(file.stem, file)
        if other is not file:
            raise ValueError(
                f"Corpus `{corpus}` expects each recording once. Received: "
                f"{file.parent} with {other.name} and {file.name}. "
                "Keep one of the two formats."
            )
