"""The demonstration model in the package, and which paths mean another model."""

from collections.abc import Sequence
from pathlib import Path

from keras_ser.corpora import folders

PATH = Path(__file__).with_name("demonstration.keras")


def split(paths: Sequence[str]) -> tuple[Path, list[str]]:
    """Divides the paths of a command into a model and audio.

    The first path is a model unless it is audio: a file with the suffix of an audio
    format, or a folder of such files that is not the folder of a run.

    Args:
        paths: One or more paths.

    Returns:
        The first path and the others, or the demonstration model and all paths.

    Raises:
        ValueError: If there is a model without audio.

    Example:

    >>> split(["runs/emodb/mtl_aug/03-0", "interview.mp3"])
    (PosixPath('runs/emodb/mtl_aug/03-0'), ['interview.mp3'])
    """
    first, *others = paths
    if _is_audio(Path(first)):
        return PATH, list(paths)
    if not others:
        raise ValueError(
            "Expected audio files, or a run folder or model file with audio files "
            f"after it. Received: {first} alone. Name the audio files, too."
        )
    return Path(first), others


def _is_audio(path: Path) -> bool:
    if not path.is_dir():
        return folders.is_audio(path)
    is_run = any((path / name).exists() for name in ("model.keras", "config.json"))
    return not is_run and any(map(folders.is_audio, folders.files_below(path)))
