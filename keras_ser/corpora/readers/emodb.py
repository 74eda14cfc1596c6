"""Berlin Database of Emotional Speech (EMO-DB).

Reference:
    Burkhardt et al.: A database of German emotional speech. Interspeech 2005
"""

import re
import warnings
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables

EMOTIONS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
MALE = {"03", "10", "11", "12", "15"}
FEMALE = {"08", "09", "13", "14", "16"}
COUNTS = {
    "anger": 127,
    "boredom": 81,
    "disgust": 46,
    "fear": 69,
    "happiness": 71,
    "sadness": 62,
    "neutral": 79,
}
# Results on one release are not comparable with results on the other.
RELEASES = {535: "EMO-DB of 2005 (535 files)", 816: "EMO-DB 2.0 of 2024 (816 files)"}

# speaker, text, emotion and version, 03a01Fa
_NAME = re.compile(r"(?P<speaker>\d\d)(?P<text>[ab]\d\d)(?P<emotion>[A-Z])\w*")


def read(root: str | Path) -> pd.DataFrame:
    """Reads EMO-DB from its folder, or from the folder `wav` inside it.

    Args:
        root: The folder. Files may have any extension that libsndfile reads (wav in
            the original).

    Returns:
        A table; see `keras_ser.corpora.table`. `table.attrs["release"]` names the
        release, which is recognised by the number of files.

    Raises:
        FileNotFoundError: If the folder does not exist or holds no audio.
        ValueError: If the name of an audio file does not follow the corpus's pattern,
            or if a recording occurs under two extensions.
    """
    root = folders.require_folder(root, "emodb", "audio such as wav/03a01Fa.wav")
    folder = root / "wav" if (root / "wav").is_dir() else root
    files = [f for f in folders.files_matching(folder, "[!.]*") if folders.is_audio(f)]
    if not files:
        raise FileNotFoundError(
            "Corpus `emodb` expects audio files such as 03a01Fa.wav. "
            f"Received: {folder}, which has none. Give the folder that holds `wav/`."
        )
    rows = [_row(file) for file in files]
    folders.check_unique(files, "emodb")
    table = tables.from_rows(rows)
    table.attrs["release"] = RELEASES.get(len(table), "")
    _warn_about_release(table)
    return table


def _row(file: Path) -> dict:
    match = _NAME.fullmatch(file.stem)
    if not match or match["emotion"] not in EMOTIONS:
        raise ValueError(
            "Corpus `emodb` expects file names that consist of two digits (speaker), a "
            f"letter and two digits (text), one of {''.join(EMOTIONS)} (emotion) and a "
            f"version, such as 03a01Fa. Received: {file.name}. Move files that do not "
            "belong to the corpus elsewhere."
        )
    speaker = match["speaker"]
    return {
        "utterance": f"emodb/{file.stem}",
        "file": str(file),
        "corpus": "emodb",
        "speaker": f"emodb/{speaker}",
        "gender": _gender(speaker),
        "language": "deu",
        "emotion": EMOTIONS[match["emotion"]],
    }


def _gender(speaker: str) -> str:
    if speaker in MALE:
        return "male"
    return "female" if speaker in FEMALE else ""


def _warn_about_release(table: pd.DataFrame) -> None:
    if len(table) == 535:
        tables.compare_counts(table, "emodb", COUNTS)
    elif len(table) in RELEASES:
        warnings.warn(
            f"This is {RELEASES[len(table)]}. Results on it are not comparable with "
            f"those on {RELEASES[535]}.",
            stacklevel=3,
        )
    else:
        warnings.warn(
            f"Corpus `emodb` has {len(table)} files. The known releases are "
            f"{' and '.join(RELEASES.values())}. Check that the copy is complete.",
            stacklevel=3,
        )


CORPUS = tables.Corpus(
    read=read,
    title="Berlin Database of Emotional Speech (EMO-DB)",
    language="deu",
    licence="CC0-1.0",
    citation="Burkhardt, Paeschke, Rolfes, Sendlmeier, Weiss: A database of German "
    "emotional speech. Interspeech 2005",
    obtain="free download from the authors. The folder holds wav/*.wav",
    counts=COUNTS,
    note="All ten speakers speak the same ten sentences. Results are therefore "
    "speaker-independent, but not text-independent.",
    speakers="10 (5 female, 5 male)",
)
