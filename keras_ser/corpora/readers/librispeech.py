"""LibriSpeech: read English speech without emotion labels.

Panayotov et al., "LibriSpeech: an ASR corpus based on public domain audio books",
ICASSP 2015.
"""

import re
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables

GENDERS = {"F": "female", "M": "male"}

_NAME = re.compile(r"(?P<speaker>\d+)-(?P<chapter>\d+)-\d+")


def read(root) -> pd.DataFrame:
    """Reads every flac file below `root`; gender comes from SPEAKERS.TXT.

    Args:
        root: the folder `LibriSpeech`, with SPEAKERS.TXT and one folder a subset,
            or a subset's own folder (SPEAKERS.TXT is then sought above it).

    Raises:
        FileNotFoundError: no folder, or no flac file in it.
        ValueError: a flac file whose name is not LibriSpeech's.
    """
    root = folders.require_folder(root, "librispeech", "train-clean-100/<speaker>/…")
    files = [file for file in folders.files_below(root) if file.suffix == ".flac"]
    if not files:
        raise FileNotFoundError(
            "Corpus `librispeech` expects <subset>/<speaker>/<chapter>/*.flac. "
            f"Received: {root} with no flac file."
        )
    genders = _genders(root)
    return tables.from_rows([_row(file, genders) for file in files])


def _row(file: Path, genders: dict[str, str]) -> dict:
    match = _NAME.fullmatch(file.stem)
    if not match:
        raise ValueError(
            "Corpus `librispeech` expects names of speaker, chapter and number, "
            f"103-1240-0000.flac. Received: {file.name}. Move other files elsewhere."
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
    """Rows of SPEAKERS.TXT: `14   | F | train-clean-360  | 25.03 | …`."""
    for folder in (root, root.parent):
        file = folder / "SPEAKERS.TXT"
        if file.is_file():
            rows = [line.split("|") for line in _lines(file)]
            return {row[0].strip(): GENDERS.get(row[1].strip(), "") for row in rows}
    return {}


def _lines(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if "|" in line and not line.startswith(";")]


CORPUS = tables.Corpus(
    read=read,
    title="LibriSpeech",
    language="eng",
    licence="CC BY 4.0",
    citation="Panayotov, Chen, Povey, Khudanpur: LibriSpeech: an ASR corpus based on "
    "public domain audio books. ICASSP 2015",
    obtain="free download from the authors, by subset",
    counts={},
    note="Unlabelled speech for the auxiliary tasks. An epoch draws one of its "
    "utterances for each labelled one; 100 hours at three speeds take about 28 GB "
    "of feature cache.",
    speakers="2484 in all, 251 (125 female, 126 male) in train-clean-100",
)
