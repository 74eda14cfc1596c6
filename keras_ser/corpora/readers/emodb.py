"""Berlin Database of Emotional Speech (EMO-DB).

Burkhardt et al., "A database of German emotional speech", Interspeech 2005.
"""

import re
import warnings

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
# Figures of one release cannot be set beside those of the other.
RELEASES = {535: "EMO-DB of 2005 (535 files)", 816: "EMO-DB 2.0 of 2024 (816 files)"}

# speaker, text, emotion, version: 03a01Fa
_NAME = re.compile(r"(?P<speaker>\d\d)(?P<text>[ab]\d\d)(?P<emotion>[A-Z])\w*")


def read(root) -> pd.DataFrame:
    """Reads EMO-DB from its folder, or from the folder `wav` inside it.

    Args:
        root: the folder. Files are of any extension that libsndfile reads (wav in
            the original).

    Returns:
        The table; `table.attrs["release"]` names the release by its file count.

    Raises:
        FileNotFoundError: no folder, or no audio file in it.
        ValueError: an audio file whose name is not EMO-DB's, or a recording that
            stands there under two extensions.
    """
    root = folders.require_folder(root, "emodb", "wav/03a01Fa.wav and its siblings")
    folder = root / "wav" if (root / "wav").is_dir() else root
    files = sorted(file for file in folder.glob("[!.]*") if folders.is_audio(file))
    if not files:
        raise FileNotFoundError(
            "Corpus `emodb` expects wav files like 03a01Fa.wav. "
            f"Received: {folder} with none. Give the folder that holds `wav/`."
        )
    rows = [_row(file) for file in files]
    folders.refuse_twice(files, "emodb")
    table = tables.from_rows(rows)
    table.attrs["release"] = RELEASES.get(len(table), "")
    _name_release(table)
    return table


def _row(file) -> dict:
    match = _NAME.fullmatch(file.stem)
    if not match or match["emotion"] not in EMOTIONS:
        raise ValueError(
            "Corpus `emodb` expects names of two digits (speaker), a letter and "
            f"two digits (text), one of {''.join(EMOTIONS)} (emotion) and a "
            f"version. Received: {file.name}. Move other files elsewhere."
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


def _name_release(table) -> None:
    if len(table) == 535:
        tables.compare_counts(table, "emodb", COUNTS)
    elif len(table) in RELEASES:
        warnings.warn(
            f"This is {RELEASES[len(table)]}: its figures are not comparable with "
            f"those of the {RELEASES[535]}.",
            stacklevel=3,
        )
    else:
        warnings.warn(
            f"Corpus `emodb` has {len(table)} files; known releases: "
            f"{'; '.join(RELEASES.values())}. Check that the copy is complete.",
            stacklevel=3,
        )


CORPUS = tables.Corpus(
    read=read,
    title="Berlin Database of Emotional Speech (EMO-DB)",
    language="deu",
    licence="CC0-1.0",
    citation="Burkhardt, Paeschke, Rolfes, Sendlmeier, Weiss: A database of German "
    "emotional speech. Interspeech 2005",
    obtain="free download from the authors; the folder holds wav/*.wav",
    counts=COUNTS,
    note="Ten sentences are shared by all ten speakers: results are "
    "speaker-independent, not text-independent.",
    speakers="10 (5 female, 5 male)",
)
