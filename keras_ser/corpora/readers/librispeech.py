"""LibriSpeech, a corpus of read English speech without emotion labels.

Reference:
    Panayotov et al.: LibriSpeech: an ASR corpus based on public domain audio books.
        ICASSP 2015
"""

import re
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables
from keras_ser.corpora.own import lists
from keras_ser.corpora.trimming import trimmed

GENDERS = {"F": "female", "M": "male"}

_NAME = re.compile(r"(?P<speaker>\d+)-(?P<chapter>\d+)-\d+")


def read(root: str | Path, trim: bool = False) -> pd.DataFrame:
    """Reads every flac file below a folder. Genders come from SPEAKERS.TXT.

    Args:
        root: The folder `LibriSpeech`, which holds SPEAKERS.TXT and one folder per
            subset, or the folder of a subset. SPEAKERS.TXT is searched in this folder
            and in the one above it.
        trim: Whether to leave out the silence at the start and the end of each file,
            as Rana et al. do (arXiv:1907.06078). All files are decoded for this; see
            `corpora.trimming`.

    Returns:
        A table without emotions; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the folder does not exist or holds no flac file.
        ValueError: If the name of a flac file does not follow the corpus's pattern.
    """
    root = folders.require_folder(root, "librispeech", "train-clean-100/<speaker>/…")
    files = [file for file in folders.files_below(root) if folders.is_audio(file)]
    if not files:
        raise FileNotFoundError(
            "Corpus `librispeech` expects <subset>/<speaker>/<chapter>/*.flac. "
            f"Received: {root}, which has no flac file. Give the folder of the corpus "
            "or of a subset."
        )
    genders = _genders(root)
    rows = [_row(file, genders) for file in files]
    return tables.from_rows(trimmed(rows) if trim else rows)


def _row(file: Path, genders: dict[str, str]) -> dict:
    match = _NAME.fullmatch(file.stem)
    if not match:
        raise ValueError(
            "Corpus `librispeech` expects file names that consist of speaker, chapter "
            f"and number, such as 103-1240-0000.flac. Received: {file.name}. Move "
            "files that do not belong to the corpus elsewhere."
        )
    speaker = match["speaker"]
    return {
        "utterance": f"librispeech/{file.stem}",
        "file": str(file),
        "corpus": "librispeech",
        "speaker": f"librispeech/{speaker}",
        "gender": genders.get(speaker, ""),
        "language": "eng",
        "emotion": "",
    }


def _genders(root: Path) -> dict[str, str]:
    """Reads SPEAKERS.TXT, whose rows are `14   | F | train-clean-360  | 25.03 | …`."""
    for folder in (root, root.parent):
        file = folder / "SPEAKERS.TXT"
        if file.is_file():
            rows = [line.split("|") for line in _lines(file)]
            return {row[0].strip(): GENDERS.get(row[1].strip(), "") for row in rows}
    return {}


def _lines(file: Path) -> list[str]:
    lines = lists.read_lines(file, "librispeech")
    return [line for line in lines if "|" in line and not line.startswith(";")]


CORPUS = tables.Corpus(
    read=read,
    title="LibriSpeech",
    language="eng",
    licence="CC BY 4.0",
    citation="Panayotov, Chen, Povey, Khudanpur: LibriSpeech: an ASR corpus based on "
    "public domain audio books. ICASSP 2015",
    obtain="free download from the authors, one archive per subset",
    counts={},
    note="Unlabelled speech for the auxiliary tasks. Each epoch draws one of its "
    "utterances per labelled utterance. The cached features of 100 hours at three "
    "speeds take about 28 GB.",
    speakers="2484 in total, 251 (125 female, 126 male) in train-clean-100",
)
