"""Reader of folders in the layout of Hugging Face's `audiofolder`.

The folder, or each of its splits, holds `metadata.csv` or `metadata.jsonl` with a
column `file_name`. Without such a file, there is one folder per label. Audio that is
embedded in parquet or arrow files is not read.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders, people
from keras_ser.corpora import table as tables
from keras_ser.corpora.own import emotion_folders, lists
from keras_ser.corpora.own.sheet import MAX_COLUMNS, list_first
from keras_ser.corpora.own.table_of import Options, table_of

METADATA = ("metadata.csv", "metadata.jsonl")
EMBEDDED = {".parquet", ".arrow"}
MAX_FILES = 6  # that a message names


def read(
    root: str | Path,
    speaker: str = "",
    columns: Mapping[str, str] | None = None,
    emotions: Mapping[str, str] | None = None,
    language: str = "",
    labelled: bool = True,
    corpus: str = "",
    speakers: Mapping[str, str] | None = None,
    genders: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Reads all splits of a dataset into one table.

    Args:
        root: The folder of the dataset.
        speaker, columns, emotions, language, labelled, corpus, speakers, genders: See
            `keras_ser.corpora.own.table_of.Options`.

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the folder does not exist, or holds neither metadata nor
            audio.
        UnreadableFiles: If audio files do not exist, or a file is not audio.
        ValueError: If there are no speakers, a label is unknown, or the metadata do
            not list an audio file.
    """
    root = folders.require_folder(root, "huggingface", "metadata.csv and audio files")
    files = folders.files_below(root)
    metadata = [file for file in files if file.name in METADATA]
    options = Options(
        speaker=speaker,
        columns={"file": "file_name", **(columns or {})},
        emotions=emotions or {},
        language=language,
        labelled=labelled,
        audio=str(root),
        corpus=corpus,
        speakers=speakers or {},
        genders=genders or {},
    )
    if not metadata:
        _check_not_embedded(root, files)
        options = dataclasses.replace(options, columns={})
        return emotion_folders.read_as("huggingface", root, options)
    frames = [_frame(file, root) for file in metadata]
    frame = pd.concat(frames, ignore_index=len(frames) > 1).fillna("")
    _check_complete(root, files, frame)
    notes = [f"Metadata: {list_first(list(map(str, metadata)), MAX_FILES)}"]
    return table_of(frame, "huggingface", root, options, notes)


def _frame(file: Path, root: Path) -> pd.DataFrame:
    """Reads metadata, and makes the paths of files relative to `root`."""
    read_list = lists.read_csv if file.suffix == ".csv" else lists.read_jsonl
    frame = read_list(file, "huggingface")
    if "file_name" not in frame:
        raise ValueError(
            "Corpus `huggingface` expects a column `file_name`. Received: "
            f"{file} with {list_first(list(frame.columns), MAX_COLUMNS)}. Rename the "
            "column, or read the file as corpus `csv`."
        )
    below = file.parent.relative_to(root)
    return frame.assign(file_name=[(below / f).as_posix() for f in frame.file_name])


def _check_complete(root: Path, files: list[Path], frame: pd.DataFrame) -> None:
    """Raises if the metadata do not list an audio file."""
    listed = set(map(people.composed, frame.file_name))
    audio = [file for file in files if folders.is_audio(file)]
    names = {f: people.composed(f.relative_to(root).as_posix()) for f in audio}
    missing = [file for file, name in names.items() if name not in listed]
    if missing:
        raise ValueError(
            "Corpus `huggingface` expects metadata for each audio file. Received: "
            f"{missing[0]} without metadata, {len(missing)} such files. Complete the "
            "metadata, or move the files elsewhere."
        )


def _check_not_embedded(root: Path, files: list[Path]) -> None:
    """Raises if the audio is embedded in other files, or if there is none."""
    embedded = [file for file in files if file.suffix in EMBEDDED]
    if embedded or not any(map(folders.is_audio, files)):
        held = embedded[0].name if embedded else "neither"
        raise FileNotFoundError(
            "Corpus `huggingface` expects audio files and metadata.csv, or one folder "
            f"per label. Received: {root} with {held}. Write the audio out as one file "
            "per utterance, with a metadata.csv."
        )


CORPUS = tables.Corpus(
    read=read,
    title="Your own folder in the layout of Hugging Face's audiofolder",
    language="",
    licence="that of your data",
    citation="that of your data",
    obtain="--corpus huggingface=DIR. The folder holds metadata.csv or metadata.jsonl "
    "with a column `file_name`, or one folder per label",
    counts={},
    note="All splits are read into one table because the splits may share speakers. "
    "Audio embedded in parquet or arrow files is not read.",
    speakers="from a column or a pattern",
)
