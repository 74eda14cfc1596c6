"""One's own data as a folder an emotion."""

from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables
from keras_ser.corpora.own import vocabulary
from keras_ser.corpora.own.table_of import Options, table_of


def read(
    root,
    speaker: str = "",
    emotions=None,
    language: str = "",
    labelled: bool = True,
    corpus: str = "",
) -> pd.DataFrame:
    """Reads audio whose emotion is the name of a folder that it lies in.

    `anger/…/x.wav`, `train/anger/x.wav` and `anna/anger/x.wav` are read alike: the
    emotion is the one folder of a path that is known as an emotion.

    Args:
        root: the folder above the folders of emotions.
        speaker: a pattern (regular expression) with a group that finds the speaker
            in the path below `root`, such as `r"^([^/]+)/"` or `r"(\\d+)_"`.
        emotions, language, labelled, corpus: see `keras_ser.corpora.own.Options`;
            without `labelled`, folders need no emotion's name.

    Raises:
        FileNotFoundError: no folder, or no audio in it.
        UnreadableFiles: files that are no audio.
        ValueError: no speakers, or a file below no emotion's folder, or below two.
    """
    root = folders.require_folder(root, "folder", "a folder for each emotion")
    files = folders.files_below(root)
    audio = [file for file in files if folders.is_audio(file)]
    if not audio:
        raise FileNotFoundError(
            "Corpus `folder` expects anger/x.wav and its siblings. "
            f"Received: {root} with none. Give the folder above those of the emotions."
        )
    paths = [file.relative_to(root) for file in audio]
    frame = pd.DataFrame({"file": [path.as_posix() for path in paths]}, dtype=object)
    if labelled:
        known = _folders(paths, dict(emotions or {}))
        frame["emotion"] = [_emotion(path, known, root) for path in paths]
    options = Options(
        speaker, {}, emotions or {}, language, labelled, str(root), corpus
    )
    return table_of(frame, "folder", root, options, _left(files, audio))


def _folders(paths: list[Path], own_words: dict[str, str]) -> set[str]:
    """Names of folders that are labels."""
    words = {part for path in paths for part in path.parts[:-1]}
    letters = {word for word in words if len(word) == 1}
    known = {word for word in words - letters if vocabulary.emotion(word) is not None}
    read, unknown = vocabulary.emotions(letters)
    return known | (set(read) - set(unknown)) | (words & set(own_words))


def _emotion(path: Path, known: set[str], root: Path) -> str:
    found = [part for part in path.parts[:-1] if part in known]
    if len(set(found)) == 1:
        return found[0]
    lack = "none" if not found else " and ".join(found)
    first = path.parts[0] if len(path.parts) > 1 else "the folder"
    raise ValueError(
        "Corpus `folder` expects each file below one folder that is called like an "
        f"emotion. Received: {root / path} below {lack}. Rename the folder, move it "
        f"elsewhere, or say what it is, emotions={{{first!r}: …}}."
    )


def _left(files: list[Path], audio: list[Path]) -> list[str]:
    """What is said of files that are no audio."""
    other = sorted({file.suffix or file.name for file in set(files) - set(audio)})
    count = len(files) - len(audio)
    return [f"{count} files are no audio ({', '.join(other)})"] if count else []


CORPUS = tables.Corpus(
    read=read,
    title="A folder of one's own, with a folder for each emotion",
    language="",
    licence="that of the data",
    citation="that of the data",
    obtain="--corpus folder=DIR; the folder holds anger/*.wav, sadness/*.wav …",
    counts={},
    note="A pattern tells the speaker from the path.",
    speakers="as told by a pattern",
)
