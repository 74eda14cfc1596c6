"""Folders of audio as Hugging Face's `audiofolder` reads and writes them.

Either `metadata.csv` or `metadata.jsonl`, in the folder or in each of its splits, with
a column `file_name`; or no such file, and a folder a label. Audio that is embedded in
parquet or arrow files is not read.
"""

from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables
from keras_ser.corpora.own import emotion_folders, lists
from keras_ser.corpora.own.table_of import Options, table_of

METADATA = ("metadata.csv", "metadata.jsonl")
EMBEDDED = {".parquet", ".arrow"}


def read(
    root,
    speaker: str = "",
    columns=None,
    emotions=None,
    language: str = "",
    labelled: bool = True,
    corpus: str = "",
) -> pd.DataFrame:
    """Reads a dataset's folder, its splits together.

    Args:
        root: the folder.
        speaker, columns, emotions, language, labelled, corpus: see
            `keras_ser.corpora.own.Options`.

    Raises:
        FileNotFoundError: no folder, or neither metadata nor audio in it.
        UnreadableFiles: audio files that are not there, or no audio.
        ValueError: no speakers, a label that is not known, or audio that no metadata
            tell of.
    """
    root = folders.require_folder(root, "huggingface", "metadata.csv and audio files")
    files = folders.files_below(root)
    metadata = [file for file in files if file.name in METADATA]
    if not metadata:
        _refuse_embedded(root, files)
        return emotion_folders.read(root, speaker, emotions, language, labelled, corpus)
    frames = [_frame(file, root) for file in metadata]
    frame = pd.concat(frames, ignore_index=len(frames) > 1).fillna("")
    _refuse_untold(root, files, frame)
    told = [f"read together: {', '.join(map(str, metadata))}"]
    options = Options(
        speaker,
        {"file": "file_name", **(columns or {})},
        emotions or {},
        language,
        labelled,
        str(root),
        corpus,
    )
    return table_of(frame, "huggingface", root, options, told)


def _frame(file: Path, root: Path) -> pd.DataFrame:
    """Metadata, with files as paths below `root`."""
    read_list = lists.read_csv if file.suffix == ".csv" else lists.read_jsonl
    frame = read_list(file, "huggingface")
    if "file_name" not in frame:
        raise ValueError(
            "Corpus `huggingface` expects a column `file_name`. Received: "
            f"{file} with {list(frame.columns)}. Rename the column, or read the file "
            "as corpus `csv`."
        )
    below = file.parent.relative_to(root)
    return frame.assign(file_name=[(below / f).as_posix() for f in frame.file_name])


def _refuse_untold(root: Path, files: list[Path], frame: pd.DataFrame) -> None:
    told = set(frame.file_name)
    audio = [file for file in files if folders.is_audio(file)]
    untold = [f for f in audio if f.relative_to(root).as_posix() not in told]
    if untold:
        raise ValueError(
            "Corpus `huggingface` expects metadata of each audio file. Received: "
            f"{untold[0]} without, {len(untold)} such files. Complete the "
            "metadata, or move the files elsewhere."
        )


def _refuse_embedded(root: Path, files: list[Path]) -> None:
    embedded = [file for file in files if file.suffix in EMBEDDED]
    if embedded or not any(map(folders.is_audio, files)):
        held = embedded[0].name if embedded else "neither"
        raise FileNotFoundError(
            "Corpus `huggingface` expects audio files and metadata.csv, or a folder "
            f"a label. Received: {root} with {held}. Write the audio out as files, "
            "one each, with a metadata.csv."
        )


CORPUS = tables.Corpus(
    read=read,
    title="A folder in the layout of Hugging Face's audiofolder",
    language="",
    licence="that of the data",
    citation="that of the data",
    obtain="--corpus huggingface=DIR; the folder holds metadata.csv or metadata.jsonl "
    "with `file_name`, or a folder a label",
    counts={},
    note="Splits are read together: they need not part speakers. Audio embedded in "
    "parquet or arrow files is not read.",
    speakers="as told by a column or a pattern",
)
